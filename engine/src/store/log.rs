//! Rows of the log: the journal, and the blocks of the audit chain over it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::ids::{ContactId, JournalId};

/// A journal row: one turn, one handled event, one change by a person, one erasure, one removal.
/// Append only, until it is old enough to be removed itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Its id.
    pub id: JournalId,
    /// What it is about: a run's, event's or other thing's id.
    pub subject: i64,
    /// Place among the rows of its subject; unique with it.
    pub seq: i64,
    /// What kind.
    pub kind: JournalKind,
    /// Who: empty for the engine itself, else `user:…`, `cli`, `api`.
    pub by: String,
    /// Whose personal data `data` holds.
    pub contact_id: Option<ContactId>,
    /// When.
    pub at: At,
    /// Encoding of `body` and `data`.
    pub format: i64,
    /// What happened: structure only, nothing personal.
    pub body: Vec<u8>,
    /// The values; `None` when there are none, or once erased.
    pub data: Option<Vec<u8>>,
    /// SHA-256(salt ‖ data), what the chain holds of `data`; empty when there never was any.
    pub data_digest: Vec<u8>,
    /// The strand of the chain; set by the driver when it is written.
    pub strand: i64,
    /// The block in the strand; set by the driver when it is written.
    pub block: i64,
}

/// Kinds of journal rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum JournalKind {
    /// An event was handled: rules, waits, triggers, conditions with the values they saw.
    Handling = 1,
    /// A turn of a run.
    Turn = 2,
    /// A change: by a person, or of the engine's own (a connection went down).
    Change = 3,
    /// Data were erased.
    Erasure = 4,
    /// Rows were removed because of their age: see [`crate::audit::Removed`].
    Retention = 5,
}

/// A block of the audit chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// The strand: one per process start; 0 holds the anchors.
    pub strand: i64,
    /// Counts from 1 in the strand.
    pub n: i64,
    /// When it was closed.
    pub at: At,
    /// Hash of the block before; 32 zero bytes for the first.
    pub prev: Vec<u8>,
    /// Its hash.
    pub hash: Vec<u8>,
    /// The leaves of its rows, 16 bytes each; for an anchor, its [`crate::audit::Anchor`] as JSON.
    pub leaves: Vec<u8>,
    /// HMAC of an anchor with a key kept outside the database; empty for others.
    pub mac: Vec<u8>,
    /// Which of its rows are gone, and by which record: see [`crate::audit::marks`]. Set when they go.
    pub gone: Vec<u8>,
}
