//! What came in: events, messages, and what could not be read or was not understood.

use crate::clock::At;
use crate::connector::Status;
use crate::event::{EventKey, Origin};
use crate::ids::{BadItemId, ContactId, ConversationId, EventId, MailboxId, MessageId};

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// Unique.
    pub key: EventKey,
    /// Whose turn handles it.
    pub mailbox: MailboxId,
    /// Whom it concerns.
    pub contact_id: Option<ContactId>,
    /// In which conversation.
    pub conversation_id: Option<ConversationId>,
    /// Through which connection.
    pub connection: String,
    /// Its type.
    pub kind: String,
    /// Whose doing.
    pub origin: Origin,
    /// When received.
    pub at: At,
    /// When it happened.
    pub provider_at: Option<At>,
    /// Cause depth.
    pub depth: u8,
    /// Encoding of `body`: 1 = JSON.
    pub format: i64,
    /// Its own fields; `None` once erased or past retention.
    pub body: Option<Vec<u8>>,
}

/// A message in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// In which conversation; `None` for a status of a message we know nothing else of.
    pub conversation_id: Option<ConversationId>,
    /// Whether it came in.
    pub inbound: bool,
    /// The event it came with.
    pub event_id: Option<EventId>,
    /// The effect that sent it, `<run>/<n>`.
    pub effect_key: Option<String>,
    /// SHA-256(connection ‖ provider's id), first 16 bytes: ids hold phone numbers.
    pub external_key: [u8; 16],
    /// How far it got; only ever rises.
    pub status: Status,
    /// When it got there.
    pub status_at: Option<At>,
    /// Code and words of a failure.
    pub error: Option<String>,
    /// Its text.
    pub text: Option<String>,
    /// Its text normalised for search and back-tests.
    pub norm: Option<String>,
    /// What it cost, JSON as the provider reports it.
    pub cost: Option<String>,
}

/// A customer's message that no rule, wait or flow understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedRow {
    /// The event that brought it.
    pub event_id: EventId,
    /// Whose; erased with the person.
    pub contact_id: ContactId,
    /// When.
    pub at: At,
    /// Its text normalised, at most 200 characters: what such messages are grouped by.
    pub norm: String,
    /// Its text, at most 200 characters.
    pub text: String,
}

/// A received item that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadItemRow {
    /// Its id.
    pub id: BadItemId,
    /// Through which connection.
    pub connection: String,
    /// When.
    pub at: At,
    /// Its bytes as received.
    pub raw: String,
    /// What is wrong with it.
    pub why: String,
}
