//! Stored rows as the API shows them: ids and times as text, blobs as the JSON they are.

mod contacts;
mod documents;
mod runs;
mod words;

use std::borrow::Cow;

use engine::clock::At;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;

pub(crate) use contacts::{Contact, Conversation, Escalation, Message, Said, Tag};
pub(crate) use documents::Version;
pub(crate) use runs::{Call, Event, JournalRow, Run, WaitingFor};
pub(crate) use words::{OrderMade, Words};

/// A time: RFC 3339 in UTC, with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) At);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A time that may be "never".
pub(crate) fn time(at: At) -> Option<Time> {
    (at != At::NEVER).then_some(Time(at))
}

pub(crate) fn maybe(at: Option<At>) -> Option<Time> {
    at.and_then(time)
}

/// A time as text.
pub(crate) fn maybe_text(at: Option<At>) -> Option<String> {
    at.filter(|at| *at != At::NEVER).map(|at| at.to_string())
}

/// A blob of ours; `null` when it is empty or was erased.
pub(crate) fn blob(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}
