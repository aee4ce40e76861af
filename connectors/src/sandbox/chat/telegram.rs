//! The simulated Telegram Bot API, as far as a notifying bot needs it (Telegram, "Bot API": `sendMessage`,
//! `editMessageText`, `answerCallbackQuery`, `setWebhook`, `getMe`).

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

use super::{Post, PostButton, nothing_but, object, text};
use crate::sandbox::{
    Provider, books,
    webhooks::News,
    world::{World, now_ms},
};

/// Longest text, in characters (Telegram, "sendMessage").
const LONGEST: usize = 4_096;
/// Longest `callback_data`, in bytes (Telegram, "InlineKeyboardButton").
const LONGEST_DATA: usize = 64;

pub(in crate::sandbox) fn router() -> Router<Arc<World>> {
    Router::new().route("/{bot}/{method}", post(call).get(call))
}

/// The answer of a fault.
pub(in crate::sandbox) fn of_status(status: StatusCode, retry_after_s: u64) -> Response {
    let mut body = json!({ "ok": false, "error_code": status.as_u16(), "description": status.canonical_reason() });
    if retry_after_s > 0 {
        body["description"] = format!("Too Many Requests: retry after {retry_after_s}").into();
        body["parameters"] = json!({ "retry_after": retry_after_s });
    }
    (status, Json(body)).into_response()
}

fn failure(status: u16, description: &str) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (code, Json(json!({ "ok": false, "error_code": status, "description": description }))).into_response()
}

fn success(result: Value) -> Response {
    Json(json!({ "ok": true, "result": result })).into_response()
}

async fn call(State(world): State<Arc<World>>, Path((bot, method)): Path<(String, String)>, body: Bytes) -> Response {
    if bot.strip_prefix("bot") != Some(world.config.telegram.token.as_str()) {
        return failure(401, "Unauthorized");
    }
    let body = object(&body).map_or(Value::Null, Value::Object);
    match method.as_str() {
        "getMe" => {
            success(json!({ "id": 42, "is_bot": true, "first_name": "Switchboard", "username": "switchboard_bot" }))
        }
        "getWebhookInfo" => success(
            json!({ "url": world.webhook_url(Provider::Telegram).unwrap_or_default(), "pending_update_count": 0 }),
        ),
        "setWebhook" => {
            world.set_webhook_url(Provider::Telegram, body["url"].as_str().map(str::to_owned));
            world.set_telegram_secret(body["secret_token"].as_str().map(str::to_owned));
            Json(nothing_but(true)).into_response()
        }
        "sendMessage" => write(&world, &body),
        "editMessageText" => change(&world, &body),
        "answerCallbackQuery" => Json(nothing_but(true)).into_response(),
        _ => failure(404, "Not Found"),
    }
}

fn write(world: &World, body: &Value) -> Response {
    let chat = text(&body["chat_id"]);
    if let Some((old, new)) = &world.config.telegram.migrated
        && *old == chat
    {
        let told = json!({ "ok": false, "error_code": 400, "parameters": { "migrate_to_chat_id": new.parse::<i64>().ok() },
            "description": "Bad Request: group chat was upgraded to a supergroup chat" });
        return (StatusCode::BAD_REQUEST, Json(told)).into_response();
    }
    if !world.config.telegram.chats.contains(&chat) {
        return failure(400, "Bad Request: chat not found");
    }
    if let Some(refused) = mistake(body) {
        return refused;
    }
    let id = world.next_number().to_string();
    let post = Post {
        provider: Provider::Telegram,
        id: id.clone(),
        place: chat,
        text: text(&body["text"]),
        buttons: buttons(body),
        content: body.clone(),
        edits: 0,
    };
    let shown = message(&post);
    world.ledger.post(post);
    success(shown)
}

fn change(world: &World, body: &Value) -> Response {
    if let Some(refused) = mistake(body) {
        return refused;
    }
    let (chat, id) = (text(&body["chat_id"]), text(&body["message_id"]));
    let mine = |post: &Post| post.provider == Provider::Telegram && post.place == chat && post.id == id;
    let Some(old) = world.ledger.post_where(mine) else {
        return failure(400, "Bad Request: message to edit not found");
    };
    let (new_text, new_buttons) = (text(&body["text"]), buttons(body));
    if (&old.text, &old.buttons) == (&new_text, &new_buttons) {
        return failure(
            400,
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
        );
    }
    world.ledger.edit_post(mine, |post| {
        post.text.clone_from(&new_text);
        post.buttons.clone_from(&new_buttons);
        post.content = body.clone();
    });
    success(message(&Post { text: new_text, ..old }))
}

fn mistake(body: &Value) -> Option<Response> {
    let said = text(&body["text"]);
    if said.is_empty() {
        return Some(failure(400, "Bad Request: message text is empty"));
    }
    if said.chars().count() > LONGEST {
        return Some(failure(400, "Bad Request: message is too long"));
    }
    let long = buttons(body).iter().any(|button| button.data.len() > LONGEST_DATA);
    long.then(|| failure(400, "Bad Request: BUTTON_DATA_INVALID"))
}

fn buttons(body: &Value) -> Vec<PostButton> {
    let rows = body["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten();
    let all = rows.filter_map(Value::as_array).flatten().filter(|button| button["url"].is_null());
    all.map(|button| PostButton { data: text(&button["callback_data"]), label: text(&button["text"]) }).collect()
}

fn message(post: &Post) -> Value {
    let chat = json!({ "id": post.place.parse::<i64>().unwrap_or_default(), "type": "supergroup", "title": "Care" });
    json!({ "message_id": post.id.parse::<i64>().unwrap_or_default(), "date": now_ms() / 1_000, "chat": chat, "text": post.text })
}

/// The update that a press sends.
pub(super) fn callback(post: &Post, data: &str, person: (&str, &str), number: u64) -> (String, News) {
    let (id, name) = person;
    let id: u64 = id.parse().unwrap_or(4_242);
    let query = json!({
        "id": format!("{number}00"), "chat_instance": "7", "data": data, "message": message(post),
        "from": { "id": id, "is_bot": false, "first_name": name, "username": name.to_lowercase().replace(' ', "_") },
    });
    (number.to_string(), News::Change(json!({ "update_id": number, "callback_query": query })))
}

/// A webhook's answer may be a call (Telegram, "Making requests when getting updates"): it is made.
pub(in crate::sandbox) fn answered(world: &World, body: &[u8]) {
    let Some(call) = object(body) else { return };
    let Some(method) = call.get("method").and_then(Value::as_str) else { return };
    let (seq, provider, path) = (0, Provider::Telegram, format!("/{method}"));
    let (method, status, answered) = ("WEBHOOK".to_owned(), 200, true);
    world.ledger.request(books::Request { seq, at_ms: now_ms(), provider, method, path, status, answered });
}
