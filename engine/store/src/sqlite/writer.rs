//! The one writer: takes what waits, writes it as one group, answers after the commit. No artificial delay: while one group
//! is written the next one gathers.

use engine::audit::Anchor;
use engine::clock::At;
use engine::store::Error;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::watch;
use tokio::time::Instant;

use super::chain::{self, Chain};
use super::group::{self, Failure, Written};
use super::queue::{Ask, Taker};

/// How often a truncating checkpoint after a vacuum is tried while readers are in the way; each try waits 5 s at most.
const TRUNCATE_TRIES: u32 = 3;

/// Owns the only connection that writes.
pub(super) struct Writer {
    pub(super) conn: SqliteConnection,
    pub(super) queue: Taker,
    pub(super) chain: Chain,
    /// Told after every group, for the checkpoints, which end when this is gone.
    pub(super) wrote: watch::Sender<()>,
    /// Once the outcome of a commit is unknown, everything is refused: the process must start anew.
    pub(super) doubt: Option<String>,
}

impl Writer {
    /// Writes until the queue is closed and empty.
    pub(super) async fn run(mut self) {
        while let Some(asks) = self.queue.take().await {
            let (group, alone): (Vec<Ask>, Vec<Ask>) = asks.into_iter().partition(Ask::groups);
            self.group(group).await;
            for ask in alone {
                self.alone(ask).await;
            }
            self.wrote.send_replace(());
        }
        if let Err(error) = self.conn.close().await {
            tracing::warn!(%error, "the database did not close cleanly; nothing is lost, the next start takes longer");
        }
    }

    async fn group(&mut self, asks: Vec<Ask>) {
        if asks.is_empty() {
            return;
        }
        let started = Instant::now();
        metrics::histogram!("switchboard_store_group_requests").record(u32::try_from(asks.len()).unwrap_or(u32::MAX));
        match self.write(&asks).await {
            Ok(written) => answer(asks, written),
            // If one of several is bad, the others must not suffer.
            Err(Failure::Guilty(_)) if asks.len() > 1 => self.one_by_one(asks).await,
            Err(failure) => self.refuse(asks, failure),
        }
        metrics::histogram!("switchboard_store_commit_seconds").record(started.elapsed().as_secs_f64());
    }

    async fn one_by_one(&mut self, asks: Vec<Ask>) {
        metrics::counter!("switchboard_store_groups_split_total").increment(1);
        for ask in asks {
            match self.write(std::slice::from_ref(&ask)).await {
                Ok(written) => answer(vec![ask], written),
                Err(failure) => self.refuse(vec![ask], failure),
            }
        }
    }

    async fn write(&mut self, asks: &[Ask]) -> Result<Written, Failure> {
        if let Some(doubt) = &self.doubt {
            return Err(Failure::InDoubt(doubt.clone()));
        }
        let written = group::write(&mut self.conn, &self.chain, asks).await?;
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
            Failure::InDoubt(why) => Error::InDoubt(self.doubt.get_or_insert(why).clone()),
        };
        let kind = match &error {
            Error::Full => "full",
            Error::InDoubt(_) => "in_doubt",
            Error::Refused(_) => "refused",
            Error::Busy { .. } | Error::Broken(_) => "broken",
        };
        metrics::counter!("switchboard_store_errors_total", "kind" => kind).increment(1);
        error
    }

    async fn alone(&mut self, ask: Ask) {
        match ask {
            Ask::Anchor(at, key, answer) => {
                let anchored = self.anchor(at, key).await.map_err(|failure| self.error(failure));
                // Whoever asked may be gone: that is no trouble, here and below.
                answer.send(anchored).ok();
            }
            Ask::Vacuum(answer) => {
                answer.send(self.vacuum().await).ok();
            }
            grouped => self.group(vec![grouped]).await,
        }
    }

    async fn anchor(&mut self, at: At, key: [u8; 32]) -> Result<Option<Anchor>, Failure> {
        if let Some(doubt) = &self.doubt {
            return Err(Failure::InDoubt(doubt.clone()));
        }
        group::begin(&mut self.conn).await?;
        let anchored = chain::anchor(&mut self.conn, &self.chain, at, &key).await;
        let (anchor, held) = group::finish(&mut self.conn, anchored).await?;
        self.chain.anchored(held);
        Ok(anchor)
    }

    async fn vacuum(&mut self) -> Result<(), Error> {
        let broken = |error: sqlx::Error| Error::from(super::error::Error::from(error));
        sqlx::query("vacuum").execute(&mut self.conn).await.map_err(broken)?;
        for _ in 0..TRUNCATE_TRIES {
            let row = sqlx::query("pragma wal_checkpoint(truncate)").fetch_one(&mut self.conn).await.map_err(broken)?;
            if super::rows::number(&row).map_err(Error::from)? == 0 {
                return Ok(());
            }
        }
        Err(Error::Broken("a reader held the log open: vacuum again when it is done".into()))
    }
}

/// Answers each request of a group that is on disk.
fn answer(asks: Vec<Ask>, written: Written) {
    let (mut receipts, mut moved) = (written.receipts.into_iter(), written.moved.into_iter());
    for ask in asks {
        match ask {
            Ask::Receive(_, answer) => drop(answer.send(Ok(receipts.next().unwrap_or_default()))),
            Ask::Commit(_, answer) => drop(answer.send(Ok(()))),
            Ask::Dispatch(_, answer) => drop(answer.send(Ok(moved.next().unwrap_or_default()))),
            alone @ (Ask::Anchor(..) | Ask::Vacuum(_)) => alone.fail(Error::Broken("it joins no group".into())),
        }
    }
}
