//! Connections made in the editor. Their secrets are write-only: an answer says which are set, and never what they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use engine::account::{self, Accounts, ConnectionRow, Refusal, Told};
use engine::flow::{Op, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::extract::{Body, Id, IfMatch};
use super::view as show;
use crate::accounts::Who;
use crate::app::App;
use crate::connections::{Given, assembled, place_of, stored};
use crate::error::ApiError;

/// A connection, with the names of its secrets and never what they are.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct ConnectionView {
    id: String,
    connector: String,
    /// `file` or `editor`.
    owner: &'static str,
    /// Whether it is the file's.
    read_only: bool,
    /// Its plain settings; `null` when the file declares it.
    settings: Value,
    /// Which secrets are set, by path.
    secrets: Vec<String>,
    /// For `If-Match`.
    revision: Option<String>,
    changed_by: Option<String>,
    changed_at: Option<String>,
    /// Why it is not open.
    problem: Option<String>,
    /// Whether it is open.
    open: bool,
}

/// What is gone.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConnectionRemoved")]
pub(crate) struct Removed {
    removed: String,
}

/// `GET /connections/{id}`: what it was made of. Of one that the file declares, only that.
pub(crate) async fn show(State(app): State<Arc<App>>, Id(id): Id<String>) -> Result<Json<ConnectionView>, ApiError> {
    if app.connections.is_of_file(&id) {
        let connector = app.connections.get(&id).ok_or_else(|| missing(&id))?.connector.to_owned();
        let view = ConnectionView { id, connector, owner: "file", read_only: true, open: true, ..Default::default() };
        return Ok(Json(view));
    }
    Ok(Json(view(&app, &find(&app, &id).await?)))
}

/// What a connection is to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Put {
    /// The connector's name.
    connector: String,
    /// Its fields, and the common ones (`allow_private_network`, `limits`); no secrets.
    #[serde(default)]
    settings: Map<String, Value>,
    /// Secrets by path (`access_token`, `basic.password`); those left out stay, `null` takes one away.
    #[serde(default)]
    secrets: BTreeMap<String, Option<String>>,
}

/// `PUT /connections/{id}`: makes it, or changes it (then with `If-Match`). It is open with the new settings before the answer.
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    Id(id): Id<String>,
    Body(put): Body<Put>,
) -> Result<Json<ConnectionView>, ApiError> {
    if app.connections.is_of_file(&id) {
        return Err(ApiError::conflict("the connections file declares it: change it there"));
    }
    let _one_at_a_time = app.importing.lock().await;
    let before = app.engine.store().connections().await?.into_iter().find(|row| row.id == id);
    let rev = match &before {
        None => 0,
        Some(row) => based_on(&app, &headers, row)?,
    };
    let given = merged(&app, id.clone(), put, before.as_ref())?;
    let opened = assembled(&given, &app.connections.registry, &app.public_url);
    let opened = opened.map_err(|wrong| ApiError::bad_request(wrong.0))?;
    let row = row_of(&app, &who, &given, rev + 1)?;
    let what = if rev == 0 { "connection.made" } else { "connection.changed" };
    let data = json!({
        "connector": given.connector, "settings": given.settings, "secrets": row.secrets, "from": who.address(),
    });
    let told = vec![Told { what, id: id.clone(), data }];
    match app.engine.account(who.by(), told, vec![account::Op::PutConnection(row.clone())]).await? {
        Ok(()) => {}
        Err(Refusal::Changed) => return Err(ApiError::changed(json!(view(&app, &find(&app, &id).await?)))),
        Err(other) => return Err(other.into()),
    }
    app.engine.open(opened.clone()).await?;
    app.connections.put(opened);
    app.checker.put_connections(app.connections.infos());
    app.engine.serve_crm(app.checker.crm()).await;
    Ok(Json(view(&app, &row)))
}

