//! The one way in: items of a door become arrivals, are stored, and wake their mailboxes.
//!
//! **webhook in** -> **event** -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> log

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Received;
use super::callers::Caller;
use super::core::Core;
use super::line::Message;
use super::memory::Evictions;
use crate::clock::At;
use crate::connector::{Incoming, Item, Sender, Status, StatusReport};
use crate::event::{self, Event, EventKey, Origin};
use crate::expr::text;
use crate::handle::{Input, encode_event, event_from_row, mailbox_from};
use crate::ids::{BadItemId, ContactId, ConversationId, EffectId, EventId, InputId, MailboxId, MessageId};
use crate::store::{
    self, Arrival, BadItemRow, ContactRow, ConversationRow, EventArrival, EventRow, InputKind, InputRow, Lane,
    MessageRow, NewParty, Reads, Receipt, Store, Work,
};

/// Most inputs waiting in memory for their turns before doors slow down.
const MOST_QUEUED: i64 = 20_000;
/// When senders that are slowed down may come again.
const BEHIND: Duration = Duration::from_millis(500);
/// How long a delivery that is not repeated is held while the writer is behind (P2).
const HELD: Duration = Duration::from_secs(10);

impl<S: Store + Reads> Core<S> {
    /// Stores `items` of `connection` and wakes the mailboxes. Somebody may wait for what a flow answers.
    pub(super) async fn receive(
        self: &Arc<Self>,
        connection: &str,
        items: Vec<Item>,
        sender: Sender,
    ) -> Result<(Received, Option<Caller<S>>), store::Error> {
        let now = self.parts.clock.now();
        let calls: Vec<Option<EventKey>> = items.iter().map(|item| call_key(connection, item)).collect();
        let arrivals = items.into_iter().map(|item| self.arrival(connection, item, now)).collect::<Result<_, _>>()?;
        let seen = self.boxes.evictions();
        let receipts = self.store_arrivals(arrivals, sender).await?;
        let mut received = Received::default();
        let mut caller = None;
        for (receipt, call) in receipts.into_iter().zip(calls) {
            match receipt {
                Receipt::New(stored) => {
                    received.new += 1;
                    let event = Arc::new(event_from_row(stored.event));
                    // Before the mailbox hears of it, so that no answer is missed.
                    caller = caller.or_else(|| self.caller_of(&event, false));
                    self.wake_for(event, stored.input.id, stored.fresh, &seen);
                }
                Receipt::Seen => {
                    received.seen += 1;
                    if let Some(key) = call.filter(|_| caller.is_none()) {
                        caller = self.caller_again(key).await?;
                    }
                }
                Receipt::Noted(input) => {
                    received.statuses += 1;
                    if let Some(input) = input {
                        self.prove(&input).await;
                    }
                }
                Receipt::Told(stored, input) => {
                    received.statuses += 1;
                    if let Some(input) = input {
                        self.prove(&input).await;
                    }
                    self.wake_for(Arc::new(event_from_row(stored.event)), stored.input.id, None, &seen);
                }
                Receipt::Kept => received.bad += 1,
            }
        }
        metrics::counter!("switchboard_events_total").increment(u64::from(received.new));
        Ok((received, caller))
    }

    pub(super) async fn store_arrivals(
        &self,
        arrivals: Vec<Arrival>,
        sender: Sender,
    ) -> Result<Vec<Receipt>, store::Error> {
        if sender == Sender::Retried {
            return self.take_in(arrivals).await;
        }
        let began = tokio::time::Instant::now();
        loop {
            match self.take_in(arrivals.clone()).await {
                Err(store::Error::Busy { retry_after }) if began.elapsed() < HELD => {
                    tokio::time::sleep(retry_after).await;
                }
                answer => return answer,
            }
        }
    }

    /// Stores, unless the turns are behind: what is stored waits in memory until it is handled.
    async fn take_in(&self, arrivals: Vec<Arrival>) -> Result<Vec<Receipt>, store::Error> {
        if self.boxes.queued() > MOST_QUEUED {
            return Err(store::Error::Busy { retry_after: BEHIND });
        }
        self.watched(self.parts.store.receive(arrivals).await)
    }

