//! What an input makes happen besides: a contact got a tag, a run failed, an escalation was missed, a session grew long.
//!
//! Such events are made only while somebody listens, stored in the commit of the input that caused them, and handled in it,
//! behind everything else, in the same mailbox. Each is one deeper than its cause; what is too deep starts nothing, so a
//! flow that listens to its own doing comes to an end (`DECISIONS/0015`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::Handling;
use super::calls::Next;
use super::rows::row_from_event;
use crate::event::{self, Event, EventKey, MAX_DEPTH, Origin};
use crate::ids::{ContactId, ConversationId, EventId};
use crate::mailbox::Erased;
use crate::run::Run;

/// Most events that one input causes; further ones count as too deep.
const MOST: usize = 500;

/// What of the contact listeners were told last.
pub(super) struct Told {
    tags: BTreeSet<String>,
    consent: BTreeMap<String, bool>,
}

/// Whom an event concerns, and how deep its cause lies.
#[derive(Clone, Copy)]
pub(super) struct Cause {
    pub(super) depth: u8,
    pub(super) contact: Option<ContactId>,
    pub(super) conversation: Option<ConversationId>,
}

impl Cause {
    /// What a run does.
    pub(super) fn run(run: &Run) -> Self {
        Self { depth: run.state.depth, contact: run.contact, conversation: run.conversation }
    }

    /// What an event does before any run.
    pub(super) fn event(event: &Event) -> Self {
        Self { depth: event.depth, contact: event.contact, conversation: event.conversation }
    }
}

impl Handling<'_> {
    /// Whom changes concern that neither an event nor a run made: the contact of the mailbox.
    pub(super) fn own_cause(&self) -> Cause {
        let facts = &self.mail.facts;
        let last = facts.conversations.iter().max_by_key(|known| known.last_inbound_at.max(known.last_outbound_at));
        Cause {
            depth: 0,
            contact: facts.contact.as_ref().map(|contact| contact.id),
            conversation: last.map(|conversation| conversation.id),
        }
    }

    /// What is known of the contact now, if anybody listens to changes of it.
    pub(super) fn known(&self) -> Option<Told> {
        let kinds = [event::TAG_ADDED, event::TAG_REMOVED, event::CONSENT_CHANGED];
        let contact = self.mail.facts.contact.as_ref().filter(|_| kinds.iter().any(|kind| self.is_heard(kind)))?;
        Some(Told { tags: contact.tags.keys().cloned().collect(), consent: contact.consent.clone() })
    }

    /// Tells what changed of the contact since it was last told.
    pub(super) fn tell_changes(&mut self, cause: Cause) {
        let Some(before) = self.told.take() else { return };
        let mut events = Vec::new();
        if let Some(contact) = &self.mail.facts.contact {
            for (tag, sources) in contact.tags.iter().filter(|(tag, _)| !before.tags.contains(*tag)) {
                let source = sources.last().map(|source| (source.kind, source.id.as_str()));
                let (kind, id) = source.unwrap_or((crate::contact::TagSourceKind::Import, ""));
                events.push((event::TAG_ADDED, json!({ "tag": tag, "source": kind, "source_id": id })));
            }
            for tag in before.tags.iter().filter(|tag| !contact.tags.contains_key(*tag)) {
                events.push((event::TAG_REMOVED, json!({ "tag": tag })));
            }
            for (purpose, given) in &contact.consent {
                if before.consent.get(purpose) != Some(given) {
                    events.push((event::CONSENT_CHANGED, json!({ "purpose": purpose, "given": given })));
                }
            }
        }
        for (kind, fields) in events {
            self.cause(kind, cause, fields);
        }
        self.told = self.known();
    }

    /// A run failed.
    pub(super) fn tell_failed(&mut self, run: &Run) {
        let error = &run.state.error;
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        let fields = json!({
            "flow": *run.version.flow, "run": run.id,
            "code": text("code"), "message": text("message"), "step": text("step"),
        });
        self.cause(event::FLOW_FAILED, Cause::run(run), fields);
    }

    /// An escalation was missed or taken.
    pub(super) fn tell_escalation(
        &mut self,
        kind: &'static str,
        conversation: Option<ConversationId>,
        depth: u8,
        fields: Value,
    ) {
        let contact = self.mail.facts.contact.as_ref().map(|contact| contact.id);
        self.cause(kind, Cause { depth, contact, conversation }, fields);
    }

    /// The customer wrote once more, and the session may now be longer than a trigger names.
    pub(super) fn tell_session(&mut self, event: &Event) {
        let Some(talk) = event.conversation.and_then(|id| self.mail.facts.conversation(id)) else { return };
        let Some(opened_at) = talk.session_opened_at else { return };
        let messages = talk.session_messages;
        let crossed = |params: &Value| params["messages"].as_i64() == Some(messages - 1);
        let heard = self.book.hearing(event::SESSION_LONG).any(|(_, trigger)| crossed(&trigger.params));
        if heard || self.is_awaited(event::SESSION_LONG) {
            let fields = json!({ "messages": messages, "opened_at": opened_at.to_string() });
            self.cause(event::SESSION_LONG, Cause::event(event), fields);
        }
    }

    fn is_heard(&self, kind: &str) -> bool {
        self.book.hearing(kind).next().is_some() || self.is_awaited(kind)
    }

    fn is_awaited(&self, kind: &str) -> bool {
        self.mail.waits.values().any(|wait| wait.on_kind.as_deref() == Some(kind))
    }

    /// Makes an event of `kind` happen behind what is handled now, if anybody listens.
    fn cause(&mut self, kind: &'static str, cause: Cause, fields: Value) {
        if self.mail.erased == Erased::Person || !self.is_heard(kind) {
            return;
        }
        self.caused += 1;
        let too_deep = MAX_DEPTH + 1;
        let depth = if self.caused > MOST { too_deep } else { cause.depth.saturating_add(1).min(too_deep) };
        let id = EventId(self.next_id());
        let talk = cause.conversation.and_then(|id| self.mail.facts.conversation(id));
        let event = Event {
            id,
            // Its cause happens once, and this in the same commit.
            key: EventKey::new("", kind, &id.to_string()),
            mailbox: self.mail.id,
            contact: cause.contact,
            conversation: cause.conversation,
            connection: talk.map_or("", |talk| &talk.connection).into(),
            kind: kind.into(),
            origin: Origin::System,
            at: self.now,
            provider_at: None,
            depth,
            seen: Arc::default(),
        };
        self.next.push_back(Next::Happened(Box::new(event.with_fields(fields))));
    }

    /// Stores and handles what an input caused.
    pub(super) fn happened(&mut self, event: Event) {
        self.work.events.push(row_from_event(&event));
        let cause = Cause::event(&event);
        self.event(Arc::new(event));
        self.tell_changes(cause);
    }
}
