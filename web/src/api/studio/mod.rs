//! The editor's half of the API: drafts and their locks, checks of texts, putting them in force. A document is addressed by its id;
//! `/flows/…`, `/rules/…` and `/calendars/…` are the same.

mod diff;
mod documents;
mod drafts;
mod locks;
mod publish;
mod review;
mod scope;
mod simulate;
#[cfg(test)]
mod tests;
mod validate;
mod versions;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::routing::{MethodRouter, delete, get, post, put};
use engine::flow::MAX_BYTES;
use serde::Serialize;

use super::extract::Id;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::edited::Edited;
use crate::flows::locks::Editor;

/// The addresses of the editor.
pub(crate) fn routes() -> Router<Arc<App>> {
    let kinds = ["/flows", "/rules", "/calendars"].into_iter();
    let all = kinds.fold(Router::new(), |router, kind| router.merge(texts_at(kind)).merge(documents_at(kind)));
    // What else stands where a flow's id may stand.
    all.merge(verb("/flows", "backtest", MethodRouter::new()))
}

fn texts_at(kind: &'static str) -> Router<Arc<App>> {
    Router::new()
        .route(kind, post(documents::create))
        .merge(verb(kind, "validate", post(validate::validate)))
        .merge(verb(kind, "test", post(simulate::test)))
        .merge(verb(kind, "simulate", post(simulate::simulate)))
        .merge(verb(kind, "diff", post(diff::diff)))
        .merge(verb(kind, "scope", post(scope::scope)))
        .merge(verb(kind, "expression", post(scope::expression)))
}

fn documents_at(kind: &str) -> Router<Arc<App>> {
    let at = |rest: &str| format!("{kind}/{{id}}{rest}");
    Router::new()
        .route(&at(""), delete(documents::remove))
        .route(&at("/meta"), put(documents::label))
        .route(&at("/review"), post(review::act))
        .route(&at("/waiting"), get(waiting::show))
        .route(&at("/draft"), get(drafts::show).put(drafts::save).delete(drafts::discard))
        .route(&at("/lock"), put(locks::take).delete(locks::release))
        .route(&at("/publish"), post(publish::publish))
        .route(&at("/rollback"), post(publish::rollback))
        .route(&at("/versions"), get(versions::list))
        .route(&at("/versions/{version}"), get(versions::show))
}

/// An address for texts, `/flows/<name>`. A document may have this id: it is shown and deleted there as everywhere.
fn verb(kind: &str, name: &'static str, handler: MethodRouter<Arc<App>>) -> Router<Arc<App>> {
    let show = get(move |state| super::flows::show(state, Id(name.to_owned())));
    let remove = delete(move |state, peer, params| documents::remove(state, peer, Id(name.to_owned()), params));
    let handler = handler.merge(remove);
    let handler = if kind == "/flows" { handler.merge(show) } else { handler };
    Router::new().route(&format!("{kind}/{name}"), handler)
}

/// A document that must be there.
async fn edited(app: &App, id: &str) -> Result<Edited, ApiError> {
    let edited = Edited::read(app, id).await?;
    let known = edited.exists() || !edited.versions.is_empty();
    if known { Ok(edited) } else { Err(ApiError::not_found(format_args!("`{id}`"))) }
}

/// Refuses texts that would be read by nothing.
fn within_bounds(text: &str) -> Result<(), ApiError> {
    if text.len() <= MAX_BYTES { Ok(()) } else { Err(ApiError::too_large(MAX_BYTES)) }
}

/// Refuses when somebody else edits.
fn expect_unlocked(app: &App, id: &str, editor: &Editor) -> Result<(), ApiError> {
    match app.locks.against(id, editor, app.clock.now()) {
        None => Ok(()),
        Some(lease) => Err(locks::refused(id, &lease, editor)),
    }
}

/// Refuses when the document is not at the revision that the caller read.
fn expect_revision(edited: &Edited, read: i64) -> Result<(), ApiError> {
    #[derive(Serialize)]
    struct Current {
        current: String,
    }
    let current = edited.revision();
    if current == read {
        return Ok(());
    }
    let message = format!("`{}` was changed meanwhile: read it anew and save again", edited.id);
    Err(ApiError::conflict_of("changed", message, &Current { current: current.to_string() }))
}

/// The revision that a change is made over, from `If-Match: "<revision>"`.
pub(crate) struct IfMatch(i64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let header = parts.headers.get(header::IF_MATCH).ok_or_else(ApiError::revision_needed)?;
        // What is no revision of ours matches none.
        Ok(Self(header.to_str().map_or(-1, revision)))
    }
}

/// The number of a revision as text, with or without quotes; -1, which is none, when it is no number.
fn revision(text: &str) -> i64 {
    text.trim().trim_matches('"').parse().unwrap_or(-1)
}
