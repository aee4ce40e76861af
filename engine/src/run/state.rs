//! The state of a run: what it resumes from after a crash, and the fold of its entries.
//!
//! Nothing changes a state but [`State::apply`], which takes one entry. So the state row and the journal cannot tell
//! different stories: `fold(journal) = state` is tested for every shipped flow.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Entry, What, journal};
use crate::clock::At;
use crate::flow::{Op, StepIx, Version};
use crate::ids::{ContactId, ConversationId, EventId, MailboxId, RunId, WaitId};
use crate::store::{RunRow, RunStatus};

/// The format written.
const FORMAT: i64 = 1;

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

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Its cursors. One, until branches come.
    pub cursors: Vec<Cursor>,
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
    /// Calls so far.
    #[serde(default)]
    pub effects: i64,
    /// Steps visited so far.
    #[serde(default)]
    pub visits: i64,
    /// Calls that a person must decide about.
    #[serde(default)]
    pub parked: Vec<i64>,
    /// When the last call before this point was first put in flight: a `wait_for` looks back so far.
    #[serde(default)]
    pub called_at: Option<At>,
    /// The last attempt before this point, for `error`.
    #[serde(default)]
    pub tried: Option<Tried>,
    /// The last event that answered a wait of this run: a later `wait_for` does not hear it, or an older one, again.
    #[serde(default)]
    pub heard: EventId,
    /// How it ended.
    #[serde(default)]
    pub ended: Option<RunStatus>,
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

/// One place in the flow where the run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The step; `None` = past the last one.
    pub at: Option<StepIx>,
    /// What it waits for.
    pub block: Block,
}

