//! Where everything in a document stands: from a problem to the exact range and the place in the tree, and what the text says of
//! itself at first sight. For editors, which show problems at what they are about, also in a text that is half written.
//!
//! A *path* is the place of something in the text: keys and indexes from 0 joined by `/`, as in a JSON pointer without its first
//! slash: `steps/2/with/subject`. In a key, `~` is written `~0` and `/` is written `~1`.

mod place;
mod read;

use schemars::JsonSchema;
use serde::Serialize;

use super::kinds::Kind;
use super::problem::{Problem, Severity};
use super::yaml::Place;
use crate::sentence;
use crate::sentence::Sentence;

pub(super) use place::unplaced;

/// The places of everything in one text.
#[derive(Debug)]
pub struct Outline {
    kind: Kind,
    id: Option<String>,
    name: Option<String>,
    triggers: Vec<String>,
    steps: Vec<StepPlace>,
    entries: Vec<Entry>,
}

/// A step, or a rule of tag rules, in the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepPlace {
    /// Its place in the text: `steps/2/then/0`.
    pub path: String,
    /// The same place as runs and journals name it: its id, else its position below its parent's (`2.then.0`).
    pub step: String,
    /// Its id.
    pub id: Option<String>,
    /// Its name for people.
    pub name: Option<String>,
    /// The key that makes it what it is: `do`, `if`, `rule` …; empty when it has none.
    pub verb: String,
    /// What stands behind that key when it is one plain value: the action of a `do`, the event of a `wait_for`.
    pub what: Option<String>,
    /// Its line, from 1.
    pub line: u32,
}

impl StepPlace {
    /// What people call it: its name, else what it does.
    #[must_use]
    pub fn label(&self) -> String {
        let does = match &self.what {
            // The action says more than the word before it.
            Some(what) if matches!(self.verb.as_str(), "do" | "rule") => what.clone(),
            Some(what) => format!("{} {what}", self.verb),
            None => self.verb.clone(),
        };
        self.name.clone().unwrap_or(does)
    }
}

/// What a text says of itself at first sight, also when it has problems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// What the document is.
    pub kind: Kind,
    /// Its id; empty when it names none.
    pub id: String,
    /// Its name for people; its id when it has none.
    pub name: String,
    /// Types of the events that start it, in the order written, each once.
    pub triggers: Vec<String>,
    /// How many steps, or rules, it has, nested ones included.
    pub steps: usize,
}

/// A problem with its whole range and its place in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlacedProblem {
    /// The problem, with the line and column at which its range begins.
    #[serde(flatten)]
    pub problem: Problem,
    /// The line in which its range ends, from 1.
    pub end_line: u32,
    /// The column in characters behind its last one, from 1.
    pub end_column: u32,
    /// What it is about, as a path; `None` for the whole document and for text that is no YAML.
    pub path: Option<String>,
}

/// One key or value, in the order of the document.
#[derive(Debug)]
struct Entry {
    place: Place,
    span: std::ops::Range<usize>,
    what: What,
    /// The entry that holds it; itself for the root.
    parent: usize,
    /// The key or index below that; empty for the root.
    part: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Key,
    Leaf,
    Block,
}

impl Outline {
    /// What the text says of itself.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let id = self.id.clone().unwrap_or_default();
        Summary {
            kind: self.kind,
            name: self.name.clone().unwrap_or_else(|| id.clone()),
            id,
            triggers: self.triggers.clone(),
            steps: self.steps.len(),
        }
    }

    /// Every step, or rule, in the order of the document.
    #[must_use]
    pub fn steps(&self) -> &[StepPlace] {
        &self.steps
    }

    /// The innermost step, or rule, in which `path` lies.
    #[must_use]
    pub fn around(&self, path: &str) -> Option<&StepPlace> {
        let holds = |step: &&StepPlace| {
            path.strip_prefix(step.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.steps.iter().filter(holds).max_by_key(|step| step.path.len())
    }

    /// The bytes of the plain value at `path`, with its quotes; `None` when there is none.
    #[must_use]
    pub fn span(&self, path: &str) -> Option<std::ops::Range<usize>> {
        let leaf = |(index, entry): &(usize, &Entry)| entry.what == What::Leaf && self.path(*index) == path;
        self.entries.iter().enumerate().find(leaf).map(|(_, entry)| entry.span.clone())
    }

    /// The problem of a text that is edited as the document `id` and names another id, or none.
    #[must_use]
    pub fn other_id(&self, id: &str) -> Option<Problem> {
        if self.id.as_deref() == Some(id) {
            return None;
        }
        let key = self.kind.key();
        let entry = self.entries.iter().enumerate().find(|(index, _)| self.path(*index) == key).map(|(_, entry)| entry);
        let Place { line, column } = entry.map_or(Place { line: 1, column: 1 }, |entry| entry.place);
        let said =
            self.id.as_ref().map_or(Sentence::from("names no id"), |other| sentence!("names the id `{other}`", other));
        let message = sentence!("this is the draft of `{id}`, and its text {said}", id, said);
        let hint = sentence!("write `{key}: {id}`; for another id, duplicate it", key, id);
        Some(Problem::new(Place { line, column }, Severity::Error, "other_id", message, hint))
    }

    /// The step that runs and journals name `step`; of a part of another one that its author did not write (`2.answer`), that one.
    #[must_use]
    pub fn step(&self, step: &str) -> Option<&StepPlace> {
        let exact = self.steps.iter().find(|place| place.step == step);
        exact.or_else(|| step.rsplit_once('.').and_then(|(whole, _)| self.step(whole)))
    }

    fn path(&self, mut index: usize) -> String {
        let mut parts = Vec::new();
        while self.entries[index].parent != index {
            parts.push(self.entries[index].part.as_str());
            index = self.entries[index].parent;
        }
        parts.reverse();
        parts.join("/")
    }
}

/// A key as a part of a path.
pub(super) fn escape(key: &str) -> String {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1") } else { key.to_owned() }
}
