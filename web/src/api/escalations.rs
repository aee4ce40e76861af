//! Escalations: who asked for a human, and who took it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::ids::EscalationId;
use engine::order::Order;
use engine::store::Reads;
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
    /// Only those nobody took yet.
    #[serde(default)]
    open: bool,
    #[serde(default)]
    limit: Limit,
}

/// `GET /escalations`: newest first.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(page): Params<Page>) -> Answer {
    let rows = app.engine.store().escalations(page.open, page.limit.get()).await?;
    let escalations: Vec<Value> = rows.iter().map(view::escalation).collect();
    Ok(Json(json!({ "escalations": escalations })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Take {
    /// Who takes it; left out, whoever is signed in.
    agent: Option<String>,
}

/// `POST /escalations/{id}/take`.
pub(crate) async fn take(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(escalation): Id<EscalationId>,
    Body(take): Body<Take>,
) -> Answer {
    let own = || who.expect_person().ok().map(|person| person.user.name.clone());
    let agent = take.agent.filter(|agent| !agent.trim().is_empty()).or_else(own);
    let agent = agent.ok_or_else(|| ApiError::bad_request("agent: say who takes it"))?;
    let row = app.engine.store().escalation(escalation).await?;
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("escalation {escalation}")))?;
    let order = Order::TakeEscalation { escalation, agent };
    Ok(Json(app.engine.order(row.mailbox, who.by(), order).await?))
}
