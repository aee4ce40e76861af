//! The system itself: where it is, how large it is, what flows can use.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::store::Reads;
use serde_json::json;

use super::{Answer, view};
use crate::app::App;

/// `GET /system`.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Answer {
    let figures = app.engine.store().figures().await?;
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": view::time(app.started_at),
        "now": view::time(app.clock.now()),
        "clock_ahead_ms": app.clock.doubted().map(|ahead| ahead.as_millis()),
        "public_url": app.public_url,
        "sandbox_url": app.sandbox_url,
        "figures": {
            "bytes": figures.bytes, "inputs": figures.inputs, "planned": figures.planned, "in_doubt": figures.in_doubt,
            "parked": figures.parked, "waits": figures.waits, "bad_items": figures.bad_items,
        },
    })))
}

/// `GET /catalog`: actions, triggers, and which connector performs what.
pub(crate) async fn catalog(State(app): State<Arc<App>>) -> Answer {
    Ok(Json(json!({
        "actions": app.checker.catalog.actions, "triggers": app.checker.catalog.triggers, "serves": app.checker.catalog.serves,
    })))
}

/// `GET /schema`: the JSON Schema of flow files.
pub(crate) async fn schema(State(app): State<Arc<App>>) -> Answer {
    Ok(Json(engine::flow::schema(&app.checker.catalog)))
}
