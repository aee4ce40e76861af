//! What came in and could not be read; kept raw.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::store::Reads;
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

/// `GET /bad-items`: newest first.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(page): Params<Page>) -> Answer {
    let rows = app.engine.store().bad_items(page.limit.get()).await?;
    let show = |row: &engine::store::BadItemRow| json!({ "id": row.id, "connection": row.connection, "at": view::time(row.at), "why": row.why, "raw": row.raw });
    let items: Vec<Value> = rows.iter().map(show).collect();
    Ok(Json(json!({ "bad_items": items })))
}