    pub(super) fn wake_for(
        self: &Arc<Self>,
        event: Arc<Event>,
        input: InputId,
        fresh: Option<(ContactRow, ConversationRow)>,
        seen: &Evictions,
    ) {
        if let Some((contact, conversation)) = fresh {
            let rows =
                store::MailboxRows { contact: Some(contact), conversations: vec![conversation], ..Default::default() };
            if let Ok(mail) = mailbox_from(event.mailbox, rows, &std::collections::HashMap::new()) {
                self.boxes.prime(mail, seen);
            }
        }
        let mailbox = event.mailbox;
        self.post(mailbox, Input::Event { event, input: Some(input) }, None);
    }

    /// A stored input found at start.
    pub(super) async fn resume(self: &Arc<Self>, input: InputRow) -> Result<(), store::Error> {
        match input.kind {
            InputKind::Event => {
                let event: Option<EventRow> = self.parts.store.event(EventId(input.reference)).await?;
                if let Some(event) = event {
                    let event = Arc::new(event_from_row(event));
                    self.post(input.mailbox, Input::Event { event, input: Some(input.id) }, None);
                }
            }
            InputKind::Evidence => self.prove(&input).await,
            InputKind::Letter => self.deliver(&input),
        }
        Ok(())
    }

    /// A status proved that a call in doubt happened: its connection's loop settles it.
    async fn prove(self: &Arc<Self>, input: &InputRow) {
        let effect = EffectId(input.reference);
        let external_id = input.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        let row = match self.parts.store.effect(effect).await {
            Ok(row) => row,
            Err(problem) => {
                return tracing::error!(%problem, "a proof could not be followed; it comes back at the next start");
            }
        };
        let Some(row) = row else { return self.consume(input.id).await };
        if let Some(line) = self.lines.load().get(row.connection.as_str()) {
            line.tell(&self.activity, Message::Proof { effect, input: input.id, external_id });
        }
    }

    /// Puts a stored input away that nobody needs.
    pub(super) async fn consume(&self, input: InputId) {
        let work = Work { consumed: vec![input], at: self.parts.clock.now(), ..Work::default() };
        if let Err(problem) = self.watched(self.parts.store.commit(work).await) {
            tracing::error!(%problem, "an input could not be put away; it comes back at the next start");
        }
    }

    fn arrival(&self, connection: &str, item: Item, now: At) -> Result<Arrival, store::Error> {
        let ids = &self.parts.ids;
        Ok(match item {
            Item::Event(incoming) => Arrival::Event(Box::new(self.event_arrival(connection, *incoming, now)?)),
            Item::Status(report) => Arrival::Status {
                connection: connection.to_owned(),
                external_key: EventKey::new(connection, "message", &report.external_id).0,
                event: self.status_event(connection, &report, now).map(Box::new),
                report,
                id: ids.next(now),
                at: now,
            },
            Item::Bad { raw, why } => Arrival::Bad(BadItemRow {
                id: BadItemId(ids.next(now)),
                connection: connection.to_owned(),
                at: now,
                raw,
                why,
            }),
        })
    }

    /// The event that a status is, if a live flow listens or a run may wait for it: there are several of each message.
    fn status_event(&self, connection: &str, report: &StatusReport, now: At) -> Option<EventArrival> {
        let kind = event::MESSAGE_STATUS;
        let progress = serde_json::to_value(report.status).ok()?;
        let book = self.book.load();
        let mut asked = book.hearing(kind).map(|(_, trigger)| &trigger.params["status"]);
        if !asked.any(|status| *status == progress) && !book.may_await(kind) {
            return None;
        }
        let run = report.key.as_deref()?.split('/').next()?;
        let word = progress.as_str().unwrap_or_default();
        let body = json!({
            "status": progress, "message_id": report.external_id, "error": report.error, "run": run,
        });
        let id = EventId(self.parts.ids.next(now));
        Some(EventArrival {
            id,
            input: InputId(self.parts.ids.next(now)),
            key: EventKey::new(connection, kind, &format!("{}/{word}", report.external_id)),
            connection: connection.to_owned(),
            kind: kind.to_owned(),
            origin: Origin::System,
            at: now,
            provider_at: report.at,
            body: encode_event(&body),
            lane: Lane::Interactive,
            party: None,
            mailbox: MailboxId::of_event(id),
            message: None,
        })
    }

