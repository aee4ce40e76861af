//! YAML text into a tree in which every value knows its place: the first step of reading a flow.
//!
//! text -> **tree** -> flow. The tree keeps what typed reading would lose: line and column of every key and value, the
//! spelling of scalars (`+8613800138000`, `007`), keys given twice. What YAML allows and flows do not (tags, anchors, aliases,
//! several documents) is found in [`super::gaps`], between the scalars.

use std::fmt;
use std::ops::Range;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

use super::problem::Problems;
use crate::sentence;

/// Largest document that is read, in bytes.
pub const MAX_BYTES: usize = 1_000_000;
/// Most values and keys in a document.
const MAX_NODES: usize = 100_000;
/// Deepest nesting of lists and maps: 16 levels of steps in `cases`, and some for values. A reader's stack must hold it, also in a
/// build for tests.
const MAX_DEPTH: usize = 56;

/// A line and column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// One value of the document.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it begins.
    pub(crate) place: Place,
    /// Its bytes; empty for lists and maps, whose extent is that of their children.
    pub(crate) span: Range<usize>,
    /// What it is.
    pub(crate) value: Val,
    /// The comment right behind it on its line, if there is one.
    pub(crate) comment: Option<Comment>,
}

/// A comment behind a value.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    /// Where its `#` stands.
    pub(crate) place: Place,
    /// Whether its `#` touches what follows, as in `#{` or `#5`: then it may have been meant as part of the value.
    pub(crate) tight: bool,
}

/// Kinds of values.
#[derive(Clone, Debug)]
pub(crate) enum Val {
    /// Nothing, `~` or `null`.
    Null,
    /// Text, a number, a boolean.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map, keys in the order written, each key once.
    Map(Vec<(Key, Node)>),
    /// Something a problem was already reported for; nothing more is said about it.
    Broken,
}

/// A scalar.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// As spelled when plain; the text meant when quoted or a block.
    pub(crate) text: String,
    /// What YAML takes it for.
    pub(crate) kind: Kind,
    /// How it is written.
    pub(crate) style: Style,
}

/// What YAML takes a scalar for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Text,
    Bool(bool),
    Int(i64),
    Float(f64),
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    Block,
}

/// A key of a map.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) span: Range<usize>,
    pub(crate) text: String,
}

impl Node {
    /// A word for what it is, with its article.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Val::Null => "nothing",
            Val::Scalar(scalar) => match scalar.kind {
                Kind::Text => "text",
                Kind::Bool(_) => "a boolean",
                Kind::Int(_) | Kind::Float(_) => "a number",
            },
            Val::List(_) => "a list",
            Val::Map(_) => "a map",
            Val::Broken => "a broken value",
        }
    }

    /// The value of a key, if it is a map that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Val::Map(entries) => entries.iter().find(|(key, _)| key.text == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The scalar, if it is one.
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Val::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}

/// Reads a document. `None` when it is not YAML we take; the problems then say why.
pub(crate) fn read(text: &str, problems: &mut Problems) -> Option<Node> {
    if text.len() > MAX_BYTES {
        let message = sentence!("the file has {n} bytes; at most {most} are read", n = text.len(), most = MAX_BYTES);
        problems.error(Place { line: 1, column: 1 }, "yaml_too_large", message, "split it into several flows");
        return None;
    }
    let raw = match serde_yaml::from_str_with_options::<Raw>(text, options()) {
        Ok(raw) => raw,
        Err(error) => {
            problems.push(super::yaml_error::explain(&error, text));
            return None;
        }
    };
    let mut node = tree(raw, text, problems);
    super::gaps::scan(text, &mut node, problems);
    Some(node)
}

/// Strict reading: see `crates.md`, "YAML". Duplicate keys are let through because [`tree`] reports every one of them.
fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        strict_booleans: true,
        with_snippet: false,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        duplicate_keys: serde_yaml::DuplicateKeyPolicy::PassThrough,
        merge_keys: serde_yaml::MergeKeyPolicy::AsOrdinary,
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_aliases: 0,
            max_anchors: 100,
            max_documents: 1,
            max_total_scalar_bytes: 4 * MAX_BYTES,
        },
    }
}

/// A value as the parser gives it.
struct Raw {
    place: Place,
    span: Range<usize>,
    value: RawVal,
}

enum RawVal {
    Null,
    Scalar(Kind, Option<String>),
    List(Vec<Raw>),
    Map(Vec<(Raw, Raw)>),
}

