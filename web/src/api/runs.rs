//! Runs: the log of what flows did, and ending or repeating one by hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::expr::text::normalise;
use engine::ids::{ContactId, EffectId, Ids, RunId, VersionId};
use engine::order::Order;
use engine::runner::Health;
use engine::sentence;
use engine::sentence::Sentence;
use engine::store::{
    EffectRow, EffectState, ListedRun, Page, Pages, Reads, RunFilter, RunQuery, RunRow, RunStatus, Store,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::extract::{Id, Limit, Moment, Params};
use super::picture::{self, Picture};
use super::{Answer, told, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Of this flow only.
    flow: Option<String>,
    /// In this status only.
    status: Option<RunStatus>,
    /// On this version only.
    version: Option<VersionId>,
    /// Of this contact only.
    contact: Option<ContactId>,
    /// Whose error, or whose contact's name or number, holds this; or a run's id.
    text: Option<String>,
    /// Begun at or after this time.
    since: Option<Moment>,
    /// Begun before this time.
    until: Option<Moment>,
    /// `next` of the page before.
    after: Option<RunId>,
    /// The same.
    before: Option<RunId>,
    #[serde(default)]
    limit: Limit,
}

/// Runs, newest first. A page may be short and still have a `next`: the `after` of the next page.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Runs {
    runs: Vec<view::Run>,
    next: Option<RunId>,
}

/// `GET /runs`.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(filter): Params<Filter>) -> Answer<Runs> {
    let store = app.engine.store();
    let named = filter.text.as_deref().and_then(|text| text.trim().parse().ok());
    let page = match named {
        Some(id) => {
            let run = store.run(id).await?;
            Page { rows: run.map(|run| ListedRun { run, name: None }).into_iter().collect(), next: None }
        }
        None => store.run_page(filter.query()).await?,
    };
    let down: Vec<Health> = app.engine.health().into_iter().filter(|health| health.down_since.is_some()).collect();
    let waiting = page.rows.iter().filter(|row| row.run.status == RunStatus::Waiting);
    let waits = store.waits_of(waiting.map(|row| (row.run.mailbox, row.run.id)).collect()).await?;
    let mut runs = Vec::with_capacity(page.rows.len());
    for ListedRun { run: row, name } in &page.rows {
        let wait = waits.iter().find(|wait| wait.run_id == Some(row.id)).map(Into::into);
        let mut run = view::Run { contact_name: name.clone(), wait, ..row.into() };
        if !down.is_empty() && row.status == RunStatus::Working {
            let effects = store.effects_of(row.id).await?;
            run.waiting_for = waiting_for(&effects, &down);
        }
        runs.push(run);
    }
    Ok(Json(Runs { runs, next: page.next }))
}

impl Filter {
    fn query(self) -> RunQuery {
        let text = self.text.as_deref().map(normalise).filter(|text| !text.is_empty());
        let key = self.after.or(self.before);
        // An id tells when its run began.
        let until = self.until.map(|Moment(at)| RunId(Ids::floor(at).saturating_add(1)));
        RunQuery {
            flow: self.flow,
            version: self.version,
            status: self.status,
            contact: self.contact,
            text,
            after: self.since.map(|Moment(at)| RunId(Ids::floor(at))),
            before: key.into_iter().chain(until).min(),
            limit: self.limit.get(),
        }
    }
}

/// A run with its log, its calls that are not settled, and its messages.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunShown {
    #[serde(flatten)]
    run: view::Run,
    /// What started it.
    trigger: Option<view::Event>,
    /// What took the event up: which triggers matched, which did not, and why.
    handling: Vec<view::JournalRow>,
    journal: Vec<view::JournalRow>,
    /// Calls that are not settled.
    effects: Vec<view::Call>,
    messages: Vec<view::Message>,
    /// What became of each step; nothing when this build cannot read the text it is on.
    picture: Option<Picture>,
}

/// `GET /runs/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<RunId>,
) -> Answer<RunShown> {
    let row = find(&app, id).await?;
    app.sign_in.reads(&app, &who, "run.read", id.to_string()).await?;
    let store = app.engine.store();
    let effects = store.effects_of(id).await?;
    let waiting_for = waiting_for(&effects, &app.engine.health());
    let journal = store.journal(id.0).await?;
    let version = store.version(row.version_id).await?;
    let picture = version.and_then(|version| picture::drawn(&app, &version, &journal, row.status));
    Ok(Json(RunShown {
        run: view::Run { waiting_for, ..(&row).into() },
        trigger: store.event(row.event_id).await?.as_ref().map(Into::into),
        handling: store.journal(row.event_id.0).await?.iter().map(Into::into).collect(),
        journal: journal.iter().map(Into::into).collect(),
        effects: effects.iter().map(Into::into).collect(),
        messages: store.messages_of(id).await?.iter().map(Into::into).collect(),
        picture,
    }))
}

