//! The control desk under `/_sandbox/`: books, faults, webhook addresses and the customer, for other processes.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    Provider, cloud_api,
    faults::Faults,
    play::{self, Play},
    world::World,
};

pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/books", get(books).delete(forget))
        .route("/faults", get(faults).put(set_faults))
        .route("/webhooks", put(set_webhook))
        .route("/play", post(play_customer))
        .route("/verify", post(verify))
}

#[derive(Deserialize)]
struct BooksQuery {
    /// `totals` leaves out everything else, which is quick however much there is.
    only: Option<String>,
}

async fn books(State(world): State<Arc<World>>, Query(query): Query<BooksQuery>) -> Response {
    match query.only.as_deref() {
        Some("totals") => Json(world.ledger.totals()).into_response(),
        Some(other) => bad_request(format!("only={other} is unknown: use only=totals or leave it out")),
        None => Json(world.books()).into_response(),
    }
}

async fn forget(State(world): State<Arc<World>>) -> StatusCode {
    world.forget();
    StatusCode::NO_CONTENT
}

async fn faults(State(world): State<Arc<World>>) -> Json<Faults> {
    Json(world.faults().clone())
}

async fn set_faults(State(world): State<Arc<World>>, body: Bytes) -> Response {
    match read::<Faults>(&body) {
        Ok(faults) => {
            *world.faults() = faults;
            StatusCode::NO_CONTENT.into_response()
        }
        Err(refused) => refused,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetWebhook {
    provider: Provider,
    /// None stops webhooks.
    url: Option<String>,
}

async fn set_webhook(State(world): State<Arc<World>>, body: Bytes) -> Response {
    match read::<SetWebhook>(&body) {
        Ok(SetWebhook { provider, url }) => {
            world.set_webhook_url(provider, url);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(refused) => refused,
    }
}

async fn play_customer(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let play = match read::<Play>(&body) {
        Ok(play) => play,
        Err(refused) => return refused,
    };
    match play::play(&world, play).await {
        Ok(played) => Json(played).into_response(),
        Err(error) => bad_request(error.to_string()),
    }
}

/// Verifies the Cloud API's webhook address as Meta does before it stores one.
async fn verify(State(world): State<Arc<World>>) -> Response {
    let Some(url) = world.webhook_url(Provider::CloudApi) else {
        return bad_request(play::Error::NoWebhook { provider: Provider::CloudApi }.to_string());
    };
    let token = &world.config.cloud_api.verify_token;
    Json(cloud_api::verify_webhook(&world, &url, token).await).into_response()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|error| bad_request(format!("the body does not fit: {error}")))
}

fn bad_request(message: String) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": {"message": message}}))).into_response()
}
