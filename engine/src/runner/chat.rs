//! A person starts a flow from a conversation: the run is about its contact, as if the contact had caused it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::core::Core;
use crate::connector::Sender;
use crate::event::{self, EventKey, Origin};
use crate::handle::{encode_event, event_from_row};
use crate::ids::{EventId, InputId, MailboxId};
use crate::store::{
    self, Arrival, ConversationRow, EventRow, InputKind, InputRow, Lane, Reads, Receipt, Store, Stored,
};

/// The format of an event's body: JSON.
const FORMAT: i64 = 1;

impl<S: Store + Reads> Core<S> {
    /// Starts `flow` (trigger `manual`) with the contact of `talk`.
    pub(super) async fn start_in(
        self: &Arc<Self>,
        flow: &str,
        by: &str,
        talk: &ConversationRow,
    ) -> Result<EventId, store::Error> {
        let now = self.parts.clock.now();
        let id = EventId(self.parts.ids.next(now));
        let mailbox = MailboxId::of_contact(talk.contact_id);
        let event = EventRow {
            id,
            key: EventKey::new("", event::MANUAL, &id.to_string()),
            mailbox,
            contact_id: Some(talk.contact_id),
            conversation_id: Some(talk.id),
            connection: talk.connection.clone(),
            kind: event::MANUAL.to_owned(),
            origin: Origin::Api,
            at: now,
            provider_at: None,
            depth: 0,
            format: FORMAT,
            body: Some(encode_event(&json!({ "flow": flow, "by": by, "input": Value::Null }))),
        };
        let input = InputRow {
            id: InputId(self.parts.ids.next(now)),
            shard: mailbox.shard(),
            mailbox,
            lane: Lane::Interactive,
            kind: InputKind::Event,
            reference: id.0,
            body: None,
        };
        let seen = self.boxes.evictions();
        let own = Arrival::Own(Box::new(Stored { event, input, fresh: None }));
        for receipt in self.store_arrivals(vec![own], Sender::OneShot).await? {
            if let Receipt::New(stored) = receipt {
                self.wake_for(Arc::new(event_from_row(stored.event)), stored.input.id, None, &seen);
            }
        }
        Ok(id)
    }
}
