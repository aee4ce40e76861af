//! Silences: `conversation.no_reply` fires once per silence, when it crosses its threshold.
//!
//! One wait per conversation, for the next threshold among live flows. A silence of the customer begins with our message,
//! one of ours with the customer's; echoes of the phone app count as ours, reactions and statuses as nothing. A further message
//! of the same side moves the threshold but begins no new silence: what fired for it does not fire again. Only silences
//! that cross their threshold while the flow is live start it, so publishing starts nothing for old ones.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Handling;
use crate::book::{Listener, Silence};
use crate::clock::At;
use crate::contact::Conversation;
use crate::event::{self, Event, EventKey, Origin};
use crate::ids::{ConversationId, EventId};
use crate::store::{JournalKind, WaitKind, WaitRow, WaitState};
use crate::trigger::Silent;

/// A silence that crossed its threshold longer ago (we were not running) starts nothing any more.
const TOO_LATE: Duration = Duration::from_secs(24 * 60 * 60);

/// A silence: whose, since our (or the customer's) last message, and after which message of the silent one. The last makes it
/// the same silence when the other side writes again, so a reminder does not begin a silence that asks for a reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Watched {
    silent: Silent,
    since: At,
    #[serde(default)]
    broken_at: Option<At>,
}

/// What is stored of a watched silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    watched: Watched,
    /// Triggers that fired for it, as `<flow>/<trigger>`.
    #[serde(default)]
    fired: Vec<String>,
}

/// The silence a conversation is in, if any.
fn present(conversation: &Conversation) -> Option<Watched> {
    let (inbound, outbound) = (conversation.last_inbound_at, conversation.last_outbound_at);
    if outbound > inbound {
        outbound.map(|since| Watched { silent: Silent::Customer, since, broken_at: inbound })
    } else {
        inbound.map(|since| Watched { silent: Silent::Us, since, broken_at: outbound })
    }
}

fn same(one: Watched, other: Watched) -> bool {
    one.silent == other.silent && one.broken_at == other.broken_at
}

/// Whether `wait` watches the silence of the conversation `key`.
fn is_of(wait: &WaitRow, key: &str) -> bool {
    wait.kind == WaitKind::Silence && wait.key.as_deref() == Some(key)
}

