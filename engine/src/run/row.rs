//! A run that is not over, and its stored row.

use std::sync::Arc;

use super::{State, pack};
use crate::clock::At;
use crate::flow::Version;
use crate::ids::{ContactId, ConversationId, EventId, MailboxId, RunId};
use crate::store::{RunRow, RunStatus};

/// The format written.
const FORMAT: i64 = 2;

/// A run that is not over.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The version it is on.
    pub version: Arc<Version>,
    /// Whose turns run it.
    pub mailbox: MailboxId,
    /// Whom it concerns.
    pub contact: Option<ContactId>,
    /// In which conversation.
    pub conversation: Option<ConversationId>,
    /// What started it.
    pub event: EventId,
    /// Where it stands.
    pub state: State,
    /// Turns so far.
    pub turns: i64,
    /// When it began.
    pub started_at: At,
}

impl Run {
    /// The row of this run after a turn at `now`.
    #[must_use]
    pub fn to_row(&self, now: At) -> RunRow {
        let status = self.state.status();
        let error = (status == RunStatus::Failed).then(|| self.state.error["code"].as_str().unwrap_or("failed").into());
        RunRow {
            id: self.id,
            version_id: self.version.id,
            flow: self.version.flow.to_string(),
            mailbox: self.mailbox,
            shard: self.mailbox.shard(),
            contact_id: self.contact,
            conversation_id: self.conversation,
            event_id: self.event,
            status,
            format: FORMAT,
            state: if status.ended() { Vec::new() } else { pack::state(&self.state) },
            turns: self.turns,
            effects: self.state.effects,
            started_at: self.started_at,
            ended_at: status.ended().then_some(now),
            error,
        }
    }

    /// The run of a stored row on its version.
    ///
    /// # Errors
    /// When the state is damaged.
    pub fn from_row(row: RunRow, version: Arc<Version>) -> Result<Self, String> {
        let state = pack::read_state(&row.state).map_err(|why| format!("the state of {} is damaged: {why}", row.id))?;
        Ok(Self {
            id: row.id,
            version,
            mailbox: row.mailbox,
            contact: row.contact_id,
            conversation: row.conversation_id,
            event: row.event_id,
            state,
            turns: row.turns,
            started_at: row.started_at,
        })
    }
}
