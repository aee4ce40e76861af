//! The state of a run: what it resumes from after a crash, and the fold of its entries.
//!
//! Nothing changes a state but [`State::apply`] (in `fold`), which takes one entry. So the state row and the journal cannot tell
//! different stories: `fold(journal) = state` is tested for every shipped flow.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Entry;
use super::Gate;
use super::cursor::{Block, Cursor};
use crate::clock::At;
use crate::flow::{Program, Step, Version};
use crate::ids::{RunId, VersionId, WaitId};
use crate::store::RunStatus;

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Its cursors; the first one is on the run's own way.
    pub cursors: Vec<Cursor>,
    /// The branch that the last entry was about; empty = the run's own way.
    #[serde(default)]
    pub within: Arc<str>,
    /// The event that started it, as expressions see it.
    pub event: Arc<Value>,
    /// Outputs by step id.
    pub steps: Map<String, Value>,
    /// Variables.
    pub vars: Map<String, Value>,
    /// What went wrong last, as `error` shows it; null when nothing did.
    #[serde(default)]
    pub error: Value,
    /// When the event that last moved it was received: promises to answer count from here.
    #[serde(default)]
    pub caused_at: At,
    /// Whether the flow's error branch runs.
    #[serde(default)]
    pub in_error_branch: bool,
    /// How it will end, while its clean-up runs.
    #[serde(default)]
    pub finishing: Option<RunStatus>,
    /// Calls so far.
    #[serde(default)]
    pub effects: i64,
    /// Steps visited so far.
    #[serde(default)]
    pub visits: i64,
    /// Calls that a person must decide about.
    #[serde(default)]
    pub parked: Vec<i64>,
    /// The last attempt before this point, for `error`.
    #[serde(default)]
    pub tried: Option<Tried>,
    /// The run that called this one and waits for it.
    #[serde(default)]
    pub caller: Option<RunId>,
    /// The flows that called each other before this one, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<Arc<str>>,
    /// How deep its event lies: see [`crate::event::MAX_DEPTH`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u8,
    /// What a person gives the next call instead of its own input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Value>,
    /// Deadlines that run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<Deadline>,
    /// The last publication that was to move it and could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stayed: Option<VersionId>,
    /// Where it is counted while it works, if its flow limits how many runs may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// Whether it waits for its turn there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queued: bool,
    /// How it ended.
    #[serde(default)]
    pub ended: Option<RunStatus>,
}

/// A deadline that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// The step that it bounds, with all that is in it; empty = the run.
    pub step: Arc<str>,
    /// The branch that came to that step.
    pub within: Arc<str>,
    /// The wait that is armed for it.
    pub wait: WaitId,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
pub(super) fn is_zero(depth: &u8) -> bool {
    *depth == 0
}

/// The last attempt at a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// Which call.
    pub n: i64,
    /// Failed and good attempts so far.
    pub attempts: u16,
    /// How it ended.
    pub verdict: Arc<str>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
}

impl State {
    /// Before the first entry, for a run that `event` starts.
    #[must_use]
    pub fn new(event: impl Into<Arc<Value>>) -> Self {
        Self { event: event.into(), ..Self::default() }
    }

    /// The state that `entries` lead to: what a stored state must equal.
    #[must_use]
    pub fn fold<'a>(
        version: &Version,
        event: impl Into<Arc<Value>>,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Self {
        let mut state = Self::new(event);
        for entry in entries {
            state.apply(version, entry);
        }
        state
    }

    /// The run's status, as lists show it.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        let rests = |cursor: &Cursor| matches!(cursor.block, Block::Wait(_) | Block::Branches | Block::Child(_));
        match self.ended {
            Some(status) => status,
            None if !self.parked.is_empty() => RunStatus::NeedsAttention,
            None if self.queued || self.cursors.iter().all(rests) => RunStatus::Waiting,
            None => RunStatus::Working,
        }
    }

    /// Whether it works: steps are to be done, or a call of it is planned or under way. One that waits for a time, an event,
    /// another flow, a person or its turn does not.
    #[must_use]
    pub fn works(&self) -> bool {
        let busy = |cursor: &Cursor| match cursor.block {
            Block::Free => true,
            Block::Effect(n) => !self.parked.contains(&n),
            Block::Wait(_) | Block::Branches | Block::Child(_) => false,
        };
        self.ended.is_none() && !self.queued && self.cursors.iter().any(busy)
    }

    /// The cursor of the branch that entries are about now.
    #[must_use]
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursors.iter().find(|cursor| cursor.within == self.within)
    }

    /// The step the cursor stands at.
    #[must_use]
    pub fn step<'p>(&self, program: &'p Program) -> Option<&'p Step> {
        program.step(self.cursor()?.at)
    }

    pub(super) fn cursor_at(&mut self, within: &str) -> Option<&mut Cursor> {
        self.cursors.iter_mut().find(|cursor| &*cursor.within == within)
    }

    pub(super) fn here(&mut self, change: impl FnOnce(&mut Cursor)) {
        let within = Arc::clone(&self.within);
        if let Some(cursor) = self.cursor_at(&within) {
            change(cursor);
        }
    }
}
