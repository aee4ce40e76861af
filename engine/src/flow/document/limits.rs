//! The shape of `concurrency`, `throttle` and `debounce` as Rust types, for the JSON Schema.

use schemars::JsonSchema;

use super::scalar::{Expression, Span};
use crate::flow::limits::Busy;

/// Events that follow each other closely start one run, once there is quiet.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Debounce {
    For(Span),
    How(DebounceHow),
}

/// How long there must be quiet, and what belongs together.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct DebounceHow {
    /// How long there must be quiet: 1 s to 5 min.
    #[schemars(rename = "for")]
    quiet: Span,
    /// What belongs to one burst. Default: the contact.
    key: Option<Expression>,
}

/// At most so many starts in a time.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Throttle {
    /// What is counted together. Default: the contact.
    key: Option<Expression>,
    /// Most starts. Default 1.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<i64>,
    /// In which time: 1 s to 365 days.
    every: Span,
}

/// At most so many runs that work at once; one that waits does not count.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Concurrency {
    /// What is counted together. Default: the contact.
    key: Option<Expression>,
    /// Most runs. Default 1.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<i64>,
    /// What becomes of one more: it waits for its turn (`queue`, the default), does not start (`skip`), or ends the
    /// oldest one that works (`replace`).
    busy: Option<Busy>,
}
