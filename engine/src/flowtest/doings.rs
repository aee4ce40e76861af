//! What a test says that people do, as inputs of the simulated mailboxes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::given;
use super::sim::Sim;
use crate::event::{self, Event};
use crate::handle::Input;
use crate::ids::{EventId, MailboxId};
use crate::order::{DeskOrder, Order};
use crate::store::{EscalationRow, WaitKind};
use crate::trigger::Silent;

impl Sim<'_> {
    /// An event of the test.
    pub(super) fn event(&mut self, place: usize, index: usize) {
        let test = self.test;
        let (kind, fields) = &test.at[place].events[index];
        if kind == event::NO_REPLY {
            return self.silence(fields);
        }
        if kind == event::CRON && self.slot(fields) {
            return;
        }
        if kind == event::ESCALATION_TAKEN && self.somebody_takes(fields) {
            return;
        }
        let id = EventId(self.ids.next(self.now));
        let customer = &self.mails[&self.customer];
        let event = given::event(kind, fields, self.catalog, &self.version, customer, id, self.now);
        self.arrive(event);
    }

    pub(super) fn arrive(&mut self, event: Event) {
        if self.known.insert(event.key) {
            #[cfg(test)]
            if let Some(witness) = &mut self.witness {
                witness.arrived(&event);
            }
            self.give(event.mailbox, Input::Event { event: Arc::new(event), input: None });
        }
    }

    /// A silence as a test tells it: the conversation is made silent for so long, and the engine finds that out by itself.
    fn silence(&mut self, fields: &Value) {
        let Some((after, silent)) = given::silence(fields, &self.version) else {
            return self.record.line(self.now, "no trigger of this flow listens to such a silence");
        };
        let since = self.now.minus(after);
        let before = since.minus(Duration::from_millis(1));
        let Some(mail) = self.mails.get_mut(&self.customer) else { return };
        let Some(id) = mail.facts.conversations.first().map(|conversation| conversation.id) else { return };
        mail.facts.change_conversation(id, |conversation| {
            let (ours, theirs) = (&mut conversation.last_outbound_at, &mut conversation.last_inbound_at);
            let (last, other) = if silent == Silent::Customer { (ours, theirs) } else { (theirs, ours) };
            *last = Some(since);
            *other = other.map(|at| at.min(before));
        });
        // A moment earlier, so that the threshold lies ahead.
        let now = self.now;
        self.now = now.minus(Duration::from_millis(1));
        self.give(self.customer, Input::Watch);
        self.now = now;
        let waits = self.mails.get(&self.customer).into_iter().flat_map(|mail| mail.waits.values());
        let armed =
            waits.filter(|wait| wait.kind == WaitKind::Silence && wait.due_at == now).map(|wait| wait.id).next();
        if let Some(wait) = armed {
            self.give(self.customer, Input::Due(wait));
        }
    }

    /// Somebody takes what was asked for in this test, and the engine tells of it by itself. False when nothing is open.
    fn somebody_takes(&mut self, fields: &Value) -> bool {
        let team = fields["team"].as_str();
        let open = self.mails.get(&MailboxId::DESK).into_iter().flat_map(|mail| mail.escalations.values());
        let of_team = |row: &&EscalationRow| row.accepted_at.is_none() && team.is_none_or(|team| row.team == team);
        let Some(escalation) = open.filter(of_team).map(|row| row.id).next() else { return false };
        let name = fields["agent"].as_str().unwrap_or("somebody").to_owned();
        let order = Order::Desk(DeskOrder::Take { escalation, user: None, name });
        self.give(MailboxId::DESK, Input::Order { by: "test".to_owned(), order, about: None });
        true
    }
}
