//! The shape of a flow, without its steps.

use schemars::JsonSchema;

use super::Trigger;
use super::case::Test;
use super::limits::{Concurrency, Debounce, Throttle};
use super::scalar::{Condition, Span, Text};
use super::step::Step;

/// A flow: what starts it, and what it does.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(in crate::flow) struct Flow {
    /// Version of the format.
    #[schemars(extend("const" = 1))]
    format: i64,
    /// Stable id, kebab-case.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    flow: String,
    /// Name for people.
    name: Option<Text>,
    /// Remarks for people.
    note: Option<Text>,
    /// What starts it: any of these.
    on: Triggers,
    /// Must hold for any trigger.
    when: Option<Condition>,
    /// Events that follow each other closely start one run, once there is quiet.
    debounce: Option<Debounce>,
    /// At most so many starts in a time.
    throttle: Option<Throttle>,
    /// At most so many runs that work at once.
    concurrency: Option<Concurrency>,
    /// What it does, in order.
    steps: Vec<Step>,
    /// What is done when a step fails for good and has no `on_error` of its own.
    on_error: Option<Vec<Step>>,
    /// What is done at the end, however the run ends: done, failed or cancelled.
    finally: Option<Vec<Step>>,
    /// How long a run may take: then it fails with the code `deadline`.
    deadline: Option<Span>,
    /// How many runs a trigger of it starts in the first hour after it went live; what comes beyond waits for a person.
    /// Default: as the installation says, 100.
    first_hour: Option<FirstHour>,
    /// Tests in virtual time; not part of the flow's meaning.
    tests: Option<Vec<Test>>,
}

/// One trigger or several.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Triggers {
    One(Trigger),
    Several(#[schemars(length(min = 1))] Vec<Trigger>),
}

/// How many runs a trigger starts in its first hour.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum FirstHour {
    Most(#[schemars(range(min = 1, max = 1_000_000))] i64),
    Off(Off),
}

/// Without a bound.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Off {
    Off,
}
