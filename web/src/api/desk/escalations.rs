//! Escalations: who asked for a human, how it went, and who takes it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::clock::At;
use engine::ids::{ConversationId, EscalationId, MailboxId, UserId};
use engine::order::{self, DeskOrder, Order};
use engine::run::{Entry, What, journal};
use engine::store::{EscalationFilter, EscalationRow, JournalRow, Reads};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::extract::{Body, Id, Limit, Params};
use super::super::view::Time;
use super::super::{Answer, next};
use super::show::{Escalation, Person, Shower};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// Only those nobody took yet.
    #[serde(default)]
    open: bool,
    /// Only those that were missed.
    #[serde(default)]
    missed: bool,
    /// Only those asked of this team.
    team: Option<String>,
    /// Only those that whoever asks took.
    #[serde(default)]
    mine: bool,
    /// Only those older than this one: `next` of the page before.
    after: Option<EscalationId>,
    #[serde(default)]
    limit: Limit,
}

/// Escalations, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Escalations {
    escalations: Vec<Escalation>,
    next: Option<EscalationId>,
}

/// `GET /escalations`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Params(page): Params<Page>,
) -> Answer<Escalations> {
    let limit = page.limit.get();
    let taken_by = if page.mine { Some(who.expect_person()?.user.id) } else { None };
    let Page { open, missed, team, after, .. } = page;
    let filter = EscalationFilter { open, missed, team, taken_by, since: None, before: after, limit };
    let rows = app.engine.store().escalations(filter).await?;
    let next = next(&rows, limit, |row| row.id);
    let escalations = Shower::new(&app, who.user()).await?.all(&rows).await?;
    Ok(Json(Escalations { escalations, next }))
}

/// An escalation with its story.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EscalationTold")]
pub(crate) struct Told {
    #[serde(flatten)]
    escalation: Escalation,
    /// What each second was spent on.
    story: Vec<Line>,
}

/// One line of the story.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StoryLine")]
pub(crate) struct Line {
    at: Time,
    /// Milliseconds since what caused it was received.
    after_ms: u64,
    /// `asked`, `offered`, `timed_out`, `declined`, `left`, `away`, `nobody`, `team`, `taken`, `missed`, `fallback_told` …
    what: String,
    /// Whom it concerns, if that is one.
    who: Option<Person>,
    /// Why, a stable code; of a fallback channel its connection.
    why: Option<String>,
    /// All whom it concerns.
    agents: Vec<Person>,
    /// Who else was looked at, and why it was not them.
    passed: Vec<Passed>,
}

/// Somebody who was not asked.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PassedOver")]
pub(crate) struct Passed {
    agent: Person,
    /// `offline`, `away`, `busy`, `break`, `wrap_up`, `tried`, `full`, `language`, `skill`, `behind`.
    why: String,
}

/// `GET /escalations/{id}`: with its story.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<EscalationId>,
) -> Answer<Told> {
    let row = find(&app, id).await?;
    let shower = Shower::new(&app, who.user()).await?;
    let rows = app.engine.store().journal(id.0).await?;
    let story = rows.iter().flat_map(|line| lines(&shower, &row, line)).collect();
    Ok(Json(Told { escalation: shower.one(&row).await?, story }))
}

async fn find(app: &App, id: EscalationId) -> Result<EscalationRow, ApiError> {
    let row = app.engine.store().escalation(id).await?;
    row.ok_or_else(|| ApiError::not_found(format_args!("escalation {id}")))
}

fn lines(shower: &Shower<'_>, row: &EscalationRow, written: &JournalRow) -> Vec<Line> {
    let entries = journal::decode(written).unwrap_or_default();
    entries.into_iter().filter_map(|entry| line(shower, row, written, &entry)).collect()
}

fn line(shower: &Shower<'_>, row: &EscalationRow, written: &JournalRow, entry: &Entry) -> Option<Line> {
    let data = &entry.data;
    let taker = || data["agent"].as_str().and_then(|id| id.parse().ok());
    let (what, users): (&str, Vec<UserId>) = match &entry.what {
        What::Desk { how, agents, .. } => (how, agents.clone()),
        What::Taken { .. } => ("taken", taker().into_iter().collect()),
        What::Missed { .. } => ("missed", Vec::new()),
        _ => return None,
    };
    let agents: Vec<Person> = users.into_iter().map(|user| shower.person(user)).collect();
    let machine = data["name"].as_str().map(|name| Person { id: None, name: name.to_owned() });
    let who = agents.first().filter(|_| agents.len() == 1).cloned().or(machine);
    let why = [&data["why"], &data["connection"]].into_iter().find_map(Value::as_str).map(str::to_owned);
    let passed = data["passed"].as_array().into_iter().flatten().filter_map(|one| {
        let agent = shower.person(one["agent"].as_str()?.parse().ok()?);
        Some(Passed { agent, why: one["why"].as_str()?.to_owned() })
    });
    let passed = passed.collect();
    let after_ms = u64::try_from(written.at.since(row.received_at).as_millis()).unwrap_or(u64::MAX);
    Some(Line { at: Time(written.at), after_ms, what: what.to_owned(), who, why, agents, passed })
}

