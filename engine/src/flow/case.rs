//! The `tests:` of a flow or of tag rules: plain data, checked, for the runner in virtual time.
//!
//! What a test gives is a part of the whole: event fields, outputs and expectations are laid over the samples of the
//! catalogue, so a test says only what matters to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::case_parts::{choice, expectations, expected, fakes, given, moments, object, record, texts};
use super::env::Environment;
use super::fields::{self, Fields};
use super::lower::Lower;
use super::problem::{Problem, Problems};
use super::shape::Shape;
use super::suggest;
use super::time;
use super::yaml::{self, Key, Node, Place, Val};
use crate::clock::At;
use crate::sentence;

const KEYS: &[&str] =
    &["name", "note", "given", "at", "fake", "expect", "others", "never", "end", "tags", "contact", "vars", "cases"];
/// Rules call nobody and have no runs.
const KEYS_OF_RULES: &[&str] = &[
    "name", "note", "given", "at", "expect", "others", "never", "rules", "held", "not_held", "tags", "contact", "cases",
];
/// What of the contact a test looks at in the end, besides its tags.
const CONTACT_SEEN: &[&str] = &["language", "priority", "fields"];

/// One test of a flow or of tag rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestCase {
    /// What it shows, as a sentence.
    pub name: String,
    /// Line of the test in the file, from 1.
    pub line: u32,
    /// What is there before the first event.
    pub given: Given,
    /// What happens, by time from the test's start; ascending, and in the order written where times are equal.
    pub at: Vec<Moment>,
    /// What actions answer, by full name, one per effect in order; the last one goes on. Without: the catalogue's sample.
    pub fake: BTreeMap<String, Vec<Fake>>,
    /// Effects and local actions in order.
    pub expect: Vec<Expected>,
    /// Whether others than the expected may happen. Default no.
    pub others_allowed: bool,
    /// What must not happen.
    pub never: Vec<Expectation>,
    /// How every run ends, or that it still waits at the end.
    pub end: Option<End>,
    /// Exactly the tags of the contact at the end.
    pub tags: Option<Vec<String>>,
    /// The same at times from the test's start, after all that happens then; ascending.
    pub tags_at: Vec<(Duration, Vec<String>)>,
    /// Fields of the contact at the end, as a subset: `language priority fields`.
    pub contact: Option<Map<String, Value>>,
    /// The tag rules that held, in order, watched ones too.
    pub rules: Option<Vec<String>>,
    /// Tag rules that held, whichever others did.
    pub held: Vec<String>,
    /// Tag rules that did not.
    pub not_held: Vec<String>,
    /// Variables of the run at the end, as a subset.
    pub vars: Option<Map<String, Value>>,
}

/// What is there before a test's first event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// Fields of the contact: `phone name language priority tags order_status fields consent unread_count`.
    pub contact: Map<String, Value>,
    /// Other contacts, each with such fields: for segments. Where there are some, the contact above is in segments only when
    /// it is given too.
    pub contacts: Vec<Map<String, Value>>,
    /// Fields of the conversation: `window_open last_inbound_at last_outbound_at channel`.
    pub conversation: Option<Map<String, Value>>,
    /// The instant the test starts. Default: the runner's choice.
    pub at: Option<At>,
}

/// What happens at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// From the test's start.
    pub after: Duration,
    /// Events with their type and those of their fields that matter (also `id`, `connection` and `origin`).
    pub events: Vec<(String, Value)>,
    /// Line in the file, from 1.
    pub line: u32,
}

/// What one effect gets for an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Fake {
    /// It happens, with these fields of the output; the others are the sample's.
    Reply(Value),
    /// It fails.
    Fail {
        /// In which way.
        how: Fail,
        /// `error.code`; default: the runner's choice.
        code: Option<String>,
        /// `error.message`; default: the runner's choice.
        message: Option<String>,
    },
}

/// Ways to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fail {
    /// This call failed, and may be tried again.
    Later,
    /// It will never succeed.
    Refused,
    /// It may have happened.
    Unknown,
    /// The credentials do not work.
    Auth,
    /// The connection is down.
    Down,
}

/// A place in the order of what is expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// One thing.
    One(Expectation),
    /// Several, one right after the other, in whatever order: branches side by side promise none.
    AnyOrder(Vec<Expectation>),
}

/// An effect or local action that is expected, or must not happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// When, from the test's start; `None` = at any time.
    pub at: Option<Duration>,
    /// The action's full name.
    pub action: String,
    /// Fields of its input after rendering, as a subset.
    pub fields: Value,
    /// Line in the file, from 1.
    pub line: u32,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Done,
    /// In an error.
    Failed,
    /// Not: it waits.
    Waiting,
}

