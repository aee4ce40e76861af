//! The calls of one connection, in memory: who may go next, and what falls due. Pure.
//!
//! Calls of one mailbox and lane leave in order: one that waits for its next try holds those behind it; one in doubt holds
//! them 30 s at most. Between mailboxes the more urgent lane goes first, then the older call.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::clock::At;
use crate::ids::{EffectId, MailboxId};
use crate::run::Attempt;
use crate::store::{EffectRow, EffectState, Lane};

/// How long a call in doubt holds those behind it.
const DOUBT_HOLDS: Duration = Duration::from_secs(30);

/// A call with what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Its row, as it stands.
    pub(super) row: EffectRow,
    /// Its attempts so far.
    pub(super) attempts: Vec<Attempt>,
    /// How often it was this call that brought the connection down, while others went through.
    pub(super) downs: u16,
    /// Nobody wants it any more; it is in flight, and whatever becomes of it is noted and not repeated.
    pub(super) withdrawn: bool,
    /// What falls due for it.
    due: Vec<(At, Due)>,
}

/// What falls due for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// It must not start any more; for a parked one: no person answered in time.
    Deadline,
    /// It is in doubt and holds nobody back any more.
    Release,
    /// It is in doubt, and proof did not come.
    Unclear,
}

type Place = (MailboxId, Lane);

/// The calls of one connection.
#[derive(Debug, Default)]
pub(super) struct Queue {
    calls: HashMap<EffectId, Call>,
    /// Calls in order, by mailbox and lane; only the first of each may go.
    lines: HashMap<Place, VecDeque<EffectId>>,
    /// First calls that are planned.
    ready: BTreeSet<(Lane, At, EffectId)>,
    due: BTreeSet<(At, EffectId, Due)>,
    /// Planned calls whose sending is stopped: the first of their lines.
    held: BTreeSet<EffectId>,
    /// Planned calls that wait until a person has done talking, by mailbox. They stand in no line: others pass them.
    shelved: BTreeSet<(MailboxId, EffectId)>,
    /// How many calls stand in each [`EffectState`].
    counts: [usize; 4],
}

const LANES: [Lane; 3] = [Lane::Escalation, Lane::Interactive, Lane::Bulk];

fn place(row: &EffectRow) -> Place {
    (row.mailbox, row.lane)
}

impl Queue {
    /// Adds a call in whatever state it is stored.
    pub(super) fn push(&mut self, row: EffectRow) {
        let id = row.id;
        if self.calls.contains_key(&id) {
            return;
        }
        let attempts = serde_json::from_slice(&row.attempts).unwrap_or_default();
        let mut due = vec![(row.deadline, Due::Deadline)];
        if let Some(until) = row.settle_until.filter(|_| row.state == EffectState::InDoubt) {
            due.push((until, Due::Unclear));
            due.push((row.sent_at.unwrap_or(row.planned_at).plus(DOUBT_HOLDS), Due::Release));
        }
        if row.state != EffectState::Parked {
            self.lines.entry(place(&row)).or_default().push_back(id);
        }
        self.counts[row.state as usize] += 1;
        self.calls.insert(id, Call { row, attempts, downs: 0, withdrawn: false, due: Vec::new() });
        self.fall_due(id, due);
        self.offer(id);
    }

    /// Replaces what falls due for a call.
    fn fall_due(&mut self, id: EffectId, due: Vec<(At, Due)>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        for (at, what) in std::mem::replace(&mut call.due, due) {
            self.due.remove(&(at, id, what));
        }
        self.due.extend(call.due.iter().map(|(at, what)| (*at, id, *what)));
    }

    fn set_state(&mut self, id: EffectId, state: EffectState) -> Option<&mut Call> {
        let call = self.calls.get_mut(&id)?;
        self.counts[call.row.state as usize] -= 1;
        self.counts[state as usize] += 1;
        call.row.state = state;
        Some(call)
    }

    /// Makes the call ready if it is planned and the first of its line.
    fn offer(&mut self, id: EffectId) {
        let Some(Call { row, .. }) = self.calls.get(&id) else { return };
        let first = self.lines.get(&place(row)).and_then(VecDeque::front) == Some(&id);
        if first && row.state == EffectState::Planned {
            self.ready.insert((row.lane, row.not_before, id));
        }
    }

