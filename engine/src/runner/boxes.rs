//! Mailboxes in memory: each has a queue of inputs and at most one turn at a time.
//!
//! Posting an input to a mailbox that rests spawns its drain, which works until the queue is empty: load, handle up to
//! [`BATCH`] inputs, commit, then let the world know. Mailboxes run beside each other and never wait for each other.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hashlink::LinkedHashMap;
use serde_json::Value;
use tokio::sync::oneshot;

use super::core::Core;
use super::line;
use crate::handle::{Input, handle, mailbox_from};
use crate::ids::{InputId, JournalId, MailboxId};
use crate::mailbox::{Mailbox, SHARDS};
use crate::order;
use crate::run::journal::{self, Head};
use crate::run::{Entry, What};
use crate::store::{self, JournalKind, Reads, Store, Work};

/// Most inputs of one mailbox in one commit.
const BATCH: usize = 32;
/// Mailboxes kept in memory per shard: about 8 000 in all, or 90 MB with an order each (measured: 11 KB).
const CACHED_PER_SHARD: usize = 128;
/// A mailbox that did nothing for one to two of these leaves memory: customers write in bursts.
const AGE: Duration = Duration::from_secs(15);
/// A mailbox is handled so often before its input counts as poisonous.
const TRIES: u32 = 3;
/// Pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_millis(200);

/// Answers an order.
pub(super) type Reply = oneshot::Sender<Result<Value, order::Error>>;

/// An input in a queue.
pub(super) struct Queued {
    input: Input,
    reply: Option<Reply>,
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
}

#[derive(Default)]
struct Shard {
    /// In the order of their last turns, so that the one put out of memory is the one that rested longest.
    slots: LinkedHashMap<MailboxId, Slot>,
    /// How often a mailbox was put out of memory.
    evictions: u64,
    /// How many times [`AGE`] has passed.
    age: u64,
}

/// How often each shard had put a mailbox out of memory at some moment.
pub(super) struct Evictions(Vec<u64>);

