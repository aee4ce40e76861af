//! Operations over many contacts that give or take a rule's tags: who is still to come is stored, so that a new start goes on.

use crate::clock::At;
use crate::ids::{ContactId, RetagId};
use crate::order::Retagging;

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetagRow {
    /// Its id.
    pub id: RetagId,
    /// The file of rules.
    pub rules: String,
    /// The rule.
    pub rule: String,
    /// What is done.
    pub what: Retagging,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub at: At,
    /// How many contacts it is for.
    pub total: u64,
    /// How many of them are done.
    pub done: u64,
    /// How many of those changed.
    pub changed: u64,
    /// When it ended.
    pub ended_at: Option<At>,
}

/// A change of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetagOp {
    /// It begins, for these contacts.
    Begin(Box<RetagRow>, Vec<ContactId>),
    /// These contacts are done.
    Done {
        /// Which operation.
        id: RetagId,
        /// The contacts.
        contacts: Vec<ContactId>,
        /// How many of them changed.
        changed: u64,
    },
    /// It ended, or a person stopped it: who is left is left out.
    End(RetagId, At),
}
