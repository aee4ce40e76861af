//! Flows: their texts and states, and starting one by hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::flow::Kind;
use engine::ids::{ContactId, EventId, VersionId};
use engine::mailbox::Missed;
use engine::sentence;
use engine::store::{self, DraftRow, Editing, Pages, Reads, VersionRow, VersionState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::extract::{Body, Id};
use super::studio::to_publish;
use super::{Answer, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows;

/// The flows, by id.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Flows {
    flows: Vec<FlowListed>,
}

/// A flow as the list shows it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FlowListed {
    #[serde(flatten)]
    version: view::Version,
    /// Nothing when it has none and is not in force.
    name: Option<String>,
    /// What starts it; nothing when it is not in force.
    on: Option<Vec<String>>,
    /// The same as `flow`.
    id: String,
    changed_at: view::Time,
    changed_by: String,
    /// Whether there is a draft newer than what is in force.
    has_draft: bool,
    labels: Vec<String>,
    folder: Option<String>,
    /// For `If-Match` when labels or folder are changed.
    meta_revision: String,
    figures: FlowFigures,
}

/// How its runs are doing.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct FlowFigures {
    /// Runs that began within 24 hours.
    runs_24h: u64,
    /// Those of them that failed.
    failed_24h: u64,
    /// Runs that wait, whenever they began.
    waiting: u64,
    /// Runs that need attention.
    attention: u64,
}

impl From<&store::FlowFigures> for FlowFigures {
    fn from(counted: &store::FlowFigures) -> Self {
        Self {
            runs_24h: counted.runs,
            failed_24h: counted.failed,
            waiting: counted.waiting,
            attention: counted.attention,
        }
    }
}

/// `GET /flows`.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Flows> {
    let versions = app.engine.live();
    let mut rows = app.engine.store().flows().await?;
    let drafted = app.engine.store().drafted().await?;
    let (drafts, metas) = (app.engine.store().drafts().await?, app.engine.store().metas().await?);
    let new: Vec<VersionRow> =
        drafts.iter().filter(|draft| !rows.iter().any(|row| row.flow == draft.flow)).map(unpublished).collect();
    rows.extend(new);
    rows.sort_by(|one, other| one.flow.cmp(&other.flow));
    let figures = app.figures.of_flows(&app).await?;
    let show = |row: &VersionRow| {
        let live = versions.iter().find(|version| version.id == row.id);
        let counted = figures.iter().find(|counted| counted.flow == row.flow);
        let meta = metas.iter().find(|meta| meta.flow == row.flow);
        let edited = drafted.contains(&row.flow) || drafts.iter().any(|draft| draft.flow == row.flow);
        FlowListed {
            version: row.into(),
            id: row.flow.clone(),
            changed_at: view::Time(row.at),
            changed_by: row.by.clone(),
            has_draft: row.state != VersionState::Draft && edited,
            labels: meta.map(|meta| meta.labels.clone()).unwrap_or_default(),
            folder: meta.map(|meta| meta.folder.clone()).filter(|folder| !folder.is_empty()),
            meta_revision: meta.map_or(0, |meta| meta.rev).to_string(),
            figures: counted.map(Into::into).unwrap_or_default(),
            name: live.map_or_else(|| name(&row.source), |live| Some(live.name.clone())),
            on: live.map(|live| live.triggers.iter().map(|on| on.kind.to_string()).collect()),
        }
    };
    Ok(Json(Flows { flows: rows.iter().filter(|row| row.kind == Kind::Flow).map(show).collect() }))
}

/// A document that is only a draft, as the list shows it: version 0.
pub(super) fn unpublished(draft: &DraftRow) -> VersionRow {
    VersionRow {
        id: VersionId::default(),
        flow: draft.flow.clone(),
        kind: draft.kind,
        state: VersionState::Draft,
        source: draft.text.clone().unwrap_or_default(),
        meaning: [0; 32],
        text_no: 0,
        language: 1,
        owner: "db".to_owned(),
        by: draft.by.clone(),
        at: draft.at,
    }
}

/// The name that a text gives itself.
pub(super) fn name(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: Option<String>,
    }
    serde_yaml::from_str::<Named>(text).ok()?.name
}