impl Handling<'_> {
    /// Arms the next threshold of one conversation, or disarms what is armed when there is none.
    pub(super) fn watch(&mut self, conversation: ConversationId) {
        let Some(watched) = self.mail.facts.conversation(conversation).and_then(present) else { return };
        let key = conversation.to_string();
        let armed = self.mail.waits.values().find(|wait| is_of(wait, &key));
        let known = armed.and_then(|wait| serde_json::from_slice::<Stored>(&wait.data).ok());
        let fired = known.filter(|known| same(known.watched, watched)).map(|known| known.fired).unwrap_or_default();
        self.watch_after(conversation, Stored { watched, fired }, self.now);
    }

    /// The same for every conversation of the mailbox.
    pub(super) fn watch_all(&mut self) {
        let conversations: Vec<_> = self.mail.facts.conversations.iter().map(|known| known.id).collect();
        for conversation in conversations {
            self.watch(conversation);
        }
    }

    /// Arms the first threshold later than `after` that has not fired. When none is left, the wait stays without a time, to
    /// remember what fired.
    fn watch_after(&mut self, conversation: ConversationId, stored: Stored, after: At) {
        let key = conversation.to_string();
        let Stored { watched, fired } = &stored;
        let armed = self.mail.waits.values().find(|wait| is_of(wait, &key));
        let armed = armed.map(|wait| (wait.id, wait.due_at, wait.data.clone()));
        // One that fell due is fired by its own input, which may still be on its way.
        let same = |data: &[u8]| serde_json::from_slice::<Stored>(data).is_ok_and(|known| known.watched == *watched);
        if armed.as_ref().is_some_and(|(_, due_at, data)| *due_at <= self.now && same(data)) {
            return;
        }
        let thresholds = self.book.silences().iter().filter(|known| known.silent == watched.silent);
        let open = thresholds.filter(|known| !self.name(known).is_some_and(|name| fired.contains(&name)));
        let next = open.map(|known| watched.since.plus(known.after)).filter(|due| *due > after).min();
        let next = next.or((!fired.is_empty()).then_some(At::NEVER));
        let data = serde_json::to_vec(&stored).unwrap_or_default();
        match (next, armed) {
            (Some(due), Some((_, due_at, known))) if due == due_at && known == data => {}
            (Some(due_at), _) => self.arm(WaitRow { key: Some(key), data, ..self.new_wait(WaitKind::Silence, due_at) }),
            (None, Some((id, _, _))) => self.disarm(id, WaitState::Cancelled),
            (None, None) => {}
        }
    }

    /// Who waits for a silence, by name: it is told once of each.
    fn name(&self, silence: &Silence) -> Option<String> {
        match &silence.listener {
            Listener::Flow { live, trigger } => {
                let (live, trigger) = self.book.at(*live, *trigger)?;
                Some(format!("{}/{}", live.version.flow, trigger.id))
            }
            // A flow's name has no colon in its first part.
            Listener::Rules { rules, after } => {
                Some(format!("rules:{}/{after}", self.book.rules.get(*rules)?.rules.file))
            }
        }
    }

    /// Since when somebody waits for a silence.
    fn waits_since(&self, silence: &Silence) -> Option<At> {
        match silence.listener {
            Listener::Flow { live, trigger } => self.book.at(live, trigger).map(|(live, _)| live.since),
            Listener::Rules { rules, .. } => self.book.rules.get(rules).map(|live| live.since),
        }
    }

    pub(super) fn silence_due(&mut self, wait: &WaitRow) {
        self.disarm(wait.id, WaitState::Fired);
        let (Ok(mut stored), Some(conversation)) = (
            serde_json::from_slice::<Stored>(&wait.data),
            wait.key.as_deref().and_then(|key| key.parse::<ConversationId>().ok()),
        ) else {
            return;
        };
        let still = self.mail.facts.conversation(conversation).and_then(present);
        if still == Some(stored.watched) {
            self.cross(conversation, &mut stored, wait.due_at);
            self.watch_after(conversation, stored, self.now);
        }
    }

    /// Tells everybody whose threshold lies between the one that was armed and now, once for this silence.
    fn cross(&mut self, conversation: ConversationId, stored: &mut Stored, from: At) {
        let book = self.book;
        let watched = stored.watched;
        for silence in book.silences() {
            let crossed_at = watched.since.plus(silence.after);
            let passed_now = silence.silent == watched.silent && crossed_at >= from && crossed_at <= self.now;
            let Some((name, since)) = self.name(silence).zip(self.waits_since(silence)) else { continue };
            let too_late = crossed_at < since || self.now.since(crossed_at) > TOO_LATE;
            if !passed_now || too_late || stored.fired.contains(&name) {
                continue;
            }
            let external = format!("{name}/{conversation}/{}", watched.since.0);
            stored.fired.push(name);
            let event = |after: Value| self.silence_event(conversation, watched, crossed_at, &external, after);
            match &silence.listener {
                Listener::Flow { live, trigger } => {
                    let Some((live, trigger)) = book.at(*live, *trigger) else { continue };
                    let event = event(trigger.params["after"].clone());
                    self.engine_event(live, trigger, &event);
                }
                Listener::Rules { rules, after } => {
                    let Some(live) = book.rules.get(*rules) else { continue };
                    let event = event((**after).into());
                    self.judged_event(&live.rules, &event);
                }
            }
        }
    }

    fn silence_event(
        &self,
        conversation: ConversationId,
        watched: Watched,
        crossed_at: At,
        external: &str,
        after: Value,
    ) -> Event {
        let event = Event {
            id: EventId(self.next_id()),
            key: EventKey::new("", event::NO_REPLY, external),
            mailbox: self.mail.id,
            contact: self.mail.facts.contact.as_ref().map(|contact| contact.id),
            conversation: Some(conversation),
            connection: self.mail.facts.conversation(conversation).map_or("", |known| &known.connection).into(),
            kind: event::NO_REPLY.into(),
            origin: Origin::System,
            at: self.now,
            provider_at: Some(crossed_at),
            depth: 0,
            seen: Arc::default(),
        };
        event.with_fields(json!({ "silent": watched.silent, "since": watched.since.to_string(), "after": after }))
    }

    /// Stores an event of the engine's own and lets it meet the one trigger it is for.
    pub(super) fn engine_event(&mut self, live: &crate::book::Live, trigger: &crate::flow::Trigger, event: &Event) {
        self.work.events.push(super::rows::row_from_event(event));
        let mut entries = vec![self.received(event)];
        let mut scope = crate::expr::Scope::new();
        self.show(std::iter::once(trigger), event, &mut scope);
        let flow = &live.version.flow;
        match crate::matching::meets(trigger, event, &scope) {
            Ok(crate::matching::Met::Yes(saw)) => {
                self.meet(live, trigger, event, saw, &mut entries);
            }
            Ok(crate::matching::Met::Params) => {}
            Ok(crate::matching::Met::When(saw)) => entries.push(super::event::passed(flow, &trigger.id, "when", saw)),
            Err(error) => entries.push(super::event::passed(flow, &trigger.id, "error", error.message.into())),
        }
        self.note_misses(event, &entries);
        self.journal(event.id.0, None, JournalKind::Handling, &entries);
    }
}
