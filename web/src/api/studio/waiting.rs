//! Where runs of a flow wait, before another version of it is put in force.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::clock::At;
use engine::flow::{self, Outline, Version};
use engine::ids::VersionId;
use engine::run::{Block, Run};
use engine::store::{Editing, VersionRow, WaitingRun};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::extract::Id;
use crate::app::App;
use crate::error::ApiError;

/// Runs read at a time.
const PAGE: u32 = 500;
/// Most runs that are looked at: more than a dialog can use.
const MOST: usize = 20_000;

/// Where runs wait.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Waiting {
    /// The steps, those with the most runs first.
    places: Vec<WaitingPlace>,
    /// How many runs wait.
    runs: usize,
    /// Whether there are more than were looked at.
    more: bool,
}

/// A step at which runs wait.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WaitingPlace {
    /// Its place in the text of that version.
    path: Option<String>,
    /// The step as runs name it.
    step: String,
    /// Its name, else what it does.
    label: String,
    /// The version.
    version: VersionId,
    /// How many runs.
    count: usize,
    /// When the next of them goes on by itself; `null` for none.
    next_due: Option<String>,
}

/// `GET /flows/{id}/waiting`
pub(crate) async fn show(State(app): State<Arc<App>>, Id(id): Id<String>) -> Result<Json<Waiting>, ApiError> {
    let edited = super::edited(&app, &id).await?;
    let mut count: BTreeMap<(VersionId, Arc<str>), (usize, At)> = BTreeMap::new();
    let (mut before, mut runs, mut more) = (None, 0, false);
    loop {
        let page = app.engine.store().waiting(&id, before, PAGE).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.run.id);
        if runs >= MOST {
            more = true;
            break;
        }
        for WaitingRun { run, due } in page {
            let Some(version) = app.engine.version(run.version_id) else { continue };
            let Ok(run) = Run::from_row(run, version) else { continue };
            runs += 1;
            note(&run, &due.into_iter().collect(), &mut count);
        }
    }
    let mut places: Vec<WaitingPlace> = Vec::with_capacity(count.len());
    let outlines: HashMap<VersionId, Outline> = edited.versions.iter().filter_map(outline).collect();
    for ((version, step), (count, due)) in count {
        let place = outlines.get(&version).and_then(|outline| outline.step(&step));
        let does =
            place.map(|place| place.what.clone().map_or(place.verb.clone(), |what| format!("{} {what}", place.verb)));
        places.push(WaitingPlace {
            path: place.map(|place| place.path.clone()),
            label: place.and_then(|place| place.name.clone()).or(does).unwrap_or_else(|| step.to_string()),
            step: step.to_string(),
            version,
            count,
            next_due: (due != At::NEVER).then(|| due.to_string()),
        });
    }
    places.sort_by_key(|place| std::cmp::Reverse(place.count));
    Ok(Json(Waiting { places, runs, more }))
}

fn outline(row: &VersionRow) -> Option<(VersionId, Outline)> {
    Some((row.id, flow::outline(&row.source)?))
}

/// Counts a run at each step at which it waits.
fn note(run: &Run, due: &HashMap<engine::ids::WaitId, At>, count: &mut BTreeMap<(VersionId, Arc<str>), (usize, At)>) {
    for cursor in &run.state.cursors {
        let Block::Wait(wait) = cursor.block else { continue };
        let Some(step) = run.version.program.step(cursor.at) else { continue };
        let step = whole(&run.version, step);
        let due = due.get(&wait).copied().unwrap_or(At::NEVER);
        let at = count.entry((run.version.id, step)).or_insert((0, At::NEVER));
        *at = (at.0 + 1, at.1.min(due));
    }
}

/// The step that its author wrote: the answer of an `ask` is awaited by a part of it.
fn whole(version: &Version, step: &flow::Step) -> Arc<str> {
    let written = if step.line == 0 { version.program.step(step.parent) } else { None };
    Arc::clone(&written.unwrap_or(step).path)
}
