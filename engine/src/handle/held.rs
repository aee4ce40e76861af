//! Starts of a trigger that matched too often in its first hour: held as waits for a person, released or dropped by one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Handling;
use crate::book::Live;
use crate::clock::At;
use crate::event::{self, Event};
use crate::first_hour::Admission;
use crate::flow::Trigger;
use crate::ids::{EventId, MailboxId, WaitId};
use crate::order::Error;
use crate::run::{Entry, What};
use crate::store::{JournalKind, WaitKind, WaitRow, WaitState};

/// What is stored of a held start, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldStart {
    /// The flow.
    pub flow: Arc<str>,
    /// The trigger in it.
    pub trigger: Arc<str>,
    /// When it matched.
    pub at: At,
}

impl Handling<'_> {
    /// A trigger is met: it starts a run, or in its first hour the start may be held. Gives what the event's journal says.
    pub(super) fn met(&mut self, live: &Live, trigger: &Trigger, event: &Event, saw: Value) -> Entry {
        let by_hand = *event.kind == *event::MANUAL;
        let hour = self.book.hours.get(&(live.version.flow.to_string(), trigger.id.to_string())).filter(|_| !by_hand);
        let most = live.version.first_hour.unwrap_or(self.book.first_hour);
        match hour.map_or(Admission::Starts, |hour| hour.admit(most, self.now)) {
            Admission::Starts => {}
            Admission::Counts(row) => self.work.hours.push(row),
            Admission::Held(first) => {
                if let Some(row) = first {
                    let id = format!("{}/{}", row.flow, row.trigger);
                    let what = What::Changed { what: "first_hour.holding".into(), id: id.as_str().into() };
                    let subject = MailboxId::of_object("", "change", &id).0;
                    self.journal(subject, None, JournalKind::Change, &[Entry::bare(what)]);
                    self.work.hours.push(row);
                }
                return self.hold(live, trigger, event, saw);
            }
        }
        let run = self.start(live, &trigger.id, event, None);
        let (flow, trigger) = (Arc::clone(&live.version.flow), Arc::clone(&trigger.id));
        Entry { what: What::Matched { flow, trigger, run }, data: saw }
    }

    fn hold(&mut self, live: &Live, trigger: &Trigger, event: &Event, saw: Value) -> Entry {
        let start = HeldStart { flow: Arc::clone(&live.version.flow), trigger: Arc::clone(&trigger.id), at: self.now };
        let wait = WaitId(self.next_id());
        self.arm(WaitRow {
            id: wait,
            shard: self.mail.id.shard(),
            mailbox: self.mail.id,
            run_id: None,
            cursor: 0,
            kind: WaitKind::Held,
            state: WaitState::Armed,
            on_kind: None,
            key: Some(format!("{}/{}/{}", start.flow, start.trigger, event.id)),
            since: event.id,
            due_at: At::NEVER,
            data: serde_json::to_vec(&start).unwrap_or_default(),
        });
        let HeldStart { flow, trigger, .. } = start;
        Entry { what: What::Held { flow, trigger, wait }, data: saw }
    }

    fn held_start(&self, id: WaitId) -> Result<(EventId, HeldStart), Error> {
        let wait = self.mail.waits.get(&id).filter(|wait| wait.kind == WaitKind::Held);
        let found = wait.and_then(|wait| Some((wait.since, serde_json::from_slice(&wait.data).ok()?)));
        found.ok_or_else(|| Error::Gone(id.to_string()))
    }

    /// A person lets a held start happen, in the flow as it is now. Its conditions held when it was held, and are not asked again.
    pub(super) fn release_start(&mut self, id: WaitId, event: Option<&Event>) -> Result<Value, Error> {
        let (event_id, HeldStart { flow, trigger, .. }) = self.held_start(id)?;
        let event = event.filter(|event| event.id == event_id && !self.mail.erased.holds(event.id.0));
        let event = event.ok_or_else(|| Error::Refused(format!("what {id} would start with was deleted: drop it")))?;
        let book = self.book;
        let Some((live, trigger)) = book.trigger(&flow, &trigger) else {
            let why = format!("the flow `{flow}` is not live with the trigger `{trigger}`: publish it, or drop {id}");
            return Err(Error::Refused(why));
        };
        self.disarm(id, WaitState::Answered);
        let run = self.start(live, &trigger.id, event, None);
        let entry = Entry::bare(What::Released { flow, trigger: Arc::clone(&trigger.id), run });
        self.journal(event_id.0, None, JournalKind::Change, &[entry]);
        Ok(json!({ "run": run }))
    }

    /// A person does not want a held start.
    pub(super) fn drop_start(&mut self, id: WaitId) -> Result<Value, Error> {
        let (event, HeldStart { flow, trigger, .. }) = self.held_start(id)?;
        self.disarm(id, WaitState::Cancelled);
        let entry = Entry::bare(What::Dropped { flow, trigger });
        self.journal(event.0, None, JournalKind::Change, &[entry]);
        Ok(json!({ "dropped": id }))
    }

    /// Starts held with this event are not wanted any more: it is about to be deleted.
    pub(super) fn forget_starts(&mut self, event: EventId) {
        let of_event = |wait: &&WaitRow| wait.kind == WaitKind::Held && wait.since == event;
        let held: Vec<WaitId> = self.mail.waits.values().filter(of_event).map(|wait| wait.id).collect();
        for wait in held {
            self.disarm(wait, WaitState::Cancelled);
        }
    }
}
