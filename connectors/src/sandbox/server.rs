//! The one server: all providers and the control desk under one address.
//!
//! A call passes the gate: faults before, authentication, the provider's handler, the books, faults after.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::Value;

use super::{
    Provider, books, chat, chatwoot, cloud_api,
    config::Config,
    control,
    faults::{After, Fail, Refusal},
    hubspot, twilio,
    wire::Plug,
    world::{World, now_ms},
};

/// How long an answer that never comes is held back; callers give up sooner.
const HOLD: Duration = Duration::from_secs(60);
/// The largest body taken, as generous as the providers are.
const MAX_BODY_BYTES: usize = 20 * 1024 * 1024;

pub(super) fn router(world: Arc<World>) -> Router {
    let behind_gate = |router: Router<Arc<World>>, provider| {
        let gate_state = Gate { world: world.clone(), provider };
        router.layer(middleware::from_fn_with_state(gate_state, gate))
    };
    Router::new()
        .nest("/graph", behind_gate(cloud_api::router(), Provider::CloudApi))
        .nest("/twilio", behind_gate(twilio::router(), Provider::Twilio))
        .nest("/hubspot", behind_gate(hubspot::router(), Provider::Hubspot))
        .nest("/slack", behind_gate(chat::slack::router(), Provider::Slack))
        .nest("/telegram", behind_gate(chat::telegram::router(), Provider::Telegram))
        .nest(
            &format!("/chatwoot/api/v1/accounts/{}", world.config.chatwoot.account_id),
            behind_gate(chatwoot::router(), Provider::Chatwoot),
        )
        .route("/bell", post(ring))
        .nest("/_sandbox", control::router())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(world)
}

/// The bell on a team's desk: takes any notice and keeps it.
async fn ring(State(world): State<Arc<World>>, Json(notice): Json<Value>) -> StatusCode {
    world.ledger.notice(notice);
    StatusCode::NO_CONTENT
}

#[derive(Clone)]
struct Gate {
    world: Arc<World>,
    provider: Provider,
}

async fn gate(
    State(Gate { world, provider }): State<Gate>,
    ConnectInfo(plug): ConnectInfo<Plug>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let fate = world.faults().fate(provider, &path);
    if !fate.delay.is_zero() {
        tokio::time::sleep(fate.delay).await;
    }
    let refused = match fate.refusal {
        Some(refusal) => Some(refuse(provider, refusal)),
        None => unauthorised(&world, provider, request.headers()),
    };
    let response = match refused {
        Some(response) => response,
        None => next.run(request).await,
    };
    let (status, answered) = (response.status().as_u16(), fate.after.is_none());
    world.ledger.request(books::Request { seq: 0, at_ms: now_ms(), provider, method, path, status, answered });
    match fate.after {
        None => return response,
        Some(After::Hold) => {
            tokio::select! {
                () = tokio::time::sleep(HOLD) => {}
                () = world.stopping() => {}
            }
        }
        Some(After::Drop) => {}
    }
    plug.pull();
    response
}

/// The refusal of a call that does not prove who it is.
fn unauthorised(world: &World, provider: Provider, headers: &HeaderMap) -> Option<Response> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Config { cloud_api, twilio, hubspot, slack, .. } = &world.config;
    match provider {
        Provider::CloudApi => cloud_api::authorise(cloud_api, given).err().map(IntoResponse::into_response),
        Provider::Twilio => twilio::authorise(twilio, given).err().map(IntoResponse::into_response),
        Provider::Hubspot => hubspot::authorise(hubspot, given).err().map(IntoResponse::into_response),
        Provider::Slack => chat::slack::authorise(slack, given),
        Provider::Chatwoot => {
            let given = headers.get("api_access_token").and_then(|value| value.to_str().ok());
            chatwoot::authorise(&world.config.chatwoot, given)
        }
        // Its token is a part of the path.
        Provider::Telegram => None,
    }
}

/// The answer to a call that a fault turns away.
fn refuse(provider: Provider, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Down => provider_error(provider, StatusCode::SERVICE_UNAVAILABLE, None),
        // Telegram says it in the body.
        Refusal::RateLimited { retry_after_s } if provider == Provider::Telegram => {
            chat::telegram::of_status(StatusCode::TOO_MANY_REQUESTS, retry_after_s)
        }
        Refusal::RateLimited { retry_after_s } => {
            let mut response = provider_error(provider, StatusCode::TOO_MANY_REQUESTS, None);
            if retry_after_s > 0 {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
            }
            response
        }
        Refusal::Fail(Fail { status, code, body, .. }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            match body {
                Some(Value::String(text)) => (status, text).into_response(),
                Some(body) => (status, Json(body)).into_response(),
                None => provider_error(provider, status, code),
            }
        }
    }
}

fn provider_error(provider: Provider, status: StatusCode, code: Option<u32>) -> Response {
    match provider {
        Provider::CloudApi => cloud_api::Error::of_status(status, code).into_response(),
        Provider::Twilio => twilio::Error::of_status(status, code).into_response(),
        Provider::Hubspot => hubspot::Error::of_status(status).into_response(),
        Provider::Slack => chat::slack::of_status(status),
        Provider::Telegram => chat::telegram::of_status(status, 0),
        Provider::Chatwoot => chatwoot::of_status(status),
    }
}
