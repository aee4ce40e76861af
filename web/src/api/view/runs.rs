//! Runs with what belongs to them: journal, calls, the event that started them.

use engine::event::Origin;
use engine::ids::{ContactId, ConversationId, EffectId, EventId, JournalId, RunId, VersionId};
use engine::run::{self, Attempt, What, journal};
use engine::store::{EffectRow, EffectState, EventRow, JournalKind, Lane, RunRow, RunStatus, WaitRow};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Time, blob, maybe, time};

/// A run: one time that a flow does its work.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    /// Of which flow.
    pub(crate) flow: String,
    /// Its name, in a contact's timeline and while it is live.
    pub(crate) flow_name: Option<String>,
    /// On which version; it stays on it.
    pub(crate) version: VersionId,
    pub(crate) status: RunStatus,
    /// Why it failed, in one line.
    pub(crate) error: Option<String>,
    /// Whom it concerns.
    pub(crate) contact: Option<ContactId>,
    /// The contact's name, in lists of runs.
    pub(crate) contact_name: Option<String>,
    pub(crate) conversation: Option<ConversationId>,
    /// What started it.
    pub(crate) event: EventId,
    pub(crate) turns: i64,
    /// Calls planned so far.
    pub(crate) calls: i64,
    pub(crate) started_at: Time,
    pub(crate) ended_at: Option<Time>,
    /// The connection that is down and holds its next call.
    pub(crate) waiting_for: Option<WaitingFor>,
    /// What it waits for and falls due first, in lists of runs.
    pub(crate) wait: Option<WaitsFor>,
}

/// What a run waits for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RunWait")]
pub(crate) struct WaitsFor {
    /// For which event; nothing = only for the time.
    event: Option<String>,
    /// Nothing = without end.
    until: Option<Time>,
}

impl From<&WaitRow> for WaitsFor {
    fn from(row: &WaitRow) -> Self {
        Self { event: row.on_kind.clone(), until: time(row.due_at) }
    }
}

impl From<&RunRow> for Run {
    fn from(row: &RunRow) -> Self {
        Self {
            id: row.id,
            flow: row.flow.clone(),
            flow_name: None,
            version: row.version_id,
            status: row.status,
            error: row.error.clone(),
            contact: row.contact_id,
            contact_name: None,
            conversation: row.conversation_id,
            event: row.event_id,
            turns: row.turns,
            calls: row.effects,
            started_at: Time(row.started_at),
            ended_at: maybe(row.ended_at),
            waiting_for: None,
            wait: None,
        }
    }
}

/// A connection that is down.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WaitingFor {
    pub(crate) connection: String,
    pub(crate) since: Time,
    /// Why it is down.
    pub(crate) reason: Option<String>,
}

/// A row of the log with its entries: structure and, unless erased, values.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct JournalRow {
    pub(crate) id: JournalId,
    /// What it is about: the id of a run, an event, a contact, or of the thing that was changed.
    pub(crate) subject: Option<String>,
    /// Its place among the rows of its subject.
    pub(crate) seq: i64,
    pub(crate) kind: JournalKind,
    /// Who did it; empty for the engine itself.
    pub(crate) by: String,
    pub(crate) at: Time,
    pub(crate) entries: Vec<Entry>,
    /// Whether its values were erased.
    pub(crate) erased: bool,
}

/// One thing that happened.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Entry {
    /// As it was written.
    Told {
        /// The structure: nothing personal.
        what: What,
        /// The values.
        data: Value,
    },
    /// This build cannot read it.
    Unreadable {
        /// Why.
        unreadable: String,
    },
}

impl From<&engine::store::JournalRow> for JournalRow {
    fn from(row: &engine::store::JournalRow) -> Self {
        let entries = match journal::decode(row) {
            Ok(entries) => {
                entries.into_iter().map(|entry| Entry::Told { what: entry.what, data: entry.data }).collect()
            }
            Err(error) => vec![Entry::Unreadable { unreadable: error.to_string() }],
        };
        Self {
            id: row.id,
            subject: subject(row, &entries),
            seq: row.seq,
            kind: row.kind,
            by: row.by.clone(),
            at: Time(row.at),
            entries,
            erased: row.data.is_none() && !row.data_digest.is_empty(),
        }
    }
}

fn subject(row: &engine::store::JournalRow, entries: &[Entry]) -> Option<String> {
    match row.kind {
        JournalKind::Turn => Some(RunId(row.subject).to_string()),
        JournalKind::Handling => Some(EventId(row.subject).to_string()),
        JournalKind::Change | JournalKind::Erasure | JournalKind::Retention => {
            entries.iter().find_map(|entry| match entry {
                Entry::Told { what: What::Changed { id, .. }, .. } => Some(id.to_string()),
                Entry::Told {
                    what: What::Taken { escalation, .. } | What::Missed { escalation } | What::Desk { escalation, .. },
                    ..
                } => Some(escalation.to_string()),
                Entry::Told {
                    what: What::Tagged | What::Retagged { .. } | What::Erased | What::TagExpired { .. },
                    ..
                } => Some(ContactId(row.subject).to_string()),
                _ => None,
            })
        }
    }
}

/// A call that is not settled.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Call {
    pub(crate) id: EffectId,
    pub(crate) run: RunId,
    /// Names it to the provider.
    pub(crate) key: String,
    pub(crate) connection: String,
    pub(crate) action: String,
    pub(crate) state: EffectState,
    pub(crate) lane: Lane,
    pub(crate) failed_attempts: u16,
    /// Why a person must decide; else empty.
    pub(crate) why: String,
    pub(crate) planned_at: Time,
    /// When the last attempt started.
    pub(crate) sent_at: Option<Time>,
    pub(crate) not_before: Option<Time>,
    /// Not to start after; while parked, until when a person may decide.
    pub(crate) deadline: Option<Time>,
    /// Until when proof is awaited.
    pub(crate) settle_until: Option<Time>,
    /// What is called and what becomes of a failure; nothing once it was erased.
    pub(crate) plan: Option<run::Plan>,
    pub(crate) attempts: Vec<Attempt>,
}

impl From<&EffectRow> for Call {
    fn from(row: &EffectRow) -> Self {
        Self {
            id: row.id,
            run: row.run_id,
            key: row.key.clone(),
            connection: row.connection.clone(),
            action: row.action.clone(),
            state: row.state,
            lane: row.lane,
            failed_attempts: row.attempt,
            why: row.error.clone(),
            planned_at: Time(row.planned_at),
            sent_at: maybe(row.sent_at),
            not_before: time(row.not_before),
            deadline: time(row.deadline),
            settle_until: maybe(row.settle_until),
            plan: serde_json::from_slice(&row.input).ok(),
            attempts: serde_json::from_slice(&row.attempts).unwrap_or_default(),
        }
    }
}

/// An event: something that happened outside or by the clock.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) connection: String,
    pub(crate) origin: Origin,
    /// When it came in.
    pub(crate) at: Time,
    /// When it happened, as the provider says.
    pub(crate) provider_at: Option<Time>,
    /// Its own fields; `null` once erased.
    pub(crate) body: Value,
}

impl From<&EventRow> for Event {
    fn from(row: &EventRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind.clone(),
            connection: row.connection.clone(),
            origin: row.origin,
            at: Time(row.at),
            provider_at: maybe(row.provider_at),
            body: row.body.as_deref().map_or(Value::Null, blob),
        }
    }
}