/// `POST /runs/{id}/cancel`: ends it; the flow's `finally` runs.
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(run): Id<RunId>,
) -> Answer<RunEnded> {
    let row = find(&app, run).await?;
    told(app.engine.order(row.mailbox, who.by(), Order::CancelRun { run }).await?)
}

/// A run was ended by hand.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub(crate) struct RunEnded {
    run: RunId,
    /// Where it stands: its clean-up may still run.
    status: RunStatus,
}

/// `POST /runs/{id}/kill`: ends it at once, without the flow's `finally`.
pub(crate) async fn kill(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(run): Id<RunId>,
) -> Answer<RunEnded> {
    let row = find(&app, run).await?;
    told(app.engine.order(row.mailbox, who.by(), Order::KillRun { run }).await?)
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
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
) -> Answer<Retried> {
    app.expect_accounts()?;
    let row = find(&app, run).await?;
    if row.status == RunStatus::Failed {
        let order = Order::RetryRun { run, input: retry.input };
        return told(app.engine.order(row.mailbox, who.by(), order).await?);
    }
    let effects = app.engine.store().effects_of(run).await?;
    let parked: Vec<&EffectRow> = effects.iter().filter(|effect| effect.state == EffectState::Parked).collect();
    if parked.is_empty() {
        let message = sentence!("run {run} has not failed, and no call of it needs attention", run = run.to_string());
        return Err(ApiError::conflict(message));
    }
    let mut retried = Vec::with_capacity(parked.len());
    for effect in parked {
        let order = Order::RetryEffect { effect: effect.id, input: None };
        app.engine.order(row.mailbox, who.by(), order).await?;
        retried.push(effect.id);
    }
    Ok(Json(Retried::Calls { retried }))
}

/// A run is tried again.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "RunRetried")]
pub(crate) enum Retried {
    /// As a new run that begins at the step that failed.
    Anew {
        run: RunId,
        /// The run that failed.
        retries: RunId,
        step: String,
    },
    /// By these calls.
    Calls { retried: Vec<EffectId> },
}

/// `POST /runs/{id}/replay`: the flow that is live now, with the event that started this run.
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(run): Id<RunId>,
) -> Answer<Replayed> {
    app.expect_accounts()?;
    let row = find(&app, run).await?;
    told(app.engine.order(row.mailbox, who.by(), Order::ReplayRun { run }).await?)
}

/// A flow began anew with what started an earlier run.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "RunReplayed")]
pub(crate) struct Replayed {
    run: RunId,
    /// The earlier run.
    replays: RunId,
}

/// Which runs an order is about, all of them.
#[derive(Debug, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
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
) -> Answer<ManyDone> {
    if many.flow.is_none() && many.contact.is_none() {
        return Err(ApiError::bad_request("say which: `flow`, `contact` or both"));
    }
    let wanted = match many.what {
        Do::Cancel => [RunStatus::Working, RunStatus::Waiting, RunStatus::NeedsAttention].as_slice(),
        Do::Retry => &[RunStatus::Failed],
    };
    let wanted: Vec<RunStatus> =
        wanted.iter().copied().filter(|one| many.status.is_none_or(|asked| asked == *one)).collect();
    let (mut done, mut refused) = (0, Vec::<Refused>::new());
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
                    return Ok(Json(ManyDone { done, refused, more: true }));
                }
                let order = match many.what {
                    Do::Cancel => Order::CancelRun { run: row.id },
                    Do::Retry => Order::RetryRun { run: row.id, input: None },
                };
                match app.engine.order(row.mailbox, who.by(), order).await {
                    Ok(_) => done += 1,
                    Err(error) => {
                        let said = ApiError::from(error).into_message();
                        refused.push(Refused { run: row.id, why: said.to_string(), said });
                    }
                }
                tokio::time::sleep(PACE).await;
            }
        }
    }
    Ok(Json(ManyDone { done, refused, more: false }))
}

/// What became of many runs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RunsDone")]
pub(crate) struct ManyDone {
    /// How many it was done to.
    done: usize,
    refused: Vec<Refused>,
    /// Whether there are more: say it again.
    more: bool,
}

/// A run that it could not be done to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RunRefused")]
pub(crate) struct Refused {
    run: RunId,
    why: String,
    /// The same for other languages.
    said: Sentence,
}

async fn find(app: &App, id: RunId) -> Result<RunRow, ApiError> {
    app.engine.store().run(id).await?.ok_or_else(|| ApiError::not_found(format_args!("run {id}")))
}

/// The connection that is down and holds the run's first planned call, and since when.
fn waiting_for(effects: &[EffectRow], health: &[Health]) -> Option<view::WaitingFor> {
    let planned = effects.iter().filter(|effect| effect.state == EffectState::Planned);
    let down = planned.filter_map(|effect| health.iter().find(|health| health.connection == effect.connection));
    let found = down.filter_map(|health| Some((health, health.down_since?))).next();
    found.map(|(health, since)| view::WaitingFor {
        connection: health.connection.clone(),
        since: view::Time(since),
        reason: health.reason.clone(),
    })
}
