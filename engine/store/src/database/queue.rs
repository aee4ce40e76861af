//! What waits for the writer: bounded by back-pressure at the doors, arrivals before everything else.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::account::{Change, Refusal};
use engine::audit::Anchor;
use engine::clock::At;
use engine::ids::EffectId;
use engine::store::{Arrival, DispatchOp, EffectOp, Error, Receipt, Removal, Work};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Most requests of either kind in one group.
const GROUP_REQUESTS: usize = 256;
/// Most bytes of either kind in one group; the request that passes it is still taken.
const GROUP_BYTES: usize = 1 << 20;
/// What a row costs besides its blobs, roughly.
const ROW_BYTES: usize = 128;

/// Where an answer goes.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// One request to the writer.
pub(crate) enum Ask {
    /// See [`engine::store::Store::receive`].
    Receive(Vec<Arrival>, Answer<Vec<Receipt>>),
    /// See [`engine::store::Store::commit`].
    Commit(Box<Work>, Answer<()>),
    /// See [`engine::store::Store::dispatch`].
    Dispatch(Vec<DispatchOp>, Answer<Vec<EffectId>>),
    /// See [`engine::account::Accounts::change`].
    Account(Box<Change>, Answer<Result<(), Refusal>>),
    /// See [`engine::store::Store::anchor`]. Written by itself.
    Anchor(At, [u8; 32], Answer<Option<Anchor>>),
    /// See [`engine::store::Retention::remove`]. Written by itself.
    Remove(Box<Removal>, Answer<BTreeMap<String, u64>>),
    /// See [`engine::store::Retention::give_back`]. Done by itself.
    GiveBack(u32, Answer<u64>),
    /// Rewrites the file without its free pages. Done by itself.
    Vacuum(Answer<()>),
}

impl Ask {
    /// Whether it joins others in a group.
    pub(crate) fn groups(&self) -> bool {
        !matches!(self, Self::Anchor(..) | Self::Remove(..) | Self::GiveBack(..) | Self::Vacuum(_))
    }

    /// Answers that it was not done. Whoever asked may be gone: that is no trouble.
    pub(crate) fn fail(self, error: Error) {
        match self {
            Self::Receive(_, answer) => drop(answer.send(Err(error))),
            Self::Commit(_, answer) | Self::Vacuum(answer) => drop(answer.send(Err(error))),
            Self::Dispatch(_, answer) => drop(answer.send(Err(error))),
            Self::Account(_, answer) => drop(answer.send(Err(error))),
            Self::Anchor(_, _, answer) => drop(answer.send(Err(error))),
            Self::Remove(_, answer) => drop(answer.send(Err(error))),
            Self::GiveBack(_, answer) => drop(answer.send(Err(error))),
        }
    }

    /// About how many bytes it writes.
    fn bytes(&self) -> usize {
        match self {
            Self::Receive(arrivals, _) => arrivals.iter().map(arrival_bytes).sum(),
            Self::Commit(work, _) => work_bytes(work),
            Self::Dispatch(ops, _) => ops.len() * ROW_BYTES,
            Self::Account(change, _) => (change.ops.len() + change.journal.len()) * ROW_BYTES,
            Self::Anchor(..) | Self::Remove(..) | Self::GiveBack(..) | Self::Vacuum(_) => 0,
        }
    }
}

fn arrival_bytes(arrival: &Arrival) -> usize {
    match arrival {
        Arrival::Event(event) => 2 * ROW_BYTES + event.body.len(),
        Arrival::Status { event, .. } => ROW_BYTES + event.as_ref().map_or(0, |event| 2 * ROW_BYTES + event.body.len()),
        Arrival::Own(own) => 2 * ROW_BYTES + own.event.body.as_ref().map_or(0, Vec::len),
        Arrival::Bad(item) => ROW_BYTES + item.raw.len(),
    }
}

fn work_bytes(work: &Work) -> usize {
    let runs: usize = work.runs.iter().map(|run| ROW_BYTES + run.state.len()).sum();
    let data = |data: &Option<Vec<u8>>| data.as_ref().map_or(0, Vec::len);
    let journal: usize = work.journal.iter().map(|row| ROW_BYTES + row.body.len() + data(&row.data)).sum();
    let effect = |op: &EffectOp| if let EffectOp::Plan(row) = op { ROW_BYTES + row.input.len() } else { 0 };
    let effects: usize = work.effects.iter().map(effect).sum();
    runs + journal + effects + (work.waits.len() + work.messages.len() + work.letters.len()) * ROW_BYTES
}

