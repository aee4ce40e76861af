//! The shape of a file of tag rules as Rust types: for its JSON Schema, and for the checks of what a rule does.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde_json::Value;

use super::Trigger;
use super::case::{Given, Others};
use super::scalar::{Condition, Span, Text};
use crate::contact::Priority;

/// What a rule does, as the checks read it.
pub(in crate::flow) static THEN: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Then).to_value());

/// Tag rules: run in order before waits and flows, for every event that concerns a contact.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(in crate::flow) struct Rules {
    /// Version of the format.
    #[schemars(extend("const" = 1))]
    format: i64,
    /// Stable id, kebab-case.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    rules: String,
    /// Name for people.
    name: Option<Text>,
    /// Remarks for people.
    note: Option<Text>,
    /// The rules, in the order in which they run.
    #[schemars(length(max = 200))]
    list: Vec<Rule>,
    /// Tests in virtual time; not part of the meaning.
    tests: Option<Vec<RulesTest>>,
}

/// One rule.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Rule {
    /// Unique in the file, kebab-case.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    rule: String,
    /// Name for people.
    name: Option<Text>,
    /// Remarks for people.
    note: Option<Text>,
    /// What it listens to: any of these.
    on: On,
    /// Must hold, whichever of them it was.
    when: Option<Condition>,
    /// What it does.
    then: Option<Then>,
    /// Whether no later rule of this file sees the event once this one held. Default false.
    stop: Option<bool>,
    /// Watch only: what it would have done is told, and nothing is done. Default false.
    watch: Option<bool>,
}

/// One trigger or several.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum On {
    One(Trigger),
    Several(#[schemars(length(min = 1))] Vec<Trigger>),
}

/// What a rule does to the contact.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Then {
    /// Tags given.
    add_tags: Option<Vec<Tag>>,
    /// Tags taken, as far as rules gave them; what a flow, a person or the CRM gave stays.
    remove_tags: Option<Vec<Tag>>,
    /// How long the given tags stay after the rule last held, such as `30d`. Default: until something takes them.
    #[schemars(rename = "for")]
    keep: Option<Span>,
    /// The contact's priority.
    priority: Option<Priority>,
    /// The contact's language, such as `it` or `zh_CN`.
    #[schemars(length(min = 2, max = 16))]
    language: Option<String>,
    /// Fields of the contact by name.
    fields: Option<BTreeMap<String, Value>>,
    /// Asks a human to take over.
    escalate: Option<EscalateTo>,
}

/// A tag.
#[derive(JsonSchema)]
struct Tag(#[schemars(length(min = 1, max = 64))] String);

/// Which humans, how soon, and why.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct EscalateTo {
    /// The team that should take it.
    #[schemars(length(min = 1, max = 64))]
    team: String,
    /// How soon a human must have taken it. Default 20 s.
    accept_within: Option<Span>,
    /// Why, as the human reads it. Default: the rule's name.
    #[schemars(length(min = 1, max = 1000))]
    reason: Option<String>,
}

/// A test in virtual time.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RulesTest {
    /// What it shows, a sentence.
    name: Text,
    /// Remarks for people.
    note: Option<Text>,
    /// What is there before the first event.
    given: Option<Given>,
    /// Events by time from the start; a list where several share a time.
    at: BTreeMap<String, Value>,
    /// What rules ask of humans, in order: `human.escalate` with some of its fields.
    expect: Option<Vec<Value>>,
    /// `allowed`: rules may ask humans for more than that. Default: nothing else.
    others: Option<Others>,
    /// What must not be asked.
    never: Option<Vec<Value>>,
    /// The rules that held, in order, watched ones too.
    rules: Option<Vec<String>>,
    /// Rules that held, whichever others did.
    held: Option<Vec<String>>,
    /// Rules that did not.
    not_held: Option<Vec<String>>,
    /// The contact's tags at the end, all of them; or by time.
    tags: Option<TagsSeen>,
    /// Fields of the contact at the end: `priority language fields`.
    contact: Option<BTreeMap<String, Value>>,
}

/// Tags at the end, or at times from the start.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum TagsSeen {
    AtTheEnd(Vec<Text>),
    ByTime(BTreeMap<String, Vec<Text>>),
}
