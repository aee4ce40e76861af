//! Where documents name a template, a tag, a team, a connection, a flow or a segment.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::flow::{self, Kind, Named, StepPlace};
use engine::store::{Editing, Reads, VersionState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::extract::Params;
use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// `template`, `tag`, `team`, `connection`, `flow` or `segment`.
    kind: String,
    /// Its name.
    name: String,
}

/// Where something is named, by document and in the order of its text.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Uses {
    uses: Vec<UsedAt>,
}

/// A place where it is named.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct UsedAt {
    /// The document's id.
    flow: String,
    /// What the document is.
    kind: Kind,
    /// Its name; its id when it has none.
    name: String,
    /// How it stands; `draft` was never put in force.
    state: VersionState,
    /// Keys and places joined by `/`, such as `steps/2/with/template`.
    path: String,
    /// Line, from 1.
    line: u32,
    /// The step, or rule, in which that is; `null` for the head of the document.
    step: Option<UsedBy>,
}

/// A step, or a rule, that names something.
#[derive(Debug, Serialize, JsonSchema)]
struct UsedBy {
    /// Its place: `steps/2`.
    path: String,
    /// Its id; a rule's name in addresses.
    id: Option<String>,
    /// Its name, else what it does.
    label: String,
    /// Its verb; empty when it has none.
    verb: String,
}

/// `GET /uses`: in the texts in force, and in those that were never put in force.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(asked): Params<Asked>) -> Answer<Uses> {
    let named: Named =
        asked.kind.parse().map_err(|error: flow::UnknownNamed| ApiError::bad_request(error.to_string()))?;
    Ok(Json(Uses { uses: of(&app, named, &asked.name).await? }))
}

/// Refuses to take away what documents in force name.
pub(super) async fn expect_unused(app: &App, named: Named, name: &str) -> Result<(), ApiError> {
    let live = of(app, named, name).await?.into_iter().filter(|at| at.state == VersionState::Live);
    let flows: BTreeSet<String> = live.map(|at| at.flow).collect();
    if flows.is_empty() { Ok(()) } else { Err(ApiError::used(&Vec::from_iter(flows))) }
}

/// Where all documents name it.
pub(super) async fn of(app: &App, named: Named, name: &str) -> Result<Vec<UsedAt>, ApiError> {
    let rows = app.engine.store().flows().await?;
    let drafts = app.engine.store().drafts().await?;
    let new = drafts.iter().filter(|draft| !rows.iter().any(|row| row.flow == draft.flow));
    let mut texts: Vec<(&str, VersionState, &str)> =
        rows.iter().map(|row| (row.flow.as_str(), row.state, row.source.as_str())).collect();
    texts
        .extend(new.map(|draft| (draft.flow.as_str(), VersionState::Draft, draft.text.as_deref().unwrap_or_default())));
    texts.sort_by_key(|(flow, ..)| *flow);
    Ok(texts.into_iter().flat_map(|(flow, state, text)| places(flow, state, text, named, name)).collect())
}

/// Where the document `flow` names it.
fn places(flow: &str, state: VersionState, text: &str, named: Named, name: &str) -> Vec<UsedAt> {
    let places = flow::uses(text, named, name);
    let Some(outline) = flow::outline(text).filter(|_| !places.is_empty()) else { return Vec::new() };
    let summary = outline.summary();
    let shown = |at: flow::UsedAt| UsedAt {
        flow: flow.to_owned(),
        kind: summary.kind,
        name: summary.name.clone(),
        state,
        step: outline.around(&at.path).map(used_by),
        path: at.path,
        line: at.line,
    };
    places.into_iter().map(shown).collect()
}

fn used_by(step: &StepPlace) -> UsedBy {
    UsedBy { path: step.path.clone(), id: step.id.clone(), label: step.label(), verb: step.verb.clone() }
}
