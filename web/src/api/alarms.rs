//! Alarms: what needs a person who works here, who is told of it, what became of that, and trying whether telling works.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::{Permission, Told};
use engine::alarm::{Alarm, Customer, Kind, Policy, Stage, Telling};
use engine::capability::notify::{AlarmState, Level, TellAlarm};
use engine::connector::{Action, Call, Problem, Verdict};
use engine::handle::StoredPolicy;
use engine::ids::{AlarmId, ConversationId, MailboxId};
use engine::order::{Error, Order};
use engine::run::{Entry, What, journal};
use engine::sentence;
use engine::store::{JournalRow, Reads};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::extract::{Body, Id, IfMatch, Params};
use super::{Answer, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

/// How long a trial may take.
const PATIENCE: Duration = Duration::from_secs(40);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Only those that are not over: open, or looked at by somebody.
    #[serde(default)]
    open: bool,
}

/// Alarms, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Alarms {
    alarms: Vec<AlarmView>,
    /// How many nobody has acknowledged.
    open: usize,
}

/// Something that needs a person who works here.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Alarm")]
pub(crate) struct AlarmView {
    id: AlarmId,
    /// What makes it the same alarm, with what it is about: `connection/<id>`, `attention/<flow>/<connection>`, `flow/<id>`,
    /// `held/<flow>/<trigger>`, `escalation/<id>`, `disk/<folder>`, `clock`.
    key: String,
    kind: Kind,
    level: Level,
    state: Stage,
    title: String,
    text: String,
    /// The page where it is looked at.
    path: Option<String>,
    since: view::Time,
    /// When it was noticed last.
    last: view::Time,
    /// How often it was noticed.
    count: u32,
    /// How often it was told.
    told: u32,
    acknowledged_by: Option<String>,
    acknowledged_at: Option<view::Time>,
    ended_at: Option<view::Time>,
    /// What became of telling it, by connection.
    told_by: Vec<Telling>,
    /// The customer whom it is about.
    customer: Option<CustomerView>,
}

/// A customer whom an alarm is about.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AlarmCustomer")]
pub(crate) struct CustomerView {
    /// The team's name.
    team: String,
    /// Name and number, for those who see the inbox, and while the alarm lasts.
    name: Option<String>,
    /// Where they wait.
    conversation: Option<ConversationId>,
    /// Since when they wait.
    since: view::Time,
}

impl AlarmView {
    /// As this one may see it.
    fn of(alarm: Alarm, who: &Who) -> Self {
        let sees = who.may(Permission::InboxRead);
        let shown = |Customer { name, team, conversation, since }| CustomerView {
            team,
            name: Some(name).filter(|name| sees && !name.is_empty()),
            conversation: conversation.filter(|_| sees),
            since: view::Time(since),
        };
        Self {
            id: alarm.id,
            key: alarm.raise.key,
            kind: alarm.raise.kind,
            level: alarm.raise.level,
            state: alarm.stage,
            title: alarm.raise.title,
            text: alarm.raise.text,
            path: alarm.raise.path,
            since: view::Time(alarm.since),
            last: view::Time(alarm.last),
            count: alarm.count,
            told: alarm.told,
            acknowledged_by: alarm.by,
            acknowledged_at: view::maybe(alarm.acknowledged_at),
            ended_at: view::maybe(alarm.ended_at),
            told_by: alarm.told_by,
            customer: alarm.raise.customer.map(shown),
        }
    }
}

/// `GET /alarms`: those of the last week, newest first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Params(filter): Params<Filter>,
) -> Answer<Alarms> {
    let mut alarms = app.engine.alarms().await?;
    // Nobody needs to know yet.
    alarms.retain(|alarm| alarm.stage != Stage::Pending && (alarm.is_current() || !filter.open));
    let open = alarms.iter().filter(|alarm| alarm.stage == Stage::Open).count();
    Ok(Json(Alarms { alarms: alarms.into_iter().map(|alarm| AlarmView::of(alarm, &who)).collect(), open }))
}

