//! The simulated Chatwoot account (Chatwoot, "Application APIs" and "Webhooks"), as far as tickets need it: contacts,
//! conversations of one inbox, messages, and what agents do.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Provider,
    config::ChatwootAccount,
    play::{Act, Error},
    webhooks::News,
    world::World,
};

/// What an account holds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChatwootBooks {
    /// As `GET /contacts/search` shows them.
    pub contacts: Vec<Value>,
    /// As `GET /contacts/{id}/conversations` shows them.
    pub conversations: Vec<Value>,
    /// As `GET /conversations/{id}/messages` shows them, with `conversation_id`.
    pub messages: Vec<Value>,
}

pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/inboxes", get(inboxes))
        .route("/contacts", post(make_contact))
        .route("/contacts/search", get(search))
        .route("/contacts/{id}/contact_inboxes", post(join_inbox))
        .route("/contacts/{id}/conversations", get(conversations_of))
        .route("/conversations", post(converse))
        .route("/conversations/{id}/messages", get(messages).post(write))
        .route("/conversations/{id}/toggle_status", post(set_status))
        .route("/conversations/{id}/toggle_priority", post(set_priority))
        .route("/conversations/{id}/assignments", post(assign))
}

/// Checks `api_access_token`: how it is refused, if it is.
pub(super) fn authorise(account: &ChatwootAccount, given: Option<&str>) -> Option<Response> {
    (given != Some(account.access_token.as_str())).then(|| failure(401, "Invalid Access Token"))
}

/// The answer of a fault.
pub(super) fn of_status(status: StatusCode) -> Response {
    failure(status.as_u16(), status.canonical_reason().unwrap_or_default())
}

fn failure(status: u16, message: &str) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (code, Json(json!({ "error": message }))).into_response()
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

async fn inboxes(State(world): State<Arc<World>>) -> Json<Value> {
    let id = world.config.chatwoot.inbox_id;
    Json(json!({ "payload": [{ "id": id, "name": "WhatsApp", "channel_type": "Channel::Api" }] }))
}

#[derive(Deserialize)]
struct Search {
    q: String,
}

async fn search(State(world): State<Arc<World>>, Query(Search { q }): Query<Search>) -> Json<Value> {
    let books = world.chatwoot();
    let fits = |contact: &&Value| contact["phone_number"].as_str().is_some_and(|phone| phone.contains(&q));
    let found: Vec<_> = books.contacts.iter().filter(fits).cloned().collect();
    Json(json!({ "meta": { "count": found.len() }, "payload": found }))
}

async fn make_contact(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let body = read(&body);
    let phone = body["phone_number"].as_str().unwrap_or_default();
    if !phone.starts_with('+') {
        return failure(422, "Phone number should be in e164 format");
    }
    let number = world.next_number();
    let mut books = world.chatwoot();
    if books.contacts.iter().any(|contact| contact["phone_number"] == phone) {
        return failure(422, "Phone number has already been taken");
    }
    let inbox = json!({ "source_id": format!("src-{number}"), "inbox": { "id": body["inbox_id"] } });
    let contact = json!({ "id": number, "name": body["name"], "phone_number": phone, "contact_inboxes": [inbox] });
    books.contacts.push(contact.clone());
    Json(json!({ "payload": { "contact": contact, "contact_inbox": inbox } })).into_response()
}

async fn join_inbox(State(world): State<Arc<World>>, Path(id): Path<u64>, body: Bytes) -> Response {
    let number = world.next_number();
    let inbox = json!({ "source_id": format!("src-{number}"), "inbox": { "id": read(&body)["inbox_id"] } });
    let mut books = world.chatwoot();
    let Some(contact) = books.contacts.iter_mut().find(|contact| contact["id"] == id) else {
        return failure(404, "Resource could not be found");
    };
    if let Some(inboxes) = contact["contact_inboxes"].as_array_mut() {
        inboxes.push(inbox.clone());
    }
    Json(inbox).into_response()
}

async fn conversations_of(State(world): State<Arc<World>>, Path(id): Path<u64>) -> Json<Value> {
    let books = world.chatwoot();
    let of = |conversation: &&Value| conversation["meta"]["sender"]["id"] == id;
    let found: Vec<_> = books.conversations.iter().filter(of).cloned().collect();
    Json(json!({ "payload": found }))
}

