//! What a test gives: the customer before the first event, and the events, both laid over the catalogue's samples.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::book::Published;
use crate::clock::At;
use crate::connector::Catalog;
use crate::contact::{Contact, Conversation, Priority, TagSource, TagSourceKind, WINDOW};
use crate::duration;
use crate::event::{self, Event, EventKey, Origin};
use crate::flow::{Given, Trigger};
use crate::ids::{ContactId, ConversationId, EventId, Ids, MailboxId};
use crate::inbox::Inbox;
use crate::mailbox::Mailbox;
use crate::trigger::{NoReply, Silent};

/// Our number in tests.
pub(super) const NUMBER: &str = "test-number";
const PHONE: &str = "+15550100";

/// The customer's mailbox when the test starts.
pub(super) fn customer(given: &Given, ids: &Ids, start: At) -> Mailbox {
    person(&given.contact, given.conversation.as_ref(), PHONE, ids, start)
}

/// The mailboxes of the other contacts.
pub(super) fn others<'g>(given: &'g Given, ids: &'g Ids, start: At) -> impl Iterator<Item = Mailbox> + 'g {
    let numbered = given.contacts.iter().zip(1..);
    numbered.map(move |(fields, n)| person(fields, None, &format!("{PHONE}{n}"), ids, start))
}

fn person(
    fields: &Map<String, Value>,
    talk: Option<&Map<String, Value>>,
    phone: &str,
    ids: &Ids,
    start: At,
) -> Mailbox {
    let id = ContactId(ids.next(start));
    let mut contact = Contact::new(id, [0; 16]);
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    contact.name = text("name").unwrap_or_else(|| "Test Customer".into());
    contact.phone = Some(text("phone").unwrap_or_else(|| phone.into()));
    contact.language = text("language").unwrap_or_default();
    contact.order_status = text("order_status").unwrap_or_default();
    contact.unread_count = fields.get("unread_count").and_then(Value::as_i64).unwrap_or(0);
    contact.fields = fields.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
    let consent = fields.get("consent").and_then(Value::as_object).into_iter().flatten();
    contact.consent = consent.filter_map(|(purpose, given)| Some((purpose.clone(), given.as_bool()?))).collect();
    if let Some(priority) = fields.get("priority") {
        contact.priority = serde_json::from_value::<Priority>(priority.clone()).unwrap_or_default();
    }
    for tag in fields.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        let source = TagSource { kind: TagSourceKind::Import, id: String::new(), at: start };
        contact.tags.insert(tag.to_owned(), vec![source]);
    }
    let address = contact.phone.as_deref().unwrap_or_default().trim_start_matches('+').to_owned();
    let mut mail = Mailbox::new(MailboxId::of_contact(id));
    mail.facts.conversations = vec![conversation(talk, ConversationId(ids.next(start)), id, address, start)];
    mail.facts.contact = Some(contact);
    mail
}

fn conversation(
    given: Option<&Map<String, Value>>,
    id: ConversationId,
    contact: ContactId,
    address: String,
    start: At,
) -> Conversation {
    let none = Map::new();
    let given = given.unwrap_or(&none);
    let time = |name: &str| {
        let text = given.get(name)?.as_str()?;
        chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| At::from(time.to_utc()))
    };
    let last_inbound_at = time("last_inbound_at");
    Conversation {
        id,
        contact,
        number: NUMBER.into(),
        address,
        connection: given.get("channel").and_then(Value::as_str).unwrap_or("whatsapp").into(),
        window_closes_at: match given.get("window_open").and_then(Value::as_bool) {
            Some(true) => Some(start.plus(WINDOW)),
            Some(false) => None,
            None => last_inbound_at.map(|at| at.plus(WINDOW)),
        },
        session_messages: 0,
        session_opened_at: None,
        last_inbound_at,
        last_outbound_at: time("last_outbound_at"),
        inbox: Inbox::default(),
        rev: 0,
    }
}

/// The event of type `kind` with these fields, received at `at`; the customer's, if it happens in a conversation.
pub(super) fn event(
    kind: &str,
    fields: &Value,
    catalog: &Catalog,
    version: &Published,
    customer: &Mailbox,
    id: EventId,
    at: At,
) -> Event {
    let spec = catalog.triggers.get(kind);
    let mut body = spec.map_or_else(|| json!({}), |spec| spec.sample.clone());
    let mut fields = fields.as_object().cloned().unwrap_or_default();
    let mut own = |name: &str| fields.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let (external, connection, origin) = (own("id"), own("connection"), own("origin"));
    if kind == event::MANUAL {
        overlay(&mut body, &json!({ "flow": **version.document() }));
    }
    overlay(&mut body, &Value::Object(fields));
    let talk = customer.facts.conversations.first().filter(|_| spec.is_none_or(|spec| spec.in_conversation));
    let connection = connection.unwrap_or_else(|| talk.map_or("test", |talk| talk.connection.as_str()).to_owned());
    let mailbox = match (talk, body["object_id"].as_str()) {
        (Some(_), _) => customer.id,
        (None, Some(object)) => MailboxId::of_object(&connection, body["object"].as_str().unwrap_or_default(), object),
        (None, None) => MailboxId::of_event(id),
    };
    Event {
        id,
        key: EventKey::new("test", kind, &external.unwrap_or_else(|| id.to_string())),
        mailbox,
        contact: talk.map(|talk| talk.contact),
        conversation: talk.map(|talk| talk.id),
        connection: connection.into(),
        kind: kind.into(),
        origin: origin.and_then(|origin| serde_json::from_value(origin.into()).ok()).unwrap_or_else(|| origin_of(kind)),
        at,
        provider_at: Some(at),
        depth: 0,
        seen: Arc::default(),
    }
    .with_fields(body)
}

/// The silence that a `conversation.no_reply` of a test means: that of the first trigger with these parameters.
pub(super) fn silence(fields: &Value, version: &Published) -> Option<(std::time::Duration, Silent)> {
    let asked = |name: &str, params: &Value| fields.get(name).is_none_or(|asked| *asked == params[name]);
    let triggers: Vec<&Trigger> = match version {
        Published::Flow(version) => version.triggers.iter().collect(),
        Published::Rules(file) => file.rules.iter().flat_map(|rule| &rule.on).collect(),
        Published::Calendar(_) | Published::Segment(_) => Vec::new(),
    };
    let mut triggers = triggers.into_iter().filter(|trigger| *trigger.kind == *event::NO_REPLY);
    let trigger = triggers.find(|trigger| asked("after", &trigger.params) && asked("silent", &trigger.params))?;
    let NoReply { after, silent } = serde_json::from_value(trigger.params.clone()).ok()?;
    Some((duration::parse(&after).ok()?, silent))
}

fn origin_of(kind: &str) -> Origin {
    match kind.split('.').next() {
        Some("whatsapp") if kind == event::MESSAGE_STATUS => Origin::System,
        Some("whatsapp") if kind == event::MESSAGE_ECHOED => Origin::AppEcho,
        Some("whatsapp" | "form") => Origin::Customer,
        Some("crm") => Origin::Crm,
        Some("webhook" | "manual") => Origin::Api,
        _ => Origin::System,
    }
}

/// Lays `over` on `base`: objects are joined field by field, everything else is replaced.
pub(super) fn overlay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                overlay(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}
