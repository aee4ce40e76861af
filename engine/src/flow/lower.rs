//! The tree becomes a flow: its head, its triggers, its tests; the steps are lowered in [`super::steps`].
//!
//! Every check is made on the way, and none stops the others: a problem is noted and the rest is still read. Only when the
//! whole document brought no error does a [`Compiled`] come out.

use std::collections::HashMap;
use std::sync::Arc;

use super::blocks;
use super::bounds::FirstHour;
use super::case::{self, TestCase};
use super::env::{Environment, Needs};
use super::fields::{self, Fields};
use super::kinds::{self, Kind};
use super::limits::Limits;
use super::loops::Loop;
use super::meaning;
use super::names::Names;
use super::problem::{Problem, Problems};
use super::program::{Program, Step, StepIx, Trigger, Version};
use super::proof;
use super::yaml::{self, Node, Place, Val};
use crate::ids::VersionId;
use crate::sentence;

/// The version of the format this build reads.
pub const FORMAT: i64 = 1;
const KEYS: &[&str] = &[
    "format",
    "flow",
    "name",
    "note",
    "on",
    "when",
    "debounce",
    "throttle",
    "concurrency",
    "steps",
    "on_error",
    "finally",
    "deadline",
    "first_hour",
    "tests",
];

/// A flow that passed every check, before it is stored.
#[derive(Debug)]
pub struct Compiled {
    /// The flow's id, kebab-case.
    pub flow: Arc<str>,
    /// Its name for people; the id when it has none.
    pub name: String,
    /// SHA-256 of its meaning.
    pub meaning: [u8; 32],
    /// What starts it.
    pub triggers: Vec<Trigger>,
    /// How many runs each of its triggers starts in its first hour; `None` = as the installation says.
    pub first_hour: Option<FirstHour>,
    /// How its runs start and work together.
    pub limits: Limits,
    /// Its steps.
    pub program: Program,
    /// Its tests.
    pub tests: Vec<TestCase>,
    /// What an installation must have for it to work.
    pub needs: Needs,
    /// The place of each step.
    pub(super) places: Vec<Place>,
}

impl Compiled {
    /// The version as runs use it, under the id it is stored with.
    #[must_use]
    pub fn into_version(self, id: VersionId) -> Version {
        Version {
            id,
            flow: self.flow,
            name: self.name,
            meaning: self.meaning,
            triggers: self.triggers,
            first_hour: self.first_hour,
            limits: self.limits,
            program: self.program,
        }
    }
}

/// A document's id and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowId {
    /// The id, kebab-case.
    pub id: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// What a check found.
#[derive(Debug)]
pub struct Checked<T = Compiled> {
    /// What the document is, as far as it says so.
    pub kind: Kind,
    /// The flow (or whatever the document is), unless there was an error.
    pub version: Option<T>,
    /// The document's id, also when there were errors elsewhere.
    pub flow: Option<FlowId>,
    /// Errors and warnings, in the order of the document.
    pub problems: Vec<Problem>,
}

impl<T> Checked<T> {
    /// The same with another kind of version.
    pub(super) fn map<U>(self, into: impl FnOnce(T) -> U) -> Checked<U> {
        let Self { kind, version, flow, problems } = self;
        Checked { kind, version: version.map(into), flow, problems }
    }
}

/// Parses and checks a flow document. It never stops at the first problem, and with one error there is no version.
#[must_use]
pub fn check(text: &str, env: &Environment<'_>) -> Checked {
    let mut problems = Problems::default();
    let Some(root) = yaml::read(text, &mut problems) else {
        return Checked { kind: Kind::Flow, version: None, flow: None, problems: problems.sorted() };
    };
    finish(&root, Lower::new(env, problems), Kind::Flow, Lower::flow)
}

/// Reads `root` by `read`; with an error there is no version.
pub(super) fn finish<'a, T>(
    root: &'a Node,
    mut lower: Lower<'a>,
    kind: Kind,
    read: impl FnOnce(&mut Lower<'a>, &'a Node) -> Option<T>,
) -> Checked<T> {
    let compiled = read(&mut lower, root);
    let failed = lower.problems.errors() > 0;
    let version = compiled.filter(|_| !failed);
    Checked { kind, version, flow: lower.flow_id, problems: lower.problems.sorted() }
}

