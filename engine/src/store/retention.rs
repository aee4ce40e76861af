//! Storage that stays small: what is old enough is found, removed in small groups, and its space given back.

use std::collections::BTreeMap;
use std::future::Future;

use super::{Error, Store};
use crate::audit::Aged;
use crate::clock::At;
use crate::ids::JournalId;

/// What may go of a stretch of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgedPage {
    /// Ids of what may go, oldest first.
    pub ids: Vec<i64>,
    /// Where the next stretch begins; `None` when this was the last.
    pub next: Option<i64>,
}

/// An order to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// What.
    pub of: Aged,
    /// Which. Those that something needs by now stay.
    pub ids: Vec<i64>,
    /// They must be older than this.
    pub before: At,
    /// Id of the record.
    pub record: JournalId,
    /// When.
    pub at: At,
    /// Seals the record; kept outside the database.
    pub key: [u8; 32],
}

/// Removing what is old enough.
///
/// Nothing goes that an unfinished run, an armed wait, a call, an input, a conversation that people have or that waits for them, an
/// escalation or a marked message needs; nor a row that is not as the chain knows it. Rows of what people did stay, and so do those
/// of erasures.
pub trait Retention: Store {
    /// What may go of the next 1 000 after `after` that are older than `before`, oldest first.
    fn aged(&self, of: Aged, before: At, after: i64) -> impl Future<Output = Result<AgedPage, Error>> + Send;

    /// Removes what may go, and appends a sealed record of it to the chain, in one transaction of its own. Answers how many rows
    /// went, by table; none, and no record, when nothing did.
    fn remove(&self, removal: Removal) -> impl Future<Output = Result<BTreeMap<String, u64>, Error>> + Send;

    /// When the oldest run, event or message that is stored was made.
    fn oldest(&self) -> impl Future<Output = Result<Option<At>, Error>> + Send;

    /// Bytes in use, without what was freed and not given back yet. On PostgreSQL an estimate from its own statistics.
    fn used(&self) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Gives at most `pages` free pages of the file back to the system; answers how many are left. PostgreSQL does it by itself.
    fn give_back(&self, pages: u32) -> impl Future<Output = Result<u64, Error>> + Send;
}
