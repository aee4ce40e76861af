//! Where everything in a document stands: from a problem to the exact range and the place in the tree, and what the text says of
//! itself at first sight. For editors, which show problems at what they are about, also in a text that is half written.
//!
//! A *path* is the place of something in the text: keys and indexes from 0 joined by `/`, as in a JSON pointer without its first
//! slash: `steps/2/with/subject`. In a key, `~` is written `~0` and `/` is written `~1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::blocks::{VERBS, is_id};
use super::gaps::Lines;
use super::kinds::Kind;
use super::problem::{Problem, Severity};
use super::yaml::{Node, Place, Val};
use crate::sentence;
use crate::sentence::Sentence;

/// Problems about a key. All others that stand where a map begins are about the map, not about its first key.
const ABOUT_KEYS: [&str; 11] = [
    "unknown_key",
    "unknown_field",
    "unknown_trigger",
    "unknown_action",
    "yaml_duplicate_key",
    "yaml_key",
    "two_verbs",
    "two_kinds",
    "bad_id",
    "cannot_await",
    "not_yet",
];
/// Problems about one name in an expression: the range is that name.
const ABOUT_NAMES: [&str; 6] =
    ["unknown_name", "unknown_step", "step_not_run", "var_not_set", "not_in_every_trigger", "not_a_condition"];

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
    /// The outline of a tree.
    pub(super) fn of(root: &Node) -> Self {
        let mut out = Self {
            kind: Kind::of(root),
            id: None,
            name: plain(root, "name"),
            triggers: Vec::new(),
            steps: Vec::new(),
            entries: Vec::new(),
        };
        out.id = plain(root, out.kind.key());
        out.enter(root, 0, String::new());
        for (key, prefix) in [("steps", ""), ("on_error", "on_error."), ("finally", "finally.")] {
            if let Some(block) = root.get(key) {
                out.block(block, key, prefix);
            }
        }
        out.events(root);
        if let (Kind::Rules, Some(Val::List(rules))) = (out.kind, root.get("list").map(|list| &list.value)) {
            for (index, rule) in rules.iter().enumerate() {
                out.rule(rule, format!("list/{index}"));
            }
        }
        out
    }

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

    /// The range of `problem` in `text`, from which this outline was made, and what the problem is about.
    pub(super) fn place(&self, problem: Problem, text: &str, lines: &Lines) -> PlacedProblem {
        let at = Place { line: problem.line, column: problem.column };
        let Some(index) = self.find(at, problem.code) else {
            return PlacedProblem { path: None, ..unplaced(problem, text, lines) };
        };
        let entry = &self.entries[index];
        let named = ABOUT_NAMES.contains(&problem.code) || problem.code.starts_with("script_");
        let (line, column) = match entry.what {
            What::Leaf if entry.place != at || named => {
                return PlacedProblem {
                    path: Some(self.path(index)).filter(|path| !path.is_empty()),
                    ..unplaced(problem, text, lines)
                };
            }
            What::Key | What::Leaf => {
                let source = text.get(entry.span.clone()).unwrap_or("").trim_end();
                let end = lines.place(text, entry.span.start + source.len());
                (end.line, end.column)
            }
            What::Block => {
                let whole = unplaced(problem.clone(), text, lines);
                (whole.end_line, lines.end_of_line(text, at.line).max(whole.end_column))
            }
        };
        let path = Some(self.path(index)).filter(|path| !path.is_empty());
        let (end_line, end_column) = (line, if line == at.line { column.max(at.column) } else { column });
        PlacedProblem { problem, end_line, end_column, path }
    }

    /// The entry that a problem at `at` is about: what begins there, else the value around it.
    fn find(&self, at: Place, code: &str) -> Option<usize> {
        let here = |entry: &Entry| entry.place == at;
        let key = |entry: &Entry| entry.what == What::Key;
        let positions = || self.entries.iter().enumerate().filter(|(_, entry)| here(entry));
        let exact = match ABOUT_KEYS.contains(&code) {
            true => positions().find(|(_, entry)| key(entry)).or_else(|| positions().next_back()),
            false => positions().next(),
        };
        let exact = exact.map(|(index, _)| index);
        exact.or_else(|| {
            let before = self.entries.iter().enumerate().filter(|(_, entry)| entry.place <= at);
            before.max_by_key(|(index, entry)| (entry.place, *index)).map(|(index, _)| index)
        })
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

    fn enter(&mut self, node: &Node, parent: usize, part: String) {
        let index = self.entries.len();
        let parent = if index == 0 { 0 } else { parent };
        let what = if matches!(node.value, Val::List(_) | Val::Map(_)) { What::Block } else { What::Leaf };
        self.entries.push(Entry { place: node.place, span: node.span.clone(), what, parent, part });
        match &node.value {
            Val::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.enter(item, index, place.to_string());
                }
            }
            Val::Map(entries) => {
                for (key, value) in entries {
                    let part = escape(&key.text);
                    let (place, span) = (key.place, key.span.clone());
                    self.entries.push(Entry { place, span, what: What::Key, parent: index, part: part.clone() });
                    self.enter(value, index, part);
                }
            }
            Val::Null | Val::Scalar(_) | Val::Broken => {}
        }
    }

    /// The steps of a list. They are named as [`super::lower`] names them.
    fn block(&mut self, node: &Node, path: &str, prefix: &str) {
        let Val::List(items) = &node.value else { return };
        for (index, item) in items.iter().enumerate() {
            self.one(item, &format!("{path}/{index}"), format!("{prefix}{index}"));
        }
    }

    fn one(&mut self, item: &Node, path: &str, position: String) {
        let Val::Map(entries) = &item.value else { return };
        let repeat = item.get("repeat");
        let id = repeat.and_then(|repeat| plain(repeat, "id")).or_else(|| plain(item, "id"));
        // Beside `run_flow`, `wait` says whether its end is waited for.
        let calls = item.get("run_flow").is_some();
        let is_verb = |key: &str| VERBS.contains(&key) && !(calls && key == "wait");
        let verb = entries.iter().find(|(key, _)| is_verb(&key.text));
        let what = verb.and_then(|(_, node)| match &node.value {
            Val::Scalar(scalar) => Some(scalar.text.clone()),
            Val::Map(inner) => {
                inner.first().filter(|_| item.get("wait_for").is_some()).map(|(key, _)| key.text.clone())
            }
            _ => None,
        });
        let step = id.clone().unwrap_or(position);
        self.steps.push(StepPlace {
            path: path.to_owned(),
            step: step.clone(),
            id,
            name: plain(item, "name"),
            verb: verb.map(|(key, _)| key.text.clone()).unwrap_or_default(),
            what,
            line: item.place.line,
        });
        for (key, node) in entries {
            let (key, path) = (key.text.as_str(), format!("{path}/{}", escape(&key.text)));
            match key {
                "then" | "else" | "default" | "steps" | "on_timeout" | "on_error" => {
                    self.block(node, &path, &format!("{step}.{key}."));
                }
                "cases" | "parallel" => self.named_blocks(node, &path, &step, key == "cases"),
                "repeat" => {
                    if let Some(inner) = node.get("steps") {
                        self.block(inner, &format!("{path}/steps"), &format!("{step}.steps."));
                    }
                }
                _ => {}
            }
        }
    }

    fn named_blocks(&mut self, node: &Node, path: &str, step: &str, cases: bool) {
        let Val::Map(blocks) = &node.value else { return };
        for (place, (key, inner)) in blocks.iter().enumerate() {
            let name =
                if cases && !is_id(&key.text.to_lowercase()) { format!("case{place}") } else { key.text.clone() };
            self.block(inner, &format!("{path}/{}", escape(&key.text)), &format!("{step}.{name}."));
        }
    }

    fn rule(&mut self, rule: &Node, path: String) {
        self.events(rule);
        let id = plain(rule, "rule");
        let (step, line) = (id.clone().unwrap_or_else(|| path.clone()), rule.place.line);
        self.steps.push(StepPlace {
            path,
            step,
            what: id.clone(),
            id,
            name: plain(rule, "name"),
            verb: "rule".into(),
            line,
        });
    }

    /// Notes the types of events that `on` names.
    fn events(&mut self, node: &Node) {
        let Some(on) = node.get("on") else { return };
        let items = if let Val::List(items) = &on.value { items.as_slice() } else { std::slice::from_ref(on) };
        for item in items {
            let kind = match &item.value {
                Val::Scalar(scalar) => Some(&scalar.text),
                Val::Map(entries) => {
                    entries.iter().map(|(key, _)| &key.text).find(|key| !matches!(key.as_str(), "id" | "when"))
                }
                _ => None,
            };
            if let Some(kind) = kind.filter(|kind| !self.triggers.contains(kind)) {
                self.triggers.push(kind.clone());
            }
        }
    }
}

/// The range of a problem whose place in the tree is not known: the name, the inserted value or the mark at its beginning.
pub(super) fn unplaced(problem: Problem, text: &str, lines: &Lines) -> PlacedProblem {
    let rest = lines.rest_of_line(text, problem.line, problem.column);
    let name = rest.chars().take_while(|char| char.is_alphanumeric() || matches!(char, '_' | '.' | '?')).count();
    let inserted = rest.starts_with("{{").then(|| rest.find("}}")).flatten();
    let length = match inserted {
        Some(end) => rest[..end].chars().count() + 2,
        None if name == 0 => rest.chars().next().map_or(0, |_| 1),
        None => name,
    };
    let end_column = problem.column + u32::try_from(length).unwrap_or(0);
    PlacedProblem { end_line: problem.line, end_column, path: None, problem }
}

/// The text of a plain value of a map.
fn plain(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(Node::scalar).map(|scalar| scalar.text.clone())
}

/// A key as a part of a path.
pub(super) fn escape(key: &str) -> String {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1") } else { key.to_owned() }
}
