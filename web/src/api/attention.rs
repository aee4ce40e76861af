//! Calls that need attention: parked until a person decides.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::ids::{EffectId, RunId};
use engine::order::Order;
use engine::store::{EffectState, FIRST_EFFECT, Store};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::extract::{Body, Id, Limit, Params};
use super::{Answer, next, told, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    after: Option<EffectId>,
    #[serde(default)]
    limit: Limit,
}

/// Calls that wait for a person, oldest first; `next` is the `after` of the next page.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Calls {
    calls: Vec<view::Call>,
    next: Option<EffectId>,
}

/// `GET /attention`.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(page): Params<Page>) -> Answer<Calls> {
    let limit = page.limit.get();
    let rows = app.engine.store().effects(EffectState::Parked, page.after.unwrap_or(FIRST_EFFECT), limit).await?;
    let next = next(&rows, limit, |row| row.id);
    Ok(Json(Calls { calls: rows.iter().map(Into::into).collect(), next }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retry {
    /// Its new input; left out = as it was.
    input: Option<Value>,
}

/// `POST /attention/{id}/retry`: try again; the provider sees a new key.
pub(crate) async fn retry(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(effect): Id<EffectId>,
    Body(retry): Body<Retry>,
) -> Answer<Decided> {
    order(&app, &who, effect, Order::RetryEffect { effect, input: retry.input }).await
}

/// `POST /attention/{id}/fail`: give up; the step fails.
pub(crate) async fn fail(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(effect): Id<EffectId>,
) -> Answer<Decided> {
    order(&app, &who, effect, Order::FailEffect { effect }).await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settle {
    /// What later steps read as the step's output.
    #[serde(default)]
    output: Value,
}

/// `POST /attention/{id}/settle`: it did happen, the person looked.
pub(crate) async fn settle(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(effect): Id<EffectId>,
    Body(settle): Body<Settle>,
) -> Answer<Decided> {
    order(&app, &who, effect, Order::SettleEffect { effect, output: settle.output }).await
}

/// A person decided about a call.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "CallDecided")]
pub(crate) struct Decided {
    /// The run it is of.
    run: RunId,
    /// The key that the call had until now, when it is tried again.
    withdrawn: Option<String>,
}

async fn order(app: &App, who: &Who, effect: EffectId, order: Order) -> Answer<Decided> {
    app.expect_accounts()?;
    let row = app.engine.store().effect(effect).await?;
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("call {effect}")))?;
    told(app.engine.order(row.mailbox, who.by(), order).await?)
}
