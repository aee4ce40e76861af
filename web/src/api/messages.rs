//! Messages that no rule, wait or flow understood, in groups.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::ids::EventId;
use engine::store::{Reads, UnmatchedGroup};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Limit, Params};
use super::{Answer, view::Time};
use crate::app::App;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    #[serde(default)]
    limit: Limit,
}

/// Messages that nothing understood, those of the same normalised text together, the most frequent first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Unmatched {
    groups: Vec<Group>,
}

/// Messages of the same normalised text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UnmatchedMessages")]
pub(crate) struct Group {
    /// The last one as it was written.
    text: String,
    normalised: String,
    messages: u64,
    people: u64,
    first_at: Time,
    last_at: Time,
    last_event: EventId,
}

/// `GET /messages/unmatched`.
pub(crate) async fn unmatched(State(app): State<Arc<App>>, Params(page): Params<Page>) -> Answer<Unmatched> {
    let groups = app.engine.store().unmatched(page.limit.get()).await?;
    let show = |group: UnmatchedGroup| Group {
        text: group.text,
        normalised: group.norm,
        messages: group.messages,
        people: group.people,
        first_at: Time(group.first_at),
        last_at: Time(group.last_at),
        last_event: group.event,
    };
    Ok(Json(Unmatched { groups: groups.into_iter().map(show).collect() }))
}
