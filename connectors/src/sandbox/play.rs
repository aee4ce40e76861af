//! Plays the people outside: a customer who writes, orders, taps or reacts; somebody who edits a CRM record.
//!
//! Each play builds the provider's own webhook body, signs it and delivers it before it returns.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Provider,
    books::Message,
    chat, chatwoot,
    cloud_api::interactive::{self, Choice},
    webhooks::{News, Parcel, deliver},
    world::{World, digits, now_ms},
};

/// Something that a person does. As JSON it is flat:
/// `{"provider": "cloud_api", "kind": "message", "from": "8613800138000", "name": "Li Wei", "text": "你好"}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Play {
    /// Where it happens. Default `cloud_api`.
    #[serde(default)]
    pub provider: Provider,
    /// The customer's number; everything but digits is dropped. Empty for CRM edits.
    #[serde(default)]
    pub from: String,
    /// The customer's profile name.
    #[serde(default)]
    pub name: String,
    /// Message id to use, to deliver the same message again. Default: a new one.
    #[serde(default)]
    pub message_id: Option<String>,
    /// What is done.
    #[serde(flatten)]
    pub act: Act,
}

/// What a person does; the JSON field `kind` tells which.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Act {
    /// Writes a text.
    Message {
        /// The text.
        text: String,
    },
    /// Sends a cart. Cloud API only: Twilio passes no orders on.
    Order {
        /// The cart.
        order: Order,
    },
    /// Taps a quick reply of a template.
    Button {
        /// The button's payload.
        payload: String,
        /// The button's text.
        text: String,
        /// The message that had the button.
        #[serde(default)]
        reply_to: Option<String>,
    },
    /// Taps a button of an interactive message.
    Reply {
        /// The button's id.
        id: String,
        /// The button's title.
        title: String,
        /// The message that had the button.
        #[serde(default)]
        reply_to: Option<String>,
    },
    /// Taps a button or a row of the newest message with choices that the customer got. Cloud API only: through Twilio
    /// choices are plain text, so the customer writes.
    Tap {
        /// Its place from 1, or its title.
        choice: String,
    },
    /// Puts an emoji on a message. Cloud API only.
    Reaction {
        /// The message. Not `message_id`, which is the play's own.
        to_message: String,
        /// The emoji; empty takes it away.
        #[serde(default)]
        emoji: String,
    },
    /// Sends any Cloud API message: an element of `messages[]`; `from`, `id` and `timestamp` are added where absent.
    Raw {
        /// The element, with its `type`.
        message: Map<String, Value>,
    },
    /// Presses a button of the newest message in a chat that has it. Slack and Telegram only; `from` is who presses.
    Press {
        /// What the service gives back for it, such as `take`, or what stands on it.
        button: String,
        /// The message, if not the newest.
        #[serde(default)]
        post: Option<String>,
    },
    /// An agent writes to the customer in Chatwoot's pages; `name` is who.
    AgentWrites {
        /// The conversation.
        conversation: u64,
        /// The text.
        text: String,
    },
    /// An agent resolves a conversation in Chatwoot's pages.
    AgentResolves {
        /// The conversation.
        conversation: u64,
    },
    /// Edits a CRM record in HubSpot's pages.
    PropertyChange {
        /// `contacts` or `tickets`.
        object: String,
        /// The record's id.
        id: String,
        /// The property's name.
        property: String,
        /// Its new value.
        value: String,
    },
}

impl Default for Act {
    fn default() -> Self {
        Self::Message { text: String::new() }
    }
}

/// A cart.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Id of the catalogue.
    #[serde(default)]
    pub catalog_id: String,
    /// The lines.
    pub items: Vec<Item>,
    /// The customer's note.
    #[serde(default)]
    pub text: Option<String>,
}

/// A line of a cart.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The shop's product id.
    pub sku: String,
    /// How many.
    pub quantity: u32,
    /// Price of one, in major units.
    pub price: serde_json::Number,
    /// ISO 4217.
    pub currency: String,
}

/// How a play went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Played {
    /// Id of the message, or of the CRM event.
    pub message_id: String,
    /// How the webhook was answered; none when there was no answer. Failed ones are repeated in the background.
    pub webhook_status: Option<u16>,
    /// How long the answer took, in milliseconds.
    pub webhook_ms: f64,
}

