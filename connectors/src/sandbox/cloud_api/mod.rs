//! The simulated WhatsApp Cloud API (Meta, "Cloud API reference", v23 to v25).

mod error;
pub(super) mod interactive;
mod media;
mod message;
mod template;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    Provider,
    books::Message,
    config::CloudApiAccount,
    webhooks::{News, Parcel},
    world::{World, now_ms},
};
pub(super) use error::Error;
use message::Wanted;

/// Messages that a customer reads when they open the conversation.
const READ_AT_ONCE: usize = 20;

pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/{version}/{id}", get(number))
        .route("/{version}/{id}/content", get(media::content))
        .route("/{version}/{id}/media", post(media::upload))
        .route("/{version}/{id}/messages", post(send))
        .route("/{version}/{id}/message_templates", get(template::list))
        .route("/{version}/{id}/subscribed_apps", get(subscriptions).post(subscribe))
        .fallback(unknown_path)
}

/// Checks `Authorization: Bearer`.
pub(super) fn authorise(account: &CloudApiAccount, given: Option<&str>) -> Result<(), Error> {
    let Some(given) = given else {
        let details = "An access token is required to request this resource.";
        return Err(Error::new(StatusCode::FORBIDDEN, 200, "Permission missing", details));
    };
    match given.strip_prefix("Bearer ") == Some(account.access_token.as_str()) {
        true => Ok(()),
        false => {
            let details = "Invalid OAuth access token - Cannot parse access token";
            Err(Error::new(StatusCode::UNAUTHORIZED, 190, "Access token has expired", details))
        }
    }
}

async fn unknown_path(uri: Uri) -> Error {
    let details = format!("Unknown path components: {}", uri.path());
    Error::new(StatusCode::BAD_REQUEST, 2500, "Unknown path components", details)
}

