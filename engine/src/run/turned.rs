//! What a turn gives back besides the run and the facts: entries, and rows that `handle/` puts into the commit.

use std::sync::Arc;

use serde_json::Value;

use super::Entry;
use crate::desk::Ask;
use crate::ids::{EventId, RunId, WaitId};
use crate::store::{EffectRow, TagOp, WaitRow, WaitState};

/// What a turn changes besides the run and the facts.
#[derive(Debug, Default)]
pub struct Turned {
    /// What it did.
    pub entries: Vec<Entry>,
    /// Calls it plans.
    pub effects: Vec<EffectRow>,
    /// Calls it no longer wants, by number.
    pub withdrawn: Vec<i64>,
    /// Waits it arms.
    pub waits: Vec<WaitRow>,
    /// Waits that are over, and how.
    pub closed: Vec<(WaitId, WaitState)>,
    /// Humans it asks for.
    pub asks: Vec<Ask>,
    /// Tags it gives and takes.
    pub tags: Vec<TagOp>,
    /// Flows it calls.
    pub calls: Vec<FlowCall>,
    /// Runs it called and no longer wants.
    pub cancelled: Vec<RunId>,
    /// What the caller of the webhook gets.
    pub reply: Option<Reply>,
}

/// A call of another flow.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowCall {
    /// The run it will be.
    pub run: RunId,
    /// The flow.
    pub flow: Arc<str>,
    /// What it is given.
    pub with: Value,
    /// Whether its end is waited for.
    pub wait: bool,
}

/// The answer to a webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The event it answers.
    pub event: EventId,
    /// HTTP status.
    pub status: u16,
    /// The body: text as it is, anything else as JSON.
    pub body: Value,
}
