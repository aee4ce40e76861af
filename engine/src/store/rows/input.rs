//! What waits in a mailbox.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{InputId, MailboxId};

/// What waits in a mailbox. Deleted when consumed, so the table stays tiny.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputRow {
    /// Its id; the order within the mailbox.
    pub id: InputId,
    /// The mailbox's shard.
    pub shard: u8,
    /// Whose.
    pub mailbox: MailboxId,
    /// How urgent.
    pub lane: Lane,
    /// What kind.
    pub kind: InputKind,
    /// The row it is about: an event's or effect's id.
    pub reference: i64,
    /// What its kind needs besides.
    pub body: Option<Vec<u8>>,
}

/// Kinds of stored inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum InputKind {
    /// An event; `reference` is its id.
    Event = 0,
    /// Proof that an effect in doubt happened; `reference` is its id, `body` the provider's message id.
    Evidence = 1,
    /// A letter of another mailbox; `reference` is the run it is about, `body` the [`crate::letter::Letter`] as JSON.
    Letter = 2,
}

/// How urgent an input or an effect is. Escalations overtake, bulk gives way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Lane {
    /// A human is waited for.
    Escalation = 0,
    /// A customer waits.
    #[default]
    Interactive = 1,
    /// Nobody waits: schedules, broadcasts.
    Bulk = 2,
}
