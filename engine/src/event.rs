//! An event: one thing that happened, whichever door it came through.
//!
//! webhook in -> **event** -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> log

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::At;
use crate::ids::{ContactId, ConversationId, EventId, MailboxId};

/// A run that another flow called.
pub const FLOW_CALLED: &str = "flow.called";

/// How deep events may cause events (a flow sends, which starts a flow …) before the chain is cut with an alarm.
pub const MAX_DEPTH: u8 = 8;

/// Whose doing an event is; decides whether it may start anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Origin {
    /// The customer wrote, ordered, tapped.
    Customer = 0,
    /// A person answered from the WhatsApp Business app; counts as ours.
    AppEcho = 1,
    /// Imported conversation history; starts nothing.
    History = 2,
    /// Imported records; start nothing.
    Import = 3,
    /// The first synchronisation with a CRM; starts nothing.
    FirstSync = 4,
    /// A change made in the CRM.
    Crm = 5,
    /// A call of our API or an incoming webhook of another system.
    Api = 6,
    /// A timer, a schedule, the engine itself.
    System = 7,
}

impl Origin {
    /// The origin stored as `code`; unknown codes read as [`Origin::System`].
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        [Self::Customer, Self::AppEcho, Self::History, Self::Import, Self::FirstSync, Self::Crm, Self::Api]
            .into_iter()
            .find(|origin| *origin as i64 == code)
            .unwrap_or(Self::System)
    }

    /// Whether flows may start from it: history, imports, first syncs and echoes start nothing.
    #[must_use]
    pub fn starts_flows(self) -> bool {
        matches!(self, Self::Customer | Self::Crm | Self::Api | Self::System)
    }
}

/// What makes a delivery the same delivery: the first 16 bytes of SHA-256(connection, kind, the provider's id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey(pub [u8; 16]);

impl EventKey {
    /// The key of one provider's item. Parts are length-prefixed, so no two triples collide by concatenation.
    #[must_use]
    pub fn new(connection: &str, kind: &str, external_id: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [connection, kind, external_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Self(key)
    }
}

/// The fields of `event` that every event has; its own come beside them.
const COMMON: [&str; 5] = ["id", "type", "at", "connection", "origin"];

/// One stored event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Our id.
    pub id: EventId,
    /// What a repeated delivery repeats.
    pub key: EventKey,
    /// Whose turn handles it.
    pub mailbox: MailboxId,
    /// Whom it concerns, if anybody.
    pub contact: Option<ContactId>,
    /// In which conversation it happened, if in one.
    pub conversation: Option<ConversationId>,
    /// The connection it came through; empty for the engine's own.
    pub connection: Arc<str>,
    /// Its type, such as `whatsapp.order_received`.
    pub kind: Arc<str>,
    /// Whose doing it is.
    pub origin: Origin,
    /// When we received it.
    pub at: At,
    /// When it happened, as the provider says; never used for order.
    pub provider_at: Option<At>,
    /// 0 for events from outside; one more than the event whose run caused it.
    pub depth: u8,
    /// The value of `event` in expressions: its own fields and the common ones (`id type at connection origin`). Made once,
    /// by [`Event::with_fields`], and shared by triggers and runs.
    pub seen: Arc<Value>,
}

impl Event {
    /// This event with `own` fields; what is no object becomes the field `body`.
    #[must_use]
    pub fn with_fields(mut self, own: Value) -> Self {
        let mut fields = match own {
            Value::Object(fields) => fields,
            other => serde_json::Map::from_iter([("body".to_owned(), other)]),
        };
        let [id, kind, at, connection, origin] = COMMON.map(str::to_owned);
        fields.insert(id, self.id.to_string().into());
        fields.insert(kind, (*self.kind).into());
        fields.insert(at, self.at.to_string().into());
        fields.insert(connection, (*self.connection).into());
        fields.insert(origin, serde_json::to_value(self.origin).unwrap_or_default());
        self.seen = Arc::new(Value::Object(fields));
        self
    }

    /// Its own fields, as they are stored.
    #[must_use]
    pub fn fields(&self) -> Value {
        let own = self.seen.as_object().into_iter().flatten().filter(|(name, _)| !COMMON.contains(&name.as_str()));
        Value::Object(own.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Whether it is something the customer wrote, sent, ordered or tapped (not a reaction, an edit or a deletion).
    #[must_use]
    pub fn is_customer_message(&self) -> bool {
        self.origin == Origin::Customer && is_message(&self.kind)
    }
}

/// Whether events of type `kind` are messages: an order and a form are, too.
#[must_use]
pub fn is_message(kind: &str) -> bool {
    matches!(kind, MESSAGE_RECEIVED | ORDER_RECEIVED | FORM_SUBMITTED)
}

/// Whether it is somebody's doing with a message about an alarm: for the alarms' mailbox.
#[must_use]
pub fn is_about_alarm(kind: &str, body: &Value) -> bool {
    kind == BUTTON_PRESSED && body["alarm"].is_string()
}

/// A customer sent a cart. Also a message: `whatsapp.message_received` matches it.
pub const ORDER_RECEIVED: &str = "whatsapp.order_received";
/// A customer sent a message of any other type.
pub const MESSAGE_RECEIVED: &str = "whatsapp.message_received";
/// A customer sent a form off. Also a message: `whatsapp.message_received` matches it.
pub const FORM_SUBMITTED: &str = "form.submitted";
/// A person answered from the phone app. Heard by a `whatsapp.message_received` that asks for `app_echo`.
pub const MESSAGE_ECHOED: &str = "whatsapp.message_echoed";
/// A message that a run sent got further, or failed. Stored only while somebody listens.
pub const MESSAGE_STATUS: &str = "whatsapp.message_status";
/// A customer stopped or resumed marketing messages.
pub const PREFERENCE_CHANGED: &str = "whatsapp.preference_changed";
/// A reaction, an edit or a deletion of a message: recorded, counts as no answer, starts nothing by itself.
pub const MESSAGE_CHANGED: &str = "whatsapp.message_changed";
/// A silence crossed a threshold.
pub const NO_REPLY: &str = "conversation.no_reply";
/// The customer wrote more messages in one session than a trigger names.
pub const SESSION_LONG: &str = "conversation.session_long";
/// A contact got a tag it did not have.
pub const TAG_ADDED: &str = "contact.tag_added";
/// A contact lost a tag.
pub const TAG_REMOVED: &str = "contact.tag_removed";
/// A contact agreed to something, or does no longer.
pub const CONSENT_CHANGED: &str = "contact.consent_changed";
/// A run of another flow failed.
pub const FLOW_FAILED: &str = "flow.failed";
/// Nobody took an escalation in time.
pub const ESCALATION_MISSED: &str = "escalation.missed";
/// A person took an escalation.
pub const ESCALATION_TAKEN: &str = "escalation.taken";
/// A record was made in the CRM.
pub const RECORD_CREATED: &str = "crm.record_created";
/// A property of a CRM record changed.
pub const FIELD_CHANGED: &str = "crm.field_changed";
/// A schedule's slot came.
pub const CRON: &str = "schedule.cron";
/// Another system called `/hooks/<connection>`.
pub const WEBHOOK_RECEIVED: &str = "webhook.received";
/// Somebody pressed a button under a message of ours in another service. Decided by the engine itself; starts no flow.
pub const BUTTON_PRESSED: &str = "notify.button_pressed";
/// A person pressed the button.
pub const MANUAL: &str = "manual";