struct Bare(RawVal);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Bare>::deserialize(from)?;
        let location = spanned.referenced;
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let bytes = |number: Option<u64>| number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
        let span = location.span();
        let start = bytes(span.byte_offset());
        Ok(Self {
            place: Place { line: small(location.line()), column: small(location.column()) },
            span: start..start + bytes(span.byte_len()),
            value: spanned.value.0,
        })
    }
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Bare;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }
    fn visit_unit<E>(self) -> Result<Bare, E> {
        Ok(Bare(RawVal::Null))
    }
    fn visit_none<E>(self) -> Result<Bare, E> {
        Ok(Bare(RawVal::Null))
    }
    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Bare, D::Error> {
        from.deserialize_any(AnyValue)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Bare, E> {
        Ok(Bare(RawVal::Scalar(Kind::Bool(value), None)))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Bare, E> {
        Ok(Bare(RawVal::Scalar(Kind::Int(value), None)))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Bare, E> {
        let kind = i64::try_from(value).map_or(Kind::Text, Kind::Int);
        Ok(Bare(RawVal::Scalar(kind, Some(value.to_string()))))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Bare, E> {
        Ok(Bare(RawVal::Scalar(Kind::Text, Some(value.to_string()))))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Bare, E> {
        Ok(Bare(RawVal::Scalar(Kind::Text, Some(value.to_string()))))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Bare, E> {
        Ok(Bare(RawVal::Scalar(Kind::Float(value), None)))
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Bare, E> {
        self.visit_string(value.to_owned())
    }
    fn visit_string<E>(self, value: String) -> Result<Bare, E> {
        Ok(Bare(RawVal::Scalar(Kind::Text, Some(value))))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Bare, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Bare(RawVal::List(items)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Bare, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = from.next_entry()? {
            entries.push(entry);
        }
        Ok(Bare(RawVal::Map(entries)))
    }
}

/// Gives scalars their spelling and checks keys.
fn tree(raw: Raw, text: &str, problems: &mut Problems) -> Node {
    let value = match raw.value {
        RawVal::Null => Val::Null,
        RawVal::Scalar(kind, parsed) => Val::Scalar(scalar(kind, parsed, text.get(raw.span.clone()).unwrap_or(""))),
        RawVal::List(items) => Val::List(items.into_iter().map(|item| tree(item, text, problems)).collect()),
        RawVal::Map(entries) => map(entries, text, problems).map_or(Val::Broken, Val::Map),
    };
    Node { place: raw.place, span: raw.span, value, comment: None }
}

fn scalar(kind: Kind, parsed: Option<String>, source: &str) -> Scalar {
    let quoted = source.starts_with(['"', '\'']);
    let style = if quoted { Style::Quoted } else { Style::Plain };
    // Numbers and booleans keep their spelling; text may be folded or escaped, so it is as parsed.
    let text = match (kind, parsed) {
        (Kind::Text, Some(parsed)) => parsed,
        _ => source.trim().to_owned(),
    };
    Scalar { text, kind, style }
}

/// The entries, each key once; `None` when a key is none, so that the map is not what its author means.
fn map(entries: Vec<(Raw, Raw)>, text: &str, problems: &mut Problems) -> Option<Vec<(Key, Node)>> {
    let mut whole = true;
    let mut out: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
    let mut seen = std::collections::HashMap::with_capacity(entries.len());
    for (raw, value) in entries {
        let value = tree(value, text, problems);
        let Some(key) = key(raw, text, problems) else {
            whole = false;
            continue;
        };
        if let Some(first) = seen.insert(key.text.clone(), key.place.line) {
            let message =
                sentence!("`{name}` is given twice; the first one is on line {first}", name = key.text, first);
            problems.error(key.place, "yaml_duplicate_key", message, "keep one of them");
        } else {
            out.push((key, value));
        }
    }
    whole.then_some(out)
}

fn key(raw: Raw, text: &str, problems: &mut Problems) -> Option<Key> {
    let spelled = text.get(raw.span.clone()).unwrap_or("");
    let name = match raw.value {
        RawVal::Scalar(Kind::Text, Some(parsed)) => parsed,
        RawVal::Scalar(..) => spelled.to_owned(),
        RawVal::Null => {
            problems.error(raw.place, "yaml_key", "a key is empty", "write a name before the `:`");
            return None;
        }
        RawVal::List(_) | RawVal::Map(_) => {
            let hint = "a value with `{{…}}` needs quotes: \"{{event.text}}\"";
            problems.error(raw.place, "yaml_key", "a list or map cannot be a key", hint);
            return None;
        }
    };
    if name == "<<" {
        problems.error(raw.place, "yaml_alias", "merge keys (`<<`) are not part of flows", "write the fields out");
        return None;
    }
    Some(Key { place: raw.place, span: raw.span, text: name })
}
