//! A contact, its conversations and its tags: what a turn knows of the customer.
//!
//! webhook in -> event -> **contact and conversation** -> tag rules -> waits -> match triggers -> run -> step -> action -> log

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::At;
use crate::ids::{ContactId, ConversationId};
use crate::inbox::Inbox;

/// How long free text may be sent after the customer's last message. Source: Meta, "Customer service window".
pub const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// Consent to advertising, which customers also change in the app.
pub const MARKETING: &str = "marketing";
/// How long a session stays open without a message.
pub const SESSION_IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// How urgent a contact is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Priority {
    /// Can wait.
    Low = 0,
    /// The default.
    #[default]
    Medium = 1,
    /// First.
    High = 2,
}

impl Priority {
    /// The priority stored as `code`; unknown codes read as medium.
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Low,
            2 => Self::High,
            _ => Self::Medium,
        }
    }
}

/// A person. Only turns of the person's mailbox change it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// Our id.
    pub id: ContactId,
    /// Makes digests of the person's data worthless once it is deleted; 16 bytes.
    pub salt: Vec<u8>,
    /// The name shown; empty when unknown.
    pub name: String,
    /// E.164 with `+`; `None` for people known only by a WhatsApp id.
    pub phone: Option<String>,
    /// Such as `zh_CN`; empty when unknown.
    pub language: String,
    /// How urgent.
    pub priority: Priority,
    /// Code of the last order's status; empty when there is none.
    pub order_status: String,
    /// Fields of our own by name.
    pub fields: Map<String, Value>,
    /// What the person agreed to (`true`) or refused (`false`), such as `marketing`; missing = never asked.
    pub consent: BTreeMap<String, bool>,
    /// When the person last did anything.
    pub last_interaction_at: Option<At>,
    /// Messages that no human and no flow has answered.
    pub unread_count: i64,
    /// Tags with what put them there. A tag is present while one source has it.
    pub tags: BTreeMap<String, Vec<TagSource>>,
    /// Tags that a person took: rules do not give them until a person says so.
    pub tags_off: BTreeSet<String>,
    /// Counts changes.
    pub rev: i64,
}

/// What put a tag on a contact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TagSource {
    /// Which kind of thing.
    pub kind: TagSourceKind,
    /// Which one: a flow's or rule's id, a user's; empty for imports.
    pub id: String,
    /// Since when.
    pub at: At,
}

/// Kinds of things that give tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum TagSourceKind {
    /// A tag rule.
    Rule = 0,
    /// A flow.
    Flow = 1,
    /// A person.
    Person = 2,
    /// The CRM.
    Crm = 3,
    /// An import.
    Import = 4,
    /// A person took it: such a source gives no tag, it keeps rules from giving it.
    PersonOff = 5,
}

impl TagSourceKind {
    /// The kind stored as `code`; unknown codes read as an import.
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        [Self::Rule, Self::Flow, Self::Person, Self::Crm, Self::PersonOff]
            .into_iter()
            .find(|kind| *kind as i64 == code)
            .unwrap_or(Self::Import)
    }
}

/// One business number talking with one customer address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Our id.
    pub id: ConversationId,
    /// With whom.
    pub contact: ContactId,
    /// Our number as the provider names it.
    pub number: String,
    /// The customer's address as the provider names it.
    pub address: String,
    /// The connection it last ran over.
    pub connection: String,
    /// Until when free text may be sent; `None` before the customer's first message.
    pub window_closes_at: Option<At>,
    /// Customer's messages in the present session.
    pub session_messages: i64,
    /// When the present session opened; `None` when none is open.
    pub session_opened_at: Option<At>,
    /// When the customer last wrote.
    pub last_inbound_at: Option<At>,
    /// When we last wrote.
    pub last_outbound_at: Option<At>,
    /// What it is among people here.
    pub inbox: Inbox,
    /// Counts changes.
    pub rev: i64,
}

impl Conversation {
    /// Whether free text may be sent at `now`.
    #[must_use]
    pub fn window_open(&self, now: At) -> bool {
        self.window_closes_at.is_some_and(|closes| now < closes)
    }

    /// The value of `conversation` in expressions.
    #[must_use]
    pub fn scope(&self, now: At) -> Value {
        let text = |at: Option<At>| at.map_or(Value::Null, |at| at.to_string().into());
        json!({
            "id": self.id.to_string(),
            "channel": self.connection,
            "window_open": self.window_open(now),
            "window_closes_at": text(self.window_closes_at),
            "assignee": self.inbox.assignee,
            "last_inbound_at": text(self.last_inbound_at),
            "last_outbound_at": text(self.last_outbound_at),
            "session": { "messages": self.session_messages, "opened_at": text(self.session_opened_at) },
        })
    }
}

impl Contact {
    /// A contact nothing is known of yet.
    #[must_use]
    pub fn new(id: ContactId, salt: [u8; 16]) -> Self {
        Self {
            id,
            salt: salt.to_vec(),
            name: String::new(),
            phone: None,
            language: String::new(),
            priority: Priority::default(),
            order_status: String::new(),
            fields: Map::new(),
            consent: BTreeMap::new(),
            last_interaction_at: None,
            unread_count: 0,
            tags: BTreeMap::new(),
            tags_off: BTreeSet::new(),
            rev: 0,
        }
    }

    /// Gives a tag from one source; the same source twice is once.
    pub fn give_tag(&mut self, tag: &str, source: TagSource) {
        let sources = self.tags.entry(tag.to_owned()).or_default();
        if !sources.iter().any(|known| (known.kind, &known.id) == (source.kind, &source.id)) {
            sources.push(source);
        }
    }

    /// Takes one source of a tag; without a source left, the tag is gone.
    pub fn take_tag(&mut self, tag: &str, kind: TagSourceKind, id: &str) {
        if let Some(sources) = self.tags.get_mut(tag) {
            sources.retain(|known| (known.kind, &*known.id) != (kind, id));
            if sources.is_empty() {
                self.tags.remove(tag);
            }
        }
    }

    /// Whether a tag has this source.
    #[must_use]
    pub fn has_source(&self, tag: &str, kind: TagSourceKind, id: &str) -> bool {
        self.tags.get(tag).into_iter().flatten().any(|known| (known.kind, &*known.id) == (kind, id))
    }

    /// The value of `contact` in expressions.
    #[must_use]
    pub fn scope(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "phone": self.phone,
            "name": self.name,
            "language": self.language,
            "tags": self.tags.keys().collect::<Vec<_>>(),
            "priority": self.priority,
            "order_status": self.order_status,
            "last_interaction_at": self.last_interaction_at.map(|at| at.to_string()),
            "unread_count": self.unread_count,
            "consent": self.consent,
            "fields": self.fields,
        })
    }
}
