//! Reading the keys of a map: each is taken once, and whatever is left over is unknown.

use super::problem::Problems;
use super::suggest;
use super::yaml::{Key, Node, Place, Val};
use crate::sentence;
use crate::sentence::Sentence;

/// The keys of one map while it is read.
pub(crate) struct Fields<'a> {
    /// Where the map begins.
    pub(crate) place: Place,
    /// What it is, for messages: `a step`.
    what: &'static str,
    entries: &'a [(Key, Node)],
    taken: Vec<bool>,
}

impl<'a> Fields<'a> {
    /// The keys of `node`, which is `what`. `None`, with a problem, when it is no map.
    pub(crate) fn of(node: &'a Node, what: &'static str, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Val::Map(entries) => Some(Self { place: node.place, what, entries, taken: vec![false; entries.len()] }),
            _ => {
                wrong(node, sentence!("{what} is a map of keys and values", what), problems);
                None
            }
        }
    }

    /// The value of `name`, now taken.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a Node> {
        let at = self.entries.iter().position(|(key, _)| key.text == name)?;
        self.taken[at] = true;
        Some(&self.entries[at].1)
    }

    /// The value of `name` without taking it.
    pub(crate) fn peek(&self, name: &str) -> Option<&'a (Key, Node)> {
        self.entries.iter().find(|(key, _)| key.text == name)
    }

    /// What was not taken.
    pub(crate) fn rest(&self) -> impl Iterator<Item = &'a (Key, Node)> {
        self.entries.iter().zip(&self.taken).filter(|(_, taken)| !**taken).map(|(entry, _)| entry)
    }

    /// The value of `name`, or a problem with `hint`.
    pub(crate) fn need(&mut self, name: &str, hint: impl Into<Sentence>, problems: &mut Problems) -> Option<&'a Node> {
        let found = self.take(name);
        if found.is_none() {
            problems.error(
                self.place,
                "missing_key",
                sentence!("{what} has no `{name}`", what = self.what, name),
                hint,
            );
        }
        found
    }

    /// Reports what was not taken; `known` are the names that exist here.
    pub(crate) fn finish(self, known: &[&str], problems: &mut Problems) {
        for (key, _) in self.rest() {
            let message = sentence!("{what} has no key `{name}`", what = self.what, name = key.text);
            problems.error(key.place, "unknown_key", message, suggest::hint(&key.text, known.iter().copied()));
        }
    }
}

/// Reports that something else stands where `expected` belongs.
pub(crate) fn wrong(node: &Node, expected: impl Into<Sentence>, problems: &mut Problems) {
    if !matches!(node.value, Val::Broken) {
        let expected = expected.into();
        let hint = match expected.to_string() {
            said if said.contains("list") => "write each item on a line of its own with `- `, or [a, b]",
            said if said.contains("map") => "write `key: value` on lines of their own, or { key: value }",
            _ => "write one plain value; quotes make anything text",
        };
        problems.error(
            node.place,
            "wrong_type",
            sentence!("{expected}; this is {kind}", expected, kind = node.kind()),
            hint,
        );
    }
}

/// The text of a scalar. `None`, with a problem, when `node` is none.
pub(crate) fn text<'a>(node: &'a Node, what: &str, problems: &mut Problems) -> Option<&'a str> {
    match &node.value {
        Val::Scalar(scalar) => Some(&scalar.text),
        _ => {
            wrong(node, sentence!("{what} is text", what), problems);
            None
        }
    }
}

/// The items of a list. None of them, with a problem, when `node` is no list.
pub(crate) fn list<'a>(node: &'a Node, what: &str, problems: &mut Problems) -> &'a [Node] {
    match &node.value {
        Val::List(items) => items,
        _ => {
            wrong(node, sentence!("{what} is a list, each item on a line that begins with `- `", what), problems);
            &[]
        }
    }
}
