//! Teams and what is set of agents. Teams are an admin's; a team lead changes those they belong to, and their agents.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::{Op, Permission, ProfileRow, Refusal, TeamRow, Told};
use engine::capability::crm::CreateTicket;
use engine::connector::Action;
use engine::desk::{Profile, ProfileBody, Team, TeamBody};
use engine::flow::Named;
use engine::ids::UserId;
use engine::sentence;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::super::extract::{Body, Id, IfMatch};
use super::super::{Answer, uses};
use super::show::Person;
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

/// Longest id of a team.
const MOST_OF_ID: usize = 64;

/// A team with its id.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Team")]
pub(crate) struct TeamView {
    /// As flows name it.
    id: String,
    /// For `If-Match`.
    revision: String,
    #[serde(flatten)]
    body: TeamBody,
}

/// What is set of an agent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentProfile")]
pub(crate) struct AgentView {
    user: Person,
    /// For `If-Match`; `0` = nothing was set yet.
    revision: String,
    #[serde(flatten)]
    body: ProfileBody,
}

/// Teams, and everybody who is in one.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Teams {
    teams: Vec<TeamView>,
    agents: Vec<AgentView>,
}

fn team_view(team: &Team) -> TeamView {
    TeamView { id: team.id.to_string(), revision: team.rev.to_string(), body: team.body.clone() }
}

fn agent_view(user: UserId, profile: &Profile) -> AgentView {
    let person = Person { id: Some(user), name: profile.name.clone() };
    AgentView { user: person, revision: profile.rev.to_string(), body: profile.body.clone() }
}

/// `GET /teams`.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Teams> {
    let staff = app.engine.staff();
    let agents = staff.people.iter().filter(|(user, _)| staff.teams_of(**user).next().is_some());
    Ok(Json(Teams {
        teams: staff.teams.values().map(team_view).collect(),
        agents: agents.map(|(user, profile)| agent_view(*user, profile)).collect(),
    }))
}

/// `PUT /teams/{id}`: makes one (`If-Match: "0"`), or changes it. It is in force before the answer.
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    IfMatch(rev): IfMatch,
    Id(id): Id<String>,
    Body(body): Body<TeamBody>,
) -> Answer<TeamView> {
    expect_lead(&app, &who, &id)?;
    check_id(&id)?;
    body.check().map_err(|wrong| ApiError::bad_request(wrong.sentence()))?;
    check_names(&app, &body)?;
    let now = app.clock.now();
    let text = serde_json::to_string(&body).map_err(ApiError::internal)?;
    let row = TeamRow { id: id.clone(), body: text, rev: rev + 1, by: who.by().to_owned(), at: now };
    let what = if rev == 0 { "team.made" } else { "team.changed" };
    let told = Told { what, id: id.clone(), data: json!({ "team": body }) };
    carried_out(&app, &who, told, Op::PutTeam(row), || current_team(&app, &id)).await?;
    let staff = app.engine.staff();
    staff.team(&id).map(team_view).map(Json).ok_or_else(|| ApiError::not_found(format_args!("team `{id}`")))
}

/// What was removed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TeamRemoved")]
pub(crate) struct Removed {
    removed: String,
}

/// `DELETE /teams/{id}`: no flow and no rule in force may name it. What is open of it stays on the board.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    IfMatch(rev): IfMatch,
    Id(id): Id<String>,
) -> Answer<Removed> {
    expect_lead(&app, &who, &id)?;
    if app.engine.staff().team(&id).is_none() {
        return Err(ApiError::not_found(format_args!("team `{id}`")));
    }
    uses::expect_unused(&app, Named::Team, &id).await?;
    let told = Told { what: "team.removed", id: id.clone(), data: json!({}) };
    carried_out(&app, &who, told, Op::EndTeam(id.clone(), rev), || current_team(&app, &id)).await?;
    Ok(Json(Removed { removed: id }))
}