    fn event_arrival(&self, connection: &str, incoming: Incoming, now: At) -> Result<EventArrival, store::Error> {
        let ids = &self.parts.ids;
        let id = EventId(ids.next(now));
        let pressed = incoming.kind == event::BUTTON_PRESSED && incoming.body["escalation"].is_string();
        let mailbox = match &incoming.object {
            _ if pressed => MailboxId::DESK,
            Some(object) => MailboxId::of_object(connection, &object.kind, &object.external_id),
            None if event::is_about_alarm(incoming.kind, &incoming.body) => MailboxId::ALARMS,
            None => MailboxId::of_event(id),
        };
        let message = self.message_of(connection, &incoming, id, now);
        let mut body = incoming.body;
        if let (Value::Object(fields), Some(name)) =
            (&mut body, incoming.party.as_ref().and_then(|party| party.name.as_ref()))
        {
            // The name is the contact's, and only a turn of its mailbox changes the contact.
            fields.insert("profile".into(), json!({ "name": name }));
        }
        let party = incoming.party.map(|party| {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).map_err(|error| store::Error::Broken(format!("no randomness: {error}")))?;
            let (contact, conversation) = (ContactId(ids.next(now)), ConversationId(ids.next(now)));
            Ok(NewParty { party, contact, salt, conversation })
        });
        Ok(EventArrival {
            id,
            input: InputId(ids.next(now)),
            key: EventKey::new(connection, incoming.kind, &incoming.external_id),
            connection: connection.to_owned(),
            kind: incoming.kind.to_owned(),
            origin: incoming.origin,
            at: now,
            provider_at: incoming.provider_at,
            body: encode_event(&body),
            lane: Lane::Interactive,
            party: party.transpose()?,
            mailbox,
            message,
        })
    }

    /// The history's row of a message that came in, or that a person sent from the phone app.
    fn message_of(&self, connection: &str, incoming: &Incoming, event: EventId, now: At) -> Option<MessageRow> {
        let is_message = event::is_message(incoming.kind)
            || (incoming.party.is_some() && matches!(incoming.origin, Origin::AppEcho | Origin::History));
        if !is_message {
            return None;
        }
        let said = incoming.body["text"].as_str().unwrap_or_default();
        // Also what we wrote from the app long ago, when the app's history is read.
        let inbound = incoming.origin != Origin::AppEcho && incoming.kind != event::MESSAGE_ECHOED;
        Some(MessageRow {
            id: MessageId(self.parts.ids.next(now)),
            conversation_id: None,
            inbound,
            event_id: Some(event),
            effect_key: None,
            external_key: EventKey::new(connection, "message", &incoming.external_id).0,
            status: if inbound { Status::Received } else { Status::Accepted },
            status_at: incoming.provider_at,
            error: None,
            text: Some(said.to_owned()),
            norm: Some(text::normalise(said)),
            cost: None,
        })
    }

    /// A person starts `flow`.
    pub(super) async fn start_by_hand(
        self: &Arc<Self>,
        flow: &str,
        by: &str,
        input: Value,
    ) -> Result<EventId, store::Error> {
        let now = self.parts.clock.now();
        let id = EventId(self.parts.ids.next(now));
        let arrival = EventArrival {
            id,
            input: InputId(self.parts.ids.next(now)),
            key: EventKey::new("", event::MANUAL, &id.to_string()),
            connection: String::new(),
            kind: event::MANUAL.to_owned(),
            origin: Origin::Api,
            at: now,
            provider_at: None,
            body: encode_event(&json!({ "flow": flow, "by": by, "input": input })),
            lane: Lane::Interactive,
            party: None,
            mailbox: MailboxId::of_event(id),
            message: None,
        };
        let seen = self.boxes.evictions();
        for receipt in self.store_arrivals(vec![Arrival::Event(Box::new(arrival))], Sender::OneShot).await? {
            if let Receipt::New(stored) = receipt {
                self.wake_for(Arc::new(event_from_row(stored.event)), stored.input.id, stored.fresh, &seen);
            }
        }
        Ok(id)
    }
}

/// The key of a call whose caller a flow may answer.
fn call_key(connection: &str, item: &Item) -> Option<EventKey> {
    match item {
        Item::Event(incoming) if incoming.kind == event::WEBHOOK_RECEIVED => {
            Some(EventKey::new(connection, incoming.kind, &incoming.external_id))
        }
        _ => None,
    }
}
