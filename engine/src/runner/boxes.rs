//! Mailboxes in memory: each has a queue of inputs and at most one turn at a time.
//!
//! Posting an input to a mailbox that rests spawns its drain, which works until the queue is empty: load, handle up to
//! a batch of inputs, commit, then let the world know. Mailboxes run beside each other and never wait for each other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use super::core::Core;
use super::memory::{Queued, Reply};
use crate::handle::{Input, handle, mailbox_from};
use crate::ids::{InputId, JournalId, MailboxId};
use crate::mailbox::Mailbox;
use crate::order;
use crate::run::journal::{self, Head};
use crate::run::{Entry, What};
use crate::sentence;
use crate::store::{self, JournalKind, Reads, Store, Work};

/// A mailbox is handled so often before its input counts as poisonous.
const TRIES: u32 = 3;
/// Pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_millis(200);

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
        answer.await.unwrap_or_else(|_| Err(order::Error::Refused(sentence!("the engine is closing"))))
    }

    async fn drain_mailbox(self: Arc<Self>, id: MailboxId) {
        while let Some((batch, mail)) = self.boxes.take(id) {
            let of = |count: usize| i64::try_from(count).unwrap_or(0);
            let (count, due) = (of(batch.len()), of(batch.iter().filter(|queued| queued.is_due()).count()));
            let mail = self.handle_batch(id, batch, mail).await;
            self.boxes.put_back(id, mail, (count, due));
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
                    answer(vec![queued], vec![Err(order::Error::Refused(problem.to_string().into()))]);
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
                    let refused = order::Error::Refused(problem.to_string().into());
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
