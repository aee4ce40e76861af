//! What the simulated store holds, and what each request changes of it: all of it or nothing, as in a database.

use std::collections::{BTreeMap, HashMap};

use crate::clock::At;
use crate::connector::{Status, StatusReport};
use crate::event::EventKey;
use crate::first_hour::HourRow;
use crate::ids::{ContactId, ConversationId, EffectId, EventId, InputId, MailboxId, RunId, VersionId, WaitId};
use crate::inbox::Inbox;
use crate::store::{
    Arrival, ContactRow, ConversationRow, DispatchOp, EffectOp, EffectRow, EffectState, Error, EventArrival, EventRow,
    InputKind, InputRow, JournalRow, MailboxRows, NewParty, Receipt, RunRow, Stored, VersionRow, WaitOp, WaitRow,
    WaitState, Work,
};

/// How many of its last events a mailbox looks back on.
const RECENT: usize = 32;

/// Everything.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) contacts: BTreeMap<ContactId, ContactRow>,
    pub(super) conversations: BTreeMap<ConversationId, ConversationRow>,
    pub(super) events: BTreeMap<EventId, EventRow>,
    pub(super) keys: HashMap<EventKey, EventId>,
    pub(super) inputs: BTreeMap<InputId, InputRow>,
    pub(super) runs: BTreeMap<RunId, RunRow>,
    pub(super) effects: BTreeMap<EffectId, EffectRow>,
    pub(super) waits: BTreeMap<WaitId, WaitRow>,
    pub(super) versions: BTreeMap<VersionId, VersionRow>,
    pub(super) hours: BTreeMap<(String, String), HourRow>,
    pub(super) journal: Vec<JournalRow>,
    /// Our keys that came back in statuses.
    pub(super) proofs: BTreeMap<String, Status>,
    /// The greatest id that was seen.
    pub(super) last_id: i64,
}

impl Rows {
    /// See [`crate::store::Store::receive`].
    pub(super) fn receive(&mut self, arrivals: &[Arrival]) -> Result<Vec<Receipt>, Error> {
        arrivals.iter().map(|arrival| self.arrive(arrival)).collect()
    }

    fn arrive(&mut self, arrival: &Arrival) -> Result<Receipt, Error> {
        match arrival {
            Arrival::Event(event) if self.keys.contains_key(&event.key) => Ok(Receipt::Seen),
            Arrival::Event(event) => {
                let stored = self.stored(event);
                self.insert(&stored);
                Ok(Receipt::New(Box::new(stored)))
            }
            Arrival::Own(own) if self.keys.contains_key(&own.event.key) => Ok(Receipt::Seen),
            Arrival::Own(own) => {
                self.insert(own);
                Ok(Receipt::New(own.clone()))
            }
            Arrival::Status { report, id, .. } => Ok(Receipt::Noted(self.prove(report, *id))),
            Arrival::Bad(item) => Err(Error::Refused(format!("nobody sends what cannot be read: {}", item.why))),
        }
    }

    fn insert(&mut self, stored: &Stored) {
        self.keys.insert(stored.event.key, stored.event.id);
        self.events.insert(stored.event.id, stored.event.clone());
        self.inputs.insert(stored.input.id, stored.input.clone());
        self.seen(stored.event.id.0.max(stored.input.id.0));
    }

    fn seen(&mut self, id: i64) {
        self.last_id = self.last_id.max(id);
    }

    /// An event with its input, and with those whom it is about, who are made if they are new.
    fn stored(&mut self, arrival: &EventArrival) -> Stored {
        let place = arrival.party.as_ref().map(|new| self.place(new, &arrival.connection));
        let contact = place.as_ref().map(|(contact, _, _)| *contact);
        let mailbox = contact.map_or(arrival.mailbox, MailboxId::of_contact);
        let event = EventRow {
            id: arrival.id,
            key: arrival.key,
            mailbox,
            contact_id: contact,
            conversation_id: place.as_ref().map(|(_, conversation, _)| *conversation),
            connection: arrival.connection.clone(),
            kind: arrival.kind.clone(),
            origin: arrival.origin,
            at: arrival.at,
            provider_at: arrival.provider_at,
            depth: 0,
            format: 1,
            body: Some(arrival.body.clone()),
        };
        let input = InputRow {
            id: arrival.input,
            shard: mailbox.shard(),
            mailbox,
            lane: arrival.lane,
            kind: InputKind::Event,
            reference: arrival.id.0,
            body: None,
        };
        Stored { event, input, fresh: place.and_then(|(_, _, fresh)| fresh) }
    }

