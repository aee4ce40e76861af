//! Problems of a flow document: values, all at once, each with its place.

use schemars::JsonSchema;
use serde::Serialize;

use super::yaml::Place;
use crate::sentence::Sentence;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document is not taken.
    Error,
    /// It is taken, and may not do what its author thinks.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FlowProblem")]
pub struct Problem {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How bad.
    pub severity: Severity,
    /// Stable; each has a paragraph in `flows/FORMAT.md`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do; empty when the message says it.
    pub hint: String,
    /// The same two for other languages.
    pub said: Said,
}

/// What a problem says, with its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ProblemSaid")]
pub struct Said {
    /// What is wrong.
    pub message: Sentence,
    /// What to do.
    pub hint: Sentence,
}

impl Problem {
    /// A problem at `place`.
    pub(crate) fn new(place: Place, severity: Severity, code: &'static str, message: Sentence, hint: Sentence) -> Self {
        let Place { line, column } = place;
        let (told, advised) = (message.to_string(), hint.to_string());
        Self { line, column, severity, code, message: told, hint: advised, said: Said { message, hint } }
    }
}

/// All codes of this module; those of expressions are in [`crate::expr`]. Each has a paragraph in `flows/FORMAT.md`.
pub const CODES: &[&str] = &[
    "bad_cron",
    "bad_duration",
    "bad_hours",
    "bad_id",
    "bad_instant",
    "bad_retry",
    "bad_segment",
    "bad_zone",
    "cannot_await",
    "comment_cuts_value",
    "connection_cannot",
    "connection_needed",
    "duplicate_choice",
    "duplicate_id",
    "empty_file",
    "escalation_late",
    "flow_ring",
    "flow_taken",
    "missing_field",
    "missing_key",
    "missing_value",
    "missing_variable",
    "never_repeats",
    "no_caller",
    "no_connection_needed",
    "no_contact",
    "no_verb",
    "not_fixed",
    "not_in_every_trigger",
    "other_id",
    "others_data",
    "out_of_range",
    "step_not_run",
    "template_in_condition",
    "too_deep",
    "too_many_rules",
    "too_many_steps",
    "two_kinds",
    "two_verbs",
    "unknown_action",
    "unknown_calendar",
    "unknown_choice",
    "unknown_connection",
    "unknown_field",
    "unknown_flow",
    "unknown_format",
    "unknown_key",
    "unknown_name",
    "unknown_repeat",
    "unknown_segment",
    "unknown_step",
    "unknown_tag",
    "unknown_team",
    "unknown_template",
    "unknown_trigger",
    "unknown_variable",
    "unreachable_step",
    "var_not_set",
    "window_closed",
    "window_unknown",
    "wrong_length",
    "wrong_type",
    "yaml_alias",
    "yaml_documents",
    "yaml_duplicate_key",
    "yaml_key",
    "yaml_syntax",
    "yaml_tag",
    "yaml_too_large",
];

/// Most problems that are kept of one document: beyond that a list helps nobody.
const MAX_PROBLEMS: usize = 500;

/// Collects problems while a document is read.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    errors: usize,
}

impl Problems {
    /// Something because of which the document is not taken.
    pub(crate) fn error(
        &mut self,
        at: Place,
        code: &'static str,
        message: impl Into<Sentence>,
        hint: impl Into<Sentence>,
    ) {
        self.add(at, Severity::Error, code, message.into(), hint.into());
    }

    /// Something that may not do what its author thinks.
    pub(crate) fn warn(
        &mut self,
        at: Place,
        code: &'static str,
        message: impl Into<Sentence>,
        hint: impl Into<Sentence>,
    ) {
        self.add(at, Severity::Warning, code, message.into(), hint.into());
    }

    fn add(&mut self, at: Place, severity: Severity, code: &'static str, message: Sentence, hint: Sentence) {
        debug_assert!(CODES.contains(&code), "`{code}` is not in the list of codes");
        self.push(Problem::new(at, severity, code, message, hint));
    }

    /// Adds a finished problem, unless the same was found already.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.errors += usize::from(problem.severity == Severity::Error);
        if self.list.len() < MAX_PROBLEMS && !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// How many errors were found so far.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// All of them, in the order of the document.
    pub(crate) fn sorted(mut self) -> Vec<Problem> {
        self.list.sort_by_key(|problem| (problem.line, problem.column));
        self.list
    }
}