/// Why a play is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens.
    #[error("no webhook address is set for {provider}: set one with PUT /_sandbox/webhooks")]
    NoWebhook {
        /// Whose address is missing.
        provider: Provider,
    },
    /// The provider has no such event.
    #[error("{provider} has no webhook for this kind of play")]
    NotThere {
        /// Which provider.
        provider: Provider,
    },
    /// A message without a sender.
    #[error("from must be the customer's number, with its country code")]
    NoSender,
    /// Nothing to tap.
    #[error("no message with choices was sent to {to}")]
    NoChoices {
        /// The customer's number.
        to: String,
    },
    /// Not one of the choices.
    #[error("there is no choice `{choice}`; the newest message has: {known}")]
    NoSuchChoice {
        /// What was to be tapped.
        choice: String,
        /// The titles, with commas between.
        known: String,
    },
    /// No such button.
    #[error("no message in the chat has a button `{button}`")]
    NoSuchButton {
        /// What was to be pressed.
        button: String,
    },
    /// The CRM refuses the edit.
    #[error("the CRM refuses the edit: {0}")]
    Edit(String),
}

/// Builds, signs and delivers one webhook.
pub(super) async fn play(world: &Arc<World>, play: Play) -> Result<Played, Error> {
    let provider = play.provider;
    let url = world.webhook_url(provider).ok_or(Error::NoWebhook { provider })?;
    let from = digits(&play.from);
    let customer = matches!(provider, Provider::CloudApi | Provider::Twilio);
    if customer && from.is_empty() {
        return Err(Error::NoSender);
    }
    let (message_id, kind, news) = match provider {
        Provider::CloudApi => {
            let message_id = play.message_id.unwrap_or_else(|| world.next_wamid());
            let act = match play.act {
                Act::Tap { choice } => tap(world, &from, &choice)?,
                act => act,
            };
            let message = graph_message(&from, &message_id, act)?;
            let message_id = message["id"].as_str().unwrap_or(&message_id).to_owned();
            let contact = json!({"profile": {"name": play.name}, "wa_id": from});
            (message_id, "message", News::Message(json!({"contacts": [contact], "messages": [message]})))
        }
        Provider::Twilio => {
            let message_id = play.message_id.unwrap_or_else(|| world.next_sid());
            let form = twilio_form(world, &from, &play.name, &message_id, play.act)?;
            (message_id, "message", News::Form(form))
        }
        Provider::Hubspot => {
            let event = property_change(world, play.act)?;
            (event["eventId"].to_string(), "property_change", News::Change(event))
        }
        Provider::Chatwoot => {
            let (id, news) = chatwoot::agent(world, &play.name, &play.act)?;
            (id, "agent", news)
        }
        Provider::Slack | Provider::Telegram => {
            let (id, news) = chat::press(world, provider, (&play.from, &play.name), &play.act)?;
            (id, "press", news)
        }
    };
    if customer {
        world.customer_wrote(provider, &from);
    }
    let sent = deliver(world, Parcel { provider, kind, url, news: vec![news], token: world.next_number() }).await;
    Ok(Played { message_id, webhook_status: sent.status, webhook_ms: sent.ms })
}

/// The message that a tap sends: on the newest message with choices that this customer got.
fn tap(world: &World, from: &str, choice: &str) -> Result<Act, Error> {
    let asked = |message: &Message| {
        message.provider == Provider::CloudApi && message.to == from && !interactive::choices(message).is_empty()
    };
    let newest = world.ledger.messages_where(asked).into_iter().next();
    let newest = newest.ok_or_else(|| Error::NoChoices { to: from.to_owned() })?;
    let choices = interactive::choices(&newest);
    let title = |choice: &Choice| choice.shown["title"].as_str().unwrap_or_default().to_owned();
    let place = choice.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
    let named = choices.iter().find(|known| title(known) == choice);
    let tapped = named.or_else(|| choices.get(place?)).ok_or_else(|| Error::NoSuchChoice {
        choice: choice.to_owned(),
        known: choices.iter().map(title).collect::<Vec<_>>().join(", "),
    })?;
    let message = json!({"type": "interactive", "context": {"id": newest.id},
        "interactive": {"type": tapped.kind, tapped.kind: tapped.shown}});
    let Value::Object(message) = message else { return Err(Error::NoChoices { to: from.to_owned() }) };
    Ok(Act::Raw { message })
}

