//! What the engine itself makes happen: silences, schedules, changes of contacts, runs and escalations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contact::TagSourceKind;
use crate::desk::MissedWhy;

/// Who is silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Silent {
    /// The customer does not answer us.
    #[default]
    Customer,
    /// We do not answer the customer.
    Us,
}

/// `conversation.no_reply`: once per silence.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoReply {
    /// How long the silence lasts, such as `48h`; 1 minute to 365 days.
    #[schemars(extend("x-type" = "duration"))]
    pub after: String,
    /// Whose silence: `customer` (default) or `us`.
    #[serde(default)]
    pub silent: Silent,
}

/// `schedule.cron`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cron {
    /// Five fields as in crontab: minute hour day-of-month month day-of-week (0 and 7 = Sunday).
    pub at: String,
    /// IANA time zone, such as `Europe/Rome`. Default UTC.
    #[serde(default = "utc")]
    pub zone: String,
    /// Slots missed while we were not running: `skip` (default), `last` (the last one only) or `all` (up to 24).
    #[serde(default)]
    pub missed: Missed,
    /// A segment: a run for each of its contacts instead of one. An id such as `cold-leads`, or `contacts with tag cold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
}

fn utc() -> String {
    "UTC".into()
}

/// What becomes of slots that passed while nothing ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// None of them runs.
    #[default]
    Skip,
    /// The last one runs.
    Last,
    /// Up to 24 of them run, oldest first.
    All,
}

/// `flow.called` takes no parameters.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlowCalled {}

/// `contact.tag_added`: a contact got a tag it did not have.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TagAdded {
    /// Only this tag. Default: any.
    pub tag: Option<String>,
}

/// `contact.tag_removed`: a contact lost a tag.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TagRemoved {
    /// Only this tag. Default: any.
    pub tag: Option<String>,
}

/// `contact.consent_changed`: a contact agreed to something, or does no longer.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentChanged {
    /// Only consent to this, such as `marketing`. Default: any.
    pub purpose: Option<String>,
    /// Only when it was given (`true`) or withdrawn (`false`). Default: either.
    pub given: Option<bool>,
}

/// `conversation.session_long`: the customer wrote many messages in one session; once per session.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionLong {
    /// Starts with the first message beyond so many of the customer's: 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub messages: i64,
}

/// `flow.failed`: a run of another flow failed.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlowFailed {
    /// Only this flow. Default: any but the one that listens.
    pub flow: Option<String>,
}

/// `escalation.missed`: nobody took an escalation in time.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EscalationMissed {
    /// Only of this team. Default: any.
    pub team: Option<String>,
}

/// `escalation.taken`: a person took an escalation.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EscalationTaken {
    /// Only of this team. Default: any.
    pub team: Option<String>,
}

/// The fields of `conversation.no_reply`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct NoReplyEvent {
    /// Who is silent: `customer` or `us`.
    pub silent: Silent,
    /// When the silence began, RFC 3339.
    pub since: String,
    /// How long it lasts, as the trigger says it.
    pub after: String,
}

/// The fields of `schedule.cron`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct CronEvent {
    /// The slot, RFC 3339.
    pub slot: String,
    /// The segment, as the trigger's `each` names it; missing without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
}

/// The fields of `flow.called`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct FlowCalledEvent {
    /// What the calling step gave along, its `with`.
    pub input: serde_json::Map<String, Value>,
    /// The flow that called.
    pub caller: String,
    /// Its run.
    pub caller_run: String,
}

/// The fields of `contact.tag_added`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct TagAddedEvent {
    /// The tag.
    pub tag: String,
    /// What gave it: `rule`, `flow`, `person`, `crm`, `import`.
    pub source: TagSourceKind,
    /// Which rule, flow or person; empty for an import.
    pub source_id: String,
}

/// The fields of `contact.tag_removed`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct TagRemovedEvent {
    /// The tag.
    pub tag: String,
}

/// The fields of `contact.consent_changed`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct ConsentChangedEvent {
    /// To what, such as `marketing`.
    pub purpose: String,
    /// Whether it holds now.
    pub given: bool,
}

/// The fields of `conversation.session_long`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct SessionLongEvent {
    /// The customer's messages in this session so far.
    pub messages: i64,
    /// When the session opened, RFC 3339.
    pub opened_at: String,
}

/// The fields of `flow.failed`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct FlowFailedEvent {
    /// The flow.
    pub flow: String,
    /// Its run.
    pub run: String,
    /// Code of the error.
    pub code: String,
    /// Its words.
    pub message: String,
    /// The step that failed; empty when the failure has no step.
    pub step: String,
}

/// The fields of `escalation.missed`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct EscalationMissedEvent {
    /// The escalation.
    pub escalation: String,
    /// Its team.
    pub team: String,
    /// Why a human was asked.
    pub reason: String,
    /// Why nobody came: `nobody_took`, `nobody_on_shift`.
    pub why: MissedWhy,
}

/// The fields of `escalation.taken`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct EscalationTakenEvent {
    /// The escalation.
    pub escalation: String,
    /// Its team.
    pub team: String,
    /// Why a human was asked.
    pub reason: String,
    /// Who took it.
    pub agent: String,
    /// How long after the event that caused it, in seconds.
    pub after_s: u64,
}