/// What a test says; in one of its cases, what is different there.
#[derive(Clone, Default)]
struct Said {
    name: Option<String>,
    given: Option<Given>,
    at: Option<Vec<Moment>>,
    fake: Option<BTreeMap<String, Vec<Fake>>>,
    expect: Option<Vec<Expected>>,
    others_allowed: Option<bool>,
    never: Option<Vec<Expectation>>,
    end: Option<End>,
    tags: Option<Vec<String>>,
    tags_at: Option<Vec<(Duration, Vec<String>)>>,
    contact: Option<Map<String, Value>>,
    rules: Option<Vec<String>>,
    held: Option<Vec<String>>,
    not_held: Option<Vec<String>>,
    vars: Option<Map<String, Value>>,
}

impl Said {
    /// What `self`, a case, says; for the rest what the whole test says.
    fn over(self, test: &Self) -> Self {
        let name = |name: Option<&str>| name.unwrap_or_default().to_owned();
        Self {
            name: Some(format!("{}: {}", name(test.name.as_deref()), name(self.name.as_deref()))),
            given: self.given.or_else(|| test.given.clone()),
            at: self.at.or_else(|| test.at.clone()),
            fake: self.fake.or_else(|| test.fake.clone()),
            expect: self.expect.or_else(|| test.expect.clone()),
            others_allowed: self.others_allowed.or(test.others_allowed),
            never: self.never.or_else(|| test.never.clone()),
            end: self.end.or(test.end),
            tags: self.tags.or_else(|| test.tags.clone()),
            tags_at: self.tags_at.or_else(|| test.tags_at.clone()),
            contact: self.contact.or_else(|| test.contact.clone()),
            rules: self.rules.or_else(|| test.rules.clone()),
            held: self.held.or_else(|| test.held.clone()),
            not_held: self.not_held.or_else(|| test.not_held.clone()),
            vars: self.vars.or_else(|| test.vars.clone()),
        }
    }
}

/// What the tests are about.
#[derive(Clone, Copy)]
enum Of<'r> {
    /// A flow.
    Flow,
    /// Tag rules with these ids.
    Rules(&'r [Arc<str>]),
}

impl Of<'_> {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Flow => KEYS,
            Self::Rules(_) => KEYS_OF_RULES,
        }
    }
}

/// Reads the section `tests` of a flow.
pub(super) fn read<'a>(node: &'a Node, lower: &mut Lower<'a>) -> Vec<TestCase> {
    tests(node, Of::Flow, lower)
}

/// Reads the section `tests` of tag rules; `known` are the ids of the rules.
pub(super) fn read_of_rules<'a>(node: &'a Node, known: &[Arc<str>], lower: &mut Lower<'a>) -> Vec<TestCase> {
    tests(node, Of::Rules(known), lower)
}

/// Reads one test that was made elsewhere: `given`, `at` and `fake` as in a flow, as JSON. It is checked as any other.
///
/// # Errors
/// Its problems; their places mean nothing.
pub fn read_case(case: &Map<String, Value>, env: &Environment<'_>) -> Result<TestCase, Vec<Problem>> {
    let mut case = case.clone();
    case.insert("name".to_owned(), "simulation".into());
    // JSON is YAML, so that everything is read by the one reader there is.
    let text = Value::from(vec![Value::Object(case)]).to_string();
    let mut problems = Problems::default();
    let Some(root) = yaml::read(&text, &mut problems) else { return Err(problems.sorted()) };
    let mut lower = Lower::new(env, problems);
    let case = read(&root, &mut lower).pop();
    match case.filter(|_| lower.problems.errors() == 0) {
        Some(case) => Ok(case),
        None => Err(lower.problems.sorted()),
    }
}

fn tests<'a>(node: &'a Node, of: Of<'_>, lower: &mut Lower<'a>) -> Vec<TestCase> {
    let items = fields::list(node, "`tests`", &mut lower.problems);
    items.iter().flat_map(|item| test(item, of, lower)).collect()
}

