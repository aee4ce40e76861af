//! The simulated Twilio Messaging API, as far as WhatsApp needs it (Twilio, "Messages resource", 2010-04-01), and the
//! listing of content templates (Content API v1).

mod error;
mod send;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::DateTime;
use serde_json::{Value, json};

use super::{
    Provider,
    books::Message,
    config::{Template, TwilioAccount},
    world::{World, digits},
};
pub(super) use error::Error;

pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/2010-04-01/Accounts/{account}", get(account))
        .route("/2010-04-01/Accounts/{sid}/Messages.json", get(list).post(send::send))
        .route("/2010-04-01/Accounts/{sid}/Messages/{message}", get(one))
        .route("/v1/Content", get(contents))
        .route("/v1/ContentAndApprovals", get(contents_and_approvals))
        .route("/v1/Content/{sid}", get(content))
        .route("/v1/Content/{sid}/ApprovalRequests", get(approval))
        .fallback(async || Error::not_found("the requested resource was not found"))
}

/// Checks `Authorization: Basic`.
pub(super) fn authorise(account: &TwilioAccount, given: Option<&str>) -> Result<(), Error> {
    let pair = given
        .and_then(|given| STANDARD.decode(given.strip_prefix("Basic ")?).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    match pair.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((sid, token)) if sid == account.account_sid && token == account.auth_token => Ok(()),
        _ => Err(Error::new(StatusCode::UNAUTHORIZED, 20_003, "Authenticate")),
    }
}

fn check_account(world: &World, sid: &str) -> Result<(), Error> {
    match sid == world.config.twilio.account_sid {
        true => Ok(()),
        false => Err(Error::not_found(&format!("The requested resource /2010-04-01/Accounts/{sid} was not found"))),
    }
}

async fn account(State(world): State<Arc<World>>, Path(sid): Path<String>) -> Result<Json<Value>, Error> {
    let sid = sid.strip_suffix(".json").unwrap_or(&sid);
    check_account(&world, sid)?;
    Ok(Json(json!({"sid": sid, "friendly_name": "Sandbox account", "status": "active", "type": "Full"})))
}

