//! `GET /figures/people`: how escalations of a time went, by agent, team, flow or day.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::clock::At;
use engine::ids::{ConversationId, RunId};
use engine::store::{EscalationRow, Store};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Answer;
use super::super::extract::{Moment, Params};
use super::{figures, midnight};
use crate::app::App;
use crate::error::ApiError;

/// How far back is counted when nothing is said.
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Over which time, and counted by what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FiguresOfPeople")]
pub(crate) struct Asked {
    /// From when on; left out, the last seven days.
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
    /// Whoever took it; what nobody took has the empty key.
    #[default]
    Agent,
    /// The team that was asked.
    Team,
    /// The flow that asked; what a rule or a person asked has the empty key.
    Flow,
    /// The day, UTC.
    Day,
}

/// The figures.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PeopleFigures")]
pub(crate) struct Rows {
    rows: Vec<Row>,
}

/// One line of them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PeopleFiguresRow")]
pub(crate) struct Row {
    key: String,
    /// For people.
    name: Option<String>,
    /// How many conversations were asked about.
    conversations: usize,
    /// From our receipt to a human's first answer.
    first_response_ms: Spread,
    /// From our receipt until it was taken.
    accept_ms: Spread,
    /// The share that was taken in time; nothing where there was nothing to keep.
    within: Option<f64>,
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
    fn of(mut spans: Vec<u64>) -> Self {
        spans.sort_unstable();
        // The smallest one that so many hundredths are not above.
        let at = |percent: usize| spans.get((spans.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Self { p50: at(50), p90: at(90) }
    }
}

/// `GET /figures/people`.
pub(crate) async fn show(State(app): State<Arc<App>>, Params(asked): Params<Asked>) -> Answer<Rows> {
    let now = app.clock.now();
    let from = asked.from.map_or(At(now.0 - WEEK_MS), |from| from.0);
    let to = asked.to.map_or(now, |to| to.0);
    let mut rows = figures::since(app.engine.store(), from).await?;
    rows.retain(|row| row.received_at <= to);
    let flows = if asked.by == By::Flow { flows(&app, &rows).await? } else { HashMap::new() };
    let mut groups: BTreeMap<(String, Option<String>), Vec<EscalationRow>> = BTreeMap::new();
    for row in rows {
        groups.entry(key(&row, asked.by, &flows)).or_default().push(row);
    }
    Ok(Json(Rows { rows: groups.into_iter().map(|((key, name), rows)| line(key, name, &rows)).collect() }))
}

async fn flows(app: &App, rows: &[EscalationRow]) -> Result<HashMap<RunId, String>, ApiError> {
    let mut flows = HashMap::new();
    for id in rows.iter().map(|row| row.run_id).filter(|run| *run != RunId::NONE).collect::<BTreeSet<_>>() {
        let run = app.engine.store().run(id).await?;
        flows.extend(run.map(|run| (id, run.flow)));
    }
    Ok(flows)
}

fn key(row: &EscalationRow, by: By, flows: &HashMap<RunId, String>) -> (String, Option<String>) {
    match by {
        By::Agent => {
            let name = row.accepted_by.clone();
            let id = row.accepted_user.map(|user| user.to_string());
            (id.or_else(|| name.clone()).unwrap_or_default(), name)
        }
        By::Team => (row.team.clone(), None),
        By::Flow => (flows.get(&row.run_id).cloned().unwrap_or_default(), None),
        By::Day => (midnight(row.received_at).to_string().chars().take(10).collect(), None),
    }
}

fn line(key: String, name: Option<String>, rows: &[EscalationRow]) -> Row {
    let spans = |to: &dyn Fn(&EscalationRow) -> Option<At>| {
        let span = |row: &EscalationRow| u64::try_from(to(row)?.since(row.received_at).as_millis()).ok();
        Spread::of(rows.iter().filter_map(span).collect())
    };
    let conversations: BTreeSet<ConversationId> = rows.iter().filter_map(|row| row.conversation_id).collect();
    let counted: Vec<&EscalationRow> = rows.iter().filter(|row| !row.out_of_hours).collect();
    let kept = counted.iter().filter(|row| figures::is_kept(row)).count();
    let settled = counted.iter().filter(|row| row.missed || row.accepted_at.is_some()).count();
    Row {
        key,
        name,
        conversations: conversations.len(),
        first_response_ms: spans(&|row| row.answered_at),
        accept_ms: spans(&|row| row.accepted_at),
        #[allow(clippy::cast_precision_loss, reason = "counts of a week are small")]
        within: (settled > 0).then(|| kept as f64 / settled as f64),
        missed: counted.iter().filter(|row| row.missed).count(),
        out_of_hours: rows.len() - counted.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_of_what_there_is() {
        assert_eq!(Spread::of(Vec::new()), Spread { p50: None, p90: None });
        assert_eq!(Spread::of(vec![7]), Spread { p50: Some(7), p90: Some(7) });
        assert_eq!(Spread::of((1..=10).rev().collect()), Spread { p50: Some(5), p90: Some(9) });
    }
}