/// The flow while it is read.
pub(super) struct Lower<'a> {
    pub(super) env: &'a Environment<'a>,
    pub(super) problems: Problems,
    pub(super) names: Names<'a>,
    /// The steps so far; an index is given out before its step is read.
    pub(super) steps: Vec<Option<Step>>,
    pub(super) depth: usize,
    /// Step ids with their lines.
    pub(super) ids: HashMap<&'a str, u32>,
    pub(super) needs: Needs,
    /// The step among whose steps we are.
    pub(super) parent: Option<StepIx>,
    /// The loops we are in, outermost first.
    pub(super) loops: Vec<Loop<'a>>,
    /// Where the step just read goes on, when that is a step of its own making.
    pub(super) goes_on_at: Option<StepIx>,
    /// Where the step being read stands.
    pub(super) at: Place,
    /// The place of each step.
    pub(super) places: Vec<Place>,
    flow_id: Option<FlowId>,
    /// The step at which somebody wants to know what can be read, and what that is.
    pub(super) watched: Option<Place>,
    pub(super) seen: Option<Names<'a>>,
}

impl<'a> Lower<'a> {
    pub(super) fn new(env: &'a Environment<'a>, problems: Problems) -> Self {
        let names = Names::default();
        Self {
            env,
            problems,
            names,
            steps: Vec::new(),
            depth: 0,
            ids: HashMap::new(),
            needs: Needs::default(),
            parent: None,
            loops: Vec::new(),
            goes_on_at: None,
            at: Place { line: 1, column: 1 },
            places: Vec::new(),
            flow_id: None,
            watched: None,
            seen: None,
        }
    }

    /// Notes what can be read at `place`, if somebody wants to know.
    pub(super) fn look(&mut self, place: Place) {
        if self.watched == Some(place) && self.seen.is_none() {
            self.seen = Some(self.names.clone());
        }
    }

    pub(super) fn flow(&mut self, root: &'a Node) -> Option<Compiled> {
        if matches!(root.value, Val::Null) {
            let at = Place { line: 1, column: 1 };
            self.problems.error(at, "empty_file", "the file is empty", "begin with `format: 1` and `flow: some-id`");
            return None;
        }
        let mut keys = Fields::of(root, "a flow", &mut self.problems)?;
        kinds::refuse_others(&keys, Kind::Flow, &mut self.problems);
        for other in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Flow) {
            keys.take(other.key());
        }
        self.format(&mut keys);
        let flow = self.id(&mut keys, Kind::Flow);
        let name = keys.take("name").and_then(|node| fields::text(node, "`name`", &mut self.problems));
        keys.take("note").map(|node| fields::text(node, "`note`", &mut self.problems));
        let on = keys.need("on", "say what starts it: `on: [whatsapp.message_received]`", &mut self.problems);
        let when = keys.take("when");
        let steps = keys.need("steps", "list what it does, each step on a line with `- do: …`", &mut self.problems);
        let (on_error, finally) = (keys.take("on_error"), keys.take("finally"));

        let deadline = keys.take("deadline").and_then(|node| self.deadline(node));
        let first_hour = keys.take("first_hour").and_then(|node| self.first_hour(node));

        let triggers = on.map(|on| self.triggers(on, when)).unwrap_or_default();
        let limits = self.limits(&mut keys);
        self.names.gathers = keys.peek("debounce").is_some();
        steps.into_iter().chain(on_error).chain(finally).for_each(|block| blocks::survey(block, self));
        let mut program = self.program(steps, on_error, finally);
        if let Some(program) = &mut program {
            program.deadline = deadline;
            program.bounded = program.steps.iter().any(|step| step.deadline.is_some());
            proof::check(program, &triggers, &self.places, &mut self.problems);
        }
        let tests = keys.take("tests").map(|node| case::read(node, self)).unwrap_or_default();
        keys.finish(KEYS, &mut self.problems);

