//! The one writer, on a thread of its own: takes what waits, writes it as one group, answers after the commit. While one
//! group is written the next one gathers.

use std::collections::BTreeMap;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use engine::audit::Anchor;
use engine::clock::At;
use engine::store::{Error, Removal};
use tokio::sync::watch;
use tokio::time::Instant;

use super::chain::{self, Chain};
use super::error::Error as Fault;
use super::group::{self, Written};
use super::queue::{self, Ask, Taker};
use super::retention;
use super::session::{Failure, Session};

/// Longest rest after a group of several requests. A commit costs about as much as the rows of a run or two, so under load
/// fewer and larger groups leave more of the machine to everything else. Measured: `DECISIONS/0010`.
const LONGEST_REST: Duration = Duration::from_millis(2);

/// Owns the only connection that writes.
pub(crate) struct Writer {
    session: Box<dyn Session>,
    queue: Taker,
    chain: Chain,
    /// Told after every group, for SQLite's checkpoints, which end when this is gone.
    wrote: watch::Sender<()>,
    /// Why everything is refused from now on: the process must start anew.
    end: Option<Error>,
}

impl Writer {
    /// Finds the end of `strand`.
    pub(crate) fn open(
        session: Box<dyn Session>,
        strand: i64,
        queue: Taker,
        wrote: watch::Sender<()>,
    ) -> Result<Self, Fault> {
        let chain = Chain::load(&*session, strand)?;
        Ok(Self { session, queue, chain, wrote, end: None })
    }

    /// Starts the thread, which ends when the queue is closed and empty.
    pub(crate) fn start(self) -> Result<JoinHandle<()>, Fault> {
        let started = thread::Builder::new().name("store-writer".into()).spawn(|| self.run());
        started.map_err(|error| Fault::Unfit(format!("no thread for the writer: {error}")))
    }

    fn run(mut self) {
        while let Some(asks) = self.queue.take() {
            let (started, several) = (Instant::now(), asks.len() > 1);
            let (group, alone): (Vec<Ask>, Vec<Ask>) = asks.into_iter().partition(Ask::groups);
            self.group(group);
            for ask in alone {
                self.alone(ask);
            }
            self.session.after_group();
            self.wrote.send_replace(());
            if several {
                thread::sleep(started.elapsed().min(LONGEST_REST));
            }
        }
        self.session.close();
    }

    fn group(&mut self, asks: Vec<Ask>) {
        if asks.is_empty() {
            return;
        }
        let started = Instant::now();
        metrics::histogram!("switchboard_store_group_requests").record(u32::try_from(asks.len()).unwrap_or(u32::MAX));
        match self.write(&asks) {
            Ok(written) => answer(asks, written),
            // If one of several is bad, the others must not suffer.
            Err(Failure::Guilty(_)) if asks.len() > 1 => self.one_by_one(asks),
            Err(failure) => self.refuse(asks, failure),
        }
        metrics::histogram!("switchboard_store_commit_seconds").record(started.elapsed().as_secs_f64());
    }

    /// Writes each by itself, so that only what is bad is refused.
    fn one_by_one(&mut self, asks: Vec<Ask>) {
        metrics::counter!("switchboard_store_groups_split_total").increment(1);
        for ask in asks {
            match self.write(std::slice::from_ref(&ask)) {
                Ok(written) => answer(vec![ask], written),
                Err(failure) => self.refuse(vec![ask], failure),
            }
        }
    }

    /// Refuses everything after a failure with which the process must end.
    fn may_write(&self) -> Result<(), Failure> {
        self.end.clone().map_or(Ok(()), |end| Err(Failure::Final(end)))
    }

    fn write(&mut self, asks: &[Ask]) -> Result<Written, Failure> {
        self.may_write()?;
        let written = group::write(&*self.session, &self.chain, asks)?;
        if let Some(block) = &written.block {
            self.chain.advance(block);
        }
        Ok(written)
    }

    fn refuse(&mut self, asks: Vec<Ask>, failure: Failure) {
        let error = self.error(failure);
        tracing::error!(%error, requests = asks.len(), "not written");
        for ask in asks {
            ask.fail(error.clone());
        }
    }

    /// What to answer for a failure, which is remembered if nothing may be written after it.
    fn error(&mut self, failure: Failure) -> Error {
        let error = match failure {
            Failure::Nothing(error) | Failure::Guilty(error) => error,
            Failure::Final(error) => self.end.get_or_insert(error).clone(),
        };
        let kind = match &error {
            Error::Full => "full",
            Error::InDoubt(_) => "in_doubt",
            Error::Taken(_) => "taken",
            Error::Refused(_) => "refused",
            Error::Busy { .. } | Error::Broken(_) => "broken",
        };
        metrics::counter!("switchboard_store_errors_total", "kind" => kind).increment(1);
        error
    }

    /// What joins no group: it has a transaction of its own, or none.
    fn alone(&mut self, ask: Ask) {
        match ask {
            Ask::Anchor(at, key, answer) => {
                let anchored = self.anchor(at, key).map_err(|failure| self.error(failure));
                // Whoever asked may be gone: that is no trouble, here and below.
                answer.send(anchored).ok();
            }
            Ask::Remove(removal, answer) => {
                let removed = self.remove(&removal).map_err(|failure| self.error(failure));
                answer.send(removed).ok();
            }
            Ask::GiveBack(pages, answer) => {
                answer.send(self.session.give_back(pages).map_err(Error::from)).ok();
            }
            Ask::Vacuum(answer) => {
                answer.send(self.session.vacuum().map_err(Error::from)).ok();
            }
            grouped => self.group(vec![grouped]),
        }
    }

    fn anchor(&mut self, at: At, key: [u8; 32]) -> Result<Option<Anchor>, Failure> {
        self.may_write()?;
        let mut anchored = None;
        self.session.transact(&mut || {
            anchored = Some(chain::anchor(&*self.session, &self.chain, at, &key)?);
            Ok(())
        })?;
        let Some((anchor, held)) = anchored else { return Ok(None) };
        self.chain.anchored(held);
        Ok(anchor)
    }

    fn remove(&mut self, removal: &Removal) -> Result<BTreeMap<String, u64>, Failure> {
        self.may_write()?;
        let mut done = retention::Done::default();
        self.session.transact(&mut || {
            done = retention::remove(&*self.session, &self.chain, removal)?;
            Ok(())
        })?;
        if let Some(block) = &done.block {
            self.chain.advance(block);
        }
        Ok(done.rows)
    }
}

/// Answers each request of a group that is on disk.
fn answer(asks: Vec<Ask>, written: Written) {
    let (mut receipts, mut moved) = (written.receipts.into_iter(), written.moved.into_iter());
    let mut accounts = written.accounts.into_iter();
    for ask in asks {
        match ask {
            Ask::Receive(_, answer) => drop(answer.send(Ok(receipts.next().unwrap_or_default()))),
            Ask::Commit(_, answer) => drop(answer.send(Ok(()))),
            Ask::Dispatch(_, answer) => drop(answer.send(Ok(moved.next().unwrap_or_default()))),
            Ask::Account(_, answer) => drop(answer.send(accounts.next().ok_or_else(queue::ended))),
            alone => alone.fail(Error::Broken("it joins no group".into())),
        }
    }
}
