//! What differs between two texts of a document, in steps and fields and not in lines.
//!
//! Steps are matched by their id, else by their content: first those that say the same, then those of the same kind that are alike.
//! What stands where nothing matches was added or removed; what stands elsewhere than its fellows was moved.

mod pairs;
mod parts;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use self::pairs::{matched, moved};
use self::parts::{Part, own, parts};
use super::kinds::Kind;
use super::meaning;
use super::problem::{Problem, Problems};
use super::yaml::{self, Node};

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// A field has another value.
    Changed,
    /// It stands elsewhere.
    Moved,
    /// It has another name or id.
    Renamed,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// What kind.
    pub kind: ChangeKind,
    /// What it is about: `step`, `trigger`, `rule`, `test` or `document`.
    pub about: &'static str,
    /// Its place in the old text; `None` when it was not there.
    pub path_old: Option<String>,
    /// Its place in the new text; `None` when it is not there any more.
    pub path_new: Option<String>,
    /// What it does: `do`, `if` …; empty for what is no step.
    pub verb: String,
    /// What it is called, for people: its name, else its id, else what it does.
    pub label: String,
    /// The field that changed, with `/` between keys: `with/subject`.
    pub field: Option<String>,
    /// Its old value; `None` when it had none.
    pub old: Option<Value>,
    /// Its new value; `None` when it has none.
    pub new: Option<Value>,
    /// How many steps within it came or went with it.
    pub within: usize,
    /// All of it in words.
    pub words: String,
}

/// All differences of two texts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Differences {
    /// In the order of the new text; what was removed comes first.
    pub changes: Vec<Difference>,
    /// Whether it does anything else than before: names, notes, comments and tests mean nothing to a run.
    pub meaning_changed: bool,
}

/// Compares two texts.
///
/// # Errors
/// The problems of the first text that is no YAML.
pub fn difference(old: &str, new: &str) -> Result<Differences, Vec<Problem>> {
    let (old, new) = (read(old)?, read(new)?);
    let meanings = [&old, &new].map(|root| match Kind::of(root) {
        Kind::Flow => meaning::of(root),
        Kind::Rules => meaning::of_rules(root),
        Kind::Calendar => meaning::of_calendar(root),
        Kind::Segment => meaning::of_segment(root),
    });
    let mut changes = fields(&own(&old, true), &own(&new, true), |field, old, new| {
        let label = "the document".to_owned();
        change(
            ChangeKind::Changed,
            "document",
            (Some(String::new()), Some(String::new())),
            label,
            "",
            (field, old, new),
        )
    });
    let (old, new) = (parts(&old), parts(&new));
    let pairs = matched(&old, &new);
    changes.extend(gone(&old, &pairs.iter().map(|(old, _)| *old).collect(), ChangeKind::Removed));
    let mut here = gone(&new, &pairs.iter().map(|(_, new)| *new).collect(), ChangeKind::Added);
    let back: HashMap<usize, usize> = pairs.iter().copied().collect();
    let moved = moved(&old, &new, &pairs, &back);
    for (before, after) in &pairs {
        here.extend(changed(&old[*before], &new[*after], moved.contains(after)));
    }
    let order: HashMap<&str, usize> = new.iter().enumerate().map(|(at, part)| (part.path.as_str(), at)).collect();
    here.sort_by_key(|change| change.path_new.as_deref().and_then(|path| order.get(path)).copied());
    changes.extend(here);
    Ok(Differences { changes, meaning_changed: meanings[0] != meanings[1] })
}

fn read(text: &str) -> Result<Node, Vec<Problem>> {
    let mut problems = Problems::default();
    yaml::read(text, &mut problems).ok_or_else(|| problems.sorted())
}