    fn place(
        &mut self,
        new: &NewParty,
        connection: &str,
    ) -> (ContactId, ConversationId, Option<(ContactRow, ConversationRow)>) {
        let party = &new.party;
        let known =
            self.conversations.values().find(|talk| talk.address == party.address && talk.number == party.number);
        if let Some(talk) = known {
            return (talk.contact_id, talk.id, None);
        }
        let contact = ContactRow {
            id: new.contact,
            salt: Some(new.salt.to_vec()),
            name: party.name.clone().unwrap_or_default(),
            phone: party.phone.clone(),
            language: String::new(),
            priority: 1,
            order_status: String::new(),
            fields: "{}".to_owned(),
            consent: "{}".to_owned(),
            last_at: None,
            unread: 0,
            rev: 0,
            erased_at: None,
        };
        let talk = ConversationRow {
            id: new.conversation,
            contact_id: contact.id,
            number: party.number.clone(),
            address: party.address.clone(),
            connection: connection.to_owned(),
            window_closes_at: None,
            session_messages: 0,
            session_opened_at: None,
            last_in_at: None,
            last_out_at: None,
            inbox: Inbox::default(),
            rev: 0,
        };
        self.contacts.insert(contact.id, contact.clone());
        self.conversations.insert(talk.id, talk.clone());
        self.seen(contact.id.0.max(talk.id.0));
        (contact.id, talk.id, Some((contact, talk)))
    }

    /// Notes a status, and what it proves of an effect that may have happened.
    fn prove(&mut self, report: &StatusReport, id: i64) -> Option<InputRow> {
        let key = report.key.clone()?;
        self.proofs.insert(key.clone(), report.status);
        let unclear = |row: &&EffectRow| {
            row.key == key
                && (row.state == EffectState::InDoubt
                    || (row.state == EffectState::Parked && row.error == "may_have_happened"))
        };
        let effect = self.effects.values().find(unclear)?;
        let waits = |input: &InputRow| input.kind == InputKind::Evidence && input.reference == effect.id.0;
        if self.inputs.values().any(waits) {
            return None;
        }
        let input = InputRow {
            id: InputId(id),
            shard: effect.shard,
            mailbox: effect.mailbox,
            lane: effect.lane,
            kind: InputKind::Evidence,
            reference: effect.id.0,
            body: Some(report.external_id.clone().into_bytes()),
        };
        self.inputs.insert(input.id, input.clone());
        self.seen(id);
        Some(input)
    }

    /// See [`crate::store::Store::commit`].
    pub(super) fn commit(&mut self, work: &Work) {
        for input in &work.consumed {
            self.inputs.remove(input);
        }
        for event in &work.events {
            self.keys.insert(event.key, event.id);
            self.events.insert(event.id, event.clone());
        }
        self.runs.extend(work.runs.iter().map(|run| (run.id, run.clone())));
        self.journal.extend(work.journal.iter().cloned());
        work.effects.iter().for_each(|op| self.effect(op));
        self.close_and_arm(&work.waits);
        self.contacts.extend(work.contact.iter().map(|contact| (contact.id, contact.clone())));
        self.conversations.extend(work.conversations.iter().map(|talk| (talk.id, talk.clone())));
        self.inputs.extend(work.letters.iter().map(|letter| (letter.id, letter.clone())));
        for hour in &work.hours {
            self.hours.insert((hour.flow.clone(), hour.trigger.clone()), hour.clone());
        }
        let ids = work.journal.iter().map(|row| row.id.0).chain(work.letters.iter().map(|letter| letter.id.0));
        let ids =
            ids.chain(work.runs.iter().map(|run| run.id.0)).chain(self.effects.last_key_value().map(|(id, _)| id.0));
        let last = ids.chain(self.waits.last_key_value().map(|(id, _)| id.0)).max();
        self.seen(last.unwrap_or(0));
    }

    fn effect(&mut self, op: &EffectOp) {
        match op {
            EffectOp::Plan(row) => drop(self.effects.insert(row.id, (**row).clone())),
            EffectOp::Withdraw(id) => {
                if self.effects.get(id).is_some_and(|row| row.state != EffectState::InFlight) {
                    self.effects.remove(id);
                }
            }
            EffectOp::Finish(id) => drop(self.effects.remove(id)),
            EffectOp::Park { id, why, deadline, attempts } => {
                if let Some(row) = self.effects.get_mut(id) {
                    row.state = EffectState::Parked;
                    (row.error, row.deadline) = (why.clone(), *deadline);
                    (row.attempts, row.settle_until) = (attempts.clone(), None);
                }
            }
        }
    }

