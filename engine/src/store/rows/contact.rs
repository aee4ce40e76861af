//! Contacts, their tags, and conversations with them.

use crate::clock::At;
use crate::ids::{ContactId, ConversationId, EventId};
use crate::inbox::Inbox;

/// A stored contact. `fields` is a JSON object.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactRow {
    /// Its id.
    pub id: ContactId,
    /// 16 random bytes; `None` once the person was erased.
    pub salt: Option<Vec<u8>>,
    /// Name shown.
    pub name: String,
    /// E.164.
    pub phone: Option<String>,
    /// Language.
    pub language: String,
    /// 0 low, 1 medium, 2 high.
    pub priority: i64,
    /// Code of the last order's status.
    pub order_status: String,
    /// JSON object.
    pub fields: String,
    /// JSON object: what the person agreed to or refused.
    pub consent: String,
    /// When the person last did anything.
    pub last_at: Option<At>,
    /// Unanswered messages.
    pub unread: i64,
    /// Counts changes.
    pub rev: i64,
    /// When the person's data were erased.
    pub erased_at: Option<At>,
}

/// A stored conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// Its id.
    pub id: ConversationId,
    /// With whom.
    pub contact_id: ContactId,
    /// Our number as the provider names it.
    pub number: String,
    /// The customer's address as the provider names it.
    pub address: String,
    /// The connection it last ran over.
    pub connection: String,
    /// Until when free text may be sent.
    pub window_closes_at: Option<At>,
    /// Customer's messages in the present session.
    pub session_messages: i64,
    /// When the session opened.
    pub session_opened_at: Option<At>,
    /// When the customer last wrote.
    pub last_in_at: Option<At>,
    /// When we last wrote.
    pub last_out_at: Option<At>,
    /// What it is among people here.
    pub inbox: Inbox,
    /// Counts changes.
    pub rev: i64,
}

/// One tag of one contact from one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TagRow {
    /// Whose.
    pub contact_id: ContactId,
    /// The tag.
    pub tag: String,
    /// Kind of source: see [`crate::contact::TagSourceKind`].
    pub source: i64,
    /// Which flow, rule or user.
    pub source_id: String,
    /// The event that caused it.
    pub event_id: Option<EventId>,
    /// Since when.
    pub at: At,
}