/// A flow: the text in force, and all versions, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FlowShown {
    #[serde(flatten)]
    version: view::Version,
    /// Its text, verbatim.
    source: String,
    versions: Vec<view::Version>,
}

/// `GET /flows/{id}`.
pub(crate) async fn show(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer<FlowShown> {
    let versions = versions(&app, &id).await?;
    let current = current(&versions);
    Ok(Json(FlowShown {
        version: current.into(),
        source: current.source.clone(),
        versions: versions.iter().map(Into::into).collect(),
    }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    /// Whether events start it.
    on: bool,
}

/// `PUT /flows/{id}/state`, `PUT /rules/{id}/state`, `PUT /segments/{id}/state`: on or off. Runs under way go on.
pub(crate) async fn switch(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(switch): Body<Switch>,
) -> Answer<Switched> {
    let versions = versions(&app, &id).await?;
    let row = current(&versions);
    // The same handler serves all addresses, and ids are unique among documents.
    who.expect(to_publish(row.kind))?;
    let wanted = if switch.on { VersionState::Live } else { VersionState::Off };
    match row.state {
        state if state == wanted => {}
        VersionState::Live | VersionState::Off => flows::switch(&app, row.clone(), switch.on, who.by()).await?,
        VersionState::Draft => {
            return Err(ApiError::conflict(sentence!("`{id}` is a draft: import it with --publish", id)));
        }
        VersionState::Old => return Err(ApiError::conflict(sentence!("the file of `{id}` is gone", id))),
    }
    Ok(Json(Switched { flow: id, state: wanted }))
}

/// A document is on or off.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowSwitched")]
pub(crate) struct Switched {
    flow: String,
    state: VersionState,
}

/// The last events that a flow's triggers heard and did not start on, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Misses {
    flow: String,
    misses: Vec<Miss>,
}

/// An event that started nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowMiss")]
pub(crate) struct Miss {
    trigger: String,
    at: view::Time,
    event: EventId,
    contact: Option<ContactId>,
    /// `origin`, `depth`, `params`, `when`, `error` or `taken`.
    why: String,
    /// What the conditions saw, or the words of the error.
    saw: Value,
}

/// `GET /flows/{id}/misses`: since the server started, at most 100 of a trigger.
pub(crate) async fn misses(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer<Misses> {
    versions(&app, &id).await?;
    let show = |missed: Missed| Miss {
        trigger: missed.trigger.to_string(),
        at: view::Time(missed.at),
        event: missed.event,
        contact: missed.contact,
        why: missed.why.to_string(),
        saw: missed.saw,
    };
    let misses = app.engine.misses(&id).into_iter().map(show).collect();
    Ok(Json(Misses { flow: id, misses }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// What the flow sees as `event.input`.
    #[serde(default)]
    input: Value,
}

/// `POST /flows/{id}/runs`: starts it by hand (trigger `manual`).
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(start): Body<Start>,
) -> Answer<Started> {
    app.expect_accounts()?;
    let live = app.engine.live().into_iter().find(|version| *version.flow == *id);
    let version = live.ok_or_else(|| ApiError::not_found(format_args!("a live flow `{id}`")))?;
    if !version.triggers.iter().any(|trigger| *trigger.kind == *engine::event::MANUAL) {
        return Err(ApiError::conflict(sentence!("the flow `{id}` has no trigger `manual`", id)));
    }
    app.reserve.expect()?;
    let event = app.engine.start_by_hand(&id, who.by(), start.input).await?;
    Ok(Json(Started { flow: id, event }))
}

/// A flow was started by hand.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowStarted")]
pub(crate) struct Started {
    flow: String,
    /// The event that starts it.
    event: EventId,
}

async fn versions(app: &App, id: &str) -> Result<Vec<VersionRow>, ApiError> {
    let versions = app.engine.store().versions_of(id).await?;
    if versions.is_empty() { Err(ApiError::not_found(format_args!("`{id}`"))) } else { Ok(versions) }
}

/// The version in force, else the newest.
fn current(versions: &[VersionRow]) -> &VersionRow {
    let active = versions.iter().find(|row| matches!(row.state, VersionState::Live | VersionState::Off));
    active.unwrap_or(&versions[0])
}
