//! What differs between two texts.

use axum::Json;
use engine::flow::{self, Differences};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::extract::Body;
use super::within_bounds;
use crate::error::ApiError;

/// Two texts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Diff {
    /// One.
    old: String,
    /// The other.
    new: String,
}

/// `POST /flows/diff`: in steps and fields, with words.
pub(crate) async fn diff(Body(asked): Body<Diff>) -> Result<Json<Differences>, ApiError> {
    within_bounds(&asked.old)?;
    within_bounds(&asked.new)?;
    let found = tokio::task::spawn_blocking(move || flow::difference(&asked.old, &asked.new)).await;
    let found = found.map_err(ApiError::internal)?;
    found.map(Json).map_err(|problems| ApiError::problems("one of the texts is no YAML", json!(problems)))
}
