//! One transaction for all that waited: arrivals, then works, then moves of effects, then the block over their journal rows.

use std::collections::HashSet;

use engine::clock::At;
use engine::ids::EffectId;
use engine::store::{self, Arrival, BlockRow, DispatchOp, JournalRow, Receipt, Work};
use sqlx::sqlite::SqliteConnection;

use super::chain::{self, Chain};
use super::error::Error;
use super::queue::Ask;
use super::{arrivals, effects, works};

/// What a group that is on disk answers.
#[derive(Default)]
pub(super) struct Written {
    /// For each request to receive, in order.
    pub(super) receipts: Vec<Vec<Receipt>>,
    /// For each request to dispatch, in order.
    pub(super) moved: Vec<Vec<EffectId>>,
    /// The block that was added.
    pub(super) block: Option<BlockRow>,
}

/// Why a group is not on disk, or may not be.
pub(super) enum Failure {
    /// Nothing of it is, because of the disk or the file: each request alone would fare the same.
    Nothing(store::Error),
    /// Nothing of it is, because one of the requests is bad.
    Guilty(store::Error),
    /// It is not known.
    InDoubt(String),
}

/// Writes all of `asks` or nothing.
pub(super) async fn write(conn: &mut SqliteConnection, chain: &Chain, asks: &[Ask]) -> Result<Written, Failure> {
    begin(conn).await?;
    let filled = fill(conn, chain, asks).await;
    finish(conn, filled).await
}

/// Opens a transaction that may write at once.
pub(super) async fn begin(conn: &mut SqliteConnection) -> Result<(), Failure> {
    let begun = sqlx::query("begin immediate").execute(conn).await;
    begun.map(drop).map_err(|error| Failure::Nothing(Error::from(error).into()))
}

/// Ends the transaction: commits what was `filled`, or rolls back.
pub(super) async fn finish<T>(conn: &mut SqliteConnection, filled: Result<T, Error>) -> Result<T, Failure> {
    let filled = match filled {
        Ok(filled) => filled,
        Err(error) => return Err(roll_back(conn, error).await),
    };
    match sqlx::query("commit").execute(&mut *conn).await.map_err(Error::from) {
        Ok(_) => Ok(filled),
        Err(error) if error.is_full() => Err(roll_back(conn, error).await),
        // A failed sync is never retried: what the disk holds is not known any more.
        Err(error) => Err(Failure::InDoubt(error.to_string())),
    }
}

async fn roll_back(conn: &mut SqliteConnection, error: Error) -> Failure {
    // SQLite rolls back by itself after some errors (a full disk is one); a second rollback is then refused.
    let refused = sqlx::query("rollback").execute(&mut *conn).await.err();
    match refused.map(|refused| refused.to_string()) {
        Some(refused) if !refused.contains("no transaction is active") => Failure::InDoubt(refused),
        _ if error.is_full() => Failure::Nothing(error.into()),
        _ => Failure::Guilty(error.into()),
    }
}

async fn fill(conn: &mut SqliteConnection, chain: &Chain, asks: &[Ask]) -> Result<Written, Error> {
    let mut written = Written { receipts: receive(conn, asks).await?, ..Written::default() };
    let all: Vec<&Work> =
        asks.iter().filter_map(|ask| if let Ask::Commit(work, _) = ask { Some(&**work) } else { None }).collect();
    let mut rest = &all[..];
    while !rest.is_empty() {
        // Works of one mailbox take turns; the others need no order.
        let mut mailboxes = HashSet::new();
        let stretch = rest.iter().take_while(|work| mailboxes.insert(work.mailbox)).count();
        let (now, later) = rest.split_at(stretch);
        works::store(conn, now, chain.next()).await?;
        rest = later;
    }
    written.moved = dispatch(conn, asks).await?;
    let journal: Vec<&JournalRow> = all.iter().flat_map(|work| &work.journal).collect();
    let at = all.iter().map(|work| work.at).max().unwrap_or(At(i64::MIN));
    written.block = chain.block(journal, at);
    if let Some(block) = &written.block {
        chain::insert(conn, block).await?;
    }
    Ok(written)
}

async fn receive(conn: &mut SqliteConnection, asks: &[Ask]) -> Result<Vec<Vec<Receipt>>, Error> {
    let requests =
        || asks.iter().filter_map(|ask| if let Ask::Receive(arrivals, _) = ask { Some(arrivals) } else { None });
    let all: Vec<&Arrival> = requests().flatten().collect();
    let mut receipts = arrivals::store(conn, &all).await?.into_iter();
    Ok(requests().map(|arrivals| receipts.by_ref().take(arrivals.len()).collect()).collect())
}

async fn dispatch(conn: &mut SqliteConnection, asks: &[Ask]) -> Result<Vec<Vec<EffectId>>, Error> {
    let requests = || asks.iter().filter_map(|ask| if let Ask::Dispatch(ops, _) = ask { Some(ops) } else { None });
    let all: Vec<&DispatchOp> = requests().flatten().collect();
    let mut moved = effects::dispatch(conn, &all).await?.into_iter();
    let answer = |ops: &Vec<DispatchOp>| {
        let moved = ops.iter().zip(moved.by_ref()).filter(|(_, moved)| *moved);
        moved.map(|(op, _)| effects::subject(op)).collect()
    };
    Ok(requests().map(answer).collect())
}