impl Boxes {
    pub(super) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), queued: AtomicI64::new(0) }
    }

    /// Inputs that wait for their turn or are in it.
    pub(super) fn queued(&self) -> i64 {
        self.queued.load(Ordering::Relaxed)
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
            if shard.evictions != seen {
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
    fn push(&self, id: MailboxId, queued: Queued) -> bool {
        self.queued.fetch_add(1, Ordering::Relaxed);
        self.with(id, |shard| {
            let slot = shard.slots.entry(id).or_insert_with(Slot::default);
            slot.queue.push_back(queued);
            !std::mem::replace(&mut slot.running, true)
        })
    }

    /// The next inputs and the mailbox, or nothing and the mailbox rests.
    fn take(&self, id: MailboxId) -> Option<(Vec<Queued>, Option<Box<Mailbox>>)> {
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

    /// Gives the mailbox back after `count` of its inputs were handled.
    fn put_back(&self, id: MailboxId, mut mail: Option<Box<Mailbox>>, count: i64) {
        self.queued.fetch_sub(count, Ordering::Relaxed);
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
            self.evictions += 1;
            self.slots.remove(&leaves);
        }
    }

    fn grow_older(&mut self) {
        let (age, before) = (self.age, self.slots.len());
        self.slots.retain(|_, slot| slot.running || slot.age == age);
        self.evictions += (before - self.slots.len()) as u64;
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

impl<S: Store + Reads> Core<S> {
    /// Queues an input for a mailbox and sees to it that it is handled.
    pub(super) fn post(self: &Arc<Self>, id: MailboxId, input: Input, reply: Option<Reply>) {
        self.activity.add(1);
        if self.boxes.push(id, Queued { input, reply }) {
            let core = Arc::clone(self);
            tokio::spawn(async move { core.drain_mailbox(id).await });
        }
    }

    /// Gives a mailbox a person's order, with the effect it is about as it is stored now; answers after the commit.
    pub(super) async fn order(
        self: &Arc<Self>,
        id: MailboxId,
        by: &str,
        order: order::Order,
        about: Option<order::About>,
    ) -> Result<Value, order::Error> {
        let (reply, answer) = oneshot::channel();
        self.post(id, Input::Order { by: by.to_owned(), order, about }, Some(reply));
        answer.await.unwrap_or_else(|_| Err(order::Error::Refused("the engine is closing".into())))
    }

    async fn drain_mailbox(self: Arc<Self>, id: MailboxId) {
        while let Some((batch, mail)) = self.boxes.take(id) {
            let count = i64::try_from(batch.len()).unwrap_or(0);
            let mail = self.handle_batch(id, batch, mail).await;
            self.boxes.put_back(id, mail, count);
            self.activity.add(-count);
        }
    }

    /// Handles a batch in one commit; when that fails, its inputs one by one, so that the guilty one stands alone.
    async fn handle_batch(
        self: &Arc<Self>,
        id: MailboxId,
        batch: Vec<Queued>,
        mail: Option<Box<Mailbox>>,
    ) -> Option<Box<Mailbox>> {
        let inputs: Vec<Input> = batch.iter().map(|queued| queued.input.clone()).collect();
        match self.attempt(id, inputs, mail).await {
            Ok((mail, answers)) => {
                answer(batch, answers);
                return mail;
            }
            Err(problem) => tracing::warn!(mailbox = %id, %problem, "a commit failed; its inputs are tried one by one"),
        }
        let mut mail = None;
        for queued in batch {
            mail = Box::pin(self.handle_alone(id, queued, mail)).await;
        }
        mail
    }

    async fn handle_alone(
        self: &Arc<Self>,
        id: MailboxId,
        queued: Queued,
        mut mail: Option<Box<Mailbox>>,
    ) -> Option<Box<Mailbox>> {
        let mut tries = 0;
        loop {
            match self.attempt(id, vec![queued.input.clone()], mail.take()).await {
                Ok((mail, answers)) => {
                    answer(vec![queued], answers);
                    return mail;
                }
                // Memory may be behind the disk now: only a new start knows. The input is stored or resolved there.
                Err(problem @ Failed::Store(store::Error::InDoubt(_) | store::Error::Taken(_))) => {
                    answer(vec![queued], vec![Err(order::Error::Refused(problem.to_string()))]);
                    return None;
                }
                // The database is the trouble, not the input: it waits, however long.
                Err(
                    problem @ Failed::Store(store::Error::Full | store::Error::Busy { .. } | store::Error::Broken(_)),
                ) => {
                    tracing::error!(mailbox = %id, %problem, "waiting for the store");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
                Err(problem) => {
                    tries += 1;
                    if tries < TRIES {
                        tokio::time::sleep(STORE_PAUSE).await;
                        continue;
                    }
                    tracing::error!(mailbox = %id, %problem, "an input is set aside; the mailbox goes on");
                    self.set_aside(id, &queued.input).await;
                    let refused = order::Error::Refused(problem.to_string());
                    answer(vec![queued], vec![Err(refused)]);
                    return None;
                }
            }
        }
    }

    /// Loads if need be, handles, commits, and lets the world know.
    async fn attempt(
        self: &Arc<Self>,
        id: MailboxId,
        inputs: Vec<Input>,
        mail: Option<Box<Mailbox>>,
    ) -> Result<(Option<Box<Mailbox>>, Vec<Result<Value, order::Error>>), Failed> {
        let mut mail = match mail {
            Some(mail) => mail,
            // On the heap, as what is rare below: each mailbox with work to do holds the whole of its future.
            None => Box::new(Box::pin(self.load(id)).await?),
        };
        let book = self.book.load_full();
        let mut work = Work { mailbox: id, ..Work::default() };
        let now = self.parts.clock.now();
        let handled = catch_unwind(AssertUnwindSafe(|| {
            let inputs = inputs.into_iter();
            inputs.map(|input| handle(&book, &mut mail, input, now, &self.parts.ids, &mut work)).collect::<Vec<_>>()
        }));
        let answers = handled.map_err(|_| Failed::Panic)?;
        let erased = work.erase.is_some() || !work.forget.is_empty();
        let (person, forgotten) = (work.erase, work.forget.iter().map(|family| family.event).collect::<Vec<_>>());
        let pages = std::mem::take(&mut work.pages);
        if !work.is_empty() {
            salt_nobodys(&mut work)?;
            let news = super::core::News::of(&work);
            self.watched(self.parts.store.commit(work).await).map_err(Failed::Store)?;
            self.spread(news);
        }
        for (mailbox, sweep) in pages {
            self.go_over(mailbox, sweep);
        }
        self.misses.note(std::mem::take(&mut mail.missed));
        if let Some(contact) = person {
            self.misses.forget(contact);
        }
        if !forgotten.is_empty() {
            self.misses.forget_events(&forgotten);
        }
        Ok(((!erased).then_some(mail), answers))
    }

    async fn load(&self, id: MailboxId) -> Result<Mailbox, Failed> {
        let rows = self.parts.store.mailbox(id).await.map_err(Failed::Store)?;
        mailbox_from(id, rows, &self.book.load().versions).map_err(Failed::Damaged)
    }

    /// Takes a poisonous input out of the way, and says so in the journal. An event stays stored.
    async fn set_aside(&self, id: MailboxId, input: &Input) {
        let consumed: Vec<InputId> = match input {
            Input::Event { input, .. } | Input::Settled { input, .. } | Input::Letter { input, .. } => {
                input.iter().copied().collect()
            }
            _ => Vec::new(),
        };
        let subject = match input {
            Input::Event { event, .. } => event.id.0,
            Input::Settled { effect, .. } | Input::Parked { effect, .. } => effect.run_id.0,
            _ => id.0,
        };
        let now = self.parts.clock.now();
        let row = JournalId(self.parts.ids.next(now));
        let head = Head { id: row, subject, seq: row.0, kind: JournalKind::Change, by: "", person: None, at: now };
        let entry = Entry::bare(What::Changed { what: "input.set_aside".into(), id: id.to_string().into() });
        let journal = vec![journal::encode(head, &[entry])];
        let work = Work { mailbox: id, at: now, consumed, journal, ..Work::default() };
        if let Err(problem) = self.watched(self.parts.store.commit(work).await) {
            tracing::error!(mailbox = %id, %problem, "an input could not be set aside; it comes back at the next start");
        }
    }
}

/// Rows about nobody known get salts of their own: turns make no random bytes.
fn salt_nobodys(work: &mut Work) -> Result<(), Failed> {
    for row in work.journal.iter_mut().filter(|row| row.contact_id.is_none() && row.data.is_some()) {
        let mut salt = [0; journal::SALT_BYTES];
        let filled = getrandom::fill(&mut salt);
        filled.map_err(|error| Failed::Store(store::Error::Broken(format!("no randomness: {error}"))))?;
        journal::salt(row, salt);
    }
    Ok(())
}

fn answer(batch: Vec<Queued>, answers: Vec<Result<Value, order::Error>>) {
    for (queued, answer) in batch.into_iter().zip(answers) {
        if let Some(reply) = queued.reply {
            // Whoever asked may have gone; the order is carried out all the same.
            let _ = reply.send(answer);
        }
    }
}

/// Why a batch was not handled.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Store(store::Error),
    #[error("a turn panicked")]
    Panic,
    #[error("{0}")]
    Damaged(String),
}
