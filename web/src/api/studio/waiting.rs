//! Where runs of a flow wait, before another version of it is put in force.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::flow::{self, OnPublish, Outline, StepPlace};
use engine::ids::VersionId;
use engine::runner::Place;
use engine::store::VersionRow;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::extract::Id;
use crate::app::App;
use crate::error::ApiError;

/// Where runs wait.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Waiting {
    /// The steps, those with the most runs first.
    places: Vec<WaitingPlace>,
    /// How many runs are not over, those at work too.
    runs: u64,
}

/// A step at which runs wait.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WaitingPlace {
    /// Its place in the text of that version.
    path: Option<String>,
    /// The step as runs name it: by this a publication says what becomes of them.
    step: String,
    /// Its name, else what it does.
    label: String,
    /// The step's verb; `null` when the text no longer tells.
    verb: Option<String>,
    /// The version.
    version: VersionId,
    /// How many runs.
    count: u64,
    /// When the next of them goes on by itself; `null` for none.
    next_due: Option<String>,
    /// What becomes of them unless the publisher says otherwise.
    on_publish: OnPublish,
}

/// `GET /flows/{id}/waiting`
pub(crate) async fn show(State(app): State<Arc<App>>, Id(id): Id<String>) -> Result<Json<Waiting>, ApiError> {
    let edited = super::edited(&app, &id).await?;
    let waiting = app.engine.waiting(&id).await?;
    let outlines: HashMap<VersionId, Outline> = edited.versions.iter().filter_map(outline).collect();
    let mut places: Vec<WaitingPlace> =
        waiting.places.into_iter().map(|place| shown(outlines.get(&place.version), place)).collect();
    places.sort_by_key(|place| std::cmp::Reverse(place.count));
    Ok(Json(Waiting { places, runs: waiting.runs }))
}

fn outline(row: &VersionRow) -> Option<(VersionId, Outline)> {
    Some((row.id, flow::outline(&row.source)?))
}

fn shown(outline: Option<&Outline>, place: Place) -> WaitingPlace {
    let Place { step, version, count, next_due, on_publish, .. } = place;
    let written = outline.and_then(|outline| outline.step(&step));
    WaitingPlace {
        path: written.map(|step| step.path.clone()),
        label: written.map_or_else(|| step.to_string(), StepPlace::label),
        verb: written.map(|step| step.verb.clone()),
        step: step.to_string(),
        version,
        count,
        next_due: next_due.map(|at| at.to_string()),
        on_publish,
    }
}
