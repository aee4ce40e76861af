//! Which mailboxes are in memory, and what waits for each: bounded, whoever rested longest leaves first.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hashlink::LinkedHashMap;
use serde_json::Value;
use tokio::sync::oneshot;

use super::core::Core;
use super::line;
use crate::handle::Input;
use crate::ids::MailboxId;
use crate::mailbox::{Mailbox, SHARDS};
use crate::order;
use crate::store::{Reads, Store};

/// Most inputs of one mailbox in one commit.
const BATCH: usize = 32;
/// Mailboxes kept in memory per shard: about 8 000 in all, or 90 MB with an order each (measured: 11 KB).
const CACHED_PER_SHARD: usize = 128;
/// Mailboxes per shard of which it is known that they left memory lately.
const LEFT: usize = 128;
/// A mailbox that did nothing for one to two of these leaves memory: customers write in bursts.
const AGE: Duration = Duration::from_secs(15);

/// Answers an order.
pub(super) type Reply = oneshot::Sender<Result<Value, order::Error>>;

/// An input in a queue.
pub(super) struct Queued {
    pub(super) input: Input,
    pub(super) reply: Option<Reply>,
}

impl Queued {
    pub(super) fn is_due(&self) -> bool {
        matches!(self.input, Input::Due(_))
    }
}

#[derive(Default)]
struct Slot {
    queue: VecDeque<Queued>,
    running: bool,
    /// In which age of its shard it had its last turn.
    age: u64,
    /// The mailbox as of its last commit; gone while it runs, and after a failed commit.
    mail: Option<Box<Mailbox>>,
}

/// All mailboxes in memory.
pub(super) struct Boxes {
    shards: Vec<Mutex<Shard>>,
    /// Inputs of all of them that are not handled yet.
    queued: AtomicI64,
    /// Those of them that are waits which fell due.
    due: AtomicI64,
}

#[derive(Default)]
struct Shard {
    /// In the order of their last turns, so that the one put out of memory is the one that rested longest.
    slots: LinkedHashMap<MailboxId, Slot>,
    /// How often a mailbox was put out of memory.
    evictions: u64,
    /// The last [`LEFT`] of those, the newest at the back.
    left: VecDeque<MailboxId>,
    /// How many times [`AGE`] has passed.
    age: u64,
}

/// How often each shard had put a mailbox out of memory at some moment.
pub(super) struct Evictions(Vec<u64>);

impl Boxes {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            queued: AtomicI64::new(0),
            due: AtomicI64::new(0),
        }
    }

    /// Inputs that wait for their turn or are in it.
    pub(super) fn queued(&self) -> i64 {
        self.queued.load(Ordering::Relaxed)
    }

    /// Waits that fell due and are not handled yet.
    pub(super) fn due(&self) -> i64 {
        self.due.load(Ordering::Relaxed)
    }

    /// What [`Boxes::prime`] compares with.
    pub(super) fn evictions(&self) -> Evictions {
        let count = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).evictions;
        Evictions(self.shards.iter().map(count).collect())
    }

    fn with<T>(&self, id: MailboxId, act: impl FnOnce(&mut Shard) -> T) -> T {
        let shard = &self.shards[usize::from(id.shard())];
        act(&mut shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a mailbox in memory that held nothing stored when it was `seen`, so that its first turn reads nothing. One that
    /// may have been in memory and out again since is read instead.
    pub(super) fn prime(&self, mail: Mailbox, seen: &Evictions) {
        let seen = seen.0[usize::from(mail.id.shard())];
        self.with(mail.id, |shard| {
            if shard.may_have_left(mail.id, seen) {
                return;
            }
            let slot = shard.slots.entry(mail.id).or_insert_with(Slot::default);
            if !slot.running && slot.mail.is_none() && slot.queue.is_empty() {
                slot.mail = Some(Box::new(mail));
            }
        });
    }

    /// An age has passed: whoever rested all through it leaves memory.
    fn grow_older(&self) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).grow_older();
        }
    }

    /// Queues an input; true when the mailbox rested and its drain must be spawned.
    pub(super) fn push(&self, id: MailboxId, queued: Queued) -> bool {
        self.queued.fetch_add(1, Ordering::Relaxed);
        self.due.fetch_add(i64::from(queued.is_due()), Ordering::Relaxed);
        self.with(id, |shard| {
            let slot = shard.slots.entry(id).or_insert_with(Slot::default);
            slot.queue.push_back(queued);
            !std::mem::replace(&mut slot.running, true)
        })
    }

    /// The next inputs and the mailbox, or nothing and the mailbox rests.
    pub(super) fn take(&self, id: MailboxId) -> Option<(Vec<Queued>, Option<Box<Mailbox>>)> {
        self.with(id, |shard| {
            let slot = shard.slots.get_mut(&id)?;
            if slot.queue.is_empty() {
                shard.rest(id);
                return None;
            }
            let count = slot.queue.len().min(BATCH);
            Some((slot.queue.drain(..count).collect(), slot.mail.take()))
        })
    }

    /// Gives the mailbox back after `count` of its inputs were handled, `due` of them waits.
    pub(super) fn put_back(&self, id: MailboxId, mut mail: Option<Box<Mailbox>>, (count, due): (i64, i64)) {
        self.queued.fetch_sub(count, Ordering::Relaxed);
        self.due.fetch_sub(due, Ordering::Relaxed);
        if let Some(mail) = &mut mail {
            mail.rest();
        }
        self.with(id, |shard| {
            if let Some(slot) = shard.slots.get_mut(&id) {
                slot.mail = mail;
            }
        });
    }
}

