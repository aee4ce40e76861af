//! The identity of a version: SHA-256 of what the document means.
//!
//! Without tests, names, notes, comments, the order of keys and the way scalars are quoted: a text that differs only in these
//! is the same version, and moves nobody.

use sha2::{Digest, Sha256};

use super::yaml::{Kind, Node, Val};

/// The hash of a whole flow.
pub(super) fn of(root: &Node) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"switchboard flow 1\0");
    feed(root, Part::Flow, &mut hash);
    hash.finalize().into()
}

/// The hash of a whole file of tag rules.
pub(super) fn of_rules(root: &Node) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"switchboard rules 1\0");
    feed(root, Part::Rules, &mut hash);
    hash.finalize().into()
}

/// The hash of a whole calendar.
pub(super) fn of_calendar(root: &Node) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"switchboard calendar 1\0");
    feed(root, Part::Calendar, &mut hash);
    hash.finalize().into()
}

/// The hash of a whole segment.
pub(super) fn of_segment(root: &Node) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"switchboard segment 1\0");
    feed(root, Part::Segment, &mut hash);
    hash.finalize().into()
}

/// Which part of the document a node is: it decides which keys are only for people.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Flow,
    Steps,
    /// Lists of steps by name: cases, branches.
    Blocks,
    /// A `repeat`.
    Repeat,
    Calendar,
    Rules,
    Segment,
    /// The rules of a file, in their order.
    RuleList,
    /// Variables of a `set`: their order counts, later ones see earlier ones.
    Vars,
    Other,
}

impl Part {
    /// Whether `key` has no meaning for a run.
    fn ignores(self, key: &str) -> bool {
        match self {
            Self::Flow | Self::Rules | Self::Calendar | Self::Segment => matches!(key, "name" | "note" | "tests"),
            Self::Steps | Self::RuleList => matches!(key, "name" | "note"),
            Self::Blocks | Self::Repeat | Self::Vars | Self::Other => false,
        }
    }

    /// What the value of `key` is.
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Flow, "steps" | "on_error" | "finally")
            | (Self::Steps, "then" | "else" | "default" | "steps" | "on_error" | "on_timeout")
            | (Self::Repeat, "steps")
            | (Self::Blocks, _) => Self::Steps,
            (Self::Steps, "cases" | "parallel") => Self::Blocks,
            (Self::Steps, "repeat") => Self::Repeat,
            (Self::Steps, "set") => Self::Vars,
            (Self::Rules, "list") => Self::RuleList,
            _ => Self::Other,
        }
    }
}

/// Every value begins with its kind and its length, so that no two documents give the same bytes.
fn feed(node: &Node, part: Part, hash: &mut Sha256) {
    match &node.value {
        Val::Null | Val::Broken => hash.update(b"n"),
        Val::Scalar(scalar) => {
            hash.update(if scalar.kind == Kind::Text { b"t" } else { b"v" });
            feed_text(&scalar.text, hash);
        }
        Val::List(items) => {
            hash.update(b"l");
            hash.update((items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| feed(item, part, hash));
        }
        Val::Map(entries) => {
            let mut kept: Vec<_> = entries.iter().filter(|(key, _)| !part.ignores(&key.text)).collect();
            if part != Part::Vars {
                kept.sort_by(|a, b| a.0.text.cmp(&b.0.text));
            }
            hash.update(b"m");
            hash.update((kept.len() as u64).to_be_bytes());
            for (key, value) in kept {
                feed_text(&key.text, hash);
                feed(value, part.below(&key.text), hash);
            }
        }
    }
}

fn feed_text(text: &str, hash: &mut Sha256) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text.as_bytes());
}