/// `POST /{phone_number_id}/messages`.
async fn send(
    State(world): State<Arc<World>>,
    Path((version, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Error> {
    check_version(&version)?;
    if id != world.config.cloud_api.phone_number_id {
        return Err(Error::no_object(&id));
    }
    let (mut message, input) = match message::check(&world, &body)? {
        Wanted::MarkRead => return Ok(Json(json!({"success": true}))),
        Wanted::Send { message, input } => (*message, input),
    };
    let window_open = world.window_open(Provider::CloudApi, &message.to);
    let failure = (message.kind != "template" && !window_open).then(Error::window_closed);
    if let Some(failure) = &failure {
        if !world.config.late_refusals {
            return Err(failure.clone());
        }
        message.failed = Some(failure.code);
    }
    message.id = world.next_wamid();
    message.provider = Provider::CloudApi;
    message.at_ms = now_ms();
    let mut sent = json!({"id": message.id});
    if message.template.is_some() {
        sent["message_status"] = "accepted".into();
    }
    let answer = json!({"messaging_product": "whatsapp", "contacts": [{"input": input, "wa_id": message.to}],
        "messages": [sent]});
    tell_statuses(&world, &message, failure.as_ref(), window_open);
    world.ledger.message(message);
    Ok(Json(answer))
}

/// Queues the statuses of a message. They may arrive before the answer to the call does, as in life.
fn tell_statuses(world: &World, message: &Message, failure: Option<&Error>, window_open: bool) {
    if !world.config.statuses || world.webhook_faults(Provider::CloudApi).suppress_statuses {
        return;
    }
    let Some(url) = world.webhook_url(Provider::CloudApi) else { return };
    let states: &[&str] = match failure {
        Some(_) => &["failed"],
        // Meta, "Webhooks": a reaction that we send gets no more than `sent`.
        None if message.kind == "reaction" => &["sent"],
        None if world.config.auto_read => &["sent", "delivered", "read"],
        None => &["sent", "delivered"],
    };
    let news = states.iter().map(|state| News::Status(status(world, message, state, failure, window_open))).collect();
    let parcel = Parcel { provider: Provider::CloudApi, kind: "status", url, news, token: world.next_number() };
    world.outbox.put(vec![parcel]);
}

/// A customer opened the conversation: the last messages sent to them are read.
pub(in crate::sandbox) fn tell_read(world: &World, customer: &str) {
    let Some(url) = world.webhook_url(Provider::CloudApi) else { return };
    let theirs = |message: &Message| {
        message.provider == Provider::CloudApi && message.to == customer && message.failed.is_none()
    };
    let messages = world.ledger.messages_where(theirs);
    let news: Vec<News> = messages
        .iter()
        .take(READ_AT_ONCE)
        .map(|message| News::Status(status(world, message, "read", None, true)))
        .collect();
    if !news.is_empty() {
        let parcel = Parcel { provider: Provider::CloudApi, kind: "status", url, news, token: world.next_number() };
        world.outbox.put(vec![parcel]);
    }
}

fn status(world: &World, message: &Message, state: &str, failure: Option<&Error>, window_open: bool) -> Value {
    let mut status = json!({"id": message.id, "status": state, "timestamp": (message.at_ms / 1000).to_string(),
        "recipient_id": message.to});
    if let Some(callback) = &message.callback {
        status["biz_opaque_callback_data"] = callback.as_str().into();
    }
    if let Some(failure) = failure {
        status["errors"] = json!([failure.in_status()]);
    }
    // Meta, "Pricing": told on `sent` and on one of delivered and read.
    if matches!(state, "sent" | "delivered") {
        let name = message.template.as_deref().zip(message.language.as_deref());
        let category = name.and_then(|(name, language)| world.template(name, language));
        let category = category.map_or("service", |template| template.category.as_str()).to_lowercase();
        let free = category == "service" || (category == "utility" && window_open);
        status["pricing"] = json!({"billable": !free, "pricing_model": "PMP",
            "type": if free { "free_customer_service" } else { "regular" }, "category": category});
    }
    status
}

/// `GET /{phone_number_id}`, `GET /{waba_id}` or `GET /{media_id}`: what they are. `fields` is not looked at: everything is told.
async fn number(
    State(world): State<Arc<World>>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Error> {
    check_version(&version)?;
    if let Some(file) = media::about(&world, &version, &id, &headers) {
        return Ok(Json(file));
    }
    let account = &world.config.cloud_api;
    match id {
        id if id == account.phone_number_id => Ok(Json(json!({"id": id,
            "display_phone_number": format!("+{}", account.display_phone_number), "verified_name": "Sandbox Shop",
            "quality_rating": "GREEN", "platform_type": "CLOUD_API", "is_on_biz_app": false,
            "code_verification_status": "VERIFIED", "throughput": {"level": "STANDARD"}}))),
        id if id == account.waba_id => Ok(Json(json!({"id": id, "name": "Sandbox Shop", "currency": "USD"}))),
        id => Err(Error::no_object(&id)),
    }
}

/// `GET /{waba_id}/subscribed_apps`.
async fn subscriptions(
    State(world): State<Arc<World>>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, Error> {
    check_waba(&world, &id)?;
    let mut app = json!({"whatsapp_business_api_data": {"id": "100200", "name": "Sandbox app"}});
    if let Some(url) = world.webhook_url(Provider::CloudApi) {
        app["override_callback_uri"] = url.into();
    }
    Ok(Json(json!({"data": [app]})))
}

/// `POST /{waba_id}/subscribed_apps`, with or without a webhook address of its own, which is verified first.
async fn subscribe(
    State(world): State<Arc<World>>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Error> {
    check_waba(&world, &id)?;
    let given: Value = match body.is_empty() {
        true => json!({}),
        false => serde_json::from_slice(&body).map_err(|error| Error::parameter(error.to_string()))?,
    };
    if let Some(url) = given["override_callback_uri"].as_str() {
        let token = given["verify_token"].as_str().ok_or_else(|| Error::missing("verify_token"))?;
        let outcome = verify_webhook(&world, url, token).await;
        if outcome["verified"] != true {
            return Err(Error::parameter(format!("Callback verification failed: {outcome}")));
        }
        world.set_webhook_url(Provider::CloudApi, Some(url.to_owned()));
    }
    Ok(Json(json!({"success": true})))
}

/// Asks an address for `hub.challenge`, as Meta does before it sends anything there.
pub(super) async fn verify_webhook(world: &World, url: &str, token: &str) -> Value {
    let challenge = format!("{:010}", now_ms() % 10_000_000_000);
    let query = [("hub.mode", "subscribe"), ("hub.challenge", &challenge), ("hub.verify_token", token)];
    match world.outbox.http().get(url).query(&query).timeout(std::time::Duration::from_secs(10)).send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            let body = answer.text().await.unwrap_or_default();
            json!({"verified": status == 200 && body == challenge, "status": status, "body": body})
        }
        Err(error) => json!({"verified": false, "error": error.to_string()}),
    }
}

fn check_waba(world: &World, id: &str) -> Result<(), Error> {
    if id == world.config.cloud_api.waba_id { Ok(()) } else { Err(Error::no_object(id)) }
}

fn check_version(version: &str) -> Result<(), Error> {
    let major = version.strip_prefix('v').and_then(|rest| rest.split_once('.')?.0.parse::<u32>().ok());
    match major {
        Some(_) => Ok(()),
        None => Err(Error::new(
            StatusCode::BAD_REQUEST,
            2500,
            "Unknown path components",
            format!("{version} is not a version, such as v24.0"),
        )),
    }
}
