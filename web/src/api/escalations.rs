//! Escalations: who asked for a human, and who took it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::ids::EscalationId;
use engine::order::Order;
use engine::store::Reads;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Body, Id, Limit, Params};
use super::{Answer, told, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// Only those nobody took yet.
    #[serde(default)]
    open: bool,
    #[serde(default)]
    limit: Limit,
}

/// Escalations, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Escalations {
    escalations: Vec<view::Escalation>,
}

/// `GET /escalations`.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(page): Params<Page>) -> Answer<Escalations> {
    let rows = app.engine.store().escalations(page.open, page.limit.get()).await?;
    Ok(Json(Escalations { escalations: rows.iter().map(Into::into).collect() }))
}

#[derive(Debug, Deserialize, JsonSchema)]
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
) -> Answer<Taken> {
    let own = || who.expect_person().ok().map(|person| person.user.name.clone());
    let agent = take.agent.filter(|agent| !agent.trim().is_empty()).or_else(own);
    let agent = agent.ok_or_else(|| ApiError::bad_request("agent: say who takes it"))?;
    let row = app.engine.store().escalation(escalation).await?;
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("escalation {escalation}")))?;
    let order = Order::TakeEscalation { escalation, agent };
    told(app.engine.order(row.mailbox, who.by(), order).await?)
}

/// An escalation was taken.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "EscalationTaken")]
pub(crate) struct Taken {
    escalation: EscalationId,
    /// Milliseconds from our receipt of what caused it.
    after_ms: u64,
    /// Whether that was too late.
    missed: bool,
}
