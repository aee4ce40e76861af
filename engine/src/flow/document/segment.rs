//! The shape of a segment.

use schemars::JsonSchema;

use super::scalar::{Condition, Text};

/// A segment: a named group of contacts. Of `tags`, `language` and `when` at least one.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("anyOf" = [{ "required": ["tags"] }, { "required": ["language"] }, { "required": ["when"] }])
)]
pub(in crate::flow) struct Segment {
    /// Version of the format.
    #[schemars(extend("const" = 1))]
    format: i64,
    /// Stable id, kebab-case.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    segment: String,
    /// Name for people.
    name: Option<Text>,
    /// Remarks for people.
    note: Option<Text>,
    /// Tags that its contacts have, all of them.
    #[schemars(length(min = 1, max = 16))]
    tags: Option<Vec<Text>>,
    /// The language of its contacts.
    language: Option<Text>,
    /// What else holds for each: reads `contact` and `now`.
    when: Option<Condition>,
}
