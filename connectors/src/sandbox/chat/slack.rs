//! The simulated Slack Web API, as far as a notifying app needs it (Slack, "chat.postMessage", "chat.update",
//! "auth.test", "Handling user interaction"): errors come with HTTP 200.

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

use super::{Post, PostButton, object, text};
use crate::sandbox::{
    Provider,
    config::SlackApp,
    webhooks::News,
    world::{World, now_ms},
};

/// Longest texts of blocks, in characters (Slack, "Block Kit reference").
const LONGEST: [(&str, usize); 2] = [("header", 150), ("section", 3_000)];
/// Most blocks of a message (Slack, "Blocks").
const MOST_BLOCKS: usize = 50;

pub(in crate::sandbox) fn router() -> Router<Arc<World>> {
    Router::new().route("/{method}", post(call))
}

/// Checks `Authorization: Bearer`: how it is refused, if it is.
pub(in crate::sandbox) fn authorise(app: &SlackApp, given: Option<&str>) -> Option<Response> {
    match given.map(|given| given.strip_prefix("Bearer ") == Some(app.bot_token.as_str())) {
        Some(true) => None,
        Some(false) => Some(failure("invalid_auth").into_response()),
        None => Some(failure("not_authed").into_response()),
    }
}

/// The answer of a fault.
pub(in crate::sandbox) fn of_status(status: StatusCode) -> Response {
    let word = if status == StatusCode::TOO_MANY_REQUESTS { "ratelimited" } else { "internal_error" };
    (status, failure(word)).into_response()
}

fn failure(word: &str) -> Json<Value> {
    Json(json!({ "ok": false, "error": word }))
}

async fn call(State(world): State<Arc<World>>, Path(method): Path<String>, body: Bytes) -> Json<Value> {
    let Some(body) = object(&body).map(Value::Object) else { return failure("invalid_json") };
    match method.as_str() {
        "auth.test" => {
            Json(json!({ "ok": true, "team": "Sandbox", "user": "switchboard", "team_id": "T1", "user_id": "U1" }))
        }
        "chat.postMessage" => write(&world, &body),
        "chat.update" => change(&world, &body),
        _ => failure("unknown_method"),
    }
}

fn write(world: &World, body: &Value) -> Json<Value> {
    let channel = text(&body["channel"]);
    let known = &world.config.slack.channels;
    if !known.contains(&channel) && !channel.starts_with('U') {
        return failure("channel_not_found");
    }
    if let Some(word) = mistake(body) {
        return failure(word);
    }
    let now = now_ms();
    let ts = format!("{}.{:06}", now / 1_000, world.next_number());
    let post = Post {
        provider: Provider::Slack,
        id: ts.clone(),
        place: channel.clone(),
        text: text(&body["text"]),
        buttons: buttons(body),
        content: body.clone(),
        edits: 0,
    };
    world.ledger.post(post);
    Json(json!({ "ok": true, "channel": channel, "ts": ts, "message": { "text": body["text"], "ts": ts } }))
}

fn change(world: &World, body: &Value) -> Json<Value> {
    if let Some(word) = mistake(body) {
        return failure(word);
    }
    let (channel, ts) = (text(&body["channel"]), text(&body["ts"]));
    let changed = world.ledger.edit_post(
        |post| post.provider == Provider::Slack && post.place == channel && post.id == ts,
        |post| {
            post.text = text(&body["text"]);
            post.buttons = buttons(body);
            post.content = body.clone();
        },
    );
    match changed {
        true => Json(json!({ "ok": true, "channel": channel, "ts": ts, "text": body["text"] })),
        false => failure("message_not_found"),
    }
}

/// What Slack refuses about a message.
fn mistake(body: &Value) -> Option<&'static str> {
    let blocks = body["blocks"].as_array().map_or(&[][..], Vec::as_slice);
    if blocks.is_empty() && text(&body["text"]).is_empty() {
        return Some("no_text");
    }
    let long = |value: &Value, most: usize| {
        value["text"].as_str().is_some_and(|text| text.chars().count() > most || text.is_empty())
    };
    let bad = |block: &Value| {
        let kind = block["type"].as_str().unwrap_or_default();
        let most = LONGEST.iter().find(|(name, _)| *name == kind).map_or(2_000, |(_, most)| *most);
        let elements = block["elements"].as_array().map_or(&[][..], Vec::as_slice);
        let fields = block["fields"].as_array().map_or(&[][..], Vec::as_slice);
        long(&block["text"], most)
            || fields.len() > 10
            || fields.iter().any(|field| long(field, 2_000))
            || (kind == "actions" && elements.iter().any(|button| long(&button["text"], 75)))
    };
    (blocks.len() > MOST_BLOCKS || blocks.iter().any(bad)).then_some("invalid_blocks")
}

fn buttons(body: &Value) -> Vec<PostButton> {
    let blocks = body["blocks"].as_array().into_iter().flatten();
    let elements = blocks.filter(|block| block["type"] == "actions").filter_map(|block| block["elements"].as_array());
    let pressable = elements.flatten().filter(|button| button["url"].is_null());
    let button = |button: &Value| PostButton {
        data: format!("{}:{}", text(&button["action_id"]), text(&button["value"])),
        label: text(&button["text"]["text"]),
    };
    pressable.map(button).collect()
}

/// The form that a press sends.
pub(super) fn interaction(post: &Post, data: &str, person: (&str, &str), number: u64) -> (String, News) {
    let (id, name) = person;
    let (action, value) = data.split_once(':').unwrap_or((data, ""));
    let at = format!("{}.{number:06}", now_ms() / 1_000);
    let user = if id.is_empty() { "U0SANDBOX" } else { id };
    let payload = json!({
        "type": "block_actions", "api_app_id": "A1", "team": { "id": "T1" },
        "user": { "id": user, "username": name, "name": name, "team_id": "T1" },
        "channel": { "id": post.place, "name": "care" }, "container": { "type": "message", "message_ts": post.id },
        "message": { "ts": post.id, "text": post.text }, "trigger_id": format!("{number}.trigger"),
        "response_url": "https://hooks.slack.com/actions/T1/1/sandbox",
        "actions": [{ "type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": at }],
    });
    (at, News::Form(vec![("payload".to_owned(), payload.to_string())]))
}
