//! The shape of a calendar.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::scalar::Text;

/// A calendar: when a team works.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(in crate::flow) struct Calendar {
    /// Version of the format.
    #[schemars(extend("const" = 1))]
    format: i64,
    /// Stable id, kebab-case.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    calendar: String,
    /// Name for people.
    name: Option<Text>,
    /// Remarks for people.
    note: Option<Text>,
    /// IANA time zone of the hours.
    zone: String,
    /// Open hours by weekday, `mon` to `sun`: `09:00-13:00`, in order. A day that is not named is closed.
    hours: BTreeMap<String, Vec<String>>,
    /// Days off: `2026-12-25`.
    holidays: Option<Vec<String>>,
}