/// What a cursor waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Nothing: it can go on.
    Free,
    /// The outcome of call `n`.
    Effect(i64),
    /// A wait.
    Wait(WaitId),
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
        match self.ended {
            Some(status) => status,
            None if !self.parked.is_empty() => RunStatus::NeedsAttention,
            None if self.cursors.iter().all(|cursor| matches!(cursor.block, Block::Wait(_))) => RunStatus::Waiting,
            None => RunStatus::Working,
        }
    }

    /// Takes one entry of a run on `version`.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of entry")]
    pub fn apply(&mut self, version: &Version, entry: &Entry) {
        match &entry.what {
            What::Started { at, .. } => {
                self.caused_at = *at;
                self.cursors = vec![Cursor { at: version.program.entry, block: Block::Free }];
            }
            What::Decided { holds, .. } => self.go(version, |op, next| match op {
                Op::If { then, otherwise, .. } => {
                    if *holds {
                        *then
                    } else {
                        *otherwise
                    }
                }
                _ => next,
            }),
            What::Assigned { .. } => {
                if let Value::Object(values) = &entry.data {
                    self.vars.extend(values.clone());
                }
                self.go(version, |_, next| next);
            }
            What::Planned { step, n, .. } => {
                self.effects = self.effects.max(*n);
                self.block_at(version, step, Block::Effect(*n));
            }
            What::Acted { .. } => {
                self.keep(version, entry.data.get("output").cloned().unwrap_or_default());
                self.go(version, |_, next| next);
            }
            What::Attempted { n, attempt, at, verdict, status, .. } => {
                if self.tried.as_ref().is_none_or(|tried| tried.n != *n) {
                    self.called_at = Some(*at);
                }
                self.tried = Some(Tried { n: *n, attempts: *attempt, verdict: Arc::clone(verdict), status: *status });
            }
            What::Finished { n, .. } => {
                self.parked.retain(|parked| parked != n);
                self.keep(version, entry.data.clone());
                self.go(version, |_, next| next);
            }
            What::Told { n, .. } => self.parked.retain(|parked| parked != n),
            What::Failed { code, .. } => self.fail(version, code, &entry.data),
            What::Parked { n, .. } => self.parked.push(*n),
            What::Resolved { n, .. } => self.parked.retain(|parked| parked != n),
            What::Waited { step, wait, .. } => self.block_at(version, step, Block::Wait(*wait)),
            What::Fired { .. } => self.go(version, |op, next| match op {
                Op::WaitFor(wait) => wait.on_timeout,
                _ => next,
            }),
            What::Answered { event, at, .. } => {
                self.caused_at = *at;
                self.heard = self.heard.max(*event);
                self.keep(version, entry.data.clone());
                self.go(version, |op, next| match op {
                    Op::WaitFor(wait) => wait.then,
                    _ => next,
                });
            }
            What::Ended { status } => self.ended = Some(*status),
            What::Received { .. }
            | What::Matched { .. }
            | What::Passed { .. }
            | What::RuleHeld { .. }
            | What::RulePassed { .. }
            | What::TagExpired { .. }
            | What::Tagged
            | What::Delivered { .. }
            | What::Escalated { .. }
            | What::Taken { .. }
            | What::Missed { .. }
            | What::Scheduled { .. }
            | What::Erased
            | What::Changed { .. } => {}
        }
    }

    /// Moves the cursor on from its step, to where `to` says (given the step's operation and its next step).
    fn go(&mut self, version: &Version, to: impl FnOnce(&Op, Option<StepIx>) -> Option<StepIx>) {
        let Some(cursor) = self.cursors.first_mut() else { return };
        let Some(step) = cursor.at.and_then(|at| version.program.steps.get(at as usize)) else { return };
        *cursor = Cursor { at: to(&step.op, step.next), block: Block::Free };
        self.visits += 1;
    }

    fn block_at(&mut self, version: &Version, path: &str, block: Block) {
        let Some(cursor) = self.cursors.first_mut() else { return };
        let here = cursor.at.and_then(|at| version.program.steps.get(at as usize));
        // A notification is planned beside the step that stands there, and nobody waits for it.
        if here.is_some_and(|step| &*step.path == path) {
            cursor.block = block;
        }
    }

    /// Keeps a step's output if the step has an id.
    fn keep(&mut self, version: &Version, output: Value) {
        let at = self.cursors.first().and_then(|cursor| cursor.at);
        let id = at.and_then(|at| version.program.steps.get(at as usize)).and_then(|step| step.id.as_ref());
        if let Some(id) = id {
            self.steps.insert(id.to_string(), output);
        }
    }

    fn fail(&mut self, version: &Version, code: &str, data: &Value) {
        let Some(cursor) = self.cursors.first_mut() else { return };
        let step = cursor.at.and_then(|at| version.program.steps.get(at as usize));
        if let Block::Effect(n) = cursor.block {
            self.parked.retain(|parked| *parked != n);
        }
        let call = step.and_then(|step| match &step.op {
            Op::Do(call) => Some(call),
            _ => None,
        });
        let tried = self.tried.as_ref().filter(|tried| cursor.block == Block::Effect(tried.n));
        self.error = serde_json::json!({
            "code": code,
            "message": data.get("message").cloned().unwrap_or_default(),
            "step": step.map(|step| &*step.path),
            "action": call.map_or("", |call| &*call.action),
            "connection": call.and_then(|call| call.connection.as_deref()).unwrap_or_default(),
            "verdict": tried.map_or("", |tried| &*tried.verdict),
            "status": tried.and_then(|tried| tried.status),
            "attempts": tried.map_or(0, |tried| tried.attempts),
        });
        self.visits += 1;
        let own = step.and_then(|step| step.on_error);
        let at = own.or_else(|| {
            let branch = if self.in_error_branch { None } else { version.program.on_error };
            self.in_error_branch = true;
            branch
        });
        *cursor = Cursor { at, block: Block::Free };
    }
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
            state: if status.ended() { Vec::new() } else { journal::pack(&self.state) },
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
        let state = journal::unpack(&row.state).map_err(|why| format!("the state of {} is damaged: {why}", row.id))?;
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