/// An element of `messages[]` (Meta, "Webhooks, messages").
fn graph_message(from: &str, id: &str, act: Act) -> Result<Value, Error> {
    let (kind, payload, reply_to) = match act {
        Act::Message { text } => ("text", json!({"body": text}), None),
        Act::Order { order } => ("order", graph_order(&order), None),
        Act::Button { payload, text, reply_to } => ("button", json!({"payload": payload, "text": text}), reply_to),
        Act::Reply { id, title, reply_to } => {
            let tapped = json!({"type": "button_reply", "button_reply": {"id": id, "title": title}});
            ("interactive", tapped, reply_to)
        }
        Act::Reaction { to_message, emoji } => ("reaction", json!({"message_id": to_message, "emoji": emoji}), None),
        Act::Raw { mut message } => {
            for (name, value) in envelope_fields(from, id) {
                message.entry(name).or_insert(value);
            }
            return Ok(Value::Object(message));
        }
        Act::Tap { .. }
        | Act::Press { .. }
        | Act::AgentWrites { .. }
        | Act::AgentResolves { .. }
        | Act::PropertyChange { .. } => {
            return Err(Error::NotThere { provider: Provider::CloudApi });
        }
    };
    let mut message = Map::from_iter(envelope_fields(from, id));
    message.insert("type".into(), kind.into());
    message.insert(kind.into(), payload);
    if let Some(reply_to) = reply_to {
        message.insert("context".into(), json!({"id": reply_to}));
    }
    Ok(Value::Object(message))
}

fn envelope_fields(from: &str, id: &str) -> [(String, Value); 3] {
    let seconds = (now_ms() / 1000).to_string();
    [("from".into(), from.into()), ("id".into(), id.into()), ("timestamp".into(), seconds.into())]
}

fn graph_order(order: &Order) -> Value {
    let items: Vec<Value> = order
        .items
        .iter()
        .map(|item| {
            json!({"product_retailer_id": item.sku, "quantity": item.quantity, "item_price": item.price,
                "currency": item.currency})
        })
        .collect();
    let mut value = json!({"catalog_id": order.catalog_id, "product_items": items});
    if let Some(text) = &order.text {
        value["text"] = text.as_str().into();
    }
    value
}

/// The form of an inbound message (Twilio, "Request to your webhook").
fn twilio_form(world: &World, from: &str, name: &str, sid: &str, act: Act) -> Result<Vec<(String, String)>, Error> {
    let (kind, body, extra, reply_to) = match act {
        Act::Message { text } => ("text", text, vec![], None),
        Act::Button { payload, text, reply_to } | Act::Reply { id: payload, title: text, reply_to } => {
            ("button", text.clone(), vec![("ButtonText", text), ("ButtonPayload", payload)], reply_to)
        }
        _ => return Err(Error::NotThere { provider: Provider::Twilio }),
    };
    let account = &world.config.twilio;
    let mut fields = vec![
        ("MessageSid", sid.to_owned()),
        ("SmsSid", sid.to_owned()),
        ("SmsMessageSid", sid.to_owned()),
        ("AccountSid", account.account_sid.clone()),
        ("From", format!("whatsapp:+{from}")),
        ("To", format!("whatsapp:{}", account.from)),
        ("Body", body),
        ("NumMedia", "0".into()),
        ("NumSegments", "1".into()),
        ("SmsStatus", "received".into()),
        ("ApiVersion", "2010-04-01".into()),
        ("ProfileName", name.to_owned()),
        ("WaId", from.to_owned()),
        ("MessageType", kind.into()),
    ];
    fields.extend(extra);
    if let Some(reply_to) = reply_to {
        fields.push(("OriginalRepliedMessageSid", reply_to));
        fields.push(("OriginalRepliedMessageSender", format!("whatsapp:{}", account.from)));
    }
    Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Makes the edit in the portal and describes it as HubSpot does.
fn property_change(world: &World, act: Act) -> Result<Value, Error> {
    let Act::PropertyChange { object, id, property, value } = act else {
        return Err(Error::NotThere { provider: Provider::Hubspot });
    };
    let edited = world.portal().edit(&object, &id, &property, &value, now_ms());
    let (object_type, object_id) = edited.map_err(|error| Error::Edit(error.message))?;
    Ok(super::hubspot::change_event(world, object_type, object_id, &property, &value, "CRM_UI"))
}
