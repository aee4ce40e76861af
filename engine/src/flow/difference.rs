//! What differs between two texts of a document, in steps and fields and not in lines.
//!
//! Steps are matched by their id, else by their content: first those that say the same, then those of the same kind that are alike.
//! What stands where nothing matches was added or removed; what stands elsewhere than its fellows was moved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use serde_json::{Map, Value};

use super::kinds::Kind;
use super::meaning;
use super::outline::{Outline, StepPlace};
use super::problem::{Problem, Problems};
use super::scope::node_at;
use super::values::untyped;
use super::yaml::{self, Node, Val};

/// From which share of equal fields on two steps without ids are the same one, changed.
const ALIKE: f64 = 0.5;
/// Keys of a document that hold parts with a life of their own.
const PARTS: [&str; 5] = ["on", "steps", "on_error", "finally", "list"];
/// Keys of a step that hold further steps.
const BLOCKS: [&str; 6] = ["then", "else", "default", "steps", "on_error", "on_timeout"];

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Differences {
    /// In the order of the new text; what was removed comes first.
    pub changes: Vec<Difference>,
    /// Whether it does anything else than before: names, notes, comments and tests mean nothing to a run.
    pub meaning_changed: bool,
}

/// A part of a document: a step, a trigger, a rule, a test.
struct Part {
    about: &'static str,
    path: String,
    id: Option<String>,
    name: Option<String>,
    verb: String,
    what: Option<String>,
    /// Its own fields, without those of parts within it.
    fields: BTreeMap<String, Value>,
    /// The part that holds it, and in which list.
    parent: Option<usize>,
    list: String,
    place: usize,
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

/// All parts of a document, those within others behind them.
fn parts(root: &Node) -> Vec<Part> {
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
    let mut known: HashMap<String, usize> = HashMap::new();
    for step in outline.steps() {
        let Some(node) = node_at(root, &step.path) else { continue };
        let (list, place) = step.path.rsplit_once('/').unwrap_or_default();
        let parent = known.iter().filter(|(path, _)| step.path.starts_with(&format!("{path}/")));
        let parent = parent.max_by_key(|(path, _)| path.len()).map(|(path, index)| (path.len() + 1, *index));
        known.insert(step.path.clone(), out.len());
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
fn own(node: &Node, top: bool) -> BTreeMap<String, Value> {
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

/// Which part became which.
fn matched(old: &[Part], new: &[Part]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let (mut free_old, mut free_new): (BTreeSet<usize>, BTreeSet<usize>) =
        ((0..old.len()).collect(), (0..new.len()).collect());
    let pair = |pairs: &mut Vec<_>, free_old: &mut BTreeSet<usize>, free_new: &mut BTreeSet<usize>, one, other| {
        free_old.remove(&one);
        free_new.remove(&other);
        pairs.push((one, other));
    };
    let by_id: HashMap<(&str, &str), usize> =
        new.iter().enumerate().filter_map(|(at, part)| Some(((part.about, part.id.as_deref()?), at))).collect();
    for (before, part) in old.iter().enumerate() {
        let after = part.id.as_deref().and_then(|id| by_id.get(&(part.about, id)));
        if let Some(after) = after.filter(|after| free_new.contains(after)) {
            pair(&mut pairs, &mut free_old, &mut free_new, before, *after);
        }
    }
    let mut same: Vec<(f64, usize, usize)> = Vec::new();
    for before in &free_old {
        for after in &free_new {
            let (one, other) = (&old[*before], &new[*after]);
            let alike = if one.about == other.about && one.verb == other.verb { likeness(one, other) } else { 0.0 };
            if alike >= ALIKE {
                same.push((alike, *before, *after));
            }
        }
    }
    // The most alike first; where several are, those that stand in the same order.
    same.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    for (_, before, after) in same {
        if free_old.contains(&before) && free_new.contains(&after) {
            pair(&mut pairs, &mut free_old, &mut free_new, before, after);
        }
    }
    pairs.sort_by_key(|(_, after)| *after);
    pairs
}

/// From 0 to 1: the share of fields that are the same, a little more where both stand in the same list.
fn likeness(one: &Part, other: &Part) -> f64 {
    let all: BTreeSet<&String> = one.fields.keys().chain(other.fields.keys()).collect();
    let equal = all.iter().filter(|field| one.fields.get(**field) == other.fields.get(**field)).count();
    let named =
        all.iter().filter(|field| one.fields.contains_key(**field) && other.fields.contains_key(**field)).count();
    let near = if one.list == other.list && one.parent.is_some() == other.parent.is_some() { 0.05 } else { 0.0 };
    let count = u32::try_from(all.len().max(1)).map_or(1.0, f64::from);
    let share = |number: usize| u32::try_from(number).map_or(0.0, f64::from) / count;
    // What does the same with the same fields in the same list is the same step, whatever stands in them.
    let does_what = matches!(one.verb.as_str(), "do" | "wait_for" | "run_flow");
    let same = named == all.len() && (!does_what || one.what == other.what);
    share(equal).max(if same && near > 0.0 { ALIKE } else { 0.0 }) + near
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
        let within = parts.iter().enumerate().filter(|(other, inner)| alone(*other) && inner.path.starts_with(&below));
        let within = within.filter(|(other, _)| *other != at).count();
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

/// The new places of parts that stand elsewhere than before: in another list, or not in the order of their fellows.
fn moved(old: &[Part], new: &[Part], pairs: &[(usize, usize)], back: &HashMap<usize, usize>) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    let mut lists: BTreeMap<(Option<usize>, &str), Vec<(usize, usize)>> = BTreeMap::new();
    for (before, after) in pairs {
        let (one, other) = (&old[*before], &new[*after]);
        let ordered = matches!(one.about, "step" | "rule");
        let same_parent = one.parent.and_then(|parent| back.get(&parent).copied()) == other.parent;
        if ordered && same_parent && one.list == other.list {
            lists.entry((other.parent, &other.list)).or_default().push((one.place, *after));
        } else if ordered {
            out.insert(*after);
        }
    }
    for list in lists.values() {
        let stays = longest_rise(&list.iter().map(|(place, _)| *place).collect::<Vec<_>>());
        out.extend(list.iter().enumerate().filter(|(at, _)| !stays.contains(at)).map(|(_, (_, after))| *after));
    }
    out
}

/// The places of a longest rising row of numbers: what must not move for the others to be in order.
fn longest_rise(numbers: &[usize]) -> BTreeSet<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let before =
            (0..at).filter(|before| numbers[*before] < *number).max_by_key(|before| (best[*before].0, *before));
        best.push((before.map_or(1, |before| best[before].0 + 1), before));
    }
    let mut at = (0..numbers.len()).max_by_key(|at| best[*at].0);
    let mut out = BTreeSet::new();
    while let Some(here) = at {
        out.insert(here);
        at = best[here].1;
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
