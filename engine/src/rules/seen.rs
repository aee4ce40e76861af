//! What a customer's facts were when the rules looked at them: kept with each handled event, so that a back-test can put
//! other rules before the same facts. See `DECISIONS/0013`.
//!
//! Facts that are as anybody would guess (no tags, a session that began with this message) are left out, so most events
//! keep a few bytes. Times count in milliseconds from the event's.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::At;
use crate::contact::{Contact, Conversation, Priority, TagSource, TagSourceKind, WINDOW};
use crate::event::Event;
use crate::ids::UserId;
use crate::mailbox::Facts;

/// The facts of one event, before any rule changed them. Names are stored: they are only ever added to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// The contact's name, unless it is the one the event brings.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its language.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// Its priority, unless medium.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: Priority,
    /// The code of its last order's status.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub order_status: String,
    /// Messages nobody had answered.
    #[serde(skip_serializing_if = "is_default")]
    pub unread: i64,
    /// When it last did anything, unless with this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<i64>,
    /// Fields by name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// Tags that something else than rules gave.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Tags that rules gave, each with the rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ruled: Vec<(String, Vec<String>)>,
    /// Tags that a person took.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<String>,
    /// The conversation, if the event happened in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub talk: Option<Talk>,
}

/// What was known of the conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Talk {
    /// The customer's messages in the session.
    #[serde(skip_serializing_if = "is_default")]
    pub messages: i64,
    /// When the session opened, unless with this event; `None` also when none was open, and then `messages` is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<i64>,
    /// Until when the window is open, unless for 24 h from this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes: Option<i64>,
    /// When the customer last wrote, unless with this event.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub inbound: Option<i64>,
    /// When we last wrote; `None` for never.
    #[serde(rename = "out", skip_serializing_if = "Option::is_none")]
    pub outbound: Option<i64>,
    /// Who had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<UserId>,
}

/// Says that a time is not there, where a missing number means the usual one.
const NEVER: i64 = i64::MIN;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `at` as the distance from `event`; nothing when it is `usual`.
fn distance(at: Option<At>, usual: At, event: &Event) -> Option<i64> {
    match at {
        Some(at) if at == usual => None,
        Some(at) => Some(at.0 - event.at.0),
        None => Some(NEVER),
    }
}

fn instant(distance: Option<i64>, usual: At, event: &Event) -> Option<At> {
    match distance {
        None => Some(usual),
        Some(NEVER) => None,
        Some(distance) => Some(At(event.at.0.saturating_add(distance))),
    }
}

fn profile_name(event: &Event) -> &str {
    event.seen["profile"]["name"].as_str().unwrap_or_default()
}

fn usual_close(event: &Event) -> At {
    event.provider_at.map_or(event.at, |at| at.min(event.at)).plus(WINDOW)
}

impl Seen {
    /// The facts as they are now; `None` without a contact.
    #[must_use]
    pub fn of(event: &Event, facts: &Facts) -> Option<Self> {
        let contact = facts.contact.as_ref()?;
        let of_rules = |source: &&TagSource| source.kind == TagSourceKind::Rule;
        let mut seen = Self {
            name: if contact.name == profile_name(event) { String::new() } else { contact.name.clone() },
            language: contact.language.clone(),
            priority: contact.priority,
            order_status: contact.order_status.clone(),
            unread: contact.unread_count,
            last_at: distance(contact.last_interaction_at, event.at, event),
            fields: contact.fields.clone(),
            off: contact.tags_off.iter().cloned().collect(),
            ..Self::default()
        };
        for (tag, sources) in &contact.tags {
            let rules: Vec<String> = sources.iter().filter(of_rules).map(|source| source.id.clone()).collect();
            if rules.len() < sources.len() {
                seen.tags.push(tag.clone());
            }
            if !rules.is_empty() {
                seen.ruled.push((tag.clone(), rules));
            }
        }
        seen.talk = event.conversation.and_then(|id| facts.conversation(id)).map(|talk| Talk::of(event, talk));
        Some(seen)
    }

    /// Puts these facts into `facts`, which hold the contact and conversation of the event as they are now: what cannot
    /// change (ids, phone, addresses) stays.
    pub fn restore(&self, event: &Event, facts: &mut Facts) {
        if let Some(contact) = &mut facts.contact {
            contact.name = if self.name.is_empty() { profile_name(event).to_owned() } else { self.name.clone() };
            contact.language.clone_from(&self.language);
            contact.priority = self.priority;
            contact.order_status.clone_from(&self.order_status);
            contact.unread_count = self.unread;
            contact.last_interaction_at = instant(self.last_at, event.at, event);
            contact.fields.clone_from(&self.fields);
            contact.tags_off = self.off.iter().cloned().collect();
            self.restore_tags(contact, event.at);
        }
        let conversation = event.conversation.zip(self.talk.as_ref());
        if let Some((id, talk)) = conversation
            && let Some(conversation) = facts.conversations.iter_mut().find(|known| known.id == id)
        {
            talk.restore(event, conversation);
        }
    }

