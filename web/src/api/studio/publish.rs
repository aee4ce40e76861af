//! Putting a draft in force, and an older version again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::flow;
use engine::ids::VersionId;
use engine::publication::Choices;
use engine::sentence;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::extract::{Body, Id};
use super::review::expect_approved;
use super::{edited, expect_revision, expect_unlocked, may_publish, revision};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows;
use crate::flows::edited::Edited;
use crate::flows::locks::Editor;
use crate::flows::publish::{self, Publication, version};

/// A draft to put in force.
#[derive(Debug, Deserialize, JsonSchema)]
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
    /// What becomes of runs that wait, by the path of the step at which they do: `finish` on their version,
    /// `continue` in the new one, or `stop`. Default: as the steps say themselves.
    #[serde(default)]
    waiting: Choices,
    /// Which window of this person publishes. Default: not said.
    #[serde(default)]
    session: String,
}

/// What is in force now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Published {
    /// The version.
    version: VersionId,
}

/// `POST /flows/{id}/publish`: puts the draft in force. A document that is switched off stays off.
pub(crate) async fn publish(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(asked): Body<Publish>,
) -> Result<Json<Published>, ApiError> {
    expect_unlocked(&app, &id, &Editor { by: who.by().to_owned(), session: asked.session.clone() })?;
    let _one_at_a_time = app.importing.lock().await;
    let edited = edited(&app, &id).await?;
    may_publish(&who, edited.kind())?;
    expect_revision(&edited, revision(&asked.revision))?;
    expect_in_force(&edited, asked.over)?;
    expect_approved(&app, &edited).await?;
    let text = edited.unpublished();
    let text =
        text.ok_or_else(|| ApiError::conflict(sentence!("`{id}` has no draft: there is nothing to publish", id)))?;
    let choices = by_step(&edited, asked.waiting);
    let what = Publication { text, by: who.by(), comment: &asked.comment, rollback: false, choices };
    put(&app, &edited, what).await
}

/// Puts a text in force; its problems are told with their places.
async fn put(app: &App, edited: &Edited, what: Publication<'_>) -> Result<Json<Published>, ApiError> {
    let text = what.text;
    let put = publish::publish(app, edited, what).await;
    let version = put.map_err(|error| match error {
        publish::Error::Flows(flows::Error::Problems(found)) => {
            let problems = found.into_iter().map(|found| found.problem).collect();
            let placed = flow::placed(problems, text, flow::outline(text).as_ref());
            ApiError::problems(sentence!("`{id}` has problems", id = edited.id), json!(placed))
        }
        other => other.into(),
    })?;
    Ok(Json(Published { version }))
}

/// A version to put in force again.
#[derive(Debug, Deserialize, JsonSchema)]
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
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(asked): Body<Rollback>,
) -> Result<Json<Published>, ApiError> {
    let _one_at_a_time = app.importing.lock().await;
    let edited = edited(&app, &id).await?;
    may_publish(&who, edited.kind())?;
    let row = version(&edited, asked.version);
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("version {} of `{id}`", asked.version)))?;
    let what = Publication {
        text: &row.source,
        by: who.by(),
        comment: &asked.comment,
        rollback: true,
        choices: Choices::new(),
    };
    put(&app, &edited, what).await
}

/// The choices by the names that runs have for the steps; where a run waits now, the version in force knows the path.
fn by_step(edited: &Edited, choices: Choices) -> Choices {
    let outline = edited.in_force().and_then(|row| flow::outline(&row.source));
    let step =
        |path: &str| outline.as_ref()?.steps().iter().find(|place| place.path == path).map(|place| place.step.clone());
    choices.into_iter().map(|(path, choice)| (step(&path).unwrap_or(path), choice)).collect()
}

/// Refuses when another version than the publisher saw is in force.
fn expect_in_force(edited: &Edited, seen: Option<VersionId>) -> Result<(), ApiError> {
    let now = edited.in_force().map(|row| row.id);
    if seen.is_none() || seen == now {
        return Ok(());
    }
    let message = sentence!("another version of `{id}` is in force now: compare the draft with it", id = edited.id);
    Err(ApiError::conflict_of("changed", message, &json!({ "current": now })))
}