/// What is wanted, with the secrets that stay.
fn merged(app: &App, id: String, put: Put, before: Option<&ConnectionRow>) -> Result<Given, ApiError> {
    let Put { connector, settings, secrets } = put;
    if before.is_some_and(|row| row.connector != connector) {
        expect_unused(app, &id)?;
    }
    // A secret is given to the connector it was given for, and to no other. One that does not open any more (its key is lost) is
    // gone: a new one takes its place.
    let kept = before.filter(|row| row.connector == connector).and_then(|row| stored(row, &app.sign_in.seal).ok());
    let mut all = kept.map(|given| given.secrets).unwrap_or_default();
    for (path, value) in secrets {
        match value {
            Some(value) => drop(all.insert(path, value)),
            None => drop(all.remove(&path)),
        }
    }
    Ok(Given { id, connector, settings, secrets: all })
}

/// `DELETE /connections/{id}`, with `If-Match`: no live flow may use it. Calls under way end; runs of older versions that still call
/// through it are refused.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    IfMatch(rev): IfMatch,
    Id(id): Id<String>,
) -> Result<Json<Removed>, ApiError> {
    let _one_at_a_time = app.importing.lock().await;
    let row = find(&app, &id).await?;
    if !app.connections.is_of_file(&id) {
        expect_unused(&app, &id)?;
    }
    let told = Told { what: "connection.removed", id: id.clone(), data: json!({ "from": who.address() }) };
    match app.engine.account(who.by(), vec![told], vec![account::Op::EndConnection(id.clone(), rev)]).await? {
        Ok(()) => {}
        Err(Refusal::Changed) => return Err(ApiError::changed(json!(view(&app, &row)))),
        Err(other) => return Err(other.into()),
    }
    // One that the file declares too stays open: only the row that did not count is gone.
    if !app.connections.is_of_file(&id) {
        if let Some(open) = app.connections.remove(&id) {
            app.engine.close(&open);
        }
        app.checker.put_connections(app.connections.infos());
        app.engine.serve_crm(app.checker.crm()).await;
    }
    Ok(Json(Removed { removed: id }))
}

/// Refuses to take away what live flows call through.
fn expect_unused(app: &App, id: &str) -> Result<(), ApiError> {
    let calls = |step: &Step| matches!(&step.op, Op::Do(step) if step.connection.as_deref() == Some(id));
    let live = app.engine.live().into_iter().filter(|version| version.program.steps.iter().any(calls));
    let flows: Vec<String> = live.map(|version| version.flow.to_string()).collect();
    if flows.is_empty() { Ok(()) } else { Err(ApiError::used(&flows)) }
}

/// The revision a change is based on.
fn based_on(app: &App, headers: &HeaderMap, row: &ConnectionRow) -> Result<i64, ApiError> {
    let rev = IfMatch::of(headers)?;
    if rev == row.rev { Ok(rev) } else { Err(ApiError::changed(json!(view(app, row)))) }
}

fn row_of(app: &App, who: &Who, given: &Given, rev: i64) -> Result<ConnectionRow, ApiError> {
    let plain = serde_json::to_vec(&given.secrets).map_err(ApiError::internal)?;
    let sealed = app.sign_in.seal.seal(&place_of(&given.id), &plain).map_err(ApiError::internal)?;
    Ok(ConnectionRow {
        id: given.id.clone(),
        connector: given.connector.clone(),
        settings: Value::Object(given.settings.clone()).to_string(),
        sealed,
        secrets: given.secrets.keys().map(String::as_str).collect::<Vec<_>>().join(" "),
        rev,
        by: who.by().to_owned(),
        at: app.clock.now(),
    })
}

fn view(app: &App, row: &ConnectionRow) -> ConnectionView {
    ConnectionView {
        id: row.id.clone(),
        connector: row.connector.clone(),
        owner: "editor",
        read_only: false,
        settings: show::blob(row.settings.as_bytes()),
        secrets: row.secrets.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        revision: Some(row.rev.to_string()),
        changed_by: Some(row.by.clone()),
        changed_at: show::maybe_text(Some(row.at)),
        problem: app.connections.troubles().remove(&row.id),
        open: app.connections.get(&row.id).is_some(),
    }
}

async fn find(app: &App, id: &str) -> Result<ConnectionRow, ApiError> {
    let rows = app.engine.store().connections().await?;
    rows.into_iter().find(|row| row.id == id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> ApiError {
    ApiError::not_found(format_args!("connection `{id}`"))
}
