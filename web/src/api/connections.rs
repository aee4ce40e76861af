//! Connections: how they are doing, whether they have what they need, and making it so. Those made in the editor are in
//! [`made_connections`](super::made_connections).

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use engine::connector::{Finding, Open};
use engine::sentence;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::timeout;

use super::extract::Id;
use super::{Answer, view};
use crate::app::App;
use crate::error::ApiError;

/// How long a check or a setup may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whose a connection is: declared in the file, or made in the editor.
const FILE: &str = "file";
const EDITOR: &str = "editor";

fn owner(app: &App, id: &str) -> &'static str {
    if app.connections.is_of_file(id) { FILE } else { EDITOR }
}

/// The connections, by id.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Connections {
    connections: Vec<Connection>,
}

/// An account at a service.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Connection {
    id: String,
    /// `null` for one that could not be opened.
    connector: Option<String>,
    /// `file` or `editor`.
    owner: &'static str,
    /// Why it could not be opened as it was made.
    problem: Option<String>,
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
    let (health, troubles) = (app.engine.health(), app.connections.troubles());
    let show = |open: &Open| {
        let health = health.iter().find(|health| health.connection == *open.id);
        Connection {
            id: open.id.to_string(),
            connector: Some(open.connector.to_owned()),
            owner: owner(&app, &open.id),
            problem: troubles.get(&*open.id).cloned(),
            working: health.is_some(),
            webhook: open.connection.door().map(|_| format!("{}/hooks/{}", app.public_url, open.id)),
            down_since: view::maybe(health.and_then(|health| health.down_since)),
            reason: health.and_then(|health| health.reason.clone()),
            probe_at: view::maybe(health.and_then(|health| health.probe_at)),
            waiting: health.map_or(0, |health| health.waiting),
            in_flight: health.map_or(0, |health| health.in_flight),
        }
    };
    let mut connections: Vec<Connection> = app.connections.all().values().map(show).collect();
    // One whose id the file has too is in the list already, with its problem.
    for (id, why) in app.connections.troubles().into_iter().filter(|(id, _)| app.connections.get(id).is_none()) {
        connections.push(Connection { id, owner: EDITOR, problem: Some(why), ..Connection::default() });
    }
    Ok(Json(Connections { connections }))
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
    let open = find(&app, &id)?;
    findings(&id, timeout(PATIENCE, open.connection.check()).await)
}

/// `POST /connections/{id}/setup`: creates what is missing on the other side.
pub(crate) async fn setup(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer<Checked> {
    let open = find(&app, &id)?;
    findings(&id, timeout(PATIENCE, open.connection.setup()).await)
}

fn find(app: &App, id: &str) -> Result<Open, ApiError> {
    app.connections.get(id).ok_or_else(|| ApiError::not_found(format_args!("connection `{id}`")))
}

fn findings(id: &str, found: Result<Vec<Finding>, tokio::time::error::Elapsed>) -> Answer<Checked> {
    let findings = found.unwrap_or_else(|_| {
        let text = sentence!("no answer within {s} s", s = PATIENCE.as_secs());
        vec![Finding::new(false, "the account", text)]
    });
    let good = findings.iter().all(|finding| finding.good);
    Ok(Json(Checked { connection: id.to_owned(), good, findings }))
}
