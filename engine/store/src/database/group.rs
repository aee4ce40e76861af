//! One transaction for all that waited: arrivals, then works, then moves of effects, then the block over their journal rows.

use engine::account::Refusal;
use engine::clock::At;
use engine::ids::EffectId;
use engine::store::{BlockRow, JournalRow, Receipt};

use super::chain::{self, Chain};
use super::error::Error;
use super::queue::Ask;
use super::session::{Failure, Session};
use super::{accounts, arrivals, effects, unmatched, works};

/// What a group that is on disk answers.
#[derive(Default)]
pub(crate) struct Written {
    /// For each request to receive, in order.
    pub(crate) receipts: Vec<Vec<Receipt>>,
    /// For each request to dispatch, in order.
    pub(crate) moved: Vec<Vec<EffectId>>,
    /// For each change of accounts, in order.
    pub(crate) accounts: Vec<Result<(), Refusal>>,
    /// The block that was added.
    pub(crate) block: Option<BlockRow>,
}

/// Writes all of `asks` or nothing.
pub(crate) fn write(session: &dyn Session, chain: &Chain, asks: &[Ask]) -> Result<Written, Failure> {
    let mut written = Written::default();
    session.transact(&mut || {
        written = fill(session, chain, asks)?;
        Ok(())
    })?;
    Ok(written)
}

fn fill(session: &dyn Session, chain: &Chain, asks: &[Ask]) -> Result<Written, Error> {
    let mut written = Written::default();
    let received =
        || asks.iter().filter_map(|ask| if let Ask::Receive(arrivals, _) = ask { Some(arrivals) } else { None });
    let mut receipts = arrivals::store_all(session, &received().flatten().collect::<Vec<_>>())?.into_iter();
    written.receipts.extend(received().map(|arrivals| receipts.by_ref().take(arrivals.len()).collect()));
    let (mut journal, mut at): (Vec<&JournalRow>, _) = (Vec::new(), At(i64::MIN));
    for ask in asks {
        if let Ask::Commit(work, _) = ask {
            works::store(session, work, chain.next())?;
            journal.extend(&work.journal);
            at = at.max(work.at);
        }
    }
    for ask in asks {
        if let Ask::Account(change, _) = ask {
            let done = accounts::apply(session, change, chain.next())?;
            if done.is_ok() {
                journal.extend(&change.journal);
                at = at.max(change.at);
            }
            written.accounts.push(done);
        }
    }
    if asks.iter().any(|ask| matches!(ask, Ask::Commit(work, _) if !work.unmatched.is_empty())) {
        unmatched::trim(session)?;
    }
    let mut tried = Vec::new();
    for ask in asks {
        if let Ask::Dispatch(ops, _) = ask {
            tried.push(ops.iter().map(|op| effects::dispatch(session, op)).collect::<Result<Vec<_>, _>>()?);
        }
    }
    // Asked only when all of them are put, so that one statement does them.
    for ops in tried {
        let mut moved = Vec::with_capacity(ops.len());
        for (id, tried) in ops {
            if session.changed(tried)? {
                moved.push(id);
            }
        }
        written.moved.push(moved);
    }
    written.block = chain.block(journal, at);
    if let Some(block) = &written.block {
        chain::insert(session, block)?;
    }
    Ok(written)
}