    fn restore_tags(&self, contact: &mut Contact, at: At) {
        contact.tags.clear();
        for tag in &self.tags {
            contact.give_tag(tag, TagSource { kind: TagSourceKind::Import, id: String::new(), at });
        }
        for (tag, rules) in &self.ruled {
            for rule in rules {
                contact.give_tag(tag, TagSource { kind: TagSourceKind::Rule, id: rule.clone(), at });
            }
        }
    }
}

impl Talk {
    fn of(event: &Event, talk: &Conversation) -> Self {
        Self {
            messages: talk.session_messages,
            opened: distance(talk.session_opened_at, event.at, event),
            closes: distance(talk.window_closes_at, usual_close(event), event),
            inbound: distance(talk.last_inbound_at, event.at, event),
            outbound: talk.last_outbound_at.map(|at| at.0 - event.at.0),
            assignee: talk.inbox.assignee,
        }
    }

    fn restore(&self, event: &Event, talk: &mut Conversation) {
        talk.session_messages = self.messages;
        talk.session_opened_at = instant(self.opened, event.at, event);
        talk.window_closes_at = instant(self.closes, usual_close(event), event);
        talk.last_inbound_at = instant(self.inbound, event.at, event);
        talk.last_outbound_at = self.outbound.map(|distance| At(event.at.0.saturating_add(distance)));
        talk.inbox.assignee = self.assignee;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::event::{EventKey, MESSAGE_RECEIVED, Origin};
    use crate::ids::{ContactId, ConversationId, EventId, MailboxId};
    use crate::inbox::Inbox;

    const NOW: At = At(1_767_603_600_000);

    fn event(profile: &str) -> Event {
        let event = Event {
            id: EventId(1),
            key: EventKey([0; 16]),
            mailbox: MailboxId(7),
            contact: Some(ContactId(7)),
            conversation: Some(ConversationId(8)),
            connection: "wa".into(),
            kind: MESSAGE_RECEIVED.into(),
            origin: Origin::Customer,
            at: NOW,
            provider_at: Some(NOW),
            depth: 0,
            seen: std::sync::Arc::default(),
        };
        event.with_fields(json!({ "text": "hi", "profile": { "name": profile } }))
    }

    fn facts(name: &str, tags: &[(String, u8, String)], times: [Option<i64>; 5], messages: i64) -> Facts {
        let at = |distance: Option<i64>| distance.map(|distance| At(NOW.0 + distance));
        let mut contact = Contact::new(ContactId(7), [0; 16]);
        contact.name = name.into();
        contact.unread_count = messages;
        contact.last_interaction_at = at(times[0]);
        contact.fields.insert("size".into(), json!("M"));
        contact.tags_off.insert("off".into());
        for (tag, kind, id) in tags {
            // Of other sources than rules only that there is one is kept.
            let (kind, id) = if *kind == 0 { (TagSourceKind::Rule, id.as_str()) } else { (TagSourceKind::Import, "") };
            contact.give_tag(tag, TagSource { kind, id: id.into(), at: NOW });
        }
        let talk = Conversation {
            id: ConversationId(8),
            contact: ContactId(7),
            number: "n".into(),
            address: "a".into(),
            connection: "wa".into(),
            window_closes_at: at(times[1]),
            session_messages: messages,
            session_opened_at: at(times[2]),
            last_inbound_at: at(times[3]),
            last_outbound_at: at(times[4]),
            inbox: Inbox { assignee: times[4].map(UserId), ..Inbox::default() },
            rev: 0,
        };
        Facts { contact: Some(contact), conversations: vec![talk], ..Facts::default() }
    }

    /// The facts as an expression sees them.
    fn shown(facts: &Facts) -> Value {
        let talk = facts.conversations[0].scope(NOW);
        json!([facts.contact.as_ref().map(Contact::scope), talk, facts.contact.as_ref().map(|known| &known.tags_off)])
    }

    proptest! {
        #[test]
        fn facts_read_back_as_they_were(
            name in "[ab]{1,2}",
            tags in prop::collection::vec(("[xy]", 0_u8..2, "f/[pq]"), 0..4),
            times in prop::array::uniform5(prop::option::of(-100_i64..90_000_000)),
            messages in 0_i64..3,
        ) {
            let (event, before) = (event("a"), facts(&name, &tags, times, messages));
            let seen = Seen::of(&event, &before).expect("a contact");
            let stored = serde_json::to_value(&seen).expect("JSON");
            let read: Seen = serde_json::from_value(stored).expect("the same");
            prop_assert_eq!(&read, &seen);
            let mut after = facts("other", &[("gone".to_owned(), 0, "f/z".to_owned())], [None; 5], 9);
            read.restore(&event, &mut after);
            prop_assert_eq!(shown(&after), shown(&before));
        }
    }

    #[test]
    fn a_first_message_of_somebody_new_costs_a_few_bytes() {
        let mut new = facts("Li Wei", &[], [Some(0), Some(86_400_000), Some(0), Some(0), None], 1);
        if let Some(contact) = &mut new.contact {
            contact.fields.clear();
            contact.tags_off.clear();
        }
        let stored = serde_json::to_string(&Seen::of(&event("Li Wei"), &new)).expect("JSON");
        assert_eq!(stored, r#"{"unread":1,"talk":{"messages":1}}"#);
    }
}