    fn leave_line(&mut self, place: Place, id: EffectId) {
        let Some(line) = self.lines.get_mut(&place) else { return };
        line.retain(|known| *known != id);
        match line.front().copied() {
            Some(next) => self.offer(next),
            None => drop(self.lines.remove(&place)),
        }
    }

    /// Up to `most` calls that may start at `now`, most urgent first; they count as in flight from here on.
    pub(super) fn start(&mut self, now: At, most: usize) -> Vec<EffectRow> {
        let mut picked = Vec::new();
        for lane in LANES {
            let startable = (lane, At(i64::MIN), EffectId(i64::MIN))..=(lane, now, EffectId(i64::MAX));
            picked.extend(self.ready.range(startable).take(most - picked.len()).copied());
        }
        let mut rows = Vec::with_capacity(picked.len());
        for key in picked {
            self.ready.remove(&key);
            if let Some(call) = self.set_state(key.2, EffectState::InFlight) {
                call.row.sent_at = Some(now);
                rows.push(call.row.clone());
            }
        }
        rows
    }

    /// An attempt of a call in flight ended.
    pub(super) fn landed(&mut self, id: EffectId, attempt: Attempt) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.attempts.push(attempt);
        }
    }

    /// Planned again, at the place it had.
    pub(super) fn again(&mut self, id: EffectId, failed: u16, not_before: At) {
        let Some(call) = self.set_state(id, EffectState::Planned) else { return };
        call.row.attempt = failed;
        call.row.not_before = not_before;
        self.offer(id);
    }

    /// It was this call that brought the connection down.
    pub(super) fn brought_down(&mut self, id: EffectId) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.downs += 1;
        }
    }

    /// Nobody wants the call any more: it goes, or, in flight, is not repeated.
    pub(super) fn withdraw(&mut self, id: EffectId) {
        match self.calls.get_mut(&id) {
            Some(call) if call.row.state == EffectState::InFlight => call.withdrawn = true,
            _ => drop(self.remove(id)),
        }
    }

    /// A call that was picked and did not start after all.
    pub(super) fn grounded(&mut self, id: EffectId, not_before: At) {
        if let Some(call) = self.calls.get(&id).filter(|call| call.row.state == EffectState::InFlight) {
            let failed = call.row.attempt;
            self.again(id, failed, not_before);
        }
    }

    /// A call that was picked and is not sent while its sending is stopped.
    pub(super) fn hold(&mut self, id: EffectId) {
        if self.set_state(id, EffectState::Planned).is_some() {
            self.held.insert(id);
        }
    }

    /// A call that was picked and is not sent while a person talks with its contact: those behind it go on.
    pub(super) fn shelve(&mut self, id: EffectId) {
        let Some(call) = self.set_state(id, EffectState::Planned) else { return };
        let place = place(&call.row);
        self.shelved.insert((place.0, id));
        self.leave_line(place, id);
    }

    /// Whether a person's talking holds it.
    pub(super) fn is_shelved(&self, id: EffectId) -> bool {
        self.calls.get(&id).is_some_and(|call| self.shelved.contains(&(call.row.mailbox, id)))
    }

    /// Nobody talks with the contact of `mailbox` any more: its calls go to the places in line that they had.
    pub(super) fn unshelve(&mut self, mailbox: MailboxId) {
        let all = (mailbox, EffectId(i64::MIN))..=(mailbox, EffectId(i64::MAX));
        let back: Vec<EffectId> = self.shelved.range(all).map(|(_, id)| *id).collect();
        for id in back {
            self.shelved.remove(&(mailbox, id));
            let Some(place) = self.calls.get(&id).map(|call| place(&call.row)) else { continue };
            self.queue_again(place, id);
        }
    }

    /// Puts a planned call into its line: before newer ones, behind one that is under way.
    fn queue_again(&mut self, place: Place, id: EffectId) {
        let line = self.lines.entry(place).or_default();
        let front = line.front().and_then(|front| self.calls.get(front)).map(|call| call.row.clone());
        let first_free = usize::from(front.as_ref().is_some_and(|front| front.state != EffectState::Planned));
        let newer = line.iter().skip(first_free).position(|known| *known > id);
        let before = newer.map_or(line.len(), |place| place + first_free);
        line.insert(before, id);
        if let Some(front) = front.filter(|_| before == 0) {
            self.ready.remove(&(front.lane, front.not_before, front.id));
        }
        self.offer(id);
    }

    /// What was held may be picked again.
    pub(super) fn release(&mut self) {
        for id in std::mem::take(&mut self.held) {
            self.offer(id);
        }
    }

    /// In doubt until `until`.
    pub(super) fn doubt(&mut self, id: EffectId, until: At, now: At) {
        let Some(call) = self.set_state(id, EffectState::InDoubt) else { return };
        call.row.settle_until = Some(until);
        self.fall_due(id, vec![(until, Due::Unclear), (now.plus(DOUBT_HOLDS), Due::Release)]);
    }

    /// Waits for a person until `deadline`; those behind it go on.
    pub(super) fn park(&mut self, id: EffectId, deadline: At) -> Option<Call> {
        self.fall_due(id, vec![(deadline, Due::Deadline)]);
        let call = self.set_state(id, EffectState::Parked)?;
        call.row.deadline = deadline;
        let call = call.clone();
        let place = place(&call.row);
        self.leave_line(place, id);
        Some(call)
    }

    /// Takes a call out: it is settled or not wanted.
    pub(super) fn remove(&mut self, id: EffectId) -> Option<Call> {
        self.fall_due(id, Vec::new());
        let call = self.calls.remove(&id)?;
        self.held.remove(&id);
        let row = &call.row;
        self.shelved.remove(&(row.mailbox, id));
        self.counts[row.state as usize] -= 1;
        self.ready.remove(&(row.lane, row.not_before, id));
        self.leave_line(place(row), id);
        Some(call)
    }

    /// Calls that may have happened, by key.
    pub(super) fn in_doubt(&self) -> impl Iterator<Item = (String, EffectId)> {
        let doubtful = self.calls.values().filter(|call| call.row.state == EffectState::InDoubt);
        doubtful.map(|call| (call.row.key.clone(), call.row.id))
    }

    /// One call.
    pub(super) fn get(&self, id: EffectId) -> Option<&Call> {
        self.calls.get(&id)
    }

    /// The next thing that fell due at `now`. A released call lets those behind it go and is not answered.
    pub(super) fn fell_due(&mut self, now: At) -> Option<(EffectId, Due)> {
        while let Some((at, id, due)) = self.due.first().copied().filter(|(at, ..)| *at <= now) {
            self.due.remove(&(at, id, due));
            let Some(call) = self.calls.get(&id) else { continue };
            match (due, call.row.state) {
                (Due::Release, EffectState::InDoubt) => {
                    let place = place(&call.row);
                    self.leave_line(place, id);
                }
                (Due::Unclear, EffectState::InDoubt) | (Due::Deadline, EffectState::Planned | EffectState::Parked) => {
                    return Some((id, due));
                }
                // A call in flight or in doubt at its deadline ends as it ends.
                _ => {}
            }
        }
        None
    }

    /// When something is to do next: a call may start (unless `held`), or something falls due.
    pub(super) fn next_at(&self, held: bool) -> Option<At> {
        let first_of = |lane| self.ready.range((lane, At(i64::MIN), EffectId(i64::MIN))..).next();
        let ready = LANES.into_iter().filter_map(first_of).map(|(_, not_before, _)| *not_before).min();
        let due = self.due.first().map(|(at, ..)| *at);
        [ready.filter(|_| !held), due].into_iter().flatten().min()
    }

    /// Calls in flight, oldest first, with when they started.
    pub(super) fn in_flight(&self) -> Vec<(EffectId, At)> {
        let flying = self.calls.values().filter(|call| call.row.state == EffectState::InFlight);
        let mut flying: Vec<_> =
            flying.map(|call| (call.row.id, call.row.sent_at.unwrap_or(call.row.planned_at))).collect();
        flying.sort_unstable();
        flying
    }

    /// Calls in flight.
    pub(super) fn flying(&self) -> usize {
        self.counts[EffectState::InFlight as usize]
    }

    /// Calls planned.
    pub(super) fn planned(&self) -> usize {
        self.counts[EffectState::Planned as usize]
    }
}