    /// One armed before is closed before another takes its key; one armed here can only be closed afterwards.
    fn close_and_arm(&mut self, ops: &[WaitOp]) {
        let armed_here = |id: WaitId| ops.iter().any(|op| matches!(op, WaitOp::Arm(row) if row.id == id));
        let closes =
            ops.iter().filter_map(|op| if let WaitOp::Close { id, to } = op { Some((*id, *to)) } else { None });
        let (after, before): (Vec<_>, Vec<_>) = closes.partition(|(id, _)| armed_here(*id));
        before.into_iter().for_each(|(id, to)| self.close(id, to));
        ops.iter().for_each(|op| self.arm(op));
        after.into_iter().for_each(|(id, to)| self.close(id, to));
    }

    fn close(&mut self, id: WaitId, to: WaitState) {
        if let Some(row) = self.waits.get_mut(&id).filter(|row| row.state == WaitState::Armed) {
            row.state = to;
        }
    }

    fn arm(&mut self, op: &WaitOp) {
        let WaitOp::Arm(row) = op else { return };
        let replaced = |other: &WaitRow| {
            other.kind == row.kind && other.key == row.key && other.state == WaitState::Armed && other.id != row.id
        };
        if row.key.is_some() {
            self.waits.retain(|_, other| !replaced(other));
        }
        self.waits.insert(row.id, (**row).clone());
    }

    /// See [`crate::store::Store::dispatch`].
    pub(super) fn dispatch(&mut self, ops: &[DispatchOp]) -> Vec<EffectId> {
        ops.iter().filter_map(|op| self.moved(op)).collect()
    }

    fn moved(&mut self, op: &DispatchOp) -> Option<EffectId> {
        let (DispatchOp::Start { id, .. } | DispatchOp::Again { id, .. } | DispatchOp::Doubt { id, .. }) = op;
        let row = self.effects.get_mut(id)?;
        match op {
            DispatchOp::Start { at, .. } if row.state == EffectState::Planned && row.deadline >= *at => {
                (row.state, row.sent_at) = (EffectState::InFlight, Some(*at));
            }
            DispatchOp::Again { attempt, not_before, attempts, .. }
                if matches!(row.state, EffectState::InFlight | EffectState::InDoubt) =>
            {
                (row.state, row.attempt, row.not_before) = (EffectState::Planned, *attempt, *not_before);
                (row.attempts, row.settle_until) = (attempts.clone(), None);
            }
            DispatchOp::Doubt { until, attempts, .. } if row.state == EffectState::InFlight => {
                (row.state, row.settle_until) = (EffectState::InDoubt, Some(*until));
                row.attempts.clone_from(attempts);
            }
            _ => return None,
        }
        Some(*id)
    }

    /// See [`crate::store::Store::mailbox`].
    pub(super) fn mailbox(&self, id: MailboxId) -> MailboxRows {
        let unhandled = |event: EventId| {
            self.inputs.values().any(|input| input.kind == InputKind::Event && input.reference == event.0)
        };
        let own = self.events.values().rev().filter(|event| event.mailbox == id && !unhandled(event.id));
        let mut recent: Vec<EventRow> = own.take(RECENT).cloned().collect();
        recent.reverse();
        MailboxRows {
            contact: self.contacts.get(&ContactId(id.0)).cloned(),
            conversations: self.conversations.values().filter(|talk| talk.contact_id.0 == id.0).cloned().collect(),
            runs: self.runs.values().filter(|run| run.mailbox == id && !run.status.ended()).cloned().collect(),
            waits: self.armed().filter(|wait| wait.mailbox == id).cloned().collect(),
            effects: self.effects.values().filter(|row| row.mailbox == id).cloned().collect(),
            recent,
            ..MailboxRows::default()
        }
    }

    /// Waits that are armed, by id.
    pub(super) fn armed(&self) -> impl Iterator<Item = &WaitRow> {
        self.waits.values().filter(|wait| wait.state == WaitState::Armed)
    }

    /// The event with this key.
    pub(super) fn by_key(&self, key: EventKey) -> Option<EventRow> {
        self.events.get(self.keys.get(&key)?).cloned()
    }

    /// Whether nothing goes on by itself any more: what is left waits for a person.
    pub(super) fn at_rest(&self) -> bool {
        let rests = self.effects.values().all(|row| row.state == EffectState::Parked);
        let waits = self.armed().any(|wait| wait.run_id.is_some());
        rests && self.inputs.is_empty() && !waits
    }
}

/// An instant so long ago that nothing in a simulation is before it.
pub(super) const BEGIN: At = At(1_760_000_000_000);
