//! One transaction for all that waited: arrivals, then works, then moves of effects, then the block over their journal rows.

use engine::account::Refusal;
use engine::clock::At;
use engine::ids::EffectId;
use engine::store::{self, BlockRow, JournalRow, Receipt};
use rusqlite::Connection;

use super::chain::{self, Chain};
use super::error::Error;
use super::queue::Ask;
use super::{accounts, arrivals, effects, unmatched, works};

/// What a group that is on disk answers.
#[derive(Default)]
pub(super) struct Written {
    /// For each request to receive, in order.
    pub(super) receipts: Vec<Vec<Receipt>>,
    /// For each request to dispatch, in order.
    pub(super) moved: Vec<Vec<EffectId>>,
    /// For each change of accounts, in order.
    pub(super) accounts: Vec<Result<(), Refusal>>,
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
pub(super) fn write(conn: &Connection, chain: &Chain, asks: &[Ask]) -> Result<Written, Failure> {
    begin(conn)?;
    let filled = fill(conn, chain, asks);
    finish(conn, filled)
}

/// Opens a transaction that may write at once.
pub(super) fn begin(conn: &Connection) -> Result<(), Failure> {
    execute(conn, "begin immediate").map_err(|error| Failure::Nothing(error.into()))
}

/// Ends the transaction: commits what was `filled`, or rolls back.
pub(super) fn finish<T>(conn: &Connection, filled: Result<T, Error>) -> Result<T, Failure> {
    let filled = match filled {
        Ok(filled) => filled,
        Err(error) => return Err(roll_back(conn, error)),
    };
    match execute(conn, "commit") {
        Ok(()) => Ok(filled),
        Err(error) if error.is_full() => Err(roll_back(conn, error)),
        // A failed sync is never retried: what the disk holds is not known any more.
        Err(error) => Err(Failure::InDoubt(error.to_string())),
    }
}

fn execute(conn: &Connection, text: &str) -> Result<(), Error> {
    conn.prepare_cached(text)?.execute([])?;
    Ok(())
}

fn roll_back(conn: &Connection, error: Error) -> Failure {
    // SQLite rolls back by itself after some errors (a full disk is one).
    if !conn.is_autocommit()
        && let Err(refused) = execute(conn, "rollback")
    {
        return Failure::InDoubt(refused.to_string());
    }
    if error.is_full() { Failure::Nothing(error.into()) } else { Failure::Guilty(error.into()) }
}

fn fill(conn: &Connection, chain: &Chain, asks: &[Ask]) -> Result<Written, Error> {
    let mut written = Written::default();
    for ask in asks {
        if let Ask::Receive(arrivals, _) = ask {
            let receipts = arrivals.iter().map(|arrival| arrivals::store(conn, arrival));
            written.receipts.push(receipts.collect::<Result<_, _>>()?);
        }
    }
    let (mut journal, mut at): (Vec<&JournalRow>, _) = (Vec::new(), At(i64::MIN));
    for ask in asks {
        if let Ask::Commit(work, _) = ask {
            works::store(conn, work, chain.next())?;
            journal.extend(&work.journal);
            at = at.max(work.at);
        }
    }
    for ask in asks {
        if let Ask::Account(change, _) = ask {
            let done = accounts::apply(conn, change, chain.next())?;
            if done.is_ok() {
                journal.extend(&change.journal);
                at = at.max(change.at);
            }
            written.accounts.push(done);
        }
    }
    if asks.iter().any(|ask| matches!(ask, Ask::Commit(work, _) if !work.unmatched.is_empty())) {
        unmatched::trim(conn)?;
    }
    for ask in asks {
        if let Ask::Dispatch(ops, _) = ask {
            let moved = ops.iter().filter_map(|op| effects::dispatch(conn, op).transpose());
            written.moved.push(moved.collect::<Result<_, _>>()?);
        }
    }
    written.block = chain.block(journal, at);
    if let Some(block) = &written.block {
        chain::insert(conn, block)?;
    }
    Ok(written)
}
