//! The plan of an import: what would become of each file, before anything is written. Pure; whoever carries it out writes all of
//! it or nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::across;
use super::env::{Environment, Needs};
use super::kinds::{CompiledDocument, Kind, check_document};
use super::problem::{Problem, Severity};
use super::suggest;
use super::yaml::Place;
use crate::sentence;
use crate::sentence::Sentence;
use crate::store::{VersionRow, VersionState};

/// A file to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its path, for messages.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Who will own it: `file:<name>` when it is loaded from `--flows`, `db` for an import.
    pub owner: String,
}

/// What would become of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// There is none of this id yet.
    New,
    /// It means something else than what is stored.
    Changed,
    /// It means the same in other words: comments, names, tests. Nobody is moved.
    Reworded,
    /// The stored text is the same.
    Unchanged,
    /// It has errors, or its id is taken.
    Refused,
}

/// One file of a plan.
#[derive(Debug, Serialize)]
pub struct PlanItem {
    /// What the document is, as far as it says so.
    pub kind: Kind,
    /// The document's id, as far as it could be read.
    pub flow: Option<String>,
    /// Its path.
    pub path: String,
    /// What would become of it.
    pub change: Change,
    /// Errors and warnings, in the order of the document.
    pub problems: Vec<Problem>,
    /// Who has a document of this id already, when that forbids this one: another file's path, or the owner of the stored one.
    pub owner_conflict: Option<String>,
    /// Where the id stands in the file: line and column.
    #[serde(skip)]
    pub(super) place: (u32, u32),
    /// The compiled document, unless it is refused.
    #[serde(skip)]
    pub compiled: Option<CompiledDocument>,
}

/// What an import would do.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// One item per document, in their order.
    pub items: Vec<PlanItem>,
    /// What this installation must have for the flows to work.
    pub needs: Needs,
}

impl Plan {
    /// Whether it can be carried out: nothing is refused.
    #[must_use]
    pub fn possible(&self) -> bool {
        self.items.iter().all(|item| item.change != Change::Refused)
    }
}

/// Plans the import of `documents` over the `stored` versions (of any state; of several of one flow the live one counts).
///
/// The same id in two documents, or in files and in the database, is a problem of every file concerned, never a silent
/// winner. Bindings of `env` are applied when a flow is compiled: its text, and so its meaning, stays as it is in the file.
#[must_use]
pub fn plan(documents: &[Document], stored: &[VersionRow], env: &Environment<'_>) -> Plan {
    let mut items: Vec<PlanItem> = documents.iter().map(|document| item(document, stored, env)).collect();
    refuse_doubles(&mut items);
    tell_missing(&mut items, stored);
    across::tell(&mut items, stored, env);
    let mut needs = Needs::default();
    for compiled in items.iter().filter_map(|item| item.compiled.as_ref()) {
        needs.add(compiled.needs());
    }
    Plan { items, needs }
}

fn item(document: &Document, stored: &[VersionRow], env: &Environment<'_>) -> PlanItem {
    let checked = check_document(&document.text, env);
    let path = document.path.clone();
    let mut item = PlanItem {
        kind: checked.kind,
        flow: checked.flow.as_ref().map(|flow| flow.id.clone()),
        path,
        change: Change::Refused,
        problems: checked.problems,
        owner_conflict: None,
        place: checked.flow.as_ref().map_or((1, 1), |flow| (flow.line, flow.column)),
        compiled: None,
    };
    let Some(flow) = checked.flow else { return item };
    let row = current(stored, &flow.id);
    if let Some(row) = row.filter(|row| row.kind != checked.kind) {
        let message = sentence!("`{id}` is the id of a `{key}:` document already", id = flow.id, key = row.kind.key());
        let hint = "ids are unique among documents of every kind: give this one another";
        item.problems.push(taken(flow.line, flow.column, message, hint));
        item.owner_conflict = Some(row.owner.clone());
        return item;
    }
    if let Some(row) =
        row.filter(|row| row.state != VersionState::Old && in_files(&row.owner) != in_files(&document.owner))
    {
        let owner =
            if in_files(&row.owner) { sentence!("a file ({owner})", owner = row.owner) } else { "the database".into() };
        let message =
            sentence!("the {word} `{id}` belongs to {owner} already", word = checked.kind.word(), id = flow.id, owner);
        let hint = "give this one another id, or remove the other first";
        item.problems.push(taken(flow.line, flow.column, message, hint));
        item.owner_conflict = Some(row.owner.clone());
        return item;
    }
    if let Some(compiled) = checked.version {
        item.change = match row {
            None => Change::New,
            Some(row) if row.source == document.text => Change::Unchanged,
            Some(row) if row.meaning == compiled.meaning() => Change::Reworded,
            Some(_) => Change::Changed,
        };
        item.compiled = Some(compiled);
    }
    item
}