/// In whose name a machine takes it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Take {
    /// For tokens: the name of whoever takes it. A person who is signed in takes it for themselves.
    agent: Option<String>,
}

/// Who has it.
#[derive(Debug, Serialize)]
struct Holder {
    by: Option<Person>,
    at: Option<Time>,
}

/// `POST /escalations/{id}/take`: whoever is first has it; the others are refused with `taken`.
pub(crate) async fn take(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(escalation): Id<EscalationId>,
    Body(take): Body<Take>,
) -> Answer<Escalation> {
    find(&app, escalation).await?;
    let person = who.expect_person().ok().map(|person| &person.user);
    let named = take.agent.filter(|agent| !agent.trim().is_empty());
    let name = person.map(|user| user.name.clone()).or(named);
    let name = name.ok_or_else(|| ApiError::bad_request("agent: say who takes it"))?;
    let order = Order::Desk(DeskOrder::Take { escalation, user: person.map(|user| user.id), name });
    let taken = app.engine.order(MailboxId::DESK, who.by(), order).await;
    let row = find(&app, escalation).await?;
    if let Err(error) = taken {
        return Err(refused(error, &row));
    }
    Ok(Json(Shower::new(&app, who.user()).await?.one(&row).await?))
}

/// Somebody else has it, also when the desk is done with it.
fn refused(error: order::Error, row: &EscalationRow) -> ApiError {
    let holder =
        |by: String, at: At| Holder { by: Some(Person { id: row.accepted_user, name: by }), at: Some(Time(at)) };
    let held = match &error {
        order::Error::Taken { by, at } => Some(holder(by.clone(), *at)),
        order::Error::Gone(_) => row.accepted_at.map(|at| holder(row.accepted_by.clone().unwrap_or_default(), at)),
        _ => None,
    };
    match held {
        Some(holder) => ApiError::conflict_of("taken", "somebody else has taken it", &holder),
        None => error.into(),
    }
}

/// Why somebody does not want it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decline {
    /// A short code, such as `busy` or `wrong_team`: small letters and `_`, at most 30. It stays in the log, so no words about a
    /// customer belong here.
    #[serde(default)]
    why: String,
}

/// `POST /escalations/{id}/decline`: the next one is asked at once.
pub(crate) async fn decline(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(escalation): Id<EscalationId>,
    Body(Decline { why }): Body<Decline>,
) -> Answer<Escalation> {
    find(&app, escalation).await?;
    let user = who.expect_person()?.user.id;
    let is_code = why.len() <= 30 && why.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !is_code {
        return Err(ApiError::bad_request("why: a short code of small letters and `_`, such as `wrong_team`"));
    }
    let order = Order::Desk(DeskOrder::Decline { escalation, user, why });
    app.engine.order(MailboxId::DESK, who.by(), order).await?;
    let row = find(&app, escalation).await?;
    Ok(Json(Shower::new(&app, Some(user)).await?.one(&row).await?))
}

/// What a person asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EscalationAsk")]
pub(crate) struct Wanted {
    team: String,
    #[schemars(length(min = 1, max = 1000))]
    reason: String,
}

/// What was asked for.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "EscalationAsked")]
pub(crate) struct Asked {
    escalation: EscalationId,
}

/// `POST /conversations/{id}/escalate`: a person asks for a human of a team.
pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(conversation): Id<ConversationId>,
    Body(Wanted { team, reason }): Body<Wanted>,
) -> Answer<Asked> {
    let row = app.engine.store().conversation(conversation).await?;
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("conversation {conversation}")))?;
    let words = reason.trim().chars().count();
    if !(1..=1_000).contains(&words) {
        return Err(ApiError::bad_request("reason: say why, in at most 1000 characters"));
    }
    let order = Order::AskHuman { conversation, team, reason };
    let told = app.engine.order(MailboxId::of_contact(row.contact_id), who.by(), order).await?;
    super::super::told(json!({ "escalation": told["escalation"] }))
}
