//! The library: the flows that ship with Switchboard, inside the binary.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::State;
use engine::flow::{CompiledDocument, Environment, Kind, check_document};
use schemars::JsonSchema;
use serde::Serialize;

use super::Answer;
use super::extract::Id;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::library::texts;

/// The flows that ship, by id.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Library {
    flows: &'static [LibraryFlow],
}

/// A document to begin with.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LibraryFlow {
    id: String,
    kind: Kind,
    name: String,
    /// What it does: the first lines of its text.
    note: String,
    /// What starts it.
    on: Vec<String>,
    needs: LibraryNeeds,
    /// How many tests it carries.
    tests: usize,
    #[serde(skip)]
    text: &'static str,
}

/// What an installation must have for it to work.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct LibraryNeeds {
    templates: Vec<String>,
    teams: Vec<String>,
    tags: Vec<String>,
    connections: Vec<String>,
    /// What it calls without naming a connection.
    capabilities: Vec<String>,
    calendars: Vec<String>,
    flows: Vec<String>,
}

/// `GET /library`.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Library> {
    Ok(Json(Library { flows: library(&app) }))
}

/// The text of a document that ships.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LibraryText {
    id: String,
    text: &'static str,
}

/// `GET /library/{id}`.
pub(crate) async fn show(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer<LibraryText> {
    let found = library(&app).iter().find(|flow| flow.id == id);
    let found = found.ok_or_else(|| ApiError::not_found(format_args!("`{id}` in the library")))?;
    Ok(Json(LibraryText { id, text: found.text }))
}

/// The documents, read once: they change with the binary only.
fn library(app: &App) -> &'static [LibraryFlow] {
    static LIBRARY: OnceLock<Vec<LibraryFlow>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let env = Environment::new(&app.checker.catalog);
        let mut flows: Vec<LibraryFlow> = texts().iter().filter_map(|text| read(text, &env)).collect();
        flows.sort_by(|one, other| one.id.cmp(&other.id));
        flows
    })
}

/// A text with its head; nothing for one that is no document.
fn read(text: &'static str, env: &Environment<'_>) -> Option<LibraryFlow> {
    let note = opening(text);
    Some(match check_document(text, env).version? {
        CompiledDocument::Flow(flow) => LibraryFlow {
            id: flow.flow.to_string(),
            kind: Kind::Flow,
            name: flow.name,
            note,
            on: flow.triggers.iter().map(|trigger| trigger.kind.to_string()).collect(),
            needs: LibraryNeeds {
                templates: names(flow.needs.templates.into_iter().map(|(name, _)| name)),
                teams: names(flow.needs.teams),
                tags: names(flow.needs.tags),
                connections: names(flow.needs.connections),
                capabilities: names(flow.needs.capabilities),
                calendars: names(flow.needs.calendars),
                flows: names(flow.needs.flows),
            },
            tests: flow.tests.len(),
            text,
        },
        CompiledDocument::Rules(rules) => LibraryFlow {
            id: rules.file.to_string(),
            kind: Kind::Rules,
            name: rules.name.clone(),
            note,
            on: Vec::new(),
            needs: LibraryNeeds::default(),
            tests: rules.tests.len(),
            text,
        },
        CompiledDocument::Segment(found) => LibraryFlow {
            id: found.segment.name.to_string(),
            kind: Kind::Segment,
            name: found.segment.title.clone(),
            note,
            on: Vec::new(),
            needs: LibraryNeeds::default(),
            tests: 0,
            text,
        },
        CompiledDocument::Calendar(_) => return None,
    })
}

/// Each name once.
fn names(all: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = all.into_iter().collect();
    names.dedup();
    names
}

/// The first paragraph of the comment that a text begins with.
fn opening(text: &str) -> String {
    let comment = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    comment.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