/// Groups rows by connection.
pub(super) fn by_connection(rows: Vec<EffectRow>) -> BTreeMap<String, Vec<EffectRow>> {
    let mut grouped: BTreeMap<String, Vec<EffectRow>> = BTreeMap::new();
    for row in rows {
        grouped.entry(row.connection.clone()).or_default().push(row);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RunId;

    fn row(id: i64, mailbox: i64, lane: Lane) -> EffectRow {
        EffectRow {
            id: EffectId(id),
            run_id: RunId(1),
            n: id,
            key: format!("run/{id}"),
            mailbox: MailboxId(mailbox),
            shard: 0,
            connection: "crm".into(),
            lane,
            action: "crm.create_ticket".into(),
            window: None,
            yields: false,
            state: EffectState::Planned,
            attempt: 0,
            not_before: At(0),
            deadline: At(1_000_000),
            settle_until: None,
            planned_at: At(0),
            sent_at: None,
            input: Vec::new(),
            attempts: Vec::new(),
            error: String::new(),
        }
    }

    fn attempt() -> Attempt {
        Attempt { attempt: 1, at: At(0), took_ms: 1, verdict: "later".into(), problem: None }
    }

    fn started(queue: &mut Queue, now: i64) -> Vec<i64> {
        queue.start(At(now), 10).iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn a_call_that_waits_for_its_next_try_holds_those_behind_it_and_nobody_else() {
        let mut queue = Queue::default();
        queue.push(row(1, 7, Lane::Interactive));
        queue.push(row(2, 7, Lane::Interactive));
        queue.push(row(3, 8, Lane::Interactive));
        assert_eq!(started(&mut queue, 0), [1, 3]);
        queue.landed(EffectId(1), attempt());
        queue.again(EffectId(1), 1, At(30_000));
        assert_eq!(started(&mut queue, 100), [] as [i64; 0]);
        assert_eq!(started(&mut queue, 30_000), [1]);
        queue.remove(EffectId(1));
        assert_eq!(started(&mut queue, 30_000), [2]);
    }

    #[test]
    fn what_is_held_holds_those_behind_it_until_it_is_released() {
        let mut queue = Queue::default();
        queue.push(row(1, 7, Lane::Interactive));
        queue.push(row(2, 7, Lane::Interactive));
        assert_eq!(started(&mut queue, 0), [1]);
        queue.hold(EffectId(1));
        assert_eq!(started(&mut queue, 0), [] as [i64; 0]);
        assert_eq!((queue.planned(), queue.flying(), queue.next_at(false)), (2, 0, Some(At(1_000_000))));
        queue.release();
        assert_eq!(started(&mut queue, 0), [1]);
    }

    #[test]
    fn what_a_talking_person_holds_is_passed_by_others_and_comes_back_to_its_place() {
        let mut queue = Queue::default();
        for id in 1..=4 {
            queue.push(row(id, 7, Lane::Interactive));
        }
        assert_eq!(started(&mut queue, 0), [1]);
        queue.shelve(EffectId(1));
        assert_eq!(started(&mut queue, 0), [2]);
        queue.shelve(EffectId(2));
        assert_eq!(started(&mut queue, 0), [3]);
        assert!(queue.is_shelved(EffectId(1)) && !queue.is_shelved(EffectId(3)));
        queue.unshelve(MailboxId(8));
        queue.unshelve(MailboxId(7));
        assert_eq!(started(&mut queue, 0), [] as [i64; 0], "one is under way");
        queue.remove(EffectId(3));
        assert_eq!(started(&mut queue, 0), [1]);
        queue.remove(EffectId(1));
        assert_eq!(started(&mut queue, 0), [2]);
        queue.remove(EffectId(2));
        assert_eq!(started(&mut queue, 0), [4]);
    }

    #[test]
    fn what_comes_back_goes_before_what_stood_first() {
        let mut queue = Queue::default();
        queue.push(row(1, 7, Lane::Interactive));
        assert_eq!(started(&mut queue, 0), [1]);
        queue.shelve(EffectId(1));
        queue.push(row(2, 7, Lane::Interactive));
        queue.unshelve(MailboxId(7));
        assert_eq!(started(&mut queue, 0), [1]);
        queue.remove(EffectId(1));
        assert_eq!(started(&mut queue, 0), [2]);
    }

    #[test]
    fn a_shelved_call_still_expires() {
        let mut queue = Queue::default();
        queue.push(row(1, 7, Lane::Interactive));
        started(&mut queue, 0);
        queue.shelve(EffectId(1));
        assert_eq!(queue.fell_due(At(1_000_000)), Some((EffectId(1), Due::Deadline)));
        queue.remove(EffectId(1));
        queue.unshelve(MailboxId(7));
        assert_eq!(started(&mut queue, 0), [] as [i64; 0]);
    }

    #[test]
    fn a_held_call_still_expires() {
        let mut queue = Queue::default();
        queue.push(row(1, 7, Lane::Interactive));
        started(&mut queue, 0);
        queue.hold(EffectId(1));
        assert_eq!(queue.fell_due(At(1_000_000)), Some((EffectId(1), Due::Deadline)));
        queue.remove(EffectId(1));
        queue.release();
        assert_eq!(started(&mut queue, 0), [] as [i64; 0]);
    }

    #[test]
    fn an_escalation_goes_first_whatever_is_older() {
        let mut queue = Queue::default();
        queue.push(row(1, 7, Lane::Bulk));
        queue.push(row(2, 8, Lane::Interactive));
        queue.push(row(3, 9, Lane::Escalation));
        assert_eq!(queue.start(At(0), 2).iter().map(|row| row.id.0).collect::<Vec<_>>(), [3, 2]);
    }

    #[test]
    fn a_call_in_doubt_holds_those_behind_it_for_thirty_seconds() {
        let mut queue = Queue::default();
        queue.push(row(1, 7, Lane::Interactive));
        queue.push(row(2, 7, Lane::Interactive));
        started(&mut queue, 0);
        queue.landed(EffectId(1), attempt());
        queue.doubt(EffectId(1), At(600_000), At(0));
        assert_eq!(queue.fell_due(At(29_999)), None);
        assert_eq!(started(&mut queue, 29_999), [] as [i64; 0]);
        assert_eq!(queue.fell_due(At(30_000)), None);
        assert_eq!(started(&mut queue, 30_000), [2]);
        assert_eq!(queue.fell_due(At(600_000)), Some((EffectId(1), Due::Unclear)));
    }

    #[test]
    fn a_parked_call_lets_the_others_pass_and_falls_due_at_its_deadline() {
        let mut queue = Queue::default();
        queue.push(row(1, 7, Lane::Interactive));
        queue.push(row(2, 7, Lane::Interactive));
        started(&mut queue, 0);
        queue.landed(EffectId(1), attempt());
        queue.park(EffectId(1), At(86_400_000));
        assert_eq!(started(&mut queue, 1), [2]);
        assert_eq!(queue.fell_due(At(86_400_000)), Some((EffectId(1), Due::Deadline)));
    }

    #[test]
    fn a_planned_call_past_its_deadline_is_not_started() {
        let mut queue = Queue::default();
        queue.push(EffectRow { not_before: At(2_000_000), ..row(1, 7, Lane::Interactive) });
        assert_eq!(queue.fell_due(At(1_000_000)), Some((EffectId(1), Due::Deadline)));
    }

    #[test]
    fn what_is_in_flight_is_counted_once() {
        let mut queue = Queue::default();
        queue.push(row(1, 7, Lane::Interactive));
        started(&mut queue, 0);
        assert_eq!(queue.flying(), 1);
        queue.landed(EffectId(1), attempt());
        queue.again(EffectId(1), 1, At(0));
        assert_eq!(queue.flying(), 0);
        queue.remove(EffectId(1));
        assert_eq!((queue.flying(), queue.planned()), (0, 0));
    }
}
