//! The desk, as people see it: the board, oneself, escalations, teams.

pub(crate) mod escalations;
mod figures;
mod people;
mod show;
mod staffing;
pub(crate) mod teams;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::Permission::{InboxAll, InboxRead, InboxWork};
use engine::clock::At;
use engine::desk::{Presence, State as AgentState};
use engine::ids::{MailboxId, UserId};
use engine::order::{DeskOrder, Order};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::extract::Body;
use super::view::Time;
use crate::accounts::Who;
use crate::accounts::routes::{Routes, may};
use crate::app::App;
use crate::error::ApiError;
use figures::Today;
use show::{Agent, Escalation, Shower};

/// Most escalations of one page of the board.
const MOST: usize = 200;

/// The addresses of the desk.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/desk", may(InboxRead).personal(), board)
        .put("/desk/me", may(InboxWork), choose)
        .post("/desk/me/beat", may(InboxWork), beat)
        .get("/escalations", may(InboxRead).personal(), escalations::list)
        .get("/escalations/{id}", may(InboxRead).personal(), escalations::one)
        .post("/escalations/{id}/take", may(InboxWork), escalations::take)
        .post("/escalations/{id}/decline", may(InboxWork), escalations::decline)
        .post("/conversations/{id}/escalate", may(InboxWork), escalations::ask)
        .get("/figures/people", may(InboxAll), people::show)
        .get("/figures/staffing", may(InboxAll), staffing::show)
        .get("/teams", may(InboxRead), teams::list)
        .put("/teams/{id}", may(InboxAll), teams::put)
        .delete("/teams/{id}", may(InboxAll), teams::remove)
        .put("/agents/{id}", may(InboxAll), teams::put_agent)
}

/// The desk at this moment.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Desk {
    now: Time,
    /// Whoever asks, if that is an agent.
    me: Option<Agent>,
    /// Everybody who is in a team.
    agents: Vec<Agent>,
    /// What nobody has, oldest first.
    waiting: Vec<Escalation>,
    /// What came since midnight, UTC.
    today: Today,
}

/// `GET /desk`.
pub(crate) async fn board(State(app): State<Arc<App>>, Extension(who): Extension<Who>) -> Answer<Desk> {
    let shower = Shower::new(&app, who.user()).await?;
    let waiting = shower.waiting(MOST).await?;
    let now = shower.now();
    let today = figures::today(app.engine.store(), now).await?;
    Ok(Json(Desk { now: Time(now), me: shower.me(), agents: shower.agents(), waiting, today }))
}

/// What an agent is from now on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PresenceChoice")]
pub(crate) struct Choice {
    state: Presence,
}

/// `PUT /desk/me`: what one is from now on. Counts as a beat.
pub(crate) async fn choose(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(choice): Body<Choice>,
) -> Answer<Agent> {
    let user = expect_agent(&app, &who)?;
    app.engine.beat(user).await?;
    let order = Order::Desk(DeskOrder::Presence { user, presence: choice.state });
    app.engine.order(MailboxId::DESK, who.by(), order).await?;
    let me = Shower::new(&app, Some(user)).await?.me();
    me.map(Json).ok_or_else(no_agent)
}

/// An answer to a beat.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Beat {
    now: Time,
    state: AgentState,
}

/// `POST /desk/me/beat`: a page of this agent is there. To be sent every 3 s; after 10 s without one the page counts as gone.
pub(crate) async fn beat(State(app): State<Arc<App>>, Extension(who): Extension<Who>) -> Answer<Beat> {
    let user = expect_agent(&app, &who)?;
    app.engine.beat(user).await?;
    let board = app.engine.board().await?;
    let state = board.agents.get(&user).map_or(AgentState::Away, |(agent, _)| agent.state(board.now));
    Ok(Json(Beat { now: Time(board.now), state }))
}

fn expect_agent(app: &App, who: &Who) -> Result<UserId, ApiError> {
    let user = who.expect_person()?.user.id;
    if app.engine.staff().teams_of(user).next().is_none() {
        return Err(no_agent());
    }
    Ok(user)
}

fn no_agent() -> ApiError {
    ApiError::no_agent()
}

/// The midnight before `now`, UTC.
fn midnight(now: At) -> At {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    At(now.0 - now.0.rem_euclid(DAY))
}
