//! The system itself: where it is, how large it is, what flows can use.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use engine::connector::ActionSpec;
use engine::store::Reads;
use engine::trigger::TriggerSpec;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Answer, view};
use crate::app::App;

/// Where the server is and how large it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct System {
    version: &'static str,
    started_at: view::Time,
    now: view::Time,
    /// How far the machine's clock jumped ahead, while that is not believed.
    clock_ahead_ms: Option<u128>,
    /// Our address as the outside sees it.
    public_url: String,
    /// The sandbox's address, when there is one.
    sandbox_url: Option<String>,
    figures: Figures,
}

/// How much is stored and waits.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SystemFigures")]
pub(crate) struct Figures {
    /// Bytes of the database file and its log.
    bytes: u64,
    /// Inputs not handled yet.
    inputs: u64,
    /// Calls planned.
    planned: u64,
    /// Calls in doubt.
    in_doubt: u64,
    /// Calls that need attention.
    parked: u64,
    /// Waits armed.
    waits: u64,
    bad_items: u64,
}

/// `GET /system`.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Answer<System> {
    let figures = app.engine.store().figures().await?;
    Ok(Json(System {
        version: env!("CARGO_PKG_VERSION"),
        started_at: view::Time(app.started_at),
        now: view::Time(app.clock.now()),
        clock_ahead_ms: app.clock.doubted().map(|ahead| ahead.as_millis()),
        public_url: app.public_url.clone(),
        sandbox_url: app.sandbox_url.clone(),
        figures: Figures {
            bytes: figures.bytes,
            inputs: figures.inputs,
            planned: figures.planned,
            in_doubt: figures.in_doubt,
            parked: figures.parked,
            waits: figures.waits,
            bad_items: figures.bad_items,
        },
    }))
}

/// What flows can use: actions, triggers, and which connector performs what.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Catalog {
    actions: BTreeMap<&'static str, ActionSpec>,
    triggers: BTreeMap<&'static str, TriggerSpec>,
    serves: BTreeMap<&'static str, Vec<&'static str>>,
}

/// `GET /catalog`.
pub(crate) async fn catalog(State(app): State<Arc<App>>) -> Answer<Catalog> {
    let engine::connector::Catalog { actions, triggers, serves } = (*app.checker.catalog).clone();
    Ok(Json(Catalog { actions, triggers, serves }))
}

/// `GET /schema`: the JSON Schema of flow files.
pub(crate) async fn schema(State(app): State<Arc<App>>) -> Answer {
    Ok(Json(engine::flow::schema(&app.checker.catalog)))
}

/// `GET /openapi.json`: what the API takes and gives.
pub(crate) async fn openapi() -> Answer {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(crate::router::document);
    Ok(Json(DOCUMENT.clone()))
}
