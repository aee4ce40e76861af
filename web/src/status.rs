//! `/readyz` and `/metrics`: what machines ask about us.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use engine::store::Reads;
use tokio::time::timeout;

use crate::app::App;
use crate::error::ApiError;

/// How long the store may take to answer before we are not ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Good when the store answers.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    match timeout(READY_WITHIN, app.engine.store().figures()).await {
        Ok(Ok(_)) => Ok("ready"),
        Ok(Err(error)) => Err(ApiError::unavailable(error)),
        Err(_) => Err(ApiError::unavailable("the store does not answer in time")),
    }
}

/// Counts and times for Prometheus.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<String, ApiError> {
    let figures = app.engine.store().figures().await?;
    for (name, value) in [
        ("switchboard_inputs_waiting", figures.inputs),
        ("switchboard_effects_planned", figures.planned),
        ("switchboard_effects_in_doubt", figures.in_doubt),
        ("switchboard_effects_parked", figures.parked),
        ("switchboard_waits_armed", figures.waits),
        ("switchboard_bad_items", figures.bad_items),
        ("switchboard_database_bytes", figures.bytes),
    ] {
        // Exact up to 2^53, which no figure here comes near.
        #[allow(clippy::cast_precision_loss)]
        metrics::gauge!(name).set(value as f64);
    }
    for health in app.engine.health() {
        let up = if health.down_since.is_none() { 1.0 } else { 0.0 };
        metrics::gauge!("switchboard_connection_up", "connection" => health.connection).set(up);
    }
    Ok(app.metrics.render())
}
