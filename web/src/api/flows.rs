//! Flows: their texts and states, and starting one by hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::Permission;
use engine::flow::Kind;
use engine::mailbox::Missed;
use engine::store::{Reads, VersionRow, VersionState};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Body, Id};
use super::{Answer, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows;

/// `GET /flows`: by id, with what starts them.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer {
    let versions = app.engine.live();
    let rows = app.engine.store().flows().await?;
    let show = |row: &VersionRow| {
        let version = versions.iter().find(|version| version.id == row.id);
        let mut flow = head(row);
        flow["name"] = json!(version.map(|version| &version.name));
        flow["on"] = json!(version.map(|version| version.triggers.iter().map(|on| &*on.kind).collect::<Vec<_>>()));
        flow
    };
    Ok(Json(json!({ "flows": rows.iter().filter(|row| row.kind == Kind::Flow).map(show).collect::<Vec<_>>() })))
}

/// `GET /flows/{id}`: the text in force, and all versions.
pub(crate) async fn show(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer {
    let versions = versions(&app, &id).await?;
    let current = current(&versions);
    let mut flow = head(current);
    flow["source"] = current.source.clone().into();
    flow["versions"] = versions.iter().map(head).collect();
    Ok(Json(flow))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    /// Whether events start it.
    on: bool,
}

/// `PUT /flows/{id}/state`, `PUT /rules/{id}/state`: on or off. Runs under way go on.
pub(crate) async fn switch(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(switch): Body<Switch>,
) -> Answer {
    let versions = versions(&app, &id).await?;
    let row = current(&versions);
    // The same handler serves both addresses, and ids are unique among flows and rules.
    who.expect(if row.kind == Kind::Rules { Permission::RulesPublish } else { Permission::FlowsPublish })?;
    let wanted = if switch.on { VersionState::Live } else { VersionState::Off };
    match row.state {
        state if state == wanted => {}
        VersionState::Live | VersionState::Off => flows::switch(&app, row.clone(), switch.on, who.by()).await?,
        VersionState::Draft => {
            return Err(ApiError::conflict(format!("`{id}` is a draft: import it with --publish")));
        }
        VersionState::Old => return Err(ApiError::conflict(format!("the file of `{id}` is gone"))),
    }
    Ok(Json(json!({ "flow": id, "state": wanted })))
}

/// `GET /flows/{id}/misses`: the last events its triggers heard and did not start on, newest first, and why.
pub(crate) async fn misses(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer {
    versions(&app, &id).await?;
    let show = |missed: Missed| {
        let Missed { trigger, at, event, contact, why, saw, .. } = missed;
        json!({
            "trigger": trigger, "at": view::time(at), "event": event, "contact": contact, "why": why, "saw": saw,
        })
    };
    let misses: Vec<Value> = app.engine.misses(&id).into_iter().map(show).collect();
    Ok(Json(json!({ "flow": id, "misses": misses })))
}

#[derive(Debug, Deserialize)]
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
) -> Answer {
    app.expect_accounts()?;
    let live = app.engine.live().into_iter().find(|version| *version.flow == *id);
    let version = live.ok_or_else(|| ApiError::not_found(format_args!("a live flow `{id}`")))?;
    if !version.triggers.iter().any(|trigger| *trigger.kind == *engine::event::MANUAL) {
        return Err(ApiError::conflict(format!("the flow `{id}` has no trigger `manual`")));
    }
    let event = app.engine.start_by_hand(&id, who.by(), start.input).await?;
    Ok(Json(json!({ "flow": id, "event": event })))
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

pub(super) fn head(row: &VersionRow) -> Value {
    json!({
        "kind": row.kind, "flow": row.flow, "version": row.id, "state": row.state, "text_no": row.text_no, "owner": row.owner, "by": row.by,
        "at": view::time(row.at), "meaning": hex::encode(row.meaning),
    })
}
