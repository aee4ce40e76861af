//! Where in a YAML file an expression stands, and what can be wrong with one.

/// The place of an expression's first character. Errors inside it are reported relative to this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How far later lines of the expression are indented in the file (block scalars); 0 for text on one line.
    pub indent: u32,
}

/// What is wrong with an expression, and where in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Stable code: `script_syntax`, `script_failed`, `script_too_long`, `template_syntax`, `template_failed`, `not_a_condition` …
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
}

/// One dotted name that an expression reads, such as `event.order.total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathUse {
    /// Its parts: `["event", "order", "total"]`. Stops before a call or an index.
    pub parts: Vec<String>,
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}