impl Shard {
    /// Whether this mailbox may have left memory since `seen` had left it.
    fn may_have_left(&self, id: MailboxId, seen: u64) -> bool {
        let since = usize::try_from(self.evictions - seen).unwrap_or(usize::MAX);
        since > self.left.len() || self.left.iter().rev().take(since).any(|left| *left == id)
    }

    fn leave(&mut self, id: MailboxId) {
        self.slots.remove(&id);
        self.evictions += 1;
        if self.left.len() == LEFT {
            self.left.pop_front();
        }
        self.left.push_back(id);
    }

    /// The mailbox has nothing to do. When memory is full, whoever rested longest leaves it.
    fn rest(&mut self, id: MailboxId) {
        let Some(slot) = self.slots.to_back(&id) else { return };
        (slot.running, slot.age) = (false, self.age);
        let leaves = if slot.mail.is_none() {
            Some(id)
        } else if self.slots.len() > CACHED_PER_SHARD {
            self.slots.iter().find(|(_, slot)| !slot.running).map(|(rested, _)| *rested)
        } else {
            None
        };
        if let Some(leaves) = leaves {
            self.leave(leaves);
        }
    }

    fn grow_older(&mut self) {
        let old = self.slots.iter().filter(|(_, slot)| !slot.running && slot.age != self.age).map(|(id, _)| *id);
        old.collect::<Vec<_>>().into_iter().for_each(|id| self.leave(id));
        self.age += 1;
        if self.slots.is_empty() {
            self.slots.shrink_to_fit();
        }
    }
}

/// Puts mailboxes out of memory that have nothing to do, until the engine closes.
pub(super) async fn grow_older<S: Store + Reads>(core: Arc<Core<S>>) {
    loop {
        tokio::select! {
            () = line::closed(&core.closing) => return,
            () = tokio::time::sleep(AGE) => core.boxes.grow_older(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_shard(n: usize) -> MailboxId {
        (1..).map(MailboxId).filter(|id| id.shard() == 0).nth(n).unwrap()
    }

    #[test]
    fn who_left_memory_since_is_known_as_far_as_it_is_remembered() {
        let boxes = Boxes::new();
        let (one, other) = (of_shard(0), of_shard(1));
        let seen = boxes.evictions();
        let in_memory = |id| boxes.with(id, |shard| shard.slots.get(&id).is_some_and(|slot| slot.mail.is_some()));
        boxes.with(other, |shard| shard.leave(other));
        boxes.prime(Mailbox::new(other), &seen);
        boxes.prime(Mailbox::new(one), &seen);
        assert_eq!((in_memory(one), in_memory(other)), (true, false), "another's leaving is no reason to read");
        let late = boxes.evictions();
        boxes.with(other, |shard| (0..=LEFT).for_each(|n| shard.leave(of_shard(n + 2))));
        boxes.prime(Mailbox::new(other), &late);
        assert!(!in_memory(other), "more left than is remembered");
    }

    #[test]
    fn who_rested_longest_leaves_first_and_who_did_nothing_for_an_age_leaves_by_itself() {
        let mut shard = Shard::default();
        let rest = |shard: &mut Shard, id| {
            shard.slots.entry(id).or_insert_with(Slot::default).mail = Some(Box::new(Mailbox::new(id)));
            shard.rest(id);
        };
        let all: Vec<MailboxId> = (0..=CACHED_PER_SHARD as i64).map(|id| MailboxId(id + 1)).collect();
        all[..CACHED_PER_SHARD].iter().for_each(|id| rest(&mut shard, *id));
        rest(&mut shard, all[0]);
        rest(&mut shard, all[CACHED_PER_SHARD]);
        assert!(shard.slots.contains_key(&all[0]) && !shard.slots.contains_key(&all[1]), "the first worked again");
        shard.grow_older();
        assert_eq!(shard.slots.len(), CACHED_PER_SHARD);
        rest(&mut shard, all[0]);
        shard.grow_older();
        assert_eq!(shard.slots.keys().copied().collect::<Vec<_>>(), [all[0]]);
    }
}
