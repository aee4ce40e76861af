//! The shape of `tests` as Rust types, for the JSON Schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use super::rules::TagsSeen;
use super::scalar::Text;

/// A test in virtual time.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Test {
    #[schemars(flatten)]
    said: Said,
    /// The same test several times, each with what is different: a key here stands in place of the test's own.
    cases: Option<Vec<Case>>,
}

/// A case of a test.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Case {
    #[schemars(flatten)]
    said: Said,
}

/// What a test or a case of one says.
#[derive(JsonSchema)]
pub(super) struct Said {
    /// What it shows, a sentence.
    name: Text,
    /// Remarks for people.
    note: Option<Text>,
    /// What is there before the first event.
    given: Option<Given>,
    /// Events by time from the start: `0s: { whatsapp.message_received: { text: hi } }`; a list where several share a time.
    /// Required, in the test or in each case.
    at: Option<BTreeMap<String, Value>>,
    /// What actions answer: fields of their output, or `{ fail: later | refused | unknown | auth | down }`; one or a list.
    fake: Option<BTreeMap<String, Value>>,
    /// Actions in order, each with some of its fields; `any_order: [ … ]` for some that may come in any.
    expect: Option<Vec<Value>>,
    /// `allowed`: actions beside the expected ones may happen.
    others: Option<Others>,
    /// Actions that must not happen.
    never: Option<Vec<Value>>,
    /// How the run ends.
    end: Option<End>,
    /// The contact's tags at the end, all of them; or by time.
    tags: Option<TagsSeen>,
    /// Fields of the contact at the end: `priority language fields`.
    contact: Option<BTreeMap<String, Value>>,
    /// Variables at the end.
    vars: Option<BTreeMap<String, Value>>,
}

/// What is there before a test's first event.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Given {
    /// Fields of the contact.
    contact: Option<BTreeMap<String, Value>>,
    /// Other contacts, each with such fields: for segments.
    contacts: Option<Vec<BTreeMap<String, Value>>>,
    /// Fields of the conversation.
    conversation: Option<BTreeMap<String, Value>>,
    /// The instant the test starts.
    at: Option<String>,
}

/// Whether other actions may happen.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Others {
    Allowed,
}

/// How a run ends.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum End {
    Done,
    Failed,
    Waiting,
}