/// One test, or one of each of its cases.
fn test<'a>(item: &'a Node, of: Of<'_>, lower: &mut Lower<'a>) -> Vec<TestCase> {
    let Some(mut keys) = Fields::of(item, "a test", &mut lower.problems) else { return Vec::new() };
    let cases = keys.take("cases").map(|node| fields::list(node, "`cases`", &mut lower.problems));
    let test = said(&mut keys, of, lower);
    keys.finish(of.keys(), &mut lower.problems);
    let Some(cases) = cases else { return vec![whole(test, item.place, lower)] };
    let mut out = Vec::with_capacity(cases.len());
    for item in cases {
        let Some(mut keys) = Fields::of(item, "a case", &mut lower.problems) else { continue };
        let case = said(&mut keys, of, lower);
        keys.finish(&of.keys()[..of.keys().len() - 1], &mut lower.problems);
        out.push(whole(case.over(&test), item.place, lower));
    }
    out
}

fn said<'a>(keys: &mut Fields<'a>, of: Of<'_>, lower: &mut Lower<'a>) -> Said {
    let name = keys.need("name", "say what it shows: `- name: a VIP order reaches sales`", &mut lower.problems);
    let name = name.and_then(|node| fields::text(node, "`name`", &mut lower.problems)).map(str::to_owned);
    keys.take("note").map(|node| fields::text(node, "`note`", &mut lower.problems));
    let given = keys.take("given").map(|node| given(node, lower));
    let at = keys.take("at").map(|node| moments(node, lower));
    let expect = keys.take("expect").map(|node| expected(node, lower));
    let never = keys.take("never").map(|node| expectations(node, lower));
    let contact = keys.take("contact").and_then(|node| record(node, "the contact", CONTACT_SEEN, lower));
    let others_allowed = keys.take("others").and_then(|node| choice(node, &[("allowed", true)], lower));
    let mut said = Said { name, given, at, expect, others_allowed, never, contact, ..Said::default() };
    if let Some(node) = keys.take("tags") {
        match &node.value {
            Val::Map(entries) => said.tags_at = Some(tags_at(entries, lower)),
            _ => said.tags = Some(texts(node, "`tags`", lower)),
        }
    }
    match of {
        Of::Flow => said_of_flow(&mut said, keys, lower),
        Of::Rules(known) => {
            let mut listed = |name| keys.take(name).map(|node| rules(node, known, lower));
            said.rules = listed("rules");
            said.held = listed("held");
            said.not_held = listed("not_held");
        }
    }
    said
}

fn said_of_flow<'a>(said: &mut Said, keys: &mut Fields<'a>, lower: &mut Lower<'a>) {
    said.fake = keys.take("fake").map(|node| fakes(node, lower));
    let ends = [("done", End::Done), ("failed", End::Failed), ("waiting", End::Waiting)];
    said.end = keys.take("end").and_then(|node| choice(node, &ends, lower));
    said.vars = keys.take("vars").and_then(|node| object(node, Shape::any(), "`vars`", lower));
}

fn rules(node: &Node, known: &[Arc<str>], lower: &mut Lower<'_>) -> Vec<String> {
    for item in fields::list(node, "a list of rules", &mut lower.problems) {
        let Some(name) = item.scalar().map(|scalar| scalar.text.as_str()) else { continue };
        if !known.iter().any(|rule| **rule == *name) {
            let hint = suggest::hint(name, known.iter().map(AsRef::as_ref));
            lower.problems.error(item.place, "unknown_choice", sentence!("there is no rule `{name}`", name), hint);
        }
    }
    texts(node, "a list of rules", lower)
}

fn tags_at(entries: &[(Key, Node)], lower: &mut Lower<'_>) -> Vec<(Duration, Vec<String>)> {
    let at = |(key, node): &(Key, Node)| {
        let tags = texts(node, "`tags`", lower);
        Some((time::duration(&key.text, key.place, &mut lower.problems)?, tags))
    };
    let mut found: Vec<_> = entries.iter().filter_map(at).collect();
    found.sort();
    found
}

fn whole(said: Said, place: Place, lower: &mut Lower<'_>) -> TestCase {
    if said.at.is_none() {
        let hint = "say what happens: `at: { 0s: { whatsapp.message_received: { text: hi } } }`";
        lower.problems.error(place, "missing_key", "a test has no `at`", hint);
    }
    TestCase {
        name: said.name.unwrap_or_default(),
        line: place.line,
        given: said.given.unwrap_or_default(),
        at: said.at.unwrap_or_default(),
        fake: said.fake.unwrap_or_default(),
        expect: said.expect.unwrap_or_default(),
        others_allowed: said.others_allowed.unwrap_or_default(),
        never: said.never.unwrap_or_default(),
        end: said.end,
        tags: said.tags,
        tags_at: said.tags_at.unwrap_or_default(),
        contact: said.contact,
        rules: said.rules,
        held: said.held.unwrap_or_default(),
        not_held: said.not_held.unwrap_or_default(),
        vars: said.vars,
    }
}