/// An alarm with its story.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AlarmTold")]
pub(crate) struct WithStory {
    #[serde(flatten)]
    alarm: AlarmView,
    /// What happened, oldest first.
    story: Vec<Line>,
}

/// One line of the story.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AlarmLine")]
pub(crate) struct Line {
    at: view::Time,
    /// `raised`, `told`, `not_told`, `changed` (what was told says how it stands now), `not_changed`, `acknowledged`, `ended`.
    what: String,
    /// Who did it, if a person did.
    by: Option<String>,
    /// Through which connection it was told.
    connection: Option<String>,
    /// To whom there, if the policy names somebody.
    to: Option<String>,
    /// The code of what went wrong.
    problem: Option<String>,
}

/// `GET /alarms/{id}`: one of the last week, with its story.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<AlarmId>,
) -> Answer<WithStory> {
    let all = app.engine.alarms().await?;
    let alarm = all.into_iter().find(|alarm| alarm.id == id && alarm.stage != Stage::Pending);
    let alarm = alarm.ok_or_else(|| ApiError::not_found(format_args!("alarm {id}")))?;
    let rows = app.engine.store().journal(id.0).await?;
    let entries = rows.iter().flat_map(|row| {
        let entries = journal::decode(row).unwrap_or_default();
        entries.into_iter().filter_map(|entry| line(row, &entry)).collect::<Vec<_>>()
    });
    Ok(Json(WithStory { story: entries.collect(), alarm: AlarmView::of(alarm, &who) }))
}

fn line(row: &JournalRow, entry: &Entry) -> Option<Line> {
    let text = |name: &str| entry.data[name].as_str().map(str::to_owned);
    let what = match &entry.what {
        What::Changed { what, .. } => what.strip_prefix("alarm.")?,
        What::Told { done, .. } => match (text("state").as_deref(), done) {
            (None | Some("open"), true) => "told",
            (None | Some("open"), false) => "not_told",
            (Some(_), true) => "changed",
            (Some(_), false) => "not_changed",
        },
        _ => return None,
    };
    let by = text("by").map(|by| engine::handle::named(&by).to_owned());
    let (connection, to, problem) = (text("connection"), text("to"), text("problem"));
    Some(Line { at: view::Time(row.at), what: what.to_owned(), by, connection, to, problem })
}

/// `POST /alarms/{id}/acknowledge`: I look at it. Twice is once.
pub(crate) async fn acknowledge(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(alarm): Id<AlarmId>,
) -> Answer<AlarmView> {
    let answer = app.engine.order(MailboxId::ALARMS, who.by(), Order::Acknowledge { alarm }).await;
    let answer = match answer {
        Err(Error::Gone(_)) => return Err(ApiError::not_found(format_args!("alarm {alarm}"))),
        other => other?,
    };
    let alarm: Alarm = serde_json::from_value(answer).map_err(ApiError::internal)?;
    Ok(Json(AlarmView::of(alarm, &who)))
}

/// How alarms are told, and which revision of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PolicyView {
    #[serde(flatten)]
    policy: Policy,
    /// For `If-Match`; 0 while nobody changed it.
    revision: String,
}

impl From<StoredPolicy> for PolicyView {
    fn from(stored: StoredPolicy) -> Self {
        Self { policy: stored.policy, revision: stored.rev.to_string() }
    }
}

/// `GET /alarms/policy`.
pub(crate) async fn policy(State(app): State<Arc<App>>) -> Answer<PolicyView> {
    Ok(Json(app.engine.alarm_policy().await?.into()))
}

