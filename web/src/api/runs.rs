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
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

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
pub(crate) async fn show(State(app): State<Arc<App>>, Extension(who): Extension<Who>, Id(id): Id<RunId>) -> Answer {
    let row = find(&app, id).await?;
    app.sign_in.reads(&app, &who, "run.read", id.to_string()).await?;
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
pub(crate) async fn cancel(State(app): State<Arc<App>>, Extension(who): Extension<Who>, Id(run): Id<RunId>) -> Answer {
    let row = find(&app, run).await?;
    Ok(Json(app.engine.order(row.mailbox, who.by(), Order::CancelRun { run }).await?))
}

/// `POST /runs/{id}/kill`: ends it at once, without the flow's `finally`.
pub(crate) async fn kill(State(app): State<Arc<App>>, Extension(who): Extension<Who>, Id(run): Id<RunId>) -> Answer {
    let row = find(&app, run).await?;
    Ok(Json(app.engine.order(row.mailbox, who.by(), Order::KillRun { run }).await?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retry {
    /// What the failed step is given instead of its own input.
    input: Option<Value>,
}

/// `POST /runs/{id}/retry`: every call of it that needs attention is tried again, as it was; a failed run is begun again at the
/// step that failed, as a new run.
pub(crate) async fn retry(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(run): Id<RunId>,
    Json(retry): Json<Retry>,
) -> Answer {
    app.expect_accounts()?;
    let row = find(&app, run).await?;
    if row.status == RunStatus::Failed {
        let order = Order::RetryRun { run, input: retry.input };
        return Ok(Json(app.engine.order(row.mailbox, who.by(), order).await?));
    }
    let effects = app.engine.store().effects_of(run).await?;
    let parked: Vec<&EffectRow> = effects.iter().filter(|effect| effect.state == EffectState::Parked).collect();
    if parked.is_empty() {
        let message = format!("run {run} has not failed, and no call of it needs attention");
        return Err(ApiError::conflict(message));
    }
    let mut retried = Vec::with_capacity(parked.len());
    for effect in parked {
        let order = Order::RetryEffect { effect: effect.id, input: None };
        app.engine.order(row.mailbox, who.by(), order).await?;
        retried.push(effect.id);
    }
    Ok(Json(json!({ "retried": retried })))
}

/// `POST /runs/{id}/replay`: the flow that is live now, with the event that started this run.
pub(crate) async fn replay(State(app): State<Arc<App>>, Extension(who): Extension<Who>, Id(run): Id<RunId>) -> Answer {
    app.expect_accounts()?;
    let row = find(&app, run).await?;
    Ok(Json(app.engine.order(row.mailbox, who.by(), Order::ReplayRun { run }).await?))
}

/// Which runs an order is about, all of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Many {
    flow: Option<String>,
    contact: Option<ContactId>,
    /// Only those in this status.
    status: Option<RunStatus>,
    #[serde(rename = "do")]
    what: Do,
}

/// What is done to each.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Do {
    Cancel,
    Retry,
}

/// Most runs of one request, and of a second: whoever wants more asks again, and customers' events go first.
const MOST: usize = 1_000;
const PACE: std::time::Duration = std::time::Duration::from_millis(5);

/// `POST /runs/bulk`: cancels the runs of a flow or a contact, or retries the failed ones; at most 1 000, about 200 a second. Says
/// how many were done, which could not be and why, and whether there are more.
pub(crate) async fn bulk(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Json(many): Json<Many>,
) -> Answer {
    if many.flow.is_none() && many.contact.is_none() {
        return Err(ApiError::bad_request("say which: `flow`, `contact` or both"));
    }
    let wanted = match many.what {
        Do::Cancel => [RunStatus::Working, RunStatus::Waiting, RunStatus::NeedsAttention].as_slice(),
        Do::Retry => &[RunStatus::Failed],
    };
    let wanted: Vec<RunStatus> =
        wanted.iter().copied().filter(|one| many.status.is_none_or(|asked| asked == *one)).collect();
    let (mut done, mut refused) = (0, Vec::new());
    for status in wanted {
        let mut before = None;
        loop {
            let filter =
                RunFilter { flow: many.flow.clone(), status: Some(status), contact: many.contact, before, limit: 100 };
            let rows = app.engine.store().runs(filter).await?;
            let Some(last) = rows.last().map(|row| row.id) else { break };
            before = Some(last);
            for row in rows {
                if done + refused.len() >= MOST {
                    return Ok(Json(json!({ "done": done, "refused": refused, "more": true })));
                }
                let order = match many.what {
                    Do::Cancel => Order::CancelRun { run: row.id },
                    Do::Retry => Order::RetryRun { run: row.id, input: None },
                };
                match app.engine.order(row.mailbox, who.by(), order).await {
                    Ok(_) => done += 1,
                    Err(why) => refused.push(json!({ "run": row.id, "why": why.to_string() })),
                }
                tokio::time::sleep(PACE).await;
            }
        }
    }
    Ok(Json(json!({ "done": done, "refused": refused, "more": false })))
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