#[derive(Default)]
struct Waiting {
    arrivals: VecDeque<(Instant, usize, Ask)>,
    others: VecDeque<(Instant, usize, Ask)>,
    bytes: usize,
    /// Whether the writer sleeps until something comes: only then is it woken, which costs a call of the system.
    asleep: bool,
    /// What later requests are told once no more are taken.
    closed: Option<Error>,
}

/// The queue before the writer.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    ready: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here can panic half way, so what a poisoned lock guards is whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request; once closed, it fails at once.
    pub(crate) fn push(&self, ask: Ask) {
        let bytes = ask.bytes();
        let mut waiting = self.lock();
        if let Some(why) = waiting.closed.clone() {
            drop(waiting);
            return ask.fail(why);
        }
        waiting.bytes += bytes;
        let line = if matches!(ask, Ask::Receive(..)) { &mut waiting.arrivals } else { &mut waiting.others };
        line.push_back((Instant::now(), bytes, ask));
        self.wake(waiting);
    }

    fn wake(&self, mut waiting: MutexGuard<'_, Waiting>) {
        if std::mem::take(&mut waiting.asleep) {
            drop(waiting);
            self.ready.notify_one();
        }
    }

    /// How many bytes wait, and for how long the oldest request has.
    pub(crate) fn behind(&self) -> (usize, Duration) {
        let waiting = self.lock();
        let fronts = [waiting.arrivals.front(), waiting.others.front()];
        let oldest = fronts.into_iter().flatten().map(|(since, _, _)| since.elapsed()).max();
        (waiting.bytes, oldest.unwrap_or_default())
    }

    /// All that waits, up to the size of a group, arrivals first; sleeps until something comes. `None` once closed and empty.
    fn take(&self) -> Option<Vec<Ask>> {
        let mut waiting = self.lock();
        loop {
            let mut group = Vec::new();
            let Waiting { arrivals, others, bytes, closed, .. } = &mut *waiting;
            for line in [arrivals, others] {
                *bytes -= drain(line, &mut group);
            }
            if !group.is_empty() {
                return Some(group);
            }
            if closed.is_some() {
                return None;
            }
            waiting.asleep = true;
            waiting = self.ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Refuses all requests from now on; those that wait are still tried.
    pub(crate) fn refuse(&self, why: Error) {
        let mut waiting = self.lock();
        waiting.closed.get_or_insert(why);
        self.wake(waiting);
    }

    /// Takes no more requests; those that wait are still done.
    pub(crate) fn close(&self) {
        self.refuse(Error::Broken("the store is closed".into()));
    }

    /// Nobody takes requests any more: those that wait fail now, later ones at once.
    fn end(&self) {
        let mut waiting = self.lock();
        waiting.closed.get_or_insert_with(ended);
        let Waiting { arrivals, others, bytes, .. } = &mut *waiting;
        *bytes = 0;
        let left: Vec<_> = arrivals.drain(..).chain(others.drain(..)).collect();
        drop(waiting);
        for (_, _, ask) in left {
            ask.fail(ended());
        }
    }
}

/// What a request is told that the writer left behind when it ended.
pub(crate) fn ended() -> Error {
    Error::InDoubt("the writer ended".into())
}

/// The writer's end of the queue. When it is gone, for whatever reason, nobody waits in vain.
pub(crate) struct Taker(pub(crate) Arc<Queue>);

impl Taker {
    /// See [`Queue::take`].
    pub(crate) fn take(&self) -> Option<Vec<Ask>> {
        self.0.take()
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Moves the front of `line` to `group`; answers the bytes moved.
fn drain(line: &mut VecDeque<(Instant, usize, Ask)>, group: &mut Vec<Ask>) -> usize {
    let (mut requests, mut total) = (0, 0);
    while requests < GROUP_REQUESTS && total < GROUP_BYTES {
        let Some((_, bytes, ask)) = line.pop_front() else { break };
        group.push(ask);
        requests += 1;
        total += bytes;
    }
    total
}
