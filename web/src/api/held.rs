//! Starts that are held in the first hour of a trigger: which there are, releasing them, dropping them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::first_hour::{HourRow, Phase};
use engine::runner::{Decided, Held};
use engine::store::HELD_KEY;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Body, Id, Limit, Params};
use super::{Answer, view};
use crate::accounts::who::Who;
use crate::app::App;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    flow: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    #[serde(default)]
    limit: Limit,
}

/// `GET /held`: held starts by flow and trigger, oldest first, and the triggers that hold.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(filter): Params<Filter>) -> Answer<Value> {
    let limit = filter.limit.get();
    let after = filter.after.as_deref().unwrap_or(HELD_KEY);
    let held = app.engine.held_starts(filter.flow.as_deref(), after, limit).await?;
    let next = (held.len() == limit as usize).then(|| held.last().map(|held| held.key.clone())).flatten();
    let mine = |row: &HourRow| row.phase == Phase::Holding && filter.flow.as_ref().is_none_or(|flow| *flow == row.flow);
    let holding: Vec<Value> = app.engine.holding().iter().filter(|row| mine(row)).map(trigger).collect();
    Ok(Json(json!({ "triggers": holding, "held": held.iter().map(start).collect::<Vec<_>>(), "next": next })))
}

fn trigger(row: &HourRow) -> Value {
    json!({ "flow": row.flow, "trigger": row.trigger, "since": view::time(row.since), "started": row.matches.saturating_sub(1) })
}

fn start(held: &Held) -> Value {
    json!({
        "id": held.id, "flow": held.flow, "trigger": held.trigger, "event": held.event, "at": view::time(held.at),
    })
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Which {
    /// Of this trigger only.
    trigger: Option<String>,
}

/// `POST /flows/{id}/held/release`: what is held starts, and so does whatever matches from now on; at most 1 000 starts at once.
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(flow): Id<String>,
    Body(which): Body<Which>,
) -> Answer<Value> {
    app.expect_accounts()?;
    Ok(Json(told(&app.engine.release_starts(&flow, which.trigger.as_deref(), who.by()).await?)))
}

/// `POST /flows/{id}/held/drop`: what is held does not start; the triggers go on holding. At most 1 000 starts at once.
pub(crate) async fn discard(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(flow): Id<String>,
    Body(which): Body<Which>,
) -> Answer<Value> {
    Ok(Json(told(&app.engine.drop_starts(&flow, which.trigger.as_deref(), who.by()).await?)))
}

fn told(decided: &Decided) -> Value {
    let refused: Vec<Value> =
        decided.refused.iter().map(|(id, why)| json!({ "id": id, "why": why.to_string(), "said": why })).collect();
    json!({ "done": decided.done, "refused": refused, "more": decided.more })
}
