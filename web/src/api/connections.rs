//! Connections: how they are doing, whether they have what they need, and making it so.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use engine::connector::{Finding, Open};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::timeout;

use super::extract::Id;
use super::{Answer, view};
use crate::app::App;
use crate::error::ApiError;

/// How long a check or a setup may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The connections, by id.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Connections {
    connections: Vec<Connection>,
}

/// An account at a service.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Connection {
    id: String,
    connector: String,
    /// Whether a server runs: else nothing is known of how it is doing.
    working: bool,
    /// Where the service sends what happens.
    webhook: Option<String>,
    down_since: Option<view::Time>,
    reason: Option<String>,
    /// When it is tried next.
    probe_at: Option<view::Time>,
    /// Calls that wait.
    waiting: u64,
    /// Calls under way.
    in_flight: u64,
}

/// `GET /connections`.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Connections> {
    let health = app.engine.health();
    let show = |open: &Open| {
        let health = health.iter().find(|health| health.connection == *open.id);
        Connection {
            id: open.id.to_string(),
            connector: open.connector.to_owned(),
            working: health.is_some(),
            webhook: open.connection.door().map(|_| format!("{}/hooks/{}", app.public_url, open.id)),
            down_since: view::maybe(health.and_then(|health| health.down_since)),
            reason: health.and_then(|health| health.reason.clone()),
            probe_at: view::maybe(health.and_then(|health| health.probe_at)),
            waiting: health.map_or(0, |health| health.waiting),
            in_flight: health.map_or(0, |health| health.in_flight),
        }
    };
    Ok(Json(Connections { connections: app.connections.values().map(show).collect() }))
}

/// What a look at an account found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConnectionChecked")]
pub(crate) struct Checked {
    connection: String,
    /// Whether all is well.
    good: bool,
    findings: Vec<Finding>,
}

/// `POST /connections/{id}/check`: whether the account works and has what it needs.
pub(crate) async fn check(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer<Checked> {
    findings(&id, timeout(PATIENCE, find(&app, &id)?.connection.check()).await)
}

/// `POST /connections/{id}/setup`: creates what is missing on the other side.
pub(crate) async fn setup(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer<Checked> {
    findings(&id, timeout(PATIENCE, find(&app, &id)?.connection.setup()).await)
}

fn find<'a>(app: &'a App, id: &str) -> Result<&'a Open, ApiError> {
    app.connections.get(id).ok_or_else(|| ApiError::not_found(format_args!("connection `{id}`")))
}

fn findings(id: &str, found: Result<Vec<Finding>, tokio::time::error::Elapsed>) -> Answer<Checked> {
    let findings = found.unwrap_or_else(|_| {
        let text = format!("no answer within {} s", PATIENCE.as_secs());
        vec![Finding { good: false, about: "the account".into(), text }]
    });
    let good = findings.iter().all(|finding| finding.good);
    Ok(Json(Checked { connection: id.to_owned(), good, findings }))
}
