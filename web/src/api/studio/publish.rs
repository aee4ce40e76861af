//! Putting a draft in force, and an older version again.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::flow;
use engine::ids::VersionId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::extract::{Body, Id};
use super::review::expect_approved;
use super::{edited, expect_revision, expect_unlocked, revision};
use crate::app::App;
use crate::error::ApiError;
use crate::flows;
use crate::flows::edited::Edited;
use crate::flows::locks::Editor;
use crate::flows::publish::{self, Publication, version};
use crate::peer::Peer;

/// A draft to put in force.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    /// The revision of the draft that its publisher has seen.
    revision: String,
    /// What changed and why, in their words. Default: nothing.
    #[serde(default)]
    comment: String,
    /// The version in force that they compared it with: when another one is in force now, nothing is published. Default: not asked.
    #[serde(default)]
    over: Option<VersionId>,
    /// What becomes of runs that wait, by the path of the step at which they do. Default: they finish on their version.
    #[serde(default)]
    waiting: BTreeMap<String, Waiting>,
    /// Which window of this person publishes. Default: not said.
    #[serde(default)]
    session: String,
}

/// What becomes of runs that wait at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Waiting {
    /// They finish on the version they began with.
    Finish,
    /// They go on in the new version, at the same step.
    Continue,
    /// They end.
    Stop,
}

/// What is in force now.
#[derive(Debug, Serialize)]
pub(crate) struct Published {
    /// The version.
    version: VersionId,
}

/// `POST /flows/{id}/publish`: puts the draft in force. A document that is switched off stays off.
pub(crate) async fn publish(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Id(id): Id<String>,
    Body(asked): Body<Publish>,
) -> Result<Json<Published>, ApiError> {
    if let Some((path, _)) = asked.waiting.iter().find(|(_, choice)| **choice != Waiting::Finish) {
        let message =
            format!("the runs that wait at `{path}` can only finish on their version: moving them is not built in");
        return Err(ApiError::conflict(message));
    }
    expect_unlocked(&app, &id, &Editor { by: peer.by().to_owned(), session: asked.session.clone() })?;
    let _one_at_a_time = app.importing.lock().await;
    let edited = edited(&app, &id).await?;
    expect_revision(&edited, revision(&asked.revision))?;
    expect_in_force(&edited, asked.over)?;
    expect_approved(&app, &edited).await?;
    let text = edited.unpublished();
    let text = text.ok_or_else(|| ApiError::conflict(format!("`{id}` has no draft: there is nothing to publish")))?;
    let what = Publication { text, by: peer.by(), comment: &asked.comment, rollback: false };
    put(&app, &edited, what).await
}

/// Puts a text in force; its problems are told with their places.
async fn put(app: &App, edited: &Edited, what: Publication<'_>) -> Result<Json<Published>, ApiError> {
    let put = publish::publish(app, edited, what).await;
    let version = put.map_err(|error| match error {
        publish::Error::Flows(flows::Error::Problems(found)) => {
            let problems = found.into_iter().map(|found| found.problem).collect();
            let placed = flow::placed(problems, what.text, flow::outline(what.text).as_ref());
            ApiError::problems(format!("`{}` has problems", edited.id), json!(placed))
        }
        other => other.into(),
    })?;
    Ok(Json(Published { version }))
}

/// A version to put in force again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rollback {
    /// The version.
    version: VersionId,
    /// Why, in their words. Default: nothing.
    #[serde(default)]
    comment: String,
}

/// `POST /flows/{id}/rollback`: puts an older version in force again, whoever edits. A draft stays as it is.
pub(crate) async fn rollback(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Id(id): Id<String>,
    Body(asked): Body<Rollback>,
) -> Result<Json<Published>, ApiError> {
    let _one_at_a_time = app.importing.lock().await;
    let edited = edited(&app, &id).await?;
    let row = version(&edited, asked.version);
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("version {} of `{id}`", asked.version)))?;
    let what = Publication { text: &row.source, by: peer.by(), comment: &asked.comment, rollback: true };
    put(&app, &edited, what).await
}

/// Refuses when another version than the publisher saw is in force.
fn expect_in_force(edited: &Edited, seen: Option<VersionId>) -> Result<(), ApiError> {
    let now = edited.in_force().map(|row| row.id);
    if seen.is_none() || seen == now {
        return Ok(());
    }
    let message = format!("another version of `{}` is in force now: compare the draft with it", edited.id);
    Err(ApiError::conflict_of("changed", message, &json!({ "current": now })))
}
