//! Runs, and where each stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::ids::{ContactId, ConversationId, EventId, MailboxId, RunId, VersionId};

/// A stored run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// The version it is on.
    pub version_id: VersionId,
    /// The flow's id (joined from the version when read).
    pub flow: String,
    /// Whose turns run it.
    pub mailbox: MailboxId,
    /// The mailbox's shard.
    pub shard: u8,
    /// Whom it concerns.
    pub contact_id: Option<ContactId>,
    /// In which conversation.
    pub conversation_id: Option<ConversationId>,
    /// What started it.
    pub event_id: EventId,
    /// Where it stands.
    pub status: RunStatus,
    /// Encoding of `state`.
    pub format: i64,
    /// What it resumes from; empty once it ended.
    pub state: Vec<u8>,
    /// Turns so far; the next journal row's `seq`.
    pub turns: i64,
    /// Effects so far.
    pub effects: i64,
    /// When it began.
    pub started_at: At,
    /// When it ended.
    pub ended_at: Option<At>,
    /// Why it failed, in one line without personal data.
    pub error: Option<String>,
}

/// Where a run stands. From 10 on it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum RunStatus {
    /// A call is planned or under way.
    Working = 0,
    /// It waits for a time or an event.
    Waiting = 1,
    /// A person must decide.
    NeedsAttention = 2,
    /// It ended as it should.
    Done = 10,
    /// It ended in an error.
    Failed = 11,
    /// A person ended it.
    Cancelled = 12,
}

impl RunStatus {
    /// Whether it is over.
    #[must_use]
    pub fn ended(self) -> bool {
        self as u8 >= 10
    }
}
