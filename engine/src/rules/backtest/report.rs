//! What a back-test found, counted and shown.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::why::Reason;
use crate::clock::At;
use crate::event::Event;
use crate::ids::{ContactId, EventId};

/// Examples kept of each thing, in each direction.
const EXAMPLES: usize = 5;
/// Longest text shown of an example's message, in characters.
const SHOWN_CHARS: usize = 120;

/// What a back-test found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "RulesBacktest")]
pub struct Report {
    /// The file's id.
    pub file: Arc<str>,
    /// Events that the rules could judge.
    pub events: u64,
    /// Events whose content was erased, which were left out.
    pub erased: u64,
    /// Events whose facts were not recorded when they were handled: the contact's facts of today were put in, without tags.
    pub assumed: u64,
    /// Whether any rule reads facts of the contact or conversation; if not, nothing was assumed.
    pub reads_facts: bool,
    /// Rule by rule: in the draft's order, then those that the draft has no more.
    pub rules: Vec<RuleReport>,
    /// Rules of the draft that wanted opposite things of one event.
    pub conflicts: Vec<Conflict>,
    /// Rules of the draft that wait for a silence nobody waited for then, so that history has no event of it.
    pub not_tried: Vec<Arc<str>>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RuleReport {
    /// The rule.
    pub rule: Arc<str>,
    /// Events for which it holds as it is in force.
    pub now: u64,
    /// Events for which it holds in the draft.
    pub draft: u64,
    /// Events for which it holds in the draft only.
    pub gained: u64,
    /// Events for which it holds as it is in force only.
    pub lost: u64,
    /// Events at which the draft's rule failed.
    pub failed: u64,
    /// The same for contacts: those for whom it holds at least once.
    pub contacts: Changes,
    /// Some of those gained and lost, the earliest; contacts that it would gain or lose altogether come first, one event of each.
    pub examples: Vec<RuleExample>,
}

/// Contacts of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BacktestContacts")]
pub struct Changes {
    /// Those for whom it holds as it is in force.
    pub now: u64,
    /// Those for whom it holds in the draft.
    pub draft: u64,
    /// Those for whom it holds in the draft only.
    pub gained: u64,
    /// Those for whom it holds as it is in force only.
    pub lost: u64,
}

/// An event that a rule would treat differently, with what decided.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "RuleExample")]
pub struct RuleExample {
    /// The event.
    #[serde(flatten)]
    pub example: Example,
    /// Whether the contact is gained or lost altogether: no other event of it says the opposite.
    pub changes: bool,
    /// What decided: on the side in force for one gained, in the draft for one lost.
    pub reason: Reason,
}

impl RuleExample {
    pub(super) fn new(way: Way, event: &Event, reason: Reason, saw: Value) -> Self {
        let side = if way == Way::Gained { "now" } else { "draft" };
        let why = format!("{side}: {}", reason.words());
        Self { example: Example::of(way, event, why, saw), changes: false, reason }
    }

    pub(super) fn of(&self, way: Way, contact: Option<ContactId>) -> bool {
        self.example.way == way && self.example.contact == contact
    }
}

/// An event that a rule would treat differently.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "BacktestExample")]
pub struct Example {
    /// In which direction.
    pub way: Way,
    /// The event.
    pub event: EventId,
    /// When.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub at: At,
    /// Whose.
    pub contact: Option<ContactId>,
    /// What was said, at most 120 characters; empty for events without text.
    pub text: String,
    /// Which part of which version's condition decided.
    pub why: String,
    /// What the draft's condition saw.
    pub saw: Value,
}

impl Example {
    fn of(way: Way, event: &Event, why: String, saw: Value) -> Self {
        Self { way, event: event.id, at: event.at, contact: event.contact, text: said(event), why, saw }
    }
}

/// In which direction a rule would differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BacktestWay")]
pub enum Way {
    /// It would hold and does not.
    Gained,
    /// It holds and would not.
    Lost,
}

/// Two rules that want opposite things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "RulesConflict")]
pub struct Conflict {
    /// The earlier rule.
    pub one: Arc<str>,
    /// The later one, which has the last word.
    pub other: Arc<str>,
    /// What about, such as `tag hot` or `priority`.
    pub about: String,
    /// For how many events both held.
    pub events: u64,
    /// Of how many contacts.
    pub contacts: u64,
    /// The first of them.
    pub first: EventId,
    /// The first of some contacts at whom they are at odds.
    pub examples: Vec<ConflictExample>,
}

/// An event at which two rules are at odds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConflictExample {
    /// The event.
    pub event: EventId,
    /// When.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub at: At,
    /// Whose.
    pub contact: Option<ContactId>,
    /// What was said, at most 120 characters; empty for events without text.
    pub text: String,
}

impl ConflictExample {
    pub(super) fn of(event: &Event) -> Self {
        Self { event: event.id, at: event.at, contact: event.contact, text: said(event) }
    }
}

/// What was said, cut to what examples show.
fn said(event: &Event) -> String {
    event.seen["text"].as_str().unwrap_or_default().chars().take(SHOWN_CHARS).collect()
}

fn as_text<S: serde::Serializer>(at: &At, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

impl Conflict {
    pub(super) fn first(one: &Arc<str>, other: &Arc<str>, about: String, first: EventId) -> Self {
        Self {
            one: Arc::clone(one),
            other: Arc::clone(other),
            about,
            events: 0,
            contacts: 0,
            first,
            examples: Vec::new(),
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.events += other.events;
        self.first = self.first.min(other.first);
        self.examples.extend(other.examples);
    }
}

/// The counts of one thing that a flow does while its test runs.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) now: u64,
    pub(crate) draft: u64,
    gained: u64,
    lost: u64,
    examples: Vec<Example>,
}

impl Count {
    /// Whether another example of this direction is wanted.
    pub(crate) fn wants(&self, gained: bool) -> bool {
        (if gained { self.gained } else { self.lost }) < EXAMPLES as u64
    }

    pub(crate) fn count(&mut self, gained: bool) {
        self.gained += u64::from(gained);
        self.lost += u64::from(!gained);
    }

    pub(crate) fn add(&mut self, way: Way, event: &Event, why: String, saw: Value) {
        self.count(way == Way::Gained);
        self.examples.push(Example::of(way, event, why, saw));
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.now += other.now;
        self.draft += other.draft;
        self.gained += other.gained;
        self.lost += other.lost;
        self.examples.extend(other.examples);
    }

    /// The counts gained and lost, and the earliest examples of both.
    pub(crate) fn report(mut self) -> (u64, u64, Vec<Example>) {
        self.examples.sort_by_key(|example| (example.way == Way::Lost, example.event));
        let of = |way: Way| self.examples.iter().filter(move |example| example.way == way).take(EXAMPLES).cloned();
        let examples = of(Way::Gained).chain(of(Way::Lost)).collect();
        (self.gained, self.lost, examples)
    }
}
