//! A gate: where the runs of one flow and key are counted. It lies in the mailbox that alone meets the key (a contact's own),
//! or in one of its own, which others ask by [letter](crate::letter).
//!
//! A place is a row of a run: held while the run works, else waiting, in the order of arrival. The run's mailbox sees to it that
//! every place is left, at the latest in the commit that ends the run; so no run waits for one that is over.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Handling;
use super::calls::Next;
use crate::clock::At;
use crate::flow::Busy;
use crate::ids::{InputId, MailboxId, RunId, WaitId};
use crate::letter::{Answer, Ask, Letter, Refusal, Rule};
use crate::store::{WaitKind, WaitRow, WaitState};

/// Most runs that wait at one gate.
const MOST_WAITING: usize = 1_000;

/// What the row of a place says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The run, and what it wants.
    pub(crate) ask: Ask,
    /// Whether the run is let in.
    pub(crate) held: bool,
    /// Whether the gate is in this mailbox; else the row is the run's ticket to a gate elsewhere.
    pub(crate) here: bool,
    /// Whether the run was told to end, as a newer one wants its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) leaving: bool,
}

impl Handling<'_> {
    pub(super) fn letter(&mut self, letter: Letter) {
        match letter {
            Letter::Ask(ask) => self.asked(ask),
            Letter::Leave { ticket, .. } => self.left(ticket),
            Letter::Answer { run, ticket, answer } => self.told(run, ticket, answer),
            Letter::Desk(letter) => self.at_desk(|desk| desk.letter(letter)),
            Letter::FromDesk(letter) => self.desk_says(letter),
            Letter::Alarm(letter) => self.alarm_letter(letter),
            Letter::Contact(letter) => self.contact_says(letter),
        }
    }

    /// Says something to a mailbox; to this one, behind what is handled now.
    pub(super) fn send(&mut self, to: MailboxId, letter: Letter) {
        if to == self.mail.id {
            return self.next.push_back(Next::Letter(Box::new(letter)));
        }
        let id = InputId(self.next_id());
        self.work.letters.push(letter.to_row(id, to));
    }

    pub(super) fn answer(&mut self, ask: &Ask, answer: Answer) {
        self.send(ask.from, Letter::Answer { run: ask.run, ticket: ask.ticket, answer });
    }

    /// Writes the row `id` of a place.
    pub(super) fn put(&mut self, id: WaitId, run: Option<RunId>, place: &Place) {
        self.arm(WaitRow {
            run_id: run,
            data: serde_json::to_vec(place).unwrap_or_default(),
            ..WaitRow::armed(id, self.mail.id, WaitKind::Slot, At::NEVER)
        });
    }

    /// A run of another mailbox asks.
    fn asked(&mut self, ask: Ask) {
        match ask.rule {
            Rule::InTime { limit, every_ms } => {
                let counted = self.count_start(ask.gate, limit, Duration::from_millis(every_ms));
                let answer = if counted { Answer::Enter } else { Answer::Refused(Refusal::Throttled) };
                self.answer(&ask, answer);
            }
            Rule::AtOnce { .. } => match self.admits(&ask) {
                Ok(held) => {
                    let id = WaitId(self.next_id());
                    if held {
                        self.answer(&ask, Answer::Enter);
                    }
                    self.put(id, None, &Place { ask, held, here: true, leaving: false });
                }
                Err(refusal) => self.answer(&ask, Answer::Refused(refusal)),
            },
        }
    }

    /// Whether a run that asks now is let in at once; else it waits. Makes room if the flow says so.
    pub(super) fn admits(&mut self, ask: &Ask) -> Result<bool, Refusal> {
        let Rule::AtOnce { limit, busy } = ask.rule else { return Ok(true) };
        if self.has_room(ask.gate, limit) {
            return Ok(true);
        }
        if let Some(refusal) = self.turns_away(ask.gate, busy).filter(|_| !ask.begun) {
            return Err(refusal);
        }
        if busy == Busy::Replace && !ask.begun {
            self.make_room(ask.gate, limit);
        }
        Ok(false)
    }

    /// Whether one more may work, and none waits before it.
    pub(super) fn has_room(&self, gate: MailboxId, limit: u32) -> bool {
        let places = self.places(gate);
        places.iter().all(|(_, place)| place.held) && places.len() < limit as usize
    }

    /// Why a run that has not begun does not at a gate that has no room, if it does not.
    pub(super) fn turns_away(&self, gate: MailboxId, busy: Busy) -> Option<Refusal> {
        let waiting = || self.places(gate).iter().filter(|(_, place)| !place.held).count();
        match busy {
            Busy::Skip => Some(Refusal::Busy),
            Busy::Queue => (waiting() >= MOST_WAITING).then_some(Refusal::QueueFull),
            Busy::Replace => None,
        }
    }

    /// Turns away what waits to begin, and tells as many of the oldest that work to end as one more needs.
    fn make_room(&mut self, gate: MailboxId, limit: u32) {
        let (held, waiting): (Vec<_>, Vec<_>) = self.places(gate).into_iter().partition(|(_, place)| place.held);
        let (begun, new): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, place)| place.ask.begun);
        for (id, place) in new {
            self.disarm_place(id, &place);
            self.answer(&place.ask, Answer::Refused(Refusal::Replaced));
        }
        let staying: Vec<_> = held.into_iter().filter(|(_, place)| !place.leaving).collect();
        let surplus = (staying.len() + begun.len() + 1).saturating_sub(limit as usize);
        for (id, place) in staying.into_iter().take(surplus) {
            self.answer(&place.ask, Answer::Yield);
            self.put(id, self.run_of(id), &Place { leaving: true, ..place });
        }
    }

    /// Of a place whose run is here the row is the run's, which leaves it when it hears that it is refused.
    fn disarm_place(&mut self, id: WaitId, place: &Place) {
        if place.ask.from != self.mail.id {
            self.disarm(id, WaitState::Cancelled);
        }
    }

    fn run_of(&self, id: WaitId) -> Option<RunId> {
        self.mail.waits.get(&id)?.run_id
    }

    /// A run needs its place no more: those that wait come in.
    fn left(&mut self, ticket: WaitId) {
        let places = self.mail.waits.values().filter_map(place_of).filter(|(_, place)| place.here);
        let found = places.into_iter().find(|(_, place)| place.ask.ticket == ticket);
        if let Some((id, place)) = found {
            self.disarm(id, WaitState::Answered);
            self.let_in(place.ask.gate);
        }
    }

    /// Lets in those that wait, in the order of arrival, as far as there is room.
    pub(super) fn let_in(&mut self, gate: MailboxId) {
        let (held, waiting): (Vec<_>, Vec<_>) = self.places(gate).into_iter().partition(|(_, place)| place.held);
        for (inside, (id, place)) in (held.len()..).zip(waiting) {
            let Rule::AtOnce { limit, .. } = place.ask.rule else { return };
            if inside >= limit as usize {
                return;
            }
            self.answer(&place.ask, Answer::Enter);
            self.put(id, self.run_of(id), &Place { held: true, ..place });
        }
    }

    /// The places of a gate in this mailbox, in the order of arrival.
    fn places(&self, gate: MailboxId) -> Vec<(WaitId, Place)> {
        let places = self.mail.waits.values().filter_map(place_of);
        places.filter(|(_, place)| place.here && place.ask.gate == gate).collect()
    }

    /// Counts one start more at `gate`, unless there were `limit` within `every`.
    pub(super) fn count_start(&mut self, gate: MailboxId, limit: u32, every: Duration) -> bool {
        let key = gate.to_string();
        let counts = |wait: &&WaitRow| wait.kind == WaitKind::Throttle && wait.key.as_deref() == Some(&key);
        let known = self.mail.waits.values().find(counts).map(|wait| wait.data.as_slice());
        let known: Vec<At> = known.and_then(|data| serde_json::from_slice(data).ok()).unwrap_or_default();
        let mut starts: Vec<At> = known.into_iter().filter(|at| self.now.since(*at) < every).collect();
        if starts.len() >= limit as usize {
            return false;
        }
        starts.push(self.now);
        // After that nothing is counted any more, and the row goes.
        let row = self.new_wait(WaitKind::Throttle, self.now.plus(every));
        self.arm(WaitRow { key: Some(key), data: serde_json::to_vec(&starts).unwrap_or_default(), ..row });
        true
    }
}

/// The place that a row is.
pub(super) fn place_of(wait: &WaitRow) -> Option<(WaitId, Place)> {
    (wait.kind == WaitKind::Slot).then(|| serde_json::from_slice(&wait.data).ok())?.map(|place| (wait.id, place))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::mailbox::Mailbox;

    /// Every place in a mailbox, and every ticket to a gate elsewhere.
    pub(crate) fn places(mail: &Mailbox) -> impl Iterator<Item = Place> {
        mail.waits.values().filter_map(place_of_wait)
    }

    /// The place of a run, or its ticket.
    pub(crate) fn place_of(mail: &Mailbox, run: RunId) -> Option<Place> {
        places(mail).find(|place| place.ask.run == run && place.ask.from == mail.id)
    }

    fn place_of_wait(wait: &WaitRow) -> Option<Place> {
        super::place_of(wait).map(|(_, place)| place)
    }
}
