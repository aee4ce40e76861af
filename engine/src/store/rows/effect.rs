//! Outgoing calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Lane;
use crate::clock::At;
use crate::ids::{ConversationId, EffectId, MailboxId, RunId};

/// An outgoing call that is not settled. Deleted when it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectRow {
    /// Its id.
    pub id: EffectId,
    /// The run that wants it.
    pub run_id: RunId,
    /// Counts the run's effects, from 1.
    pub n: i64,
    /// `<run>/<n>`: names it to the provider.
    pub key: String,
    /// The run's mailbox.
    pub mailbox: MailboxId,
    /// The mailbox's shard.
    pub shard: u8,
    /// The connection it goes through.
    pub connection: String,
    /// How urgent.
    pub lane: Lane,
    /// The action's full name.
    pub action: String,
    /// The conversation whose window must be open when it starts; `None` when it needs none.
    pub window: Option<ConversationId>,
    /// Whether it is held while a person talks with the contact whose mailbox this is.
    pub yields: bool,
    /// Where it stands.
    pub state: EffectState,
    /// Failed attempts so far.
    pub attempt: u16,
    /// Not to start before.
    pub not_before: At,
    /// Not to start after.
    pub deadline: At,
    /// In doubt until.
    pub settle_until: Option<At>,
    /// When it was planned.
    pub planned_at: At,
    /// When the last attempt started.
    pub sent_at: Option<At>,
    /// How it may be repeated and what becomes of a failure: [`crate::run::Plan`] as JSON, with the rendered input.
    pub input: Vec<u8>,
    /// Attempts so far: [`crate::run::Attempt`]s as JSON.
    pub attempts: Vec<u8>,
    /// Why it is parked, one line; else empty.
    pub error: String,
}

/// Where an effect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EffectState {
    /// To be called.
    Planned = 0,
    /// A call is under way, or was when the process ended.
    InFlight = 1,
    /// It may have happened; proof is awaited.
    InDoubt = 2,
    /// A person must decide.
    Parked = 3,
}
