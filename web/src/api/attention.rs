//! Calls that need attention: parked until a person decides.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::ids::EffectId;
use engine::order::Order;
use engine::store::{EffectState, FIRST_EFFECT, Store};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Body, Id, Limit, Params};
use super::{Answer, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    after: Option<EffectId>,
    #[serde(default)]
    limit: Limit,
}

/// `GET /attention`: oldest first; `next` is the `after` of the next page.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(page): Params<Page>) -> Answer {
    let limit = page.limit.get();
    let rows = app.engine.store().effects(EffectState::Parked, page.after.unwrap_or(FIRST_EFFECT), limit).await?;
    let next = (rows.len() == limit as usize).then(|| rows.last().map(|row| row.id)).flatten();
    let calls: Vec<Value> = rows.iter().map(view::effect).collect();
    Ok(Json(json!({ "calls": calls, "next": next })))
}

#[derive(Debug, Deserialize)]
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
) -> Answer {
    order(&app, &who, effect, Order::RetryEffect { effect, input: retry.input }).await
}

/// `POST /attention/{id}/fail`: give up; the step fails.
pub(crate) async fn fail(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(effect): Id<EffectId>,
) -> Answer {
    order(&app, &who, effect, Order::FailEffect { effect }).await
}

#[derive(Debug, Deserialize)]
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
) -> Answer {
    order(&app, &who, effect, Order::SettleEffect { effect, output: settle.output }).await
}

async fn order(app: &App, who: &Who, effect: EffectId, order: Order) -> Answer {
    app.expect_accounts()?;
    let row = app.engine.store().effect(effect).await?;
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("call {effect}")))?;
    Ok(Json(app.engine.order(row.mailbox, who.by(), order).await?))
}
