//! Rows to what a turn works on, and back.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::Handling;
use crate::contact::{Contact, Conversation, Priority, TagSource, TagSourceKind};
use crate::event::Event;
use crate::flow::Version;
use crate::ids::{MailboxId, VersionId};
use crate::mailbox::{Erased, Mailbox};
use crate::run::Run;
use crate::store::{ContactRow, ConversationRow, EventRow, MailboxRows, TagRow};

/// The format of an event's body that is written: JSON.
const EVENT_FORMAT: i64 = 1;

/// The stored form of an event's own fields.
#[must_use]
pub fn encode_event(body: &Value) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

/// The event of a stored row; fields that were erased are missing.
#[must_use]
pub fn event_from_row(row: EventRow) -> Event {
    let fields = row.body.as_deref().and_then(|body| serde_json::from_slice(body).ok());
    Event {
        id: row.id,
        key: row.key,
        mailbox: row.mailbox,
        contact: row.contact_id,
        conversation: row.conversation_id,
        connection: row.connection.into(),
        kind: row.kind.into(),
        origin: row.origin,
        at: row.at,
        provider_at: row.provider_at,
        depth: row.depth,
        seen: Arc::default(),
    }
    .with_fields(fields.unwrap_or_else(|| Value::Object(serde_json::Map::new())))
}

/// The stored form of an event.
#[must_use]
pub fn row_from_event(event: &Event) -> EventRow {
    EventRow {
        id: event.id,
        key: event.key,
        mailbox: event.mailbox,
        contact_id: event.contact,
        conversation_id: event.conversation,
        connection: event.connection.to_string(),
        kind: event.kind.to_string(),
        origin: event.origin,
        at: event.at,
        provider_at: event.provider_at,
        depth: event.depth,
        format: EVENT_FORMAT,
        body: Some(encode_event(&event.fields())),
    }
}

/// A contact from its row and tags.
#[must_use]
pub fn contact_from(row: ContactRow, tags: Vec<TagRow>) -> Contact {
    let mut contact = Contact::new(row.id, [0; 16]);
    contact.salt = row.salt.unwrap_or_default();
    contact.name = row.name;
    contact.phone = row.phone;
    contact.language = row.language;
    contact.priority = Priority::from_code(row.priority);
    contact.order_status = row.order_status;
    contact.fields = serde_json::from_str(&row.fields).unwrap_or_default();
    contact.consent = serde_json::from_str(&row.consent).unwrap_or_default();
    contact.last_interaction_at = row.last_at;
    contact.unread_count = row.unread;
    contact.rev = row.rev;
    for tag in tags {
        match TagSourceKind::from_code(tag.source) {
            TagSourceKind::PersonOff => {
                contact.tags_off.insert(tag.tag);
            }
            kind => contact.give_tag(&tag.tag, TagSource { kind, id: tag.source_id, at: tag.at }),
        }
    }
    contact
}

fn contact_row(contact: &Contact) -> ContactRow {
    ContactRow {
        id: contact.id,
        salt: Some(contact.salt.clone()),
        name: contact.name.clone(),
        phone: contact.phone.clone(),
        language: contact.language.clone(),
        priority: contact.priority as i64,
        order_status: contact.order_status.clone(),
        fields: Value::Object(contact.fields.clone()).to_string(),
        consent: serde_json::to_string(&contact.consent).unwrap_or_default(),
        last_at: contact.last_interaction_at,
        unread: contact.unread_count,
        rev: contact.rev,
        erased_at: None,
    }
}

fn conversation_from(row: ConversationRow) -> Conversation {
    Conversation {
        id: row.id,
        contact: row.contact_id,
        number: row.number,
        address: row.address,
        connection: row.connection,
        window_closes_at: row.window_closes_at,
        session_messages: row.session_messages,
        session_opened_at: row.session_opened_at,
        last_inbound_at: row.last_in_at,
        last_outbound_at: row.last_out_at,
        inbox: row.inbox,
        rev: row.rev,
    }
}

pub(super) fn conversation_row(conversation: &Conversation) -> ConversationRow {
    ConversationRow {
        id: conversation.id,
        contact_id: conversation.contact,
        number: conversation.number.clone(),
        address: conversation.address.clone(),
        connection: conversation.connection.clone(),
        window_closes_at: conversation.window_closes_at,
        session_messages: conversation.session_messages,
        session_opened_at: conversation.session_opened_at,
        last_in_at: conversation.last_inbound_at,
        last_out_at: conversation.last_outbound_at,
        inbox: conversation.inbox.clone(),
        rev: conversation.rev,
    }
}

/// A mailbox from its rows, with the versions that runs may be on.
///
/// # Errors
/// When a run's version is not known or its state is damaged.
pub fn mailbox_from(
    id: MailboxId,
    rows: MailboxRows,
    versions: &HashMap<VersionId, Arc<Version>>,
) -> Result<Mailbox, String> {
    let mut mail = Mailbox::new(id);
    mail.erased = Erased::Some(rows.erased.into_iter().collect());
    match rows.contact {
        Some(contact) if contact.erased_at.is_some() => mail.erased = Erased::Person,
        Some(contact) => {
            mail.facts.contact = Some(contact_from(contact, rows.tags));
            mail.facts.conversations = rows.conversations.into_iter().map(conversation_from).collect();
        }
        None => {}
    }
    for row in rows.runs {
        let version = versions.get(&row.version_id).cloned();
        let version = version.ok_or_else(|| format!("{} is on {}, which is not stored", row.id, row.version_id))?;
        mail.runs.insert(row.id, Run::from_row(row, version)?);
    }
    mail.waits = rows.waits.into_iter().map(|wait| (wait.id, wait)).collect();
    mail.effects = rows.effects.into_iter().map(|effect| (effect.id, effect)).collect();
    mail.escalations = rows.escalations.into_iter().map(|escalation| (escalation.id, escalation)).collect();
    let gathered = rows.gathered.into_iter().map(|row| Arc::new(event_from_row(row)));
    mail.gathered = gathered.map(|event| (event.id, event)).collect();
    mail.recent = rows.recent.into_iter().map(|row| Arc::new(event_from_row(row))).collect();
    Ok(mail)
}

impl Handling<'_> {
    /// Adds what changed of the customer to the work; asked after every input, so the last state stands.
    pub(super) fn write_facts(&mut self) {
        let facts = &mut self.mail.facts;
        if facts.contact_changed {
            self.work.contact = facts.contact.as_ref().map(contact_row);
            facts.contact_changed = false;
        }
        for id in std::mem::take(&mut facts.changed) {
            let Some(row) = facts.conversation(id).map(conversation_row) else { continue };
            match self.work.conversations.iter_mut().find(|written| written.id == row.id) {
                Some(written) => *written = row,
                None => self.work.conversations.push(row),
            }
        }
    }
}
