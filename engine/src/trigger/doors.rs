//! What comes in through doors: messages, statuses and forms of customers, changes in a CRM, webhooks, a person's button.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Origin;

/// `whatsapp.order_received` takes no parameters.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrderReceived {
    /// Only through this connection. Default: any.
    pub connection: Option<String>,
}

/// `whatsapp.message_received`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MessageReceived {
    /// Only messages that mention one of these words, in any script and case. Default: any message.
    pub keywords: Vec<String>,
    /// Only messages of this type: `text`, `image`, `order`, `interactive`, `button` … Default: any.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Only the contact's first message ever; what an imported history holds counts. Default: any message.
    pub first: bool,
    /// Only messages that came from an advertisement or a post: they carry `referral`. Default: any message.
    pub referral: bool,
    /// Whose doing it may be. Default: `customer` alone.
    #[schemars(length(max = 8))]
    pub origins: Vec<Origin>,
    /// Only through this connection. Default: any.
    pub connection: Option<String>,
}

/// How far a message of ours got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageProgress {
    /// It left the provider.
    Sent,
    /// The provider gave up.
    Failed,
    /// It is on the customer's phone.
    Delivered,
    /// The customer saw it.
    Read,
    /// A voice message was listened to.
    Played,
}

/// `whatsapp.message_status`: a message that a run sent got further, or failed.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageStatus {
    /// Which status: `failed`, `read`, `delivered`, `sent` or `played`.
    pub status: MessageProgress,
    /// Only through this connection. Default: any.
    #[serde(default)]
    pub connection: Option<String>,
}

/// `form.submitted`: a customer sent a WhatsApp form off.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FormSubmitted {
    /// Only this form, by the `flow_token` it was sent with. Default: any.
    pub form: Option<String>,
    /// Only through this connection. Default: any.
    pub connection: Option<String>,
}

/// `crm.field_changed`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChanged {
    /// Kind of record: `contact`, `ticket`, `deal`, `company`.
    pub object: String,
    /// The field, by the CRM's own name.
    pub field: String,
    /// Only when it becomes this value. Default: any.
    #[serde(default)]
    pub to: Option<String>,
    /// Whose doing it may be. Default: everybody's but imports and the first synchronisation.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub origins: Vec<Origin>,
    /// Only through this connection. Default: any.
    #[serde(default)]
    pub connection: Option<String>,
}

/// `crm.record_created`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordCreated {
    /// Kind of record: `contact`, `ticket`, `deal`, `company`.
    pub object: String,
    /// Whose doing it may be. Default: everybody's but imports and the first synchronisation.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub origins: Vec<Origin>,
    /// Only through this connection. Default: any.
    #[serde(default)]
    pub connection: Option<String>,
}

/// `webhook.received`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookReceived {
    /// Only through this connection (of connector `webhook`). Default: any.
    pub connection: Option<String>,
    /// Only calls of `/hooks/<connection>/<path>`. Default: any path.
    pub path: Option<String>,
}

/// `manual` takes no parameters.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Manual {}

/// One line of an order.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct OrderItem {
    /// The product's retailer id.
    pub sku: String,
    /// How many.
    pub quantity: i64,
    /// Price of one, in major units.
    pub price: f64,
    /// ISO 4217, such as `CNY`.
    pub currency: String,
}

/// An order. Id and total are ours: the message's id, and the sum of the lines.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Order {
    /// The id of the message that brought it.
    pub id: String,
    /// Sum of quantity × price over the lines, in major units.
    pub total: f64,
    /// ISO 4217 of the first line; empty when there is none.
    pub currency: String,
    /// The catalogue it was made from.
    #[serde(default)]
    pub catalog_id: String,
    /// What the customer wrote beside it.
    #[serde(default)]
    pub note: String,
    /// Its lines.
    #[serde(default)]
    pub items: Vec<OrderItem>,
}

/// A message as expressions see it. Fields of its own kind (`image`, `location`, `interactive` …) are there beside these.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Message {
    /// The provider's id.
    pub id: String,
    /// `text`, `image`, `audio`, `video`, `document`, `sticker`, `location`, `contacts`, `button`, `interactive`, `order`,
    /// `unsupported` …
    #[serde(rename = "type")]
    pub kind: String,
    /// Everything else the provider told, by kind.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
}

/// The fields of `whatsapp.message_received`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct MessageEvent {
    /// The message.
    pub message: Message,
    /// Whatever text it has: body, caption, button title, the order's note; empty when it has none.
    pub text: String,
}

/// The fields of `whatsapp.order_received`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct OrderEvent {
    /// The order.
    pub order: Order,
    /// The message that brought it.
    pub message: Message,
    /// The order's note.
    pub text: String,
}

/// The fields of `whatsapp.message_status`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct MessageStatusEvent {
    /// How far it got.
    pub status: MessageProgress,
    /// The provider's id of the message.
    pub message_id: String,
    /// The provider's code and words when it failed; else null.
    pub error: Option<String>,
    /// The run that sent it.
    pub run: String,
}

/// The fields of `form.submitted`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct FormEvent {
    /// The `flow_token` the form was sent with; empty when the answer carries none.
    pub form: String,
    /// What the customer filled in, by field.
    pub answers: serde_json::Map<String, Value>,
    /// The message that brought it.
    pub message: Message,
    /// Empty: a form has no text of the customer's.
    pub text: String,
}

/// The fields of `crm.field_changed`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct FieldChangedEvent {
    /// Kind of record.
    pub object: String,
    /// Its id in the CRM.
    pub object_id: String,
    /// The field that changed.
    pub field: String,
    /// Value before, when the CRM tells it; else null.
    pub old: Value,
    /// Value after.
    pub new: Value,
}

/// The fields of `crm.record_created`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct RecordCreatedEvent {
    /// Kind of record.
    pub object: String,
    /// Its id in the CRM.
    pub object_id: String,
}

/// The fields of `webhook.received`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct WebhookEvent {
    /// `GET` or `POST`.
    pub method: String,
    /// What followed `/hooks/<connection>/`; empty when nothing did.
    pub path: String,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
    /// The body as JSON when it is JSON, else as text.
    pub body: Value,
}

/// The fields of `manual`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct ManualEvent {
    /// Who pressed the button.
    pub by: String,
    /// What they gave along.
    pub input: Value,
}
