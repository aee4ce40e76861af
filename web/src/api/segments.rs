//! Segments: the groups of contacts in force with how many are in each, and the slots that go over them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::flow::{Kind, Named};
use engine::handle::schedule_mailbox;
use engine::handle::sweep::Sweep;
use engine::order::Order;
use engine::segment::Segment;
use engine::store::{Reads, VersionRow};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Body, Id};
use super::{Answer, uses, view};
use crate::accounts::who::Who;
use crate::app::App;
use crate::error::ApiError;

/// Contacts looked at for each segment of the list; beyond that its count is a least.
const LOOKED_IN_LIST: usize = 20_000;
/// Contacts looked at for one segment.
const LOOKED_AT: usize = 200_000;

/// `GET /segments`: by id, with how many contacts are in each.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Value> {
    let rows = app.engine.store().flows().await?;
    let mut segments = Vec::new();
    for row in rows.iter().filter(|row| row.kind == Kind::Segment) {
        segments.push(shown(&app, row, LOOKED_IN_LIST).await?);
    }
    Ok(Json(json!({ "segments": segments })))
}

/// `GET /segments/{id}`: the text in force, what it asks for, how many contacts are in it, and which flows name it.
pub(crate) async fn show(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer<Value> {
    let rows = app.engine.store().flows().await?;
    let row = rows.iter().find(|row| row.kind == Kind::Segment && row.flow == id);
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("a segment `{id}`")))?;
    let mut segment = shown(&app, row, LOOKED_AT).await?;
    segment["source"] = row.source.clone().into();
    segment["uses"] = json!(uses::of(&app, Named::Segment, &id).await?);
    Ok(Json(segment))
}

async fn shown(app: &App, row: &VersionRow, looked: usize) -> Result<Value, ApiError> {
    let mut shown = serde_json::to_value(view::Version::from(row)).unwrap_or_default();
    let live = app.engine.segments().into_iter().find(|segment| *segment.name == *row.flow);
    if let Some(segment) = live {
        let Segment { title, narrow, when, .. } = &*segment;
        shown["name"] = title.as_str().into();
        shown["narrowed_by"] = json!({ "tag": narrow.tags.first() });
        shown["tags"] = json!(narrow.tags);
        shown["language"] = json!(narrow.language);
        shown["when"] = json!(when.as_ref().map(engine::expr::Script::source));
        shown["count"] = json!(app.engine.count(&segment, looked).await?);
    }
    Ok(shown)
}

/// `GET /sweeps`: the slots that go over a segment now.
pub(crate) async fn sweeps(State(app): State<Arc<App>>) -> Answer<Value> {
    let show = |sweep: &Sweep| {
        json!({
            "sweep": sweep.key(), "flow": sweep.flow, "trigger": sweep.trigger, "segment": sweep.segment,
            "slot": view::time(sweep.slot), "found": sweep.found, "failed": sweep.failed,
        })
    };
    let sweeps = app.engine.sweeps().await?;
    Ok(Json(json!({ "sweeps": sweeps.iter().map(show).collect::<Vec<_>>() })))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    /// Which, as the list calls it.
    sweep: String,
}

/// `POST /sweeps/stop`: starts nobody else. Runs that began go on.
pub(crate) async fn stop(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(Stop { sweep }): Body<Stop>,
) -> Answer<Value> {
    let mut parts = sweep.split('/');
    let (Some(flow), Some(trigger), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(ApiError::bad_request("sweep: name one as the list does: <flow>/<trigger>/<slot>"));
    };
    let mailbox = schedule_mailbox(flow, trigger);
    Ok(Json(app.engine.order(mailbox, who.by(), Order::CancelSweep { sweep }).await?))
}