        let flow: Arc<str> = flow?.into();
        let name = name.unwrap_or(&flow).to_owned();
        let needs = std::mem::take(&mut self.needs);
        Some(Compiled {
            flow,
            name,
            meaning: meaning::of(root),
            triggers,
            first_hour,
            limits,
            program: program?,
            tests,
            needs,
            places: std::mem::take(&mut self.places),
        })
    }

    /// The version of the format, which every kind of document names.
    pub(super) fn format(&mut self, keys: &mut Fields<'a>) {
        let Some(node) = keys.need("format", "begin the file with `format: 1`", &mut self.problems) else { return };
        let Some(text) = fields::text(node, "`format`", &mut self.problems) else { return };
        if text != "1" {
            let message =
                sentence!("this version of switchboard reads format {format}, not `{text}`", format = FORMAT, text);
            self.problems.error(node.place, "unknown_format", message, "write `format: 1`");
        }
    }

    /// The document's id, below the key of its kind.
    pub(super) fn id(&mut self, keys: &mut Fields<'a>, kind: Kind) -> Option<&'a str> {
        let key = kind.key();
        let hint = sentence!("give it a stable id: `{key}: order-to-ticket`", key);
        let node = keys.need(key, hint, &mut self.problems)?;
        let id = fields::text(node, &format!("`{key}`"), &mut self.problems)?;
        if is_kebab(id) {
            let Place { line, column } = node.place;
            self.flow_id = Some(FlowId { id: id.to_owned(), line, column });
            return Some(id);
        }
        let message = sentence!("`{id}` is not a {key} id", id, key);
        let hint = "1 to 64 small letters, digits and single hyphens, first a letter: order-to-ticket";
        self.problems.error(node.place, "bad_id", message, hint);
        None
    }

    fn program(
        &mut self,
        steps: Option<&'a Node>,
        on_error: Option<&'a Node>,
        finally: Option<&'a Node>,
    ) -> Option<Program> {
        let entry = steps.and_then(|node| self.block(node, "", None).entry);
        self.names.have = super::names::Have::default();
        self.names.in_handler = true;
        self.names.anything_ran = true;
        let on_error = on_error.and_then(|node| self.block(node, "on_error.", None).entry);
        self.names.have = super::names::Have::default();
        let finally = finally.and_then(|node| self.block(node, "finally.", None).entry);
        if self.problems.errors() > 0 {
            return None;
        }
        let steps = std::mem::take(&mut self.steps).into_iter().collect::<Option<Vec<Step>>>()?;
        Some(Program { steps, entry, on_error, finally, ..Program::default() })
    }

    /// Reserves `count` steps and gives the index of the first.
    pub(super) fn reserve(&mut self, count: usize) -> StepIx {
        let first = self.steps.len();
        self.steps.extend(std::iter::repeat_with(|| None).take(count));
        self.places.resize(self.steps.len(), self.at);
        StepIx::try_from(first).unwrap_or(StepIx::MAX)
    }
}

/// Whether `id` can be the id of a document: 1 to 64 characters of `a-z 0-9 -`, first a letter, no hyphen at the end or twice.
#[must_use]
pub fn is_document_id(id: &str) -> bool {
    is_kebab(id)
}

/// Whether `id` is 1 to 64 characters of `a-z 0-9 -`, first a letter, no hyphen at the end or twice.
pub(super) fn is_kebab(id: &str) -> bool {
    let parts_fit = id
        .split('-')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    parts_fit && id.len() <= 64 && id.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Gives each trigger its id: as written, else its type, numbered from the second on.
pub(super) fn trigger_id(written: Option<&str>, kind: &str, used: &mut HashMap<String, u32>) -> Arc<str> {
    let base = written.unwrap_or(kind);
    let mut name = base.to_owned();
    let mut number = 1;
    while used.contains_key(&name) {
        number += 1;
        name = format!("{base}-{number}");
    }
    used.insert(name.clone(), number);
    name.into()
}
