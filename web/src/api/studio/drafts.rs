//! Drafts: texts that are being edited, kept byte for byte, valid or not.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::flow::PlacedProblem;
use engine::ids::VersionId;
use engine::store::{DraftRow, EditOp, Editing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::extract::{Body, Id, Params};
use super::locks::{Done, Lock};
use super::review::Review;
use super::{IfMatch, edited, expect_revision, expect_unlocked, may_edit, validate, within_bounds};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::edited::Edited;
use crate::flows::locks::Editor;
use crate::flows::publish;

/// A document to edit.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Draft {
    /// The draft's text; without a draft, the text in force.
    text: String,
    /// What the next change is made over, for `If-Match`. `"0"` until somebody edits the document for the first time.
    revision: String,
    /// Whether there is a draft: else this is the text in force.
    saved: bool,
    /// The version that was in force when the draft began; without a draft, the version shown.
    based_on: Option<VersionId>,
    /// The version in force now.
    in_force: Option<VersionId>,
    /// Who changed the text last; `null` for a document that is nowhere yet.
    changed_by: Option<String>,
    /// When.
    changed_at: Option<String>,
    /// Everybody who wrote what is not published, in the order of their first change; empty when there is nothing to publish.
    authors: Vec<String>,
    /// Who edits it.
    lock: Option<Lock>,
    /// How its review stands, if there was one.
    review: Option<Review>,
    /// `"file"` when it belongs to a file that is not written here.
    read_only: Option<&'static str>,
}

impl Draft {
    /// The document as `editor` sees it.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn of(app: &App, edited: &Edited, editor: &Editor) -> Result<Self, ApiError> {
        let review = app.engine.store().review(&edited.id).await?;
        let draft = edited.draft.as_ref().filter(|draft| draft.text.is_some());
        let changed = draft.map(|draft| (draft.by.clone(), draft.at));
        let changed = changed.or_else(|| edited.current().map(|row| (row.by.clone(), row.at)));
        let (changed_by, changed_at) = changed.unzip();
        Ok(Self {
            text: edited.text().unwrap_or_default().to_owned(),
            revision: edited.revision().to_string(),
            saved: draft.is_some(),
            based_on: edited.base(),
            in_force: edited.in_force().map(|row| row.id),
            changed_by,
            changed_at: changed_at.map(|at| at.to_string()),
            authors: edited.authors(),
            lock: app.locks.of(&edited.id, app.clock.now()).map(|lease| Lock::of(&lease, editor)),
            review: review.map(|row| Review::of(row, edited.revision())),
            read_only: edited.read_only(app).map(|_| "file"),
        })
    }
}

/// Which window of a person asks.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Window {
    #[serde(default)]
    session: String,
}

/// `GET /flows/{id}/draft`: what to edit. `?session=` says which window asks, for `lock.yours`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Params(window): Params<Window>,
) -> Result<Json<Draft>, ApiError> {
    let editor = Editor { by: who.by().to_owned(), session: window.session };
    Ok(Json(Draft::of(&app, &edited(&app, &id).await?, &editor).await?))
}

/// A text to keep.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Save {
    /// The whole text, at most 1 MB; it may be no valid document.
    text: String,
    /// Which window of this person saves. Default: not said.
    #[serde(default)]
    session: String,
}

/// A text that is kept.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Saved {
    /// What the next change is made over.
    revision: String,
    /// What is wrong with the text.
    problems: Vec<PlacedProblem>,
    /// When it was kept.
    changed_at: String,
}

/// `PUT /flows/{id}/draft`: keeps the text.
pub(crate) async fn save(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    IfMatch(read): IfMatch,
    Body(save): Body<Save>,
) -> Result<Json<Saved>, ApiError> {
    within_bounds(&save.text)?;
    expect_unlocked(&app, &id, &Editor { by: who.by().to_owned(), session: save.session })?;
    let one_at_a_time = app.importing.lock().await;
    let edited = edited(&app, &id).await?;
    may_edit(&who, edited.kind())?;
    expect_revision(&edited, read)?;
    expect_writable(&app, &edited)?;
    let row = changed(&app, &edited, &save.text, who.by());
    let (revision, at) = (row.revision, row.at);
    // The log hears once of each who writes, not of each of their changes.
    let is_new = edited.saved().is_none() || row.authors.len() > edited.authors().len();
    let told = is_new.then(|| ("draft.edited", &*id, json!({ "revision": revision, "based_on": row.based_on })));
    app.engine.edit(vec![EditOp::Draft(row)], told, who.by()).await?;
    drop(one_at_a_time);
    let problems = validate::check(&app, save.text, Some(id)).await?.problems;
    Ok(Json(Saved { revision: revision.to_string(), problems, changed_at: at.to_string() }))
}

/// The draft of `edited` with another text.
pub(crate) fn changed(app: &App, edited: &Edited, text: &str, by: &str) -> DraftRow {
    let summary = engine::flow::outline(text).map(|outline| outline.summary());
    DraftRow {
        flow: edited.id.clone(),
        kind: summary.filter(|summary| summary.id == edited.id).map_or_else(|| edited.kind(), |summary| summary.kind),
        text: Some(text.to_owned()),
        revision: edited.revision() + 1,
        based_on: edited.base(),
        by: by.to_owned(),
        at: app.clock.now(),
        authors: edited.authors_with(by),
    }
}

/// Refuses when the document belongs to a file that is not written here.
pub(crate) fn expect_writable(app: &App, edited: &Edited) -> Result<(), ApiError> {
    match edited.read_only(app) {
        None => Ok(()),
        Some(file) => Err(read_only(&edited.id, file)),
    }
}

fn read_only(id: &str, file: PathBuf) -> ApiError {
    ApiError::from(publish::Error::ReadOnly { id: id.to_owned(), file })
}

/// `DELETE /flows/{id}/draft`: throws it away; the text in force is edited again. A document that is nothing but a draft is gone.
pub(crate) async fn discard(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    IfMatch(read): IfMatch,
    Params(window): Params<Window>,
) -> Result<Json<Done>, ApiError> {
    expect_unlocked(&app, &id, &Editor { by: who.by().to_owned(), session: window.session })?;
    let _one_at_a_time = app.importing.lock().await;
    let edited = edited(&app, &id).await?;
    may_edit(&who, edited.kind())?;
    expect_revision(&edited, read)?;
    let draft = edited.draft.as_ref().filter(|draft| draft.text.is_some());
    let draft = draft.ok_or_else(|| ApiError::not_found(format_args!("a draft of `{id}`")))?;
    let told =
        ("draft.discarded", &*id, json!({ "revision": draft.revision, "by": draft.by, "authors": edited.authors() }));
    app.engine.edit(vec![publish::closed(draft, who.by(), app.clock.now())], Some(told), who.by()).await?;
    Ok(Json(Done {}))
}
