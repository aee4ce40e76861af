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
use serde_json::{Value, json};

use super::{
    Provider, cloud_api,
    faults::Faults,
    play::{self, Play, Played},
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

async fn books(State(world): State<Arc<World>>, Query(query): Query<BooksQuery>) -> Result<Response, Refused> {
    match query.only.as_deref() {
        Some("totals") => Ok(Json(world.ledger.totals()).into_response()),
        Some(other) => Err(Refused(format!("only={other} is unknown: use only=totals or leave it out"))),
        None => Ok(Json(world.books()).into_response()),
    }
}

async fn forget(State(world): State<Arc<World>>) -> StatusCode {
    world.forget();
    StatusCode::NO_CONTENT
}

async fn faults(State(world): State<Arc<World>>) -> Json<Faults> {
    Json(world.faults().clone())
}

async fn set_faults(State(world): State<Arc<World>>, body: Bytes) -> Result<StatusCode, Refused> {
    *world.faults() = read(&body)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetWebhook {
    provider: Provider,
    /// None stops webhooks.
    url: Option<String>,
}

async fn set_webhook(State(world): State<Arc<World>>, body: Bytes) -> Result<StatusCode, Refused> {
    let SetWebhook { provider, url } = read(&body)?;
    world.set_webhook_url(provider, url);
    Ok(StatusCode::NO_CONTENT)
}

async fn play_customer(State(world): State<Arc<World>>, body: Bytes) -> Result<Json<Played>, Refused> {
    let play: Play = read(&body)?;
    Ok(Json(play::play(&world, play).await?))
}

/// Verifies the Cloud API's webhook address as Meta does before it stores one.
async fn verify(State(world): State<Arc<World>>) -> Result<Json<Value>, Refused> {
    let provider = Provider::CloudApi;
    let url = world.webhook_url(provider).ok_or(play::Error::NoWebhook { provider })?;
    let token = &world.config.cloud_api.verify_token;
    Ok(Json(cloud_api::verify_webhook(&world, &url, token).await))
}

/// 400 and why.
struct Refused(String);

impl From<play::Error> for Refused {
    fn from(error: play::Error) -> Self {
        Self(error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({"error": {"message": self.0}}))).into_response()
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused(format!("the body does not fit: {error}")))
}
