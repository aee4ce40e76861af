//! What the keys of steps hold, where that has a shape of its own.

use schemars::JsonSchema;
use serde_json::Value;

use super::scalar::{Condition, Span, Text};
use super::step::Step;

/// When branches are joined.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Join {
    All,
    First,
}

/// Steps that are repeated.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Repeat {
    /// Its id, which `again` names; `steps.<id>` is `{ rounds, done }`.
    id: Option<String>,
    /// Most rounds.
    #[schemars(range(min = 1, max = 1000))]
    max: i64,
    /// When to stop, asked after each round.
    until: Option<Condition>,
    /// What is repeated.
    steps: Vec<Step>,
}

/// An answer to a webhook.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct WebhookAnswer {
    /// HTTP status. Default 200.
    #[schemars(range(min = 200, max = 599))]
    status: Option<i64>,
    /// The body: text as it is, anything else as JSON.
    body: Option<Value>,
}

/// What is repeated.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Retry {
    Named(RetryName),
    Pauses(#[schemars(length(max = 10))] Vec<Span>),
}

/// Named ways to repeat.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum RetryName {
    /// At once, within 1 s, after 30 s.
    Standard,
    /// Not at all.
    None,
}

/// What is done when it is not known whether a call happened.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum OnUnknown {
    /// Repeat it: it may then happen twice.
    Resend,
}

/// The end of a run.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Stop {
    Reason(Text),
    How(StopHow),
}

/// How and why a run ends.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct StopHow {
    /// `done` (default) or `failed`.
    #[schemars(rename = "as")]
    how: Option<StopAs>,
    /// Why.
    reason: Option<Text>,
}

/// How a run ends.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum StopAs {
    Done,
    Failed,
}

/// When a wait ends.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Wait {
    For(Span),
    Until(Until),
    Open(OpenHours),
}

/// The next time that a team works.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct OpenHours {
    /// The calendar.
    business_hours: String,
}

/// An instant.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Until {
    /// `2026-12-01 09:00`, RFC 3339, or an expression.
    until: String,
    /// IANA zone of a time without one. Default UTC.
    zone: Option<String>,
}

/// What a waiting run does when another version is published.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum OnPublish {
    /// It goes on on the version it began with.
    Finish,
    /// It goes on in the new version, at the step of the same id.
    Continue,
    /// It ends, with its clean-up.
    Stop,
}

/// How long an event is awaited.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Timeout {
    For(Span),
    Never(Never),
}

/// Without an end.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Never {
    Never,
}