/// `PUT /alarms/policy`: whole, with `If-Match`.
pub(crate) async fn change_policy(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    IfMatch(rev): IfMatch,
    Body(policy): Body<Policy>,
) -> Answer<PolicyView> {
    check(&app, &policy)?;
    let order = Order::AlarmPolicy { rev, policy: Box::new(policy) };
    match app.engine.order(MailboxId::ALARMS, who.by(), order).await {
        Ok(_) => Ok(Json(app.engine.alarm_policy().await?.into())),
        Err(Error::Changed) => {
            let current = PolicyView::from(app.engine.alarm_policy().await?);
            Err(ApiError::changed(json!(current)))
        }
        Err(other) => Err(other.into()),
    }
}

/// What a policy names must be there.
fn check(app: &App, policy: &Policy) -> Result<(), ApiError> {
    if let Some(mistake) = policy.mistake() {
        return Err(ApiError::bad_request(mistake));
    }
    for route in &policy.routes {
        teller(app, &route.connection)?;
    }
    let calendars = app.engine.calendars();
    match policy.working_hours.as_deref().filter(|name| !calendars.contains_key(*name)) {
        Some(name) => Err(ApiError::bad_request(sentence!("working_hours: there is no calendar `{name}`", name))),
        None => Ok(()),
    }
}

/// How a connection tells alarms.
fn teller(app: &App, id: &str) -> Result<engine::connector::Performer, ApiError> {
    let open = app.connections.get(id).ok_or_else(|| ApiError::not_found(format_args!("connection `{id}`")))?;
    let performer = open.performers.get(TellAlarm::NAME).cloned();
    performer.ok_or_else(|| ApiError::bad_request(sentence!("the connection `{id}` cannot tell alarms", id)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    /// Through which connection.
    connection: String,
    /// Whom there. Default: whom the connection names.
    #[serde(default)]
    to: Option<String>,
}

/// Whether a trial was told.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AlarmTried")]
pub(crate) struct Tried {
    told: bool,
    /// What went wrong.
    problem: Option<Problem>,
}

/// `POST /alarms/test`: tells a trial through one connection, and how that went.
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(Trial { connection, to }): Body<Trial>,
) -> Answer<Tried> {
    let performer = teller(&app, &connection)?;
    let now = app.clock.now();
    let input = TellAlarm {
        alarm: String::new(),
        key: String::new(),
        kind: Kind::Test.name(),
        title: "Switchboard: a trial".into(),
        text: "This is a trial. Alarms reach you here.".into(),
        level: Level::Info,
        url: Some("/alarms?tab=policy".into()),
        repeat: 0,
        state: AlarmState::Open,
        channel: to,
        earlier: None,
        by: None,
        team: None,
        customer: None,
        waits_s: None,
    };
    let key = format!("trial/{}", now.0);
    let call = Call { key: key.into(), attempt: 1, tries: 0, now, address: None, phone: None };
    let verdict = match timeout(PATIENCE, performer.perform(json!(input), call)).await {
        Ok(verdict) => verdict,
        Err(_) => {
            let words = format!("no answer within {} s", PATIENCE.as_secs());
            Verdict::Unknown(Problem::new("timeout", words))
        }
    };
    let told = Told { what: "alarms.tested", id: connection, data: json!({ "verdict": verdict.name() }) };
    app.engine.account(who.by(), vec![told], Vec::new()).await?.map_err(ApiError::from)?;
    Ok(Json(Tried { told: matches!(verdict, Verdict::Done(_)), problem: verdict.problem().cloned() }))
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FlowAlarm")]
pub(crate) struct Watched {
    /// Whether its failed runs are alarms.
    on: bool,
}

/// `PUT /flows/{id}/alarm`: whether the failed runs of a flow are alarms.
pub(crate) async fn watch_flow(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(flow): Id<String>,
    Body(watched): Body<Watched>,
) -> Answer<Watched> {
    let order = Order::AlarmFlow { flow, on: watched.on };
    let _: Value = app.engine.order(MailboxId::ALARMS, who.by(), order).await?;
    Ok(Json(watched))
}
