//! Playing a customer of the sandbox, and what is on their phone. Only where `serve --sandbox` runs.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use connectors::sandbox::{Act, Item, OnPhone, Order, Phones, Play};
use engine::ids::{Ids, MailboxId, MessageId};
use engine::inbox::SaidRow;
use engine::store::{MessageRow, Pages, Store};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::extract::{Body, Params};
use super::{Answer, view};
use crate::app::App;
use crate::error::ApiError;

/// Who plays when nobody is named.
const CUSTOMER: &str = "+8613800138000";
const NAME: &str = "Li Wei";
/// Most messages of a chat.
const CHAT: u32 = 100;

/// What a customer of the sandbox does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    what: What,
    /// The customer's number.
    from: Option<String>,
    /// The customer's name.
    name: Option<String>,
    /// What is written, or the words of what is tapped.
    text: Option<String>,
    /// The cart; two packets of tea when nothing is said.
    order: Option<Cart>,
}

/// What a customer can do.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum What {
    /// Writes a text.
    Message,
    /// Sends a cart.
    Order,
    /// Taps a button or a row of the newest message with choices.
    Tap,
    /// Opens the conversation.
    Read,
    /// Sends a picture; `text` is what stands below it.
    Photo,
    /// Speaks.
    Voice,
    /// Sends a page, PDF.
    Document,
    /// Tells where they are.
    Location,
}

/// A cart.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cart {
    items: Vec<Line>,
    /// The customer's note.
    note: Option<String>,
}

/// A line of a cart.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    quantity: u32,
    /// Of one.
    #[schemars(with = "f64")]
    price: serde_json::Number,
    /// ISO 4217.
    currency: String,
}

/// How it went.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Played {
    /// The message; nothing when none was sent.
    message_id: Option<String>,
    /// How our webhook answered.
    webhook_status: Option<u16>,
}

/// `POST /play`.
pub(crate) async fn play(State(app): State<Arc<App>>, Body(asked): Body<Asked>) -> Answer<Played> {
    let phones = phones(&app)?;
    let from = asked.from.unwrap_or_else(|| CUSTOMER.to_owned());
    let text = asked.text.unwrap_or_default();
    let act = match asked.what {
        What::Read => {
            phones.read(&from);
            return Ok(Json(Played { message_id: None, webhook_status: None }));
        }
        What::Message | What::Tap if text.trim().is_empty() => return Err(ApiError::bad_request("text: say what")),
        What::Message => Act::Message { text },
        What::Tap => Act::Tap { choice: text },
        What::Order => Act::Order { order: order(asked.order) },
        What::Photo => raw(json!({ "type": "image",
            "image": { "id": "sandbox-image", "mime_type": "image/png", "caption": text } })),
        What::Voice => raw(json!({ "type": "audio",
            "audio": { "id": "sandbox-voice", "mime_type": "audio/ogg; codecs=opus", "voice": true } })),
        What::Document => raw(json!({ "type": "document", "document": { "id": "sandbox-document",
            "mime_type": "application/pdf", "filename": "page.pdf", "caption": text } })),
        What::Location => raw(json!({ "type": "location",
            "location": { "latitude": 45.4642, "longitude": 9.19, "name": "Duomo", "address": "Milano" } })),
    };
    let name = asked.name.unwrap_or_else(|| NAME.to_owned());
    let play = Play { from, name, act, ..Play::default() };
    let played = phones.play(play).await.map_err(|error| ApiError::conflict(error.to_string()))?;
    Ok(Json(Played { message_id: Some(played.message_id), webhook_status: played.webhook_status }))
}

/// A message of the provider's own shape.
fn raw(message: Value) -> Act {
    let message = message.as_object().cloned().unwrap_or_default();
    Act::Raw { message }
}

fn order(cart: Option<Cart>) -> Order {
    let cart = cart.unwrap_or_else(|| Cart {
        items: vec![Line { sku: "TEA-1".into(), quantity: 2, price: 1250.into(), currency: "CNY".into() }],
        note: None,
    });
    let item = |line: Line| Item { sku: line.sku, quantity: line.quantity, price: line.price, currency: line.currency };
    Order { catalog_id: "demo".into(), items: cart.items.into_iter().map(item).collect(), text: cart.note }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    /// The customer's number.
    from: Option<String>,
}

/// What is on a customer's phone, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Chat {
    messages: Vec<OnScreen>,
}

/// A message as the customer sees it.
#[derive(Debug, Serialize, JsonSchema)]
struct OnScreen {
    at: view::Time,
    /// Whether the customer wrote it.
    inbound: bool,
    text: Option<String>,
    /// The template it was made from.
    template: Option<String>,
    /// What can be tapped.
    buttons: Vec<String>,
    /// The file that hangs on it.
    file: Option<OnScreenFile>,
    status: engine::connector::Status,
}

/// A file as the customer sees it.
#[derive(Debug, Serialize, JsonSchema)]
struct OnScreenFile {
    /// `image`, `audio`, `video` or `document`.
    kind: String,
    /// A document's name.
    name: Option<String>,
    /// For `GET /media/{id}`, where people here sent it.
    media: Option<MessageId>,
}

/// `GET /play/chat`.
pub(crate) async fn chat(State(app): State<Arc<App>>, Params(whose): Params<Whose>) -> Answer<Chat> {
    let from = whose.from.unwrap_or_else(|| CUSTOMER.to_owned());
    let sent = phones(&app)?.sent_to(&from).into_iter();
    let sent: HashMap<String, OnPhone> = sent.filter_map(|one| Some((one.callback.clone()?, one))).collect();
    let mut rows = Vec::new();
    if let Some(contact) = app.engine.whom(&from).await? {
        let store = app.engine.store();
        for conversation in store.mailbox(MailboxId::of_contact(contact.id)).await?.conversations {
            rows.extend(store.messages_in(conversation.id, MessageId(i64::MAX), CHAT).await?);
        }
    }
    rows.sort_unstable_by_key(|row| row.id);
    let screen = |row: MessageRow| {
        let seen = row.effect_key.as_ref().and_then(|key| sent.get(key));
        OnScreen {
            at: view::Time(Ids::time_of(row.id.0)),
            inbound: row.inbound,
            text: seen.and_then(|seen| seen.text.clone()).or(row.text),
            template: seen.and_then(|seen| seen.template.clone()),
            buttons: seen.map(|seen| seen.buttons.clone()).unwrap_or_default(),
            file: seen.and_then(|seen| seen.file.clone()).map(|file| OnScreenFile {
                kind: file.kind,
                name: file.name,
                media: row.effect_key.as_deref().and_then(SaidRow::of_effect_key),
            }),
            status: row.status,
        }
    };
    Ok(Json(Chat { messages: rows.into_iter().map(screen).collect() }))
}

fn phones(app: &App) -> Result<&Phones, ApiError> {
    let missing = || ApiError::conflict("there is no sandbox: start the server with `serve --sandbox`");
    app.phones.as_ref().ok_or_else(missing)
}
