//! *Stop all sending*: of the workspace, of a channel, of a flow; and releasing it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::stops::Scope;
use engine::store::Store;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, view};
use crate::accounts::Who;
use crate::app::App;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct What {
    /// `all`, `channel:<connection>` or `flow:<id>`.
    scope: Scope,
}

/// `GET /sending`: what is stopped, by whom, since when, and what it holds.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Answer {
    let mut stops = Vec::new();
    for stop in app.engine.store().stops().await? {
        let held: Vec<Value> = app.engine.held(&stop.scope).await?.iter().map(view::effect).collect();
        stops.push(json!({ "scope": stop.scope, "by": stop.by, "at": view::time(stop.at), "held": held }));
    }
    Ok(Json(json!({ "stops": stops })))
}

/// `POST /sending/stop`.
pub(crate) async fn stop(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Json(what): Json<What>,
) -> Answer {
    app.engine.stop_sending(what.scope.clone(), who.by()).await?;
    Ok(Json(json!({ "stopped": what.scope })))
}

/// `POST /sending/release`: says what was held.
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Json(what): Json<What>,
) -> Answer {
    app.expect_accounts()?;
    let held = app.engine.release_sending(what.scope.clone(), who.by()).await?;
    Ok(Json(json!({ "released": what.scope, "held": held.iter().map(view::effect).collect::<Vec<_>>() })))
}
