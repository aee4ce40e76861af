//! *Stop all sending*: of the workspace, of a channel, of a flow; and releasing it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::stops::Scope;
use engine::store::Store;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answer, view};
use crate::accounts::Who;
use crate::app::App;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct What {
    /// `all`, `channel:<connection>` or `flow:<id>`.
    #[schemars(with = "String")]
    scope: Scope,
}

/// What is stopped.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stops {
    stops: Vec<StopShown>,
}

/// A stop: by whom, since when, and what it holds.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Stop")]
pub(crate) struct StopShown {
    #[schemars(with = "String")]
    scope: Scope,
    by: String,
    at: view::Time,
    /// The calls it holds, oldest first.
    held: Vec<view::Call>,
}

/// `GET /sending`.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Answer<Stops> {
    let mut stops = Vec::new();
    for stop in app.engine.store().stops().await? {
        let held = app.engine.held(&stop.scope).await?.iter().map(Into::into).collect();
        stops.push(StopShown { scope: stop.scope, by: stop.by, at: view::Time(stop.at), held });
    }
    Ok(Json(Stops { stops }))
}

/// Sending is stopped.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SendingStopped")]
pub(crate) struct Stopped {
    #[schemars(with = "String")]
    stopped: Scope,
}

/// `POST /sending/stop`.
pub(crate) async fn stop(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Json(what): Json<What>,
) -> Answer<Stopped> {
    app.engine.stop_sending(what.scope.clone(), who.by()).await?;
    Ok(Json(Stopped { stopped: what.scope }))
}

/// Sending goes on, with what was held.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SendingReleased")]
pub(crate) struct Released {
    #[schemars(with = "String")]
    released: Scope,
    held: Vec<view::Call>,
}

/// `POST /sending/release`: says what was held.
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Json(what): Json<What>,
) -> Answer<Released> {
    app.expect_accounts()?;
    let held = app.engine.release_sending(what.scope.clone(), who.by()).await?;
    Ok(Json(Released { released: what.scope, held: held.iter().map(Into::into).collect() }))
}
