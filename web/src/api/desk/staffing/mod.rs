//! `GET /figures/staffing`: how many people each hour of the week needs, beside how many were there.
//!
//! Counted from the last four weeks: what came in ([`past`]), how long somebody had it, who could be offered something. [`erlang`]
//! says how many that takes; why so, `engine/DECISIONS/0029`.

mod erlang;
mod past;
mod week;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use chrono_tz::Tz;
use engine::clock::At;
use engine::desk::Team;
use engine::ids::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Answer;
use super::super::extract::Params;
use super::super::view::Time;
use crate::app::App;
use crate::error::ApiError;
use erlang::Demand;
use past::Past;
use week::Week;

/// What is promised: this share within the team's time.
const SHARE: f64 = 0.95;
/// How far back is looked.
const BACK: Duration = Duration::from_secs(28 * 24 * 60 * 60);
/// How long somebody has a conversation where too few are known.
const HANDLING: Duration = Duration::from_secs(10 * 60);
/// So many must be known to count.
const ENOUGH: usize = 10;

/// Of which team.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StaffingAsked")]
pub(crate) struct Asked {
    /// The team; left out, all of them together.
    team: Option<String>,
}

/// How many people a week needs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Staffing {
    /// The time zone of the hours: the workspace's.
    zone: String,
    /// Since when is counted: four weeks, or as long as there is something to count.
    since: Time,
    /// Within how many milliseconds an escalation is to be taken.
    within_ms: u64,
    /// By which share of them.
    share: f64,
    /// How many conversations one person has at once, on average.
    places: u32,
    /// How long somebody has a conversation, on average, in milliseconds.
    handling_ms: u64,
    /// Of how many conversations that is known; when it is 0, too few are, and ten minutes are assumed.
    handled: usize,
    /// From Monday, midnight; none before anything came in.
    hours: Vec<Hour>,
}

/// One hour of the week.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StaffingHour")]
pub(crate) struct Hour {
    /// When it begins in this week.
    at: Time,
    /// 1 = Monday.
    weekday: usize,
    /// Of the day, 0 to 23.
    hour: usize,
    /// In how many weeks this hour was looked at.
    weeks: f64,
    /// How many conversations came for people, on average.
    arrivals: f64,
    /// How many people that needs; 0 while the team does not work.
    needed: u32,
    /// How many could be offered something, on average.
    present: f64,
    /// Whether the team works then.
    open: bool,
}

/// `GET /figures/staffing`.
pub(crate) async fn show(State(app): State<Arc<App>>, Params(asked): Params<Asked>) -> Answer<Staffing> {
    let staff = app.engine.staff();
    let teams: Vec<&Team> = match &asked.team {
        Some(id) => vec![staff.team(id).ok_or_else(|| ApiError::not_found(format_args!("team `{id}`")))?],
        None => staff.teams.values().collect(),
    };
    let now = app.clock.now();
    let zone: Tz = app.sign_in.settings().time_zone.parse().unwrap_or(Tz::UTC);
    let members = members(&teams);
    let past = Past::read(app.engine.store(), asked.team.as_deref(), &members, (now.minus(BACK), now)).await?;
    let limit = |user: &UserId| {
        let own = staff.profile(*user).and_then(|profile| profile.limit);
        let of_teams = teams.iter().filter(|team| team.has(*user)).map(|team| team.load_limit);
        own.or(of_teams.max()).unwrap_or(1)
    };
    let places = members.iter().map(limit).sum::<u32>() / u32::try_from(members.len().max(1)).unwrap_or(u32::MAX);
    let known = past.handled.len() >= ENOUGH;
    let handling = if known { past.mean_handling() } else { HANDLING };
    let within = teams.iter().map(|team| team.within(false)).min().unwrap_or(Duration::from_secs(20));
    let demand = Demand {
        arrivals: 0.0,
        handling_s: handling.as_secs_f64(),
        places: places.max(1),
        within_s: within.as_secs_f64(),
        share: SHARE,
    };
    let is_open = |at: At| is_open(&app, &teams, at);
    Ok(Json(Staffing {
        zone: zone.name().to_owned(),
        since: Time(past.since),
        within_ms: millis(within),
        share: SHARE,
        places: demand.places,
        handling_ms: millis(handling),
        handled: if known { past.handled.len() } else { 0 },
        hours: if past.is_empty() { Vec::new() } else { hours(&past, demand, (now, zone), is_open) },
    }))
}

fn hours(past: &Past, demand: Demand, (now, zone): (At, Tz), is_open: impl Fn(At) -> bool) -> Vec<Hour> {
    let [mut looked, mut spent, mut came, mut there] = [0, 1, 2, 3].map(|_| Week::new(zone));
    // What came in the first minutes is no rate of an hour.
    looked.pass(past.since, now);
    spent.spend(past.since, now);
    past.arrivals.iter().for_each(|at| came.count(*at));
    past.present.iter().for_each(|(from, to)| there.spend(*from, *to));
    let begins = week::of(now, zone).unwrap_or_default();
    let hour = |(n, at): (usize, At)| {
        let mean = |sum: f64, of: f64| if of > 0.0 { sum / of } else { 0.0 };
        let (weeks, open) = (looked.of(n), is_open(at));
        let arrivals = mean(came.of(n), weeks);
        Hour {
            at: Time(at),
            weekday: n / 24 + 1,
            hour: n % 24,
            weeks,
            arrivals,
            needed: if open { Demand { arrivals, ..demand }.needed() } else { 0 },
            present: mean(there.of(n), spent.of(n)),
            open,
        }
    };
    begins.into_iter().enumerate().map(hour).collect()
}

/// Everybody who is in one of `teams`, once.
fn members(teams: &[&Team]) -> Vec<UserId> {
    let mut members: Vec<UserId> = teams.iter().flat_map(|team| &team.members).map(|member| member.user).collect();
    members.sort_unstable();
    members.dedup();
    members
}

/// Whether one of `teams` works at `at`. A calendar that is gone closes nothing.
fn is_open(app: &App, teams: &[&Team], at: At) -> bool {
    let calendars = app.engine.calendars();
    let works = |team: &&Team| {
        let calendar = team.calendar.as_deref().and_then(|name| calendars.get(name));
        calendar.is_none_or(|calendar| calendar.is_open(at))
    };
    teams.is_empty() || teams.iter().any(works)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