/// `GET …/Messages.json?To=&From=`, newest first, one page.
async fn list(
    State(world): State<Arc<World>>,
    Path(sid): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Error> {
    check_account(&world, &sid)?;
    let to = query.get("To").map(|to| digits(to));
    let from_us = query.get("From").is_none_or(|from| digits(from) == digits(&world.config.twilio.from));
    let size = query.get("PageSize").and_then(|size| size.parse().ok()).unwrap_or(50_usize).min(1000);
    let fits = |message: &Message| {
        from_us && message.provider == Provider::Twilio && to.as_ref().is_none_or(|to| *to == message.to)
    };
    let found = world.ledger.messages_where(fits);
    let page: Vec<Value> = found.iter().take(size).map(|message| resource(&world, message)).collect();
    Ok(Json(json!({"messages": page, "page": 0, "page_size": size, "next_page_uri": null})))
}

async fn one(
    State(world): State<Arc<World>>,
    Path((sid, message)): Path<(String, String)>,
) -> Result<Json<Value>, Error> {
    check_account(&world, &sid)?;
    let id = message.strip_suffix(".json").unwrap_or(&message);
    let found = world.ledger.messages_where(|message| message.id == id);
    let message = found.first().ok_or_else(|| Error::not_found(&format!("message {id} was not found")))?;
    Ok(Json(resource(&world, message)))
}

/// A message as the API prints it: numbers as strings, dates as RFC 2822.
fn resource(world: &World, message: &Message) -> Value {
    let account = &world.config.twilio;
    let date = i64::try_from(message.at_ms).ok().and_then(DateTime::from_timestamp_millis);
    let date = date.map(|date| date.format("%a, %d %b %Y %H:%M:%S +0000").to_string());
    json!({"sid": message.id, "account_sid": account.account_sid, "messaging_service_sid": null,
        "from": format!("whatsapp:{}", account.from), "to": format!("whatsapp:+{}", message.to),
        "body": message.text, "status": "queued", "direction": "outbound-api", "num_segments": "1",
        "num_media": if message.kind == "media" { "1" } else { "0" }, "price": null, "price_unit": null,
        "error_code": message.failed, "error_message": null, "date_created": date, "date_sent": null,
        "date_updated": date, "api_version": "2010-04-01",
        "uri": format!("/2010-04-01/Accounts/{}/Messages/{}.json", account.account_sid, message.id)})
}

async fn contents(State(world): State<Arc<World>>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    page(&world, "Content", &query, content_resource)
}

/// `GET /v1/ContentAndApprovals`: the same, each with what WhatsApp said of it.
async fn contents_and_approvals(
    State(world): State<Arc<World>>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    page(&world, "ContentAndApprovals", &query, |template| {
        let mut content = content_resource(template);
        content["approval_requests"] = approval_of(template);
        content
    })
}

/// One page of the contents, as `PageSize` and `Page` ask for it.
fn page(
    world: &World,
    resource: &str,
    query: &HashMap<String, String>,
    shown: impl Fn(&Template) -> Value,
) -> Json<Value> {
    let number = |name: &str| query.get(name).and_then(|value| value.parse::<usize>().ok());
    let size = number("PageSize").unwrap_or(50).clamp(1, 1000);
    let page = number("Page").unwrap_or(0);
    let url = |page: usize| format!("{}/twilio/v1/{resource}?PageSize={size}&Page={page}", world.url);
    let templates = &world.config.templates;
    let behind = page.saturating_add(1).saturating_mul(size);
    let contents: Vec<Value> = templates.iter().skip(page.saturating_mul(size)).take(size).map(shown).collect();
    let next = (behind < templates.len()).then(|| url(page + 1));
    Json(json!({"contents": contents, "meta": {"page": page, "page_size": size, "first_page_url": url(0),
        "url": url(page), "previous_page_url": page.checked_sub(1).map(url), "next_page_url": next, "key": "contents"}}))
}

async fn content(State(world): State<Arc<World>>, Path(sid): Path<String>) -> Result<Json<Value>, Error> {
    let template = template_by_sid(&world, &sid).ok_or_else(|| Error::not_found(&format!("{sid} was not found")))?;
    Ok(Json(content_resource(template)))
}

async fn approval(State(world): State<Arc<World>>, Path(sid): Path<String>) -> Result<Json<Value>, Error> {
    let template = template_by_sid(&world, &sid).ok_or_else(|| Error::not_found(&format!("{sid} was not found")))?;
    let mut whatsapp = approval_of(template);
    whatsapp["type"] = "whatsapp".into();
    Ok(Json(json!({"sid": sid, "account_sid": world.config.twilio.account_sid, "whatsapp": whatsapp})))
}

fn approval_of(template: &Template) -> Value {
    json!({"name": template.name, "category": template.category, "content_type": kind(template),
        "status": template.status.to_lowercase(), "rejection_reason": "", "allow_category_change": true})
}

/// A content with buttons is another type than one without.
fn kind(template: &Template) -> &'static str {
    if template.buttons.is_empty() { "twilio/text" } else { "twilio/quick-reply" }
}

fn content_resource(template: &Template) -> Value {
    let variables: Value =
        template.placeholders().into_iter().map(|name| (name.to_owned(), Value::from("example"))).collect();
    let mut words = json!({"body": template.body});
    if !template.buttons.is_empty() {
        words["actions"] = template.buttons.iter().map(|title| json!({"title": title, "id": title})).collect();
    }
    json!({"sid": template.content_sid(), "friendly_name": template.name, "language": template.language,
        "variables": variables, "types": {kind(template): words}})
}

fn template_by_sid<'a>(world: &'a World, sid: &str) -> Option<&'a Template> {
    world.config.templates.iter().find(|template| template.content_sid() == sid)
}
