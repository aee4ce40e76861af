//! `GET /figures/people`: how people's work with customers went in a time, by agent, team, flow or day.
//!
//! Escalations tell who took what how soon; what was said, closed and answered about tells the rest ([`read`]). [`tally`] counts it.

pub(super) mod read;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::clock::At;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Answer;
use super::super::extract::{Moment, Params};
use crate::app::App;
use crate::error::ApiError;
use tally::Tally;

/// How far back is counted when nothing is said.
const WEEK_MS: i64 = 7 * DAY_MS;
/// Longest time that is counted over.
const MOST_MS: i64 = 92 * DAY_MS;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Over which time, and counted by what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FiguresOfPeople")]
pub(crate) struct Asked {
    /// From when on; left out, the last seven days. At most 92 days before `to`.
    from: Option<Moment>,
    /// Until when; left out, until now.
    to: Option<Moment>,
    #[serde(default)]
    by: By,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FiguresBy")]
pub(crate) enum By {
    /// Whoever took it, wrote, or closed it; what nobody had has the empty key.
    #[default]
    Agent,
    /// The team that was asked, or had it; what no team had has the empty key.
    Team,
    /// The flow that asked, or ran in the conversation; where none did, the empty key.
    Flow,
    /// The day, UTC.
    Day,
}

/// The figures.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PeopleFigures")]
pub(crate) struct Figures {
    rows: Vec<Row>,
    /// All together, each conversation once.
    total: Row,
    /// False when there was more in that time than is counted at once: then ask for a shorter one.
    complete: bool,
}

/// One line of them.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "PeopleFiguresRow")]
pub(crate) struct Row {
    key: String,
    /// For people.
    name: Option<String>,
    /// In how many conversations something was said or done.
    conversations: usize,
    /// From our receipt of what caused an escalation to a human's first answer.
    first_response_ms: Spread,
    /// From our receipt of what caused an escalation until it was taken.
    accept_ms: Spread,
    /// From the customer's first message of a session until a person closed it.
    resolution_ms: Spread,
    /// What customers answered to the question after a conversation.
    satisfaction: Satisfaction,
    /// The share of escalations that was taken in time; nothing where there was nothing to keep.
    within: Option<f64>,
    /// The share of conversations in which a human wrote; nothing where there were none.
    human_share: Option<f64>,
    missed: usize,
    out_of_hours: usize,
}

/// Half of them took at most the first, nine of ten at most the second.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Spread {
    p50: Option<u64>,
    p90: Option<u64>,
}

impl Spread {
    pub(super) fn of(mut spans: Vec<u64>) -> Self {
        spans.sort_unstable();
        // The smallest one that so many hundredths are not above.
        let at = |percent: usize| spans.get((spans.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Self { p50: at(50), p90: at(90) }
    }
}

/// Answers, whatever they were given with, as one to five stars.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "SatisfactionFigures")]
pub(crate) struct Satisfaction {
    /// From 1 to 5; nothing where nobody answered.
    mean: Option<f64>,
    /// How many answered.
    n: usize,
}

/// `GET /figures/people`.
pub(crate) async fn show(State(app): State<Arc<App>>, Params(asked): Params<Asked>) -> Answer<Figures> {
    let to = asked.to.map_or_else(|| app.clock.now(), |to| to.0);
    let from = asked.from.map_or(At(to.0 - WEEK_MS), |from| from.0);
    if from > to || to.0 - from.0 > MOST_MS {
        return Err(ApiError::bad_request("from: a time before `to`, at most 92 days"));
    }
    let seen = read::seen(app.engine.store(), from, to, asked.by == By::Flow).await?;
    let staff = app.engine.staff();
    let tally = Tally::of(&seen, asked.by, |user| staff.name(user).to_owned());
    Ok(Json(Figures { rows: tally.rows(), total: tally::total(&seen), complete: seen.complete }))
}
