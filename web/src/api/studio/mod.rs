//! The editor's half of the API: drafts and their locks, checks of texts, putting them in force. A document is addressed by its id;
//! `/flows/…`, `/rules/…`, `/segments/…` and `/calendars/…` are the same.

mod diff;
mod documents;
pub(crate) mod drafts;
mod locks;
mod publish;
mod review;
mod reviews;
mod scope;
mod simulate;
#[cfg(test)]
mod tests;
mod validate;
mod versions;
mod waiting;

use axum::routing::MethodFilter;
use engine::account::Permission::{
    self, FlowsEdit, FlowsPublish, FlowsRead, RulesEdit, RulesPublish, SegmentsEdit, SegmentsPublish,
};
use engine::flow::{Kind, MAX_BYTES};
use schemars::JsonSchema;
use serde::Serialize;

use super::extract::{Id, IfMatch};
use crate::accounts::Who;
use crate::accounts::routes::{Routes, may};
use crate::app::App;
use crate::error::ApiError;
use crate::flows::edited::Edited;
use crate::flows::locks::Editor;

/// The addresses of the editor for one kind of document: what tells whose they are is [`may_edit`] and [`may_publish`].
macro_rules! documents_at {
    ($routes:expr, $kind:literal, $edit:expr, $publish:expr) => {
        $routes
            .post($kind, may($edit), documents::create)
            .post(concat!($kind, "/validate"), may($edit), validate::validate)
            .post(concat!($kind, "/test"), may($edit), simulate::test)
            .post(concat!($kind, "/simulate"), may($edit), simulate::simulate)
            .post(concat!($kind, "/diff"), may($edit), diff::diff)
            .post(concat!($kind, "/scope"), may($edit).personal(), scope::scope)
            .post(concat!($kind, "/expression"), may($edit), scope::expression)
            .delete(concat!($kind, "/{id}"), may($publish), documents::remove)
            .put(concat!($kind, "/{id}/meta"), may($edit), documents::label)
            .post(concat!($kind, "/{id}/review"), may($edit), review::act)
            .get(concat!($kind, "/{id}/waiting"), may(FlowsRead), waiting::show)
            .get(concat!($kind, "/{id}/draft"), may(FlowsRead), drafts::show)
            .put(concat!($kind, "/{id}/draft"), may($edit), drafts::save)
            .delete(concat!($kind, "/{id}/draft"), may($edit), drafts::discard)
            .put(concat!($kind, "/{id}/lock"), may($edit), locks::take)
            .delete(concat!($kind, "/{id}/lock"), may($edit), locks::release)
            .post(concat!($kind, "/{id}/publish"), may($publish), publish::publish)
            .post(concat!($kind, "/{id}/rollback"), may($publish), publish::rollback)
            .get(concat!($kind, "/{id}/versions"), may(FlowsRead), versions::list)
            .get(concat!($kind, "/{id}/versions/{version}"), may(FlowsRead), versions::show)
    };
}

/// Addresses of verbs, each with the id a document may have all the same. `api/tests/addresses.rs` fails when one is missing.
macro_rules! called_as {
    ($kind:literal, $($verb:literal)*) => {
        [$((concat!($kind, "/", $verb), $verb)),*]
    };
}

/// The addresses of the editor.
pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = routes.get("/reviews", may(FlowsRead), reviews::list);
    let routes = documents_at!(routes, "/flows", FlowsEdit, FlowsPublish);
    let routes = documents_at!(routes, "/rules", RulesEdit, RulesPublish);
    let routes = documents_at!(routes, "/segments", SegmentsEdit, SegmentsPublish);
    let routes = documents_at!(routes, "/calendars", FlowsEdit, FlowsPublish);
    let flows = called_as!("/flows", "validate" "test" "simulate" "diff" "scope" "expression" "backtest")
        .into_iter()
        .fold(routes, |routes, (path, name)| {
            let show = move |state| super::flows::show(state, Id(name.to_owned()));
            removed(routes.unlisted(MethodFilter::GET, path, may(FlowsRead), show), path, name, FlowsPublish)
        });
    let rules = called_as!("/rules", "validate" "test" "simulate" "diff" "scope" "expression" "backtest");
    let rules = rules.into_iter().fold(flows, |routes, (path, name)| removed(routes, path, name, RulesPublish));
    let segments = called_as!("/segments", "validate" "test" "simulate" "diff" "scope" "expression");
    let segments = segments.into_iter().fold(rules, |routes, (path, name)| {
        let show = move |state| super::segments::show(state, Id(name.to_owned()));
        removed(routes.unlisted(MethodFilter::GET, path, may(FlowsRead), show), path, name, SegmentsPublish)
    });
    let calendars = called_as!("/calendars", "validate" "test" "simulate" "diff" "scope" "expression");
    calendars.into_iter().fold(segments, |routes, (path, name)| removed(routes, path, name, FlowsPublish))
}

/// A document that is called as a verb is deleted there as everywhere.
fn removed(routes: Routes, path: &'static str, name: &'static str, publish: Permission) -> Routes {
    let remove = move |state, who, params| documents::remove(state, who, Id(name.to_owned()), params);
    routes.unlisted(MethodFilter::DELETE, path, may(publish), remove)
}

/// What it takes to edit drafts of this kind of document.
pub(crate) fn to_edit(kind: Kind) -> Permission {
    match kind {
        Kind::Rules => RulesEdit,
        Kind::Segment => SegmentsEdit,
        Kind::Flow | Kind::Calendar => FlowsEdit,
    }
}

/// What it takes to put this kind of document in force, and to switch it.
pub(crate) fn to_publish(kind: Kind) -> Permission {
    match kind {
        Kind::Rules => RulesPublish,
        Kind::Segment => SegmentsPublish,
        Kind::Flow | Kind::Calendar => FlowsPublish,
    }
}

/// Refuses who may not edit this kind of document, under whatever address.
pub(crate) fn may_edit(who: &Who, kind: Kind) -> Result<(), ApiError> {
    who.expect(to_edit(kind))
}

/// Refuses who may not put this kind of document in force.
fn may_publish(who: &Who, kind: Kind) -> Result<(), ApiError> {
    who.expect(to_publish(kind))
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
    expect_read(&edited.id, edited.revision(), read)
}

/// Refuses a change over another revision than `current`.
fn expect_read(id: &str, current: i64, read: i64) -> Result<(), ApiError> {
    #[derive(Serialize, JsonSchema)]
    struct Current {
        current: String,
    }
    if current == read {
        return Ok(());
    }
    let message = format!("`{id}` was changed meanwhile: read it anew and save again");
    Err(ApiError::conflict_of("changed", message, &Current { current: current.to_string() }))
}

/// The number of a revision as text, with or without quotes; -1, which is none, when it is no number.
fn revision(text: &str) -> i64 {
    text.trim().trim_matches('"').parse().unwrap_or(-1)
}
