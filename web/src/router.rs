//! Every address there is, on one screen.

use std::sync::Arc;

use axum::middleware::{from_fn_with_state, map_response};
use axum::{Router, routing};
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::config::server::Limits;
use crate::error::ApiError;
use crate::openapi::{Routes, get, post, put};
use crate::pace::{self, Paces};
use crate::{api, body, hooks, pages, peer, status};

/// The largest request to the API: an import of a workspace.
const MAX_API_BYTES: usize = 16 * 1024 * 1024;

/// The whole web side over `app`.
pub fn router(app: Arc<App>, limits: Limits) -> Router {
    let bounded = |cap| from_fn_with_state(body::Bounds { cap, within: limits.body }, body::whole);
    let token = Arc::clone(&app.token);
    let paces = Arc::<Paces>::default();

    let hooks = Router::new()
        .route("/hooks/{connection}", routing::get(hooks::receive).post(hooks::receive))
        .route("/hooks/{connection}/{*path}", routing::get(hooks::receive).post(hooks::receive))
        .layer(bounded(hooks::MAX_HOOK_BYTES));

    let api = routes()
        .into_router()
        .fallback(async || ApiError::not_found("this address"))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(bounded(MAX_API_BYTES))
        .layer(from_fn_with_state(Arc::clone(&paces), pace::of_credential))
        .layer(from_fn_with_state(Arc::clone(&token), peer::trusted_only))
        .layer(from_fn_with_state(paces, pace::of_peer))
        .layer(map_response(pages::private));

    let figures = Router::new()
        .route("/metrics", routing::get(status::metrics))
        .layer(from_fn_with_state(token, peer::trusted_only));

    Router::new()
        .route("/healthz", routing::get(async || "ok"))
        .route("/readyz", routing::get(status::ready))
        .merge(figures)
        .merge(hooks)
        .nest("/api/v1", api)
        .fallback(pages::serve)
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(CatchPanicLayer::custom(|_| ApiError::panicked()))
        .with_state(app)
}

/// The API, `/api/v1`.
fn routes() -> Routes {
    Routes::new()
        .route("/events", get(api::live::stream))
        .route("/system", get(api::system::show))
        .route("/catalog", get(api::system::catalog))
        .route("/flows", get(api::flows::list))
        .route("/flows/backtest", post(api::backtests::flows))
        .route("/flows/{id}", get(api::flows::show))
        .route("/flows/{id}/state", put(api::flows::switch))
        .route("/flows/{id}/runs", post(api::flows::start))
        .route("/flows/{id}/misses", get(api::flows::misses))
        .route("/rules", get(api::rules::list))
        .route("/rules/backtest", post(api::backtests::rules))
        .route("/rules/{id}/state", put(api::flows::switch))
        .route("/messages/unmatched", get(api::messages::unmatched))
        .route("/workspace", get(api::workspace::export))
        .route("/workspace/plan", post(api::workspace::plan))
        .route("/workspace/import", post(api::workspace::import))
        .route("/runs", get(api::runs::list))
        .route("/runs/bulk", post(api::runs::bulk))
        .route("/runs/{id}", get(api::runs::show))
        .route("/runs/{id}/cancel", post(api::runs::cancel))
        .route("/runs/{id}/kill", post(api::runs::kill))
        .route("/runs/{id}/retry", post(api::runs::retry))
        .route("/runs/{id}/replay", post(api::runs::replay))
        .route("/sending", get(api::sending::show))
        .route("/sending/stop", post(api::sending::stop))
        .route("/sending/release", post(api::sending::release))
        .route("/attention", get(api::attention::list))
        .route("/attention/{id}/retry", post(api::attention::retry))
        .route("/attention/{id}/fail", post(api::attention::fail))
        .route("/attention/{id}/settle", post(api::attention::settle))
        .route("/escalations", get(api::escalations::list))
        .route("/escalations/{id}/take", post(api::escalations::take))
        .route("/audit", get(api::log::list))
        .route("/audit/anchor", post(api::audit::anchor))
        .route("/audit/verify", post(api::audit::verify))
        .route("/audit/export", get(api::audit::export))
        .route("/search", get(api::search::find))
        .route("/uses", get(api::uses::list))
        .route("/library", get(api::library::list))
        .route("/library/{id}", get(api::library::show))
        .route("/play", post(api::play::play))
        .route("/play/chat", get(api::play::chat))
        .route("/schema", get(api::system::schema))
        .route("/openapi.json", get(api::system::openapi))
        .route("/bad-items", get(api::bad_items::list))
        .route("/connections", get(api::connections::list))
        .route("/connections/{id}/check", post(api::connections::check))
        .route("/connections/{id}/setup", post(api::connections::setup))
        .route("/contacts", get(api::contacts::list))
        .route("/contacts/{who}", get(api::contacts::show))
        .route("/contacts/{who}/timeline", get(api::timeline::list))
        .route("/contacts/{who}/tags", post(api::contacts::change_tags))
        .route("/people/{who}", get(api::people::export).delete(api::people::erase))
}

/// The description of the API, OpenAPI 3.1.
#[must_use]
pub fn document() -> Value {
    routes().into_document()
}
