//! What came in and could not be read; kept raw.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::ids::BadItemId;
use engine::store::{BadItemRow, Reads};
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

/// What could not be read, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BadItems {
    bad_items: Vec<BadItem>,
}

/// Something that came in and could not be read.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BadItem {
    id: BadItemId,
    connection: String,
    at: Time,
    /// What is wrong with it.
    why: String,
    /// Its bytes as received.
    raw: String,
}

/// `GET /bad-items`.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(page): Params<Page>) -> Answer<BadItems> {
    let rows = app.engine.store().bad_items(page.limit.get()).await?;
    let show = |row: BadItemRow| BadItem {
        id: row.id,
        connection: row.connection,
        at: Time(row.at),
        why: row.why,
        raw: row.raw,
    };
    Ok(Json(BadItems { bad_items: rows.into_iter().map(show).collect() }))
}