/// The parts that have no fellow; those within another one of them are counted there.
fn gone(parts: &[Part], paired: &BTreeSet<usize>, kind: ChangeKind) -> Vec<Difference> {
    let alone = |at: usize| !paired.contains(&at);
    let mut out = Vec::new();
    for (at, part) in parts.iter().enumerate().filter(|(at, _)| alone(*at)) {
        if part.parent.is_some_and(alone) {
            continue;
        }
        let below = format!("{}/", part.path);
        // What is within a part stands right behind it.
        let behind = parts.iter().enumerate().skip(at + 1).take_while(|(_, inner)| inner.path.starts_with(&below));
        let within = behind.filter(|(other, _)| alone(*other)).count();
        let path = Some(part.path.clone());
        let paths = if kind == ChangeKind::Added { (None, path) } else { (path, None) };
        let nothing = (None, None, None);
        let mut change = change(kind, part.about, paths, label(part), &part.verb, nothing);
        change.within = within;
        if within > 0 {
            change.words = format!("{}, with {within} inside", change.words);
        }
        out.push(change);
    }
    out
}

/// What differs between a part and what became of it.
fn changed(old: &Part, new: &Part, moved: bool) -> Vec<Difference> {
    let paths = || (Some(old.path.clone()), Some(new.path.clone()));
    let mut out = Vec::new();
    if moved {
        out.push(change(ChangeKind::Moved, new.about, paths(), label(new), &new.verb, (None, None, None)));
    }
    out.extend(fields(&old.fields, &new.fields, |field, before, after| {
        change(ChangeKind::Changed, new.about, paths(), label(new), &new.verb, (field, before, after))
    }));
    out
}

/// A change for each field that differs; names and ids are renamed.
fn fields(
    old: &BTreeMap<String, Value>,
    new: &BTreeMap<String, Value>,
    make: impl Fn(Option<String>, Option<Value>, Option<Value>) -> Difference,
) -> Vec<Difference> {
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differ = all.into_iter().filter(|field| old.get(*field) != new.get(*field));
    let one = |field: &String| {
        let mut change = make(Some(field.clone()), old.get(field).cloned(), new.get(field).cloned());
        if matches!(field.as_str(), "name" | "id" | "flow" | "rules" | "calendar" | "rule" | "repeat/id") {
            change.kind = ChangeKind::Renamed;
        }
        change.words = words(&change);
        change
    };
    differ.map(one).collect()
}

type Field = (Option<String>, Option<Value>, Option<Value>);

fn change(
    kind: ChangeKind,
    about: &'static str,
    (path_old, path_new): (Option<String>, Option<String>),
    label: String,
    verb: &str,
    (field, old, new): Field,
) -> Difference {
    let verb = if about == "step" { verb.to_owned() } else { String::new() };
    let nothing = String::new();
    let change =
        Difference { kind, about, path_old, path_new, verb, label, field, old, new, within: 0, words: nothing };
    Difference { words: words(&change), ..change }
}

fn label(part: &Part) -> String {
    let does = match (&part.what, part.verb.as_str()) {
        (Some(what), "do") => what.clone(),
        (Some(what), verb) if part.about == "step" => format!("{verb} {what}"),
        (Some(what), _) => what.clone(),
        (None, verb) => verb.to_owned(),
    };
    part.name.clone().or_else(|| part.id.clone()).unwrap_or(does)
}

fn words(change: &Difference) -> String {
    let what = match change.about {
        "document" => "the document".to_owned(),
        about => format!("{about} {}", change.label),
    };
    let field = change.field.as_deref().unwrap_or_default().replace('/', ".");
    match (change.kind, &change.old, &change.new) {
        (ChangeKind::Added, ..) => format!("added: {what}"),
        (ChangeKind::Removed, ..) => format!("removed: {what}"),
        (ChangeKind::Moved, ..) => format!("moved: {what}"),
        (_, None, Some(new)) => format!("{what}: {field} is {} now", shown(new)),
        (_, Some(old), None) => format!("{what}: {field} was {} and is gone", shown(old)),
        (_, old, new) => format!(
            "{what}: {field} changed from {} to {}",
            shown(old.as_ref().unwrap_or(&Value::Null)),
            shown(new.as_ref().unwrap_or(&Value::Null))
        ),
    }
}

/// A value for people, cut to a line.
fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| format!("\u{201c}{text}\u{201d}"));
    let line = text.replace('\n', " ");
    if line.chars().count() <= 80 { line } else { line.chars().take(79).chain(['…']).collect() }
}
