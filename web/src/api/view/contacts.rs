//! People, and what was said with them.

use engine::connector;
use engine::contact::{Priority, TagSourceKind};
use engine::ids::{ContactId, ConversationId, EscalationId, EventId, MessageId, RunId, UserId};
use engine::inbox::{SaidKind, SaidRow};
use engine::store::{ContactRow, ConversationRow, EscalationRow, MessageRow, TagRow};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{OrderMade, Time, Words, blob, maybe, time};

/// A contact: one person.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Contact {
    pub(crate) id: ContactId,
    pub(crate) name: String,
    /// E.164.
    pub(crate) phone: Option<String>,
    pub(crate) language: String,
    pub(crate) priority: Priority,
    /// Code of the last order's status.
    pub(crate) order_status: String,
    /// Fields of the workspace's own.
    pub(crate) fields: Value,
    /// What the person agreed to or refused, by topic.
    pub(crate) consent: Value,
    /// When the person last did anything.
    pub(crate) last_interaction_at: Option<Time>,
    pub(crate) unread_count: i64,
    pub(crate) erased_at: Option<Time>,
}

impl From<&ContactRow> for Contact {
    fn from(row: &ContactRow) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            phone: row.phone.clone(),
            language: row.language.clone(),
            priority: Priority::from_code(row.priority),
            order_status: row.order_status.clone(),
            fields: blob(row.fields.as_bytes()),
            consent: blob(row.consent.as_bytes()),
            last_interaction_at: maybe(row.last_at),
            unread_count: row.unread,
            erased_at: maybe(row.erased_at),
        }
    }
}

/// A conversation: one number of ours with one address of theirs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    pub(crate) connection: String,
    /// Our number as the provider names it.
    pub(crate) number: String,
    /// The customer's address as the provider names it.
    pub(crate) address: String,
    /// Until when free text may be sent.
    pub(crate) window_closes_at: Option<Time>,
    pub(crate) last_inbound_at: Option<Time>,
    pub(crate) last_outbound_at: Option<Time>,
}

impl From<&ConversationRow> for Conversation {
    fn from(row: &ConversationRow) -> Self {
        Self {
            id: row.id,
            connection: row.connection.clone(),
            number: row.number.clone(),
            address: row.address.clone(),
            window_closes_at: maybe(row.window_closes_at),
            last_inbound_at: maybe(row.last_in_at),
            last_outbound_at: maybe(row.last_out_at),
        }
    }
}

/// One source of a tag of a contact.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tag {
    pub(crate) tag: String,
    pub(crate) source: TagSourceKind,
    /// Which rule, flow or user.
    pub(crate) from: String,
    /// What caused it.
    pub(crate) event: Option<EventId>,
    pub(crate) since: Time,
}

impl From<&TagRow> for Tag {
    fn from(row: &TagRow) -> Self {
        Self {
            tag: row.tag.clone(),
            source: TagSourceKind::from_code(row.source),
            from: row.source_id.clone(),
            event: row.event_id,
            since: Time(row.at),
        }
    }
}

/// A message, in or out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) inbound: bool,
    /// The event it came with.
    pub(crate) event: Option<EventId>,
    /// The call that sent it, `<run>/<n>`.
    pub(crate) call: Option<String>,
    pub(crate) status: connector::Status,
    pub(crate) status_at: Option<Time>,
    /// Code and words of a failure.
    pub(crate) error: Option<String>,
    /// What was read; of a template whose words nobody knew, `[name] values`.
    pub(crate) text: Option<String>,
    /// The template that was sent.
    pub(crate) template: Option<String>,
    /// What could be tapped in it.
    pub(crate) buttons: Vec<String>,
    /// The order that it is, where a contact's messages are listed.
    pub(crate) order: Option<OrderMade>,
}

impl From<&MessageRow> for Message {
    fn from(row: &MessageRow) -> Self {
        let sent = row.text.clone().filter(|_| !row.inbound).map(Words::of_sent);
        let (text, template, buttons) = match sent {
            Some(Words { text, template, buttons }) => (Some(text), template, buttons),
            None => (row.text.clone(), None, Vec::new()),
        };
        Self {
            id: row.id,
            conversation: row.conversation_id,
            inbound: row.inbound,
            event: row.event_id,
            call: row.effect_key.clone(),
            status: row.status,
            status_at: maybe(row.status_at),
            error: row.error.clone(),
            text,
            template,
            buttons,
            order: None,
        }
    }
}

/// Something that people here said: to the customer, or in a note among themselves.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Said {
    pub(crate) id: MessageId,
    pub(crate) conversation: ConversationId,
    pub(crate) at: Time,
    /// Whether it is a note.
    pub(crate) note: bool,
    /// Which user; nothing for the engine or a machine.
    pub(crate) by: Option<UserId>,
    pub(crate) text: Option<String>,
    /// Code and words of a failure.
    pub(crate) error: Option<String>,
}

impl From<&SaidRow> for Said {
    fn from(row: &SaidRow) -> Self {
        Self {
            id: row.id,
            conversation: row.conversation_id,
            at: Time(row.at),
            note: row.kind == SaidKind::Note,
            by: row.by,
            text: row.text.clone(),
            error: row.error.clone(),
        }
    }
}

/// A demand that a human takes over, as it is stored of a person.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StoredEscalation")]
pub(crate) struct Escalation {
    pub(crate) id: EscalationId,
    /// The run that asked; nothing when a tag rule did.
    pub(crate) run: Option<RunId>,
    pub(crate) contact: Option<ContactId>,
    pub(crate) conversation: Option<ConversationId>,
    /// Who should take it.
    pub(crate) team: String,
    pub(crate) reason: String,
    /// When what caused it came in: the promise counts from here.
    pub(crate) received_at: Time,
    pub(crate) offered_at: Time,
    pub(crate) deadline: Option<Time>,
    pub(crate) accepted_at: Option<Time>,
    pub(crate) accepted_by: Option<String>,
    /// Whether the deadline passed before it was taken.
    pub(crate) missed: bool,
}

impl From<&EscalationRow> for Escalation {
    fn from(row: &EscalationRow) -> Self {
        Self {
            id: row.id,
            run: Some(row.run_id).filter(|run| *run != RunId::NONE),
            contact: row.contact_id,
            conversation: row.conversation_id,
            team: row.team.clone(),
            reason: row.reason.clone(),
            received_at: Time(row.received_at),
            offered_at: Time(row.offered_at),
            deadline: time(row.deadline),
            accepted_at: maybe(row.accepted_at),
            accepted_by: row.accepted_by.clone(),
            missed: row.missed,
        }
    }
}
