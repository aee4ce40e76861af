//! Telegram's updates: who pressed which button.
//!
//! Source: Telegram, "setWebhook" (`X-Telegram-Bot-Api-Secret-Token`), "CallbackQuery", "answerCallbackQuery", "Making
//! requests when getting updates".

use engine::capability::notify::{ButtonPressed, Person, Press};
use engine::clock::At;
use engine::connector::{Door, DoorError, HookRequest, Incoming, Intake, Item, Sender};
use engine::event::{BUTTON_PRESSED, Origin};
use engine::secret::Secret;
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::message_id;

/// The door of one bot.
pub(super) struct TelegramDoor {
    secret_token: Secret,
}

impl TelegramDoor {
    pub(super) fn new(secret_token: Secret) -> Self {
        Self { secret_token }
    }

    pub(super) fn secret(&self) -> &str {
        self.secret_token.expose()
    }
}

impl Door for TelegramDoor {
    /// Any answer but 2xx is repeated. Source: Telegram, "setWebhook".
    fn sender(&self) -> Sender {
        Sender::Retried
    }

    fn receive(&self, request: &HookRequest, _: At) -> Result<Intake, DoorError> {
        let given = request.header("x-telegram-bot-api-secret-token").ok_or(DoorError::Unsigned("no secret token"))?;
        if !bool::from(given.as_bytes().ct_eq(self.secret().as_bytes())) {
            return Err(DoorError::Unsigned("the secret token is wrong"));
        }
        let update: Value = serde_json::from_slice(&request.body)
            .map_err(|error| DoorError::Unreadable(format!("not an update: {error}")))?;
        let query = &update["callback_query"];
        if query.is_null() {
            return Ok(Intake { items: Vec::new(), answer: String::new(), content_type: "text/plain" });
        }
        let items = match Pressed::deserialize(query) {
            Ok(pressed) => press(&update["update_id"], &pressed).into_iter().collect(),
            Err(error) => vec![Item::Bad { raw: update.to_string(), why: error.to_string() }],
        };
        // The answer is a call: without it the button goes on spinning.
        let answer = match query["id"].as_str() {
            Some(id) => json!({ "method": "answerCallbackQuery", "callback_query_id": id }).to_string(),
            None => String::new(),
        };
        Ok(Intake { items, answer, content_type: "application/json" })
    }
}

#[derive(Deserialize)]
struct Pressed {
    from: User,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
}

fn press(update: &Value, pressed: &Pressed) -> Option<Item> {
    let (press, subject) = pressed.data.split_once(':')?;
    let User { id, first_name, last_name } = &pressed.from;
    let name = format!("{first_name} {last_name}").trim().to_owned();
    let mut event =
        ButtonPressed::about("telegram", Press::named(press)?, subject, Person { id: id.to_string(), name })?;
    event.channel = pressed.message["chat"]["id"].as_i64().map(|id| id.to_string()).unwrap_or_default();
    event.message = message_id(&pressed.message).unwrap_or_default();
    let incoming = Incoming {
        external_id: update.to_string(),
        kind: BUTTON_PRESSED,
        origin: Origin::Api,
        provider_at: None,
        party: None,
        object: None,
        body: serde_json::to_value(event).ok()?,
    };
    Some(Item::Event(Box::new(incoming)))
}