async fn converse(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let body = read(&body);
    let number = world.next_number();
    let mut books = world.chatwoot();
    let known = |contact: &&Value| {
        let inboxes = contact["contact_inboxes"].as_array().into_iter().flatten();
        inboxes
            .into_iter()
            .any(|inbox| inbox["source_id"] == body["source_id"] && inbox["inbox"]["id"] == body["inbox_id"])
    };
    let Some(contact) = books.contacts.iter().find(known).cloned() else {
        return failure(404, "Resource could not be found");
    };
    let conversation = json!({
        "id": number, "inbox_id": body["inbox_id"], "status": body["status"], "priority": null,
        "custom_attributes": body["custom_attributes"],
        "meta": { "sender": contact, "team": { "id": body["team_id"] }, "assignee": null },
    });
    books.conversations.push(conversation.clone());
    Json(conversation).into_response()
}

async fn messages(State(world): State<Arc<World>>, Path(id): Path<u64>) -> Json<Value> {
    let books = world.chatwoot();
    let found: Vec<_> = books.messages.iter().filter(|message| message["conversation_id"] == id).cloned().collect();
    Json(json!({ "payload": found }))
}

async fn write(State(world): State<Arc<World>>, Path(id): Path<u64>, body: Bytes) -> Response {
    let mut message = read(&body);
    if message["content"].as_str().unwrap_or_default().is_empty() {
        return failure(422, "Content can't be blank");
    }
    message["id"] = world.next_number().into();
    message["conversation_id"] = id.into();
    let mut books = world.chatwoot();
    if !books.conversations.iter().any(|conversation| conversation["id"] == id) {
        return failure(404, "Resource could not be found");
    }
    books.messages.push(message.clone());
    Json(message).into_response()
}

async fn set_status(State(world): State<Arc<World>>, Path(id): Path<u64>, body: Bytes) -> Response {
    let status = read(&body)["status"].clone();
    let answer = json!({ "payload": { "success": true, "conversation_id": id, "current_status": status } });
    change(&world, id, |conversation| conversation["status"] = status, answer)
}

async fn set_priority(State(world): State<Arc<World>>, Path(id): Path<u64>, body: Bytes) -> Response {
    let priority = read(&body)["priority"].clone();
    change(&world, id, |conversation| conversation["priority"] = priority, json!({}))
}

async fn assign(State(world): State<Arc<World>>, Path(id): Path<u64>, body: Bytes) -> Response {
    let body = read(&body);
    let set = |conversation: &mut Value| {
        for (name, place) in [("team_id", "team"), ("assignee_id", "assignee")] {
            if body[name].is_u64() {
                conversation["meta"][place] = json!({ "id": body[name] });
            }
        }
    };
    change(&world, id, set, json!({ "id": id }))
}

fn change(world: &World, id: u64, set: impl FnOnce(&mut Value), answer: Value) -> Response {
    match world.chatwoot().conversations.iter_mut().find(|conversation| conversation["id"] == id) {
        Some(conversation) => {
            set(conversation);
            Json(answer).into_response()
        }
        None => failure(404, "Resource could not be found"),
    }
}

/// What an agent does in Chatwoot's pages, as its webhook tells it; its id and the news.
pub(super) fn agent(world: &World, name: &str, act: &Act) -> Result<(String, News), Error> {
    let number = world.next_number();
    let account = json!({ "id": world.config.chatwoot.account_id });
    let find = |id: u64| world.chatwoot().conversations.iter().find(|found| found["id"] == id).cloned();
    let gone = |id: u64| Error::Edit(format!("there is no conversation {id}"));
    let news = match act {
        Act::AgentWrites { conversation, text } => json!({
            "event": "message_created", "id": number, "content": text, "message_type": "outgoing", "private": false,
            "content_type": "text", "sender": { "id": 3, "name": name, "type": "user" }, "account": account,
            "conversation": find(*conversation).ok_or_else(|| gone(*conversation))?,
        }),
        Act::AgentResolves { conversation } => {
            let mut found = find(*conversation).ok_or_else(|| gone(*conversation))?;
            let change = json!({ "previous_value": found["status"], "current_value": "resolved" });
            found["event"] = "conversation_status_changed".into();
            found["status"] = "resolved".into();
            found["changed_attributes"] = json!([{ "status": change }]);
            found["account"] = account;
            found
        }
        _ => return Err(Error::NotThere { provider: Provider::Chatwoot }),
    };
    Ok((number.to_string(), News::Change(news)))
}
