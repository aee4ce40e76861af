//! Problems of a flow document: values, all at once, each with its place.

use serde::Serialize;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document is not taken.
    Error,
    /// It is taken, and may not do what its author thinks.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
}
