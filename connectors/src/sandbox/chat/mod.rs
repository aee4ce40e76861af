//! Chats of people who work here: a Slack workspace and a Telegram bot with its groups.

pub(super) mod slack;
pub(super) mod telegram;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Provider,
    play::{Act, Error},
    webhooks::News,
    world::World,
};

/// A message that stands in a chat, as it is now.
#[derive(Clone, Debug, Serialize)]
pub struct Post {
    /// Which service.
    pub provider: Provider,
    /// Its id there: Slack's `ts`, Telegram's `message_id`.
    pub id: String,
    /// The channel or chat.
    pub place: String,
    /// What is read.
    pub text: String,
    /// What can be pressed: links left out.
    pub buttons: Vec<PostButton>,
    /// The whole, as received.
    pub content: Value,
    /// How often it was changed.
    pub edits: u32,
}

/// A button of a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostButton {
    /// What the service gives back: Slack's `action_id` and `value`, joined by `:`; Telegram's `callback_data`.
    pub data: String,
    /// What stands on it.
    pub label: String,
}

/// What pressing a button sends to the webhook: its id, and the news.
pub(super) fn press(
    world: &World,
    provider: Provider,
    person: (&str, &str),
    act: &Act,
) -> Result<(String, News), Error> {
    let Act::Press { button, post } = act else { return Err(Error::NotThere { provider }) };
    let fits = |found: &Post| {
        found.provider == provider && post.as_ref().is_none_or(|id| *id == found.id) && pressed(found, button).is_some()
    };
    let found = world.ledger.post_where(fits);
    let none = || Error::NoSuchButton { button: button.clone() };
    let post = found.ok_or_else(none)?;
    let data = pressed(&post, button).ok_or_else(none)?.data.clone();
    let number = world.next_number();
    Ok(match provider {
        Provider::Slack => slack::interaction(&post, &data, person, number),
        _ => telegram::callback(&post, &data, person, number),
    })
}

/// The button called so, by what the service gives back or by what stands on it.
fn pressed<'a>(post: &'a Post, button: &str) -> Option<&'a PostButton> {
    let named = |found: &&PostButton| found.label == button || found.data.split(':').next() == Some(button);
    post.buttons.iter().find(named)
}

fn object(body: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What an answer says that brings nothing but its own success.
fn nothing_but(ok: bool) -> Value {
    json!({ "ok": ok, "result": true })
}
