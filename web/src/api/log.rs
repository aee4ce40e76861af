//! The log across everything: what happened and who did it, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::ids::{ContactId, EffectId, EscalationId, EventId, Ids, JournalId, MailboxId, RunId};
use engine::store::{LogQuery, Pages};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Limit, Moment, Params};
use super::{Answer, view};
use crate::app::App;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// By this one only; empty = by the engine itself.
    by: Option<String>,
    /// Only what people and their tools did.
    #[serde(default)]
    people: bool,
    /// About this only: the id of a run, an event, a contact, a call, an escalation; else of a flow or a connection.
    subject: Option<String>,
    /// At or after this time.
    since: Option<Moment>,
    /// `next` of the page before.
    after: Option<JournalId>,
    #[serde(default)]
    limit: Limit,
}

/// Rows of the log, newest first. A page may be short and still have a `next`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Log {
    rows: Vec<view::JournalRow>,
    next: Option<JournalId>,
}

/// `GET /audit`.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(filter): Params<Filter>) -> Answer<Log> {
    let query = LogQuery {
        subject: filter.subject.as_deref().map(subject),
        by: filter.by,
        people: filter.people,
        after: filter.since.map(|Moment(at)| JournalId(Ids::floor(at))),
        before: filter.after,
        limit: filter.limit.get(),
    };
    let page = app.engine.store().log_page(query).await?;
    Ok(Json(Log { rows: page.rows.iter().map(Into::into).collect(), next: page.next }))
}

/// What rows about `text` are stored under.
fn subject(text: &str) -> i64 {
    let id = text.parse().map(|RunId(id)| id).ok();
    let id = id.or_else(|| text.parse().map(|EventId(id)| id).ok());
    let id = id.or_else(|| text.parse().map(|ContactId(id)| id).ok());
    let id = id.or_else(|| text.parse().map(|EffectId(id)| id).ok());
    let id = id.or_else(|| text.parse().map(|EscalationId(id)| id).ok());
    id.unwrap_or_else(|| MailboxId::of_object("", "change", text).0)
}
