//! Triggers: what may start a run, each with typed parameters and a typed event.
//!
//! The parameter struct draws the form and checks the YAML; the event struct is the schema that names in expressions are
//! checked against. Whether an event matches is decided in [`crate::matching`].

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event;

/// A trigger as the catalogue shows it.
#[derive(Clone, Debug, Serialize)]
pub struct TriggerSpec {
    /// Full name, such as `whatsapp.order_received`.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// JSON Schema of its parameters.
    pub params: Schema,
    /// JSON Schema of `event`, without the fields every event has.
    pub event: Schema,
    /// An event as tests and previews see it: the event's own fields.
    pub sample: Value,
    /// Whether its event happens in a conversation, so that `contact` and `conversation` are there.
    pub in_conversation: bool,
}

impl TriggerSpec {
    /// Whether a run can wait for it: only what the contact of the run does, and not its silence.
    #[must_use]
    pub fn can_be_awaited(&self) -> bool {
        self.in_conversation && ![event::NO_REPLY, event::FLOW_CALLED].contains(&self.name)
    }
}

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
    /// Only through this connection. Default: any.
    pub connection: Option<String>,
}

/// Who is silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Silent {
    /// The customer does not answer us.
    #[default]
    Customer,
    /// We do not answer the customer.
    Us,
}

/// `conversation.no_reply`: once per silence.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoReply {
    /// How long the silence lasts, such as `48h`; 1 minute to 365 days.
    #[schemars(extend("x-type" = "duration"))]
    pub after: String,
    /// Whose silence: `customer` (default) or `us`.
    #[serde(default)]
    pub silent: Silent,
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
    /// Only through this connection. Default: any.
    #[serde(default)]
    pub connection: Option<String>,
}

/// `schedule.cron`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cron {
    /// Five fields as in crontab: minute hour day-of-month month day-of-week (0 and 7 = Sunday).
    pub at: String,
    /// IANA time zone, such as `Europe/Rome`. Default UTC.
    #[serde(default = "utc")]
    pub zone: String,
    /// Slots missed while we were not running: `skip` (default), `last` (the last one only) or `all` (up to 24).
    #[serde(default)]
    pub missed: Missed,
}

fn utc() -> String {
    "UTC".into()
}

/// What becomes of slots that passed while nothing ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// None of them runs.
    #[default]
    Skip,
    /// The last one runs.
    Last,
    /// Up to 24 of them run, oldest first.
    All,
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

/// `flow.called` takes no parameters.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlowCalled {}

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

/// The fields of `conversation.no_reply`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct NoReplyEvent {
    /// Who is silent: `customer` or `us`.
    pub silent: Silent,
    /// When the silence began, RFC 3339.
    pub since: String,
    /// How long it lasts, as the trigger says it.
    pub after: String,
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

/// The fields of `schedule.cron`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct CronEvent {
    /// The slot, RFC 3339.
    pub slot: String,
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

/// The fields of `flow.called`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct FlowCalledEvent {
    /// What the calling step gave along, its `with`.
    pub input: serde_json::Map<String, Value>,
    /// The flow that called.
    pub caller: String,
    /// Its run.
    pub caller_run: String,
}

/// All triggers by name.
#[must_use]
pub fn all() -> BTreeMap<&'static str, TriggerSpec> {
    let message = json!({ "id": "wamid.TEST", "type": "text" });
    let order = json!({
        "id": "wamid.TEST", "total": 39.8, "currency": "CNY", "catalog_id": "445566", "note": "",
        "items": [{ "sku": "SKU-12", "quantity": 2, "price": 19.9, "currency": "CNY" }],
    });
    let specs = [
        spec::<OrderReceived, OrderEvent>(
            event::ORDER_RECEIVED,
            "A customer sent an order.",
            json!({ "order": order, "message": { "id": "wamid.TEST", "type": "order" }, "text": "" }),
            true,
        ),
        spec::<MessageReceived, MessageEvent>(
            event::MESSAGE_RECEIVED,
            "A customer sent a message.",
            json!({ "message": message, "text": "hello" }),
            true,
        ),
        spec::<NoReply, NoReplyEvent>(
            event::NO_REPLY,
            "Nobody answered for a time; once per silence.",
            json!({ "silent": "customer", "since": "2026-01-01T00:00:00.000Z", "after": "48h" }),
            true,
        ),
        spec::<FieldChanged, FieldChangedEvent>(
            event::FIELD_CHANGED,
            "A field of a CRM record changed.",
            json!({ "object": "contact", "object_id": "501", "field": "stage", "old": null, "new": "won" }),
            false,
        ),
        spec::<Cron, CronEvent>(
            event::CRON,
            "A time of a schedule came.",
            json!({ "slot": "2026-01-01T09:00:00.000Z" }),
            false,
        ),
        spec::<WebhookReceived, WebhookEvent>(
            event::WEBHOOK_RECEIVED,
            "Another system called.",
            json!({ "method": "POST", "path": "", "query": {}, "body": {} }),
            false,
        ),
        spec::<Manual, ManualEvent>(
            event::MANUAL,
            "A person pressed the button.",
            json!({ "by": "someone", "input": null }),
            false,
        ),
        spec::<FlowCalled, FlowCalledEvent>(
            event::FLOW_CALLED,
            "Another flow called this one with `run_flow`.",
            json!({ "input": {}, "caller": "another-flow", "caller_run": "run_test" }),
            true,
        ),
    ];
    specs.into_iter().map(|spec| (spec.name, spec)).collect()
}

fn spec<P: JsonSchema, E: JsonSchema>(
    name: &'static str,
    about: &'static str,
    sample: Value,
    in_conversation: bool,
) -> TriggerSpec {
    TriggerSpec {
        name,
        about,
        params: schemars::schema_for!(P),
        event: schemars::schema_for!(E),
        sample,
        in_conversation,
    }
}
