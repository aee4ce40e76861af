//! Doors: how a service's webhooks come in.
//!
//! **webhook in** -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> log

use bytes::Bytes;
use http::{HeaderMap, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::At;
use crate::event::Origin;

/// A webhook as it arrived: nothing parsed, nothing rebuilt.
#[derive(Clone, Debug)]
pub struct HookRequest {
    /// `GET` or `POST`.
    pub method: Method,
    /// The address the provider called, as it signed it: our public URL with path and query as received.
    pub url: String,
    /// The query as received, without `?`; empty when there was none.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The raw body: signatures are over these bytes.
    pub body: Bytes,
}

impl HookRequest {
    /// The text of a header, if it is there once and readable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Whether the sender repeats a delivery that we refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// It does (Meta, HubSpot): 429 when the writer falls behind.
    Retried,
    /// It does not (Twilio): held, and refused only when the disk is.
    OneShot,
}

/// Reads webhooks of one connection. Pure: it verifies and decodes, and stores nothing.
pub trait Door: Send + Sync {
    /// Whether its sender repeats refused deliveries.
    fn sender(&self) -> Sender;

    /// Verifies and decodes.
    ///
    /// # Errors
    /// [`DoorError::Unsigned`] answers 401, [`DoorError::Forbidden`] 403, [`DoorError::Unreadable`] 400; nothing is stored then.
    fn receive(&self, request: &HookRequest, now: At) -> Result<Intake, DoorError>;
}

/// Why a webhook was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// Signature missing, wrong or too old.
    #[error("signature refused: {0}")]
    Unsigned(&'static str),
    /// A verification request with the wrong token.
    #[error("verification refused: {0}")]
    Forbidden(&'static str),
    /// Signed, but not of the shape the service documents.
    #[error("unreadable webhook: {0}")]
    Unreadable(String),
}

/// What a webhook brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    /// Items to store before answering; one bad item never loses its neighbours.
    pub items: Vec<Item>,
    /// Body of the 200 answer.
    pub answer: String,
    /// Content type of the answer.
    pub content_type: &'static str,
}

/// One thing a webhook tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Something happened.
    Event(Box<Incoming>),
    /// What became of a message we sent.
    Status(StatusReport),
    /// It could not be read: kept raw and listed.
    Bad {
        /// Its bytes as received.
        raw: String,
        /// What is wrong with it.
        why: String,
    },
}

/// An event before it has our ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The provider's id: what a repeated delivery repeats.
    pub external_id: String,
    /// Event type, such as `whatsapp.order_received`.
    pub kind: &'static str,
    /// Whose doing it is.
    pub origin: Origin,
    /// When it happened, as the provider says.
    pub provider_at: Option<At>,
    /// With whom, when it happened in a conversation.
    pub party: Option<Party>,
    /// About which record outside, when it is not about a conversation.
    pub object: Option<ObjectRef>,
    /// The event's own fields.
    pub body: Value,
}

/// Two ends of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Our number as the provider names it (`phone_number_id`, `whatsapp:+1415…`).
    pub number: String,
    /// The customer's address as the provider names it (WhatsApp id without `+`, or a business-scoped user id).
    pub address: String,
    /// The customer's number in E.164 with `+`, if the address is one.
    pub phone: Option<String>,
    /// The name the customer shows, if told.
    pub name: Option<String>,
}

/// A record of another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRef {
    /// `contact`, `ticket`, …
    pub kind: String,
    /// Its id there.
    pub external_id: String,
}

/// How far a message got. The order is the rank, and a rank never goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[schemars(rename = "MessageStatus")]
pub enum Status {
    /// The provider took it.
    Accepted = 0,
    /// It left the provider.
    Sent = 1,
    /// The provider gave up. Ranks below `delivered`, which it must not overwrite.
    Failed = 2,
    /// It is on the customer's phone.
    Delivered = 3,
    /// The customer saw it.
    Read = 4,
    /// A voice message was listened to.
    Played = 5,
    /// It came in (not one of ours).
    Received = 6,
}

/// What a provider reports about a message of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusReport {
    /// The provider's id of the message.
    pub external_id: String,
    /// How far it got.
    pub status: Status,
    /// When, as the provider says.
    pub at: Option<At>,
    /// Our key, if the provider gave it back: proof that the call with this key happened.
    pub key: Option<String>,
    /// Code and words of a failure.
    pub error: Option<String>,
    /// What it cost, as the provider reports it (category, billable).
    pub cost: Option<Value>,
}