/// `PUT /agents/{id}`: languages, skills, limit, and names in other services of somebody who works here.
pub(crate) async fn put_agent(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    IfMatch(rev): IfMatch,
    Id(user): Id<UserId>,
    Body(body): Body<ProfileBody>,
) -> Answer<AgentView> {
    let staff = app.engine.staff();
    let leads = || who.user().is_some_and(|me| staff.teams_of(user).any(|team| team.has(me)));
    if !who.may(Permission::UsersManage) && !leads() {
        return Err(ApiError::may_not(Permission::UsersManage));
    }
    if staff.profile(user).is_none() {
        return Err(ApiError::not_found(format_args!("user {user}")));
    }
    body.check().map_err(|wrong| ApiError::bad_request(wrong.sentence()))?;
    let text = serde_json::to_string(&body).map_err(ApiError::internal)?;
    let row = ProfileRow { user, body: text, rev: rev + 1, by: who.by().to_owned(), at: app.clock.now() };
    let told = Told { what: "agent.changed", id: user.to_string(), data: json!({ "agent": body }) };
    let current = || app.engine.staff().profile(user).map(|profile| json!(agent_view(user, profile)));
    carried_out(&app, &who, told, Op::PutProfile(row), current).await?;
    let staff = app.engine.staff();
    let profile = staff.profile(user).ok_or_else(|| ApiError::not_found(format_args!("user {user}")))?;
    Ok(Json(agent_view(user, profile)))
}

fn current_team(app: &App, id: &str) -> Option<serde_json::Value> {
    app.engine.staff().team(id).map(|team| json!(team_view(team)))
}

async fn carried_out(
    app: &App,
    who: &Who,
    told: Told,
    op: Op,
    current: impl Fn() -> Option<serde_json::Value>,
) -> Result<(), ApiError> {
    match app.engine.account(who.by(), vec![told], vec![op]).await? {
        Ok(()) => {
            app.checker.put_teams(&app.engine.staff());
            Ok(())
        }
        Err(Refusal::Changed) => Err(ApiError::changed(current().unwrap_or_default())),
        Err(other) => Err(other.into()),
    }
}

/// Who may change a team: whoever manages people, and the leads who belong to it.
fn expect_lead(app: &App, who: &Who, id: &str) -> Result<(), ApiError> {
    let staff = app.engine.staff();
    let member = || who.user().is_some_and(|me| staff.team(id).is_none_or(|team| team.has(me)));
    let exists = staff.team(id).is_some();
    if who.may(Permission::UsersManage) || (exists && member()) {
        return Ok(());
    }
    Err(ApiError::may_not(Permission::UsersManage))
}

fn check_id(id: &str) -> Result<(), ApiError> {
    let kebab =
        id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_');
    if kebab && (1..=MOST_OF_ID).contains(&id.len()) {
        return Ok(());
    }
    Err(ApiError::bad_request("the id of a team is 1 to 64 small letters, digits, `-` and `_`, such as `care`"))
}

/// Whether everybody and everything it names is there.
fn check_names(app: &App, body: &TeamBody) -> Result<(), ApiError> {
    let staff = app.engine.staff();
    if let Some(gone) = body.members.iter().find(|member| staff.profile(member.user).is_none()) {
        return Err(ApiError::bad_request(sentence!(
            "members: {user} does not work here",
            user = gone.user.to_string()
        )));
    }
    if let Some(calendar) = body.calendar.as_deref().filter(|name| !app.engine.calendars().contains_key(*name)) {
        return Err(ApiError::bad_request(sentence!(
            "calendar: there is no calendar `{calendar}`: import one",
            calendar
        )));
    }
    let no_tickets = |id: &&String| !app.checker.performs(id, CreateTicket::NAME);
    if let Some(unknown) = body.call_back_crm.as_ref().filter(no_tickets) {
        return Err(ApiError::bad_request(sentence!(
            "call_back_crm: `{unknown}` is no connection that makes tickets",
            unknown
        )));
    }
    if let Some(unknown) = body.fallback.iter().find(|id| app.connections.get(id).is_none()) {
        return Err(ApiError::bad_request(sentence!(
            "fallback: there is no connection `{unknown}`: open it first",
            unknown
        )));
    }
    Ok(())
}
