//! Who edits a document: a lease that its holder renews every 15 s and that ends after 60 s.

use engine::sentence;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::extract::{Body, Id};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::locks::{Editor, Lease};

/// Who asks for the lease.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Take {
    /// Whether it is taken from whoever has it; what they saved stays. Default: no.
    #[serde(default)]
    take_over: bool,
    /// Which window of this person asks: another one of theirs is somebody else. Default: not said.
    #[serde(default)]
    session: String,
}

/// Who edits.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Lock {
    /// The person.
    by: String,
    /// Since when.
    since: String,
    /// Whether that is whoever asks, in this window.
    yours: bool,
}

/// The answer to whoever took it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Taken {
    lock: Lock,
}

impl Lock {
    /// The lease as `editor` sees it.
    pub(super) fn of(lease: &Lease, editor: &Editor) -> Self {
        Self { by: lease.editor.by.clone(), since: lease.since.to_string(), yours: editor.is(&lease.editor) }
    }
}

/// 409: somebody else has the lease; `details` says who.
pub(super) fn refused(id: &str, lease: &Lease, editor: &Editor) -> ApiError {
    let message = if lease.editor.by == editor.by {
        sentence!("you edit `{id}` in another window: wait, or take over", id)
    } else {
        sentence!("`{who}` edits `{id}`: wait, or take over", who = lease.editor.by, id)
    };
    ApiError::conflict_of("locked", message, &Taken { lock: Lock::of(lease, editor) })
}

/// `PUT /flows/{id}/lock`: takes or renews it.
pub(crate) async fn take(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(asked): Body<Take>,
) -> Result<Json<Taken>, ApiError> {
    super::may_edit(&who, super::edited(&app, &id).await?.kind())?;
    let editor = Editor { by: who.by().to_owned(), session: asked.session };
    match app.locks.take(&id, editor.clone(), asked.take_over, app.clock.now()) {
        Ok(lease) => Ok(Json(Taken { lock: Lock::of(&lease, &editor) })),
        Err(lease) => Err(refused(&id, &lease, &editor)),
    }
}

/// Who gives the lease back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    /// Which window of this person.
    #[serde(default)]
    session: String,
}

/// Nothing more to say.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Done {}

/// `DELETE /flows/{id}/lock`: gives it back, if it is whoever asks who has it.
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(asked): Body<Release>,
) -> Result<Json<Done>, ApiError> {
    app.locks.release(&id, &Editor { by: who.by().to_owned(), session: asked.session });
    Ok(Json(Done {}))
}
