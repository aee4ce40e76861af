//! The audit chain.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::json;

use super::Answer;
use crate::app::App;

/// `POST /audit/anchor`: seals the chain now; `null` when nothing changed since the last anchor.
pub(crate) async fn anchor(State(app): State<Arc<App>>) -> Answer {
    Ok(Json(json!({ "anchor": app.engine.anchor().await? })))
}