/// The version of `flow` that counts: the live one, else the newest that was not replaced, else the newest.
fn current<'a>(stored: &'a [VersionRow], flow: &str) -> Option<&'a VersionRow> {
    let rank = |row: &VersionRow| match row.state {
        VersionState::Live => 3,
        VersionState::Off => 2,
        VersionState::Draft => 1,
        VersionState::Old => 0,
    };
    stored.iter().filter(|row| row.flow == flow).max_by_key(|row| (rank(row), row.id))
}

fn in_files(owner: &str) -> bool {
    owner.starts_with("file:")
}

/// Says so when a flow names a calendar, a flow or a segment that is neither among the documents nor stored.
fn tell_missing(items: &mut [PlanItem], stored: &[VersionRow]) {
    for (kind, code, what) in [
        (Kind::Calendar, "unknown_calendar", "no calendar"),
        (Kind::Flow, "unknown_flow", "no flow to call"),
        (Kind::Segment, "unknown_segment", "no segment"),
    ] {
        let planned = items.iter().filter(|item| item.kind == kind).filter_map(|item| item.flow.clone());
        let alive = stored.iter().filter(|row| row.kind == kind && row.state != VersionState::Old);
        let known: BTreeSet<String> = planned.chain(alive.map(|row| row.flow.clone())).collect();
        for item in items.iter_mut() {
            let Some(needs) = item.compiled.as_ref().map(CompiledDocument::needs) else { continue };
            let named = match kind {
                Kind::Calendar => &needs.calendars,
                Kind::Segment => &needs.segments,
                Kind::Flow | Kind::Rules => &needs.flows,
            };
            let missing: Vec<String> = named.difference(&known).cloned().collect();
            let (line, column) = item.place;
            item.problems.extend(missing.iter().map(|name| {
                let mut hint = suggest::hint(name, known.iter().map(String::as_str));
                if hint.is_empty() {
                    hint = "take its file along, or import it first".into();
                }
                let message = sentence!("there is {what} `{name}`, neither in these files nor stored", what, name);
                Problem::new(Place { line, column }, Severity::Warning, code, message, hint)
            }));
        }
    }
}

fn refuse_doubles(items: &mut [PlanItem]) {
    let mut paths: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(flow) = &item.flow {
            paths.entry(flow.clone()).or_default().push(index);
        }
    }
    for (flow, indexes) in paths.into_iter().filter(|(_, indexes)| indexes.len() > 1) {
        for &index in &indexes {
            let others = indexes.iter().filter(|other| **other != index);
            let others = others.map(|other| items[*other].path.clone()).collect::<Vec<_>>().join(", ");
            let item = &mut items[index];
            let message = sentence!("the {word} `{flow}` is also in {others}", word = item.kind.word(), flow, others);
            let (line, column) = item.place;
            item.problems.push(taken(line, column, message, "give each file its own id"));
            item.owner_conflict = Some(others);
            item.change = Change::Refused;
            item.compiled = None;
        }
    }
}

fn taken(line: u32, column: u32, message: Sentence, hint: &'static str) -> Problem {
    Problem::new(Place { line, column }, Severity::Error, "flow_taken", message, hint.into())
}
