//! Messages that no rule, wait or flow understood, in groups.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::store::{Reads, UnmatchedGroup};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Limit, Params};
use super::{Answer, view};
use crate::app::App;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    #[serde(default)]
    limit: Limit,
}

/// `GET /messages/unmatched`: messages of the same normalised text together, the most frequent first.
pub(crate) async fn unmatched(State(app): State<Arc<App>>, Params(page): Params<Page>) -> Answer {
    let groups = app.engine.store().unmatched(page.limit.get()).await?;
    let show = |group: &UnmatchedGroup| {
        json!({
            "text": group.text, "normalised": group.norm, "messages": group.messages, "people": group.people,
            "first_at": view::time(group.first_at), "last_at": view::time(group.last_at), "last_event": group.event,
        })
    };
    Ok(Json(json!({ "groups": groups.iter().map(show).collect::<Vec<Value>>() })))
}
