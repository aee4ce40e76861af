//! The API for flows and runs, `/api/v1`. One module per resource; [`crate::router`] lists the addresses.

pub(crate) mod attention;
pub(crate) mod audit;
pub(crate) mod backtests;
pub(crate) mod bad_items;
pub(crate) mod connections;
pub(crate) mod contacts;
pub(crate) mod escalations;
mod extract;
pub(crate) mod flows;
pub(crate) mod live;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod rules;
pub(crate) mod runs;
pub(crate) mod sending;
pub(crate) mod system;
mod view;
pub(crate) mod workspace;

use axum::Json;
use serde_json::Value;

use crate::error::ApiError;

/// What a handler answers.
type Answer = Result<Json<Value>, ApiError>;

#[cfg(test)]
mod tests;
