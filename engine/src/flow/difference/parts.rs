//! A document as parts that are compared one by one: steps, triggers, rules, tests, each with its own fields.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::super::literals::untyped;
use super::super::outline::{Outline, StepPlace};
use super::super::scope::node_at;
use super::super::yaml::{Node, Val};

/// Keys of a document that hold parts with a life of their own.
const PARTS: [&str; 5] = ["on", "steps", "on_error", "finally", "list"];
/// Keys of a step that hold further steps.
const BLOCKS: [&str; 6] = ["then", "else", "default", "steps", "on_error", "on_timeout"];

/// A part of a document: a step, a trigger, a rule, a test.
pub(super) struct Part {
    pub(super) about: &'static str,
    pub(super) path: String,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) verb: String,
    pub(super) what: Option<String>,
    /// Its own fields, without those of parts within it.
    pub(super) fields: BTreeMap<String, Value>,
    /// The part that holds it, and in which list.
    pub(super) parent: Option<usize>,
    pub(super) list: String,
    pub(super) place: usize,
}

/// All parts of a document, those within others behind them.
pub(super) fn parts(root: &Node) -> Vec<Part> {
    let outline = Outline::of(root);
    let mut out: Vec<Part> = Vec::new();
    for (about, key) in [("trigger", "on"), ("test", "tests")] {
        let items = match root.get(key).map(|node| (&node.value, node)) {
            Some((Val::List(items), _)) => items.as_slice(),
            Some((_, one)) => std::slice::from_ref(one),
            None => &[],
        };
        for (place, item) in items.iter().enumerate() {
            out.push(simple(about, key, place, item));
        }
    }
    let mut known: HashMap<&str, usize> = HashMap::new();
    for step in outline.steps() {
        let Some(node) = node_at(root, &step.path) else { continue };
        let (list, place) = step.path.rsplit_once('/').unwrap_or_default();
        let parent = above(list).find_map(|path| Some((path.len() + 1, *known.get(path)?)));
        known.insert(&step.path, out.len());
        out.push(Part {
            about: if step.verb == "rule" { "rule" } else { "step" },
            list: parent.map_or(list, |(cut, _)| &list[cut..]).to_owned(),
            parent: parent.map(|(_, index)| index),
            place: place.parse().unwrap_or(0),
            fields: own(node, false),
            ..of_step(step)
        });
    }
    out
}

/// A path and those above it, the nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(above, _)| above))
}

fn of_step(step: &StepPlace) -> Part {
    Part {
        about: "step",
        path: step.path.clone(),
        id: step.id.clone(),
        name: step.name.clone(),
        verb: step.verb.clone(),
        what: step.what.clone(),
        fields: BTreeMap::new(),
        parent: None,
        list: String::new(),
        place: 0,
    }
}

/// A trigger or a test.
fn simple(about: &'static str, key: &str, place: usize, item: &Node) -> Part {
    let text = |name: &str| item.get(name).and_then(Node::scalar).map(|scalar| scalar.text.clone());
    let kind = match &item.value {
        Val::Scalar(scalar) => Some(scalar.text.clone()),
        Val::Map(entries) => {
            entries.iter().map(|(key, _)| key.text.clone()).find(|key| !matches!(key.as_str(), "id" | "when"))
        }
        _ => None,
    };
    let mut fields = BTreeMap::new();
    if matches!(item.value, Val::Map(_)) {
        flatten(item, "", &mut fields);
    }
    let (id, what) = if about == "test" { (text("name"), text("name")) } else { (text("id"), kind.clone()) };
    let verb = if about == "trigger" { kind.unwrap_or_default() } else { String::new() };
    let path = format!("{key}/{place}");
    Part { about, path, id, name: None, verb, what, fields, parent: None, list: key.to_owned(), place }
}

/// A node's own fields by their place below it; of a whole document (`top`), those that are no parts.
pub(super) fn own(node: &Node, top: bool) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    let Val::Map(entries) = &node.value else { return out };
    for (key, value) in entries {
        let name = key.text.as_str();
        match name {
            _ if top && (PARTS.contains(&name) || name == "tests") => {}
            _ if top => flatten(value, name, &mut out),
            _ if BLOCKS.contains(&name) => {}
            // The names of cases and branches are the step's own; their steps are not.
            "cases" | "parallel" => {
                let names = match &value.value {
                    Val::Map(entries) => entries.iter().map(|(key, _)| Value::from(key.text.as_str())).collect(),
                    _ => Vec::new(),
                };
                out.insert(name.to_owned(), names.into());
            }
            "repeat" => {
                if let Val::Map(inner) = &value.value {
                    let own = inner.iter().filter(|(key, _)| key.text != "steps");
                    own.for_each(|(key, value)| flatten(value, &format!("repeat/{}", key.text), &mut out));
                }
            }
            _ => flatten(value, name, &mut out),
        }
    }
    out
}

fn flatten(node: &Node, path: &str, out: &mut BTreeMap<String, Value>) {
    match &node.value {
        Val::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let below = if path.is_empty() { key.text.clone() } else { format!("{path}/{}", key.text) };
                flatten(value, &below, out);
            }
        }
        _ => drop(out.insert(path.to_owned(), plain(node))),
    }
}

fn plain(node: &Node) -> Value {
    match &node.value {
        Val::Null | Val::Broken => Value::Null,
        Val::Scalar(scalar) => untyped(scalar),
        Val::List(items) => items.iter().map(plain).collect(),
        Val::Map(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.text.clone(), plain(value))).collect::<Map<_, _>>())
        }
    }
}
