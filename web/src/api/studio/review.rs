//! A second pair of eyes: somebody asks, somebody else approves or declines what the draft says at that moment.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::sentence;
use engine::store::{EditOp, Editing, ReviewRow, ReviewState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::extract::{Body, Id};
use super::{edited, expect_revision, may_edit, revision};
use crate::accounts::Who;
use crate::accounts::who::is_same_one;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::edited::Edited;
use crate::reviews;

/// What somebody does about a draft.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Act {
    /// What.
    action: Action,
    /// The revision of the draft that they have seen.
    revision: String,
    /// Their words. Default: none.
    #[serde(default)]
    comment: String,
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Asks for a review.
    Ask,
    /// It may be published.
    Approve,
    /// It may not.
    Decline,
}

/// How a review stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Review {
    /// The answer.
    state: ReviewState,
    /// The revision it is about.
    revision: String,
    /// Whether the draft changed since: then the answer counts for nothing.
    outdated: bool,
    /// Who asked.
    asked_by: String,
    /// When.
    asked_at: String,
    /// Their words.
    comment: String,
    /// Who answered.
    answered_by: Option<String>,
    /// When.
    answered_at: Option<String>,
    /// Their words.
    answer: String,
}

impl Review {
    /// The review of a draft at `revision`.
    pub(super) fn of(row: ReviewRow, revision: i64) -> Self {
        Self {
            state: row.state,
            revision: row.revision.to_string(),
            outdated: row.revision != revision,
            asked_by: row.asked_by,
            asked_at: row.asked_at.to_string(),
            comment: row.comment,
            answered_by: row.answered_by,
            answered_at: row.answered_at.map(|at| at.to_string()),
            answer: row.answer,
        }
    }
}

/// The review that was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Reviewed {
    review: Review,
}

/// `POST /flows/{id}/review`
pub(crate) async fn act(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(act): Body<Act>,
) -> Result<Json<Reviewed>, ApiError> {
    let _one_at_a_time = app.importing.lock().await;
    let edited = edited(&app, &id).await?;
    may_edit(&who, edited.kind())?;
    expect_revision(&edited, revision(&act.revision))?;
    if edited.unpublished().is_none() {
        return Err(ApiError::conflict(sentence!("`{id}` has no draft: there is nothing to review", id)));
    }
    let before = app.engine.store().review(&id).await?.filter(|row| row.revision == edited.revision());
    let (by, at) = (who.by(), app.clock.now());
    let asked = ReviewRow {
        flow: id.clone(),
        revision: edited.revision(),
        asked_by: by.to_owned(),
        asked_at: at,
        comment: act.comment.clone(),
        state: ReviewState::Asked,
        answered_by: None,
        answered_at: None,
        answer: String::new(),
    };
    let (row, told) = match act.action {
        Action::Ask => (asked, "review.asked"),
        Action::Approve | Action::Decline => {
            if edited.draft.as_ref().is_some_and(|draft| is_same_one(&draft.by, by)) {
                return Err(own(&id));
            }
            let (state, told) = match act.action {
                Action::Approve => (ReviewState::Approved, "review.approved"),
                _ => (ReviewState::Declined, "review.declined"),
            };
            let before = before.unwrap_or(ReviewRow { comment: String::new(), ..asked });
            let (answered_by, answered_at) = (Some(by.to_owned()), Some(at));
            (ReviewRow { state, answered_by, answered_at, answer: act.comment, ..before }, told)
        }
    };
    let details = json!({ "revision": row.revision });
    app.engine.edit(vec![EditOp::Review(row.clone())], Some((told, &id, details)), by).await?;
    reviews::tell(&app, &row, &edited).await;
    Ok(Json(Reviewed { review: Review::of(row, edited.revision()) }))
}

/// 409: nobody approves what they wrote.
fn own(id: &str) -> ApiError {
    ApiError::conflict_of(
        "own_draft",
        sentence!("you changed the draft of `{id}` last: somebody else must look at it", id),
        &json!({}),
    )
}

/// Refuses where drafts need approval and this one has none: of a second person, for just this revision.
pub(super) async fn expect_approved(app: &App, edited: &Edited) -> Result<(), ApiError> {
    if !app.sign_in.settings().approval {
        return Ok(());
    }
    let review = app.engine.store().review(&edited.id).await?;
    let approved = |row: &ReviewRow| row.state == ReviewState::Approved && row.revision == edited.revision();
    if review.as_ref().is_some_and(approved) {
        return Ok(());
    }
    let message =
        sentence!("the draft of `{id}` needs the approval of a second person before it is published", id = edited.id);
    Err(ApiError::conflict_of("approval_needed", message, &json!({})))
}
