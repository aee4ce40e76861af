//! Schedules: each `schedule.cron` trigger has a mailbox of its own, in which the next slot is armed as a wait.
//!
//! A slot is unique: it is consumed in the commit that starts its run, or its sweep over a segment. Slots that passed while nothing ran follow the
//! trigger's policy: skip, last, or all up to 24.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use serde_json::json;

use super::Handling;
use super::sweep::segment_of;
use crate::book::Live;
use crate::clock::At;
use crate::event::{self, Event, EventKey, Origin};
use crate::flow::Trigger;
use crate::ids::{EventId, MailboxId};
use crate::run::{Entry, What};
use crate::schedule::Schedule;
use crate::store::{JournalKind, WaitKind, WaitRow, WaitState};
use crate::trigger::{Cron, Missed};

/// A slot handled later than this was missed; a busy second is not an outage.
const ON_TIME: Duration = Duration::from_secs(60);
/// Most missed slots that run with `missed: all`.
const MOST: usize = 24;

/// The mailbox of a schedule.
#[must_use]
pub fn mailbox(flow: &str, trigger: &str) -> MailboxId {
    MailboxId::of_object("", event::CRON, &format!("{flow}/{trigger}"))
}

struct Plan {
    schedule: Schedule,
    zone: Tz,
    missed: Missed,
}

fn plan(trigger: &Trigger) -> Option<Plan> {
    let Cron { at, zone, missed, .. } = serde_json::from_value(trigger.params.clone()).ok()?;
    Some(Plan { schedule: Schedule::parse(&at).ok()?, zone: zone.parse().ok()?, missed })
}

impl Handling<'_> {
    /// Arms the next slot of a trigger that is live, and disarms that of one that is not.
    pub(super) fn schedule(&mut self, flow: &str, trigger: &str) {
        let book = self.book;
        let key = format!("{flow}/{trigger}");
        let armed = self.mail.waits.values().find(|wait| wait.key.as_deref() == Some(key.as_str())).cloned();
        let found = book.trigger(flow, trigger).and_then(|(_, found)| Some((found, plan(found)?)));
        let Some((found, plan)) = found else {
            if let Some(armed) = armed {
                self.disarm(armed.id, WaitState::Cancelled);
            }
            return;
        };
        // An armed slot stays when the trigger still means the same: it may be one that was missed.
        let meaning = found.params.to_string().into_bytes();
        if armed.is_none_or(|armed| armed.data != meaning) {
            self.arm_slot(&key, &plan, meaning, self.now);
        }
    }

    fn arm_slot(&mut self, key: &str, plan: &Plan, meaning: Vec<u8>, after: At) {
        let Some(slot) = plan.schedule.next(plan.zone, after) else { return };
        self.arm(WaitRow { key: Some(key.to_owned()), data: meaning, ..self.new_wait(WaitKind::Cron, slot) });
        let entry = Entry::bare(What::Scheduled { slot });
        self.journal(self.mail.id.0, None, JournalKind::Change, &[entry]);
    }

    pub(super) fn slot_due(&mut self, wait: &WaitRow) {
        let book = self.book;
        let Some(key) = wait.key.as_deref() else { return };
        self.disarm(wait.id, WaitState::Fired);
        let found = key.split_once('/').and_then(|(flow, trigger)| book.trigger(flow, trigger));
        let Some((live, trigger, plan)) = found.and_then(|(live, found)| Some((live, found, plan(found)?))) else {
            return;
        };
        for slot in self.slots(&plan, wait.due_at) {
            match segment_of(trigger) {
                Some(segment) => self.begin_sweep(&live.version.flow, &trigger.id, segment, slot),
                None => self.slot_event(live, trigger, key, slot),
            }
        }
        self.arm_slot(key, &plan, wait.data.clone(), self.now);
    }

    /// The slots to run now, of those from `first` to now.
    fn slots(&self, plan: &Plan, first: At) -> Vec<At> {
        let mut slots = VecDeque::from([first]);
        let mut last = first;
        while let Some(next) = plan.schedule.next(plan.zone, last)
            && next <= self.now
        {
            // No policy asks for more of them.
            if slots.len() == MOST {
                slots.pop_front();
            }
            slots.push_back(next);
            last = next;
        }
        let late = |slot: &At| self.now.since(*slot) > ON_TIME;
        match plan.missed {
            Missed::Skip => slots.retain(|slot| !late(slot)),
            Missed::Last => drop(slots.drain(..slots.len() - 1)),
            Missed::All => {}
        }
        slots.into()
    }

    fn slot_event(&mut self, live: &Live, trigger: &Trigger, key: &str, slot: At) {
        let event = Event {
            id: EventId(self.next_id()),
            key: EventKey::new("", event::CRON, &format!("{key}/{}", slot.0)),
            mailbox: self.mail.id,
            contact: None,
            conversation: None,
            connection: "".into(),
            kind: event::CRON.into(),
            origin: Origin::System,
            at: self.now,
            provider_at: Some(slot),
            depth: 0,
            seen: Arc::default(),
        };
        let event = event.with_fields(json!({ "slot": slot.to_string() }));
        self.engine_event(live, trigger, &event);
    }
}
