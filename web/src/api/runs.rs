//! Runs: the log of what flows did, and ending or repeating one by hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::ids::{ContactId, RunId};
use engine::order::Order;
use engine::runner::Health;
use engine::store::{EffectRow, EffectState, Reads, RunFilter, RunRow, RunStatus, Store};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Id, Limit, Params};
use super::{Answer, view};
use crate::app::App;
use crate::error::ApiError;
use crate::peer::Peer;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    flow: Option<String>,
    status: Option<RunStatus>,
    contact: Option<ContactId>,
    /// The last run of the page before.
    before: Option<RunId>,
    #[serde(default)]
    limit: Limit,
}

/// `GET /runs`: newest first; `next` is the `before` of the next page.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(filter): Params<Filter>) -> Answer {
    let limit = filter.limit.get();
    let filter =
        RunFilter { flow: filter.flow, status: filter.status, contact: filter.contact, before: filter.before, limit };
    let rows = app.engine.store().runs(filter).await?;
    let next = (rows.len() == limit as usize).then(|| rows.last().map(|row| row.id)).flatten();
    let down: Vec<Health> = app.engine.health().into_iter().filter(|health| health.down_since.is_some()).collect();
    let mut runs = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut run = view::run(row);
        if !down.is_empty() && row.status == RunStatus::Working {
            let effects = app.engine.store().effects_of(row.id).await?;
            run["waiting_for"] = waiting_for(&effects, &down);
        }
        runs.push(run);
    }
    Ok(Json(json!({ "runs": runs, "next": next })))
}

/// `GET /runs/{id}`: one run with its journal, its calls that are not settled, and its messages.
pub(crate) async fn show(State(app): State<Arc<App>>, Id(id): Id<RunId>) -> Answer {
    let row = find(&app, id).await?;
    let store = app.engine.store();
    let effects = store.effects_of(id).await?;
    let mut run = view::run(&row);
    run["waiting_for"] = waiting_for(&effects, &app.engine.health());
    run["effects"] = effects.iter().map(view::effect).collect();
    // What took the event up is told there: which triggers matched, which did not, and why.
    run["handling"] = store.journal(row.event_id.0).await?.iter().map(view::journal).collect();
    run["journal"] = store.journal(id.0).await?.iter().map(view::journal).collect();
    run["messages"] = store.messages_of(id).await?.iter().map(view::message).collect();
    run["trigger"] = store.event(row.event_id).await?.as_ref().map_or(Value::Null, view::event);
    Ok(Json(run))
}

/// `POST /runs/{id}/cancel`: ends it; the flow's `finally` runs.
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Id(run): Id<RunId>,
) -> Answer {
    let row = find(&app, run).await?;
    Ok(Json(app.engine.order(row.mailbox, peer.by(), Order::CancelRun { run }).await?))
}

/// `POST /runs/{id}/kill`: ends it at once, without the flow's `finally`.
pub(crate) async fn kill(State(app): State<Arc<App>>, Extension(peer): Extension<Peer>, Id(run): Id<RunId>) -> Answer {
    let row = find(&app, run).await?;
    Ok(Json(app.engine.order(row.mailbox, peer.by(), Order::KillRun { run }).await?))
}

/// `POST /runs/{id}/retry`: every call of it that needs attention is tried again, as it was.
pub(crate) async fn retry(State(app): State<Arc<App>>, Extension(peer): Extension<Peer>, Id(run): Id<RunId>) -> Answer {
    app.expect_accounts()?;
    let row = find(&app, run).await?;
    let effects = app.engine.store().effects_of(run).await?;
    let parked: Vec<&EffectRow> = effects.iter().filter(|effect| effect.state == EffectState::Parked).collect();
    if parked.is_empty() {
        return Err(ApiError::conflict(format!("run {run} has no call that needs attention")));
    }
    let mut retried = Vec::with_capacity(parked.len());
    for effect in parked {
        let order = Order::RetryEffect { effect: effect.id, input: None };
        app.engine.order(row.mailbox, peer.by(), order).await?;
        retried.push(effect.id);
    }
    Ok(Json(json!({ "retried": retried })))
}

async fn find(app: &App, id: RunId) -> Result<RunRow, ApiError> {
    app.engine.store().run(id).await?.ok_or_else(|| ApiError::not_found(format_args!("run {id}")))
}

/// The connection that is down and holds the run's first planned call, and since when.
fn waiting_for(effects: &[EffectRow], health: &[Health]) -> Value {
    let planned = effects.iter().filter(|effect| effect.state == EffectState::Planned);
    let down = planned.filter_map(|effect| health.iter().find(|health| health.connection == effect.connection));
    let found = down.filter_map(|health| Some((health, health.down_since?))).next();
    found.map_or(Value::Null, |(health, since)| {
        json!({ "connection": health.connection, "since": view::time(since), "reason": health.reason })
    })
}
