//! The API for flows and runs, `/api/v1`. One module per resource; [`crate::router`] lists the addresses.

pub(crate) mod alarms;
pub(crate) mod attention;
pub(crate) mod audit;
pub(crate) mod backtests;
pub(crate) mod bad_items;
pub(crate) mod connections;
pub(crate) mod contact_list;
pub(crate) mod contacts;
pub(crate) mod desk;
pub(crate) mod extract;
pub(crate) mod flows;
pub(crate) mod held;
pub(crate) mod imports;
pub(crate) mod inbox;
pub(crate) mod labels;
pub(crate) mod library;
pub(crate) mod live;
pub(crate) mod log;
pub(crate) mod made_connections;
pub(crate) mod me;
pub(crate) mod merges;
pub(crate) mod messages;
pub(crate) mod oidc;
pub(crate) mod people;
mod picture;
pub(crate) mod play;
pub(crate) mod push;
pub(crate) mod retention;
pub(crate) mod roles;
pub(crate) mod rule_changes;
pub(crate) mod rules;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod segments;
pub(crate) mod sending;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod studio;
pub(crate) mod system;
pub(crate) mod tags;
pub(crate) mod templates;
pub(crate) mod timeline;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod uses;
pub(crate) mod view;
pub(crate) mod workspace;

use std::collections::HashMap;

use axum::Json;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::App;
use crate::error::ApiError;

/// What a handler answers: a type that describes itself, or any JSON.
type Answer<T = Value> = Result<Json<T>, ApiError>;

/// The names of the flows that are live, by id.
fn flow_names(app: &App) -> HashMap<String, String> {
    app.engine.live().iter().map(|flow| (flow.flow.to_string(), flow.name.to_string())).collect()
}

/// What the engine tells of an order that was carried out, as the type it is told in.
fn told<T: DeserializeOwned>(answer: Value) -> Answer<T> {
    serde_json::from_value(answer).map(Json).map_err(ApiError::internal)
}

/// The key of the next page: of the last row, when this page is full.
fn next<Row, Key>(rows: &[Row], limit: u32, key: impl Fn(&Row) -> Key) -> Option<Key> {
    rows.last().filter(|_| rows.len() >= limit as usize).map(key)
}

#[cfg(test)]
pub(crate) mod tests;
