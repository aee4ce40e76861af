//! Sweeps: a slot of a schedule with `each` goes over a segment, and gives each contact an event of its own.
//!
//! A sweep is one armed wait of the schedule's mailbox, which says how far it came. When it falls due, the runner reads the next
//! page of contacts and stores an event for each in the contact's mailbox; what came of the page is an input here, which moves
//! the wait on. An event is unique by slot and contact, so a page that is gone over twice starts nobody twice. Whether a
//! contact really is in the segment is decided in the contact's own turn.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Handling;
use crate::clock::At;
use crate::event::{self, Event, EventKey, Origin};
use crate::expr;
use crate::flow::Trigger;
use crate::ids::{ContactId, ConversationId, EventId, MailboxId, WaitId};
use crate::matching::Met;
use crate::order::Error;
use crate::run::{Entry, What};
use crate::segment;
use crate::store::{JournalKind, WaitKind, WaitRow, WaitState};

/// Pause behind a page for each contact found, so that a large segment leaves room for customers who write: about 1 000
/// starts a second.
const PAUSE_EACH: Duration = Duration::from_millis(1);
/// Least pause behind a page: looking, too, leaves room.
const LEAST_PAUSE: Duration = Duration::from_millis(10);
/// Pause before a page that could not be gone over is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// How far a slot came in going over its segment. Stored as JSON; fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// The flow.
    pub flow: Arc<str>,
    /// The trigger in it.
    pub trigger: Arc<str>,
    /// The segment as the trigger names it.
    pub segment: Arc<str>,
    /// The slot.
    pub slot: At,
    /// The last contact that was looked at.
    pub after: ContactId,
    /// Contacts found so far.
    pub found: u64,
    /// Contacts on which the segment's condition failed so far.
    pub failed: u64,
}

/// What came of a page of contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where the page began: one that is told twice counts once.
    pub from: ContactId,
    /// The last contact that was looked at; `from` when the page could not be read or stored.
    pub to: ContactId,
    /// Whether there are no more.
    pub last: bool,
    /// Contacts found.
    pub found: u64,
    /// Contacts on which the segment's condition failed.
    pub failed: u64,
}

impl Page {
    /// Nothing came of it: it is tried again.
    #[must_use]
    pub fn unread(sweep: &Sweep) -> Self {
        Self { from: sweep.after, to: sweep.after, last: false, found: 0, failed: 0 }
    }
}

impl Sweep {
    /// What names a sweep: `<flow>/<trigger>/<slot in milliseconds since 1970>`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.flow, self.trigger, self.slot.0)
    }

    /// The sweep of a wait, if it is one's.
    #[must_use]
    pub fn of(wait: &WaitRow) -> Option<Self> {
        serde_json::from_slice(&wait.data).ok().filter(|_| wait.kind == WaitKind::Sweep)
    }

    /// The event that starts the flow for `contact`, in the conversation it last had.
    #[must_use]
    pub fn event(&self, contact: ContactId, conversation: Option<ConversationId>, id: EventId, now: At) -> Event {
        let event = Event {
            id,
            key: EventKey::new("", event::CRON, &format!("{}/{contact}", self.key())),
            mailbox: MailboxId::of_contact(contact),
            contact: Some(contact),
            conversation,
            connection: "".into(),
            kind: event::CRON.into(),
            origin: Origin::System,
            at: now,
            provider_at: Some(self.slot),
            depth: 0,
            seen: Arc::default(),
        };
        event.with_fields(json!({
            "slot": self.slot.to_string(), "segment": self.segment, "flow": self.flow, "trigger": self.trigger,
        }))
    }
}

/// The segment that a schedule goes over, as its trigger names it.
#[must_use]
pub fn segment_of(trigger: &Trigger) -> Option<&str> {
    trigger.params["each"].as_str().filter(|_| *trigger.kind == *event::CRON)
}

impl Handling<'_> {
    pub(super) fn begin_sweep(&mut self, flow: &Arc<str>, trigger: &Arc<str>, segment: &str, slot: At) {
        let sweep = Sweep {
            flow: Arc::clone(flow),
            trigger: Arc::clone(trigger),
            segment: segment.into(),
            slot,
            after: ContactId(i64::MIN),
            found: 0,
            failed: 0,
        };
        self.arm_sweep(&sweep, self.now);
        self.tell_sweep(What::SweepBegan { slot, segment: segment.into() });
    }

    fn arm_sweep(&mut self, sweep: &Sweep, due_at: At) {
        self.arm(WaitRow {
            key: Some(sweep.key()),
            data: serde_json::to_vec(sweep).unwrap_or_default(),
            ..self.new_wait(WaitKind::Sweep, due_at)
        });
    }

    /// The next page is wanted; or the schedule is not there any more, and the sweep ends where it is.
    pub(super) fn sweep_due(&mut self, wait: &WaitRow) {
        let Some(sweep) = Sweep::of(wait) else { return self.disarm(wait.id, WaitState::Cancelled) };
        let trigger = self.book.trigger(&sweep.flow, &sweep.trigger);
        let wanted = trigger.and_then(|(_, trigger)| segment_of(trigger)) == Some(&*sweep.segment);
        if !wanted {
            self.end_sweep(wait.id, &sweep, "withdrawn");
        } else if segment::named(&self.book.segments, &sweep.segment).is_none() {
            self.end_sweep(wait.id, &sweep, "unknown_segment");
        } else {
            self.work.pages.push((self.mail.id, sweep));
        }
    }

    /// A page was gone over.
    pub(super) fn swept(&mut self, key: &str, page: &Page) {
        let Some((wait, mut sweep)) = self.sweep_named(key).filter(|(_, sweep)| sweep.after == page.from) else {
            return;
        };
        sweep.after = page.to;
        sweep.found += page.found;
        sweep.failed += page.failed;
        if page.last {
            self.end_sweep(wait, &sweep, "done");
        } else {
            let found = u32::try_from(page.found).unwrap_or(u32::MAX);
            let pause = if page.to == page.from { AGAIN } else { LEAST_PAUSE.max(PAUSE_EACH.saturating_mul(found)) };
            self.arm_sweep(&sweep, self.now.plus(pause));
        }
    }

    /// A person stops a sweep. Whom it started goes on.
    pub(super) fn cancel_sweep(&mut self, key: &str) -> Result<Value, Error> {
        let (wait, sweep) = self.sweep_named(key).ok_or_else(|| Error::Gone(key.to_owned().into()))?;
        self.end_sweep(wait, &sweep, "cancelled");
        Ok(json!({ "sweep": key, "found": sweep.found }))
    }

    fn sweep_named(&self, key: &str) -> Option<(WaitId, Sweep)> {
        let mut waits = self.mail.waits.values();
        let wait = waits.find(|wait| wait.kind == WaitKind::Sweep && wait.key.as_deref() == Some(key))?;
        Some((wait.id, Sweep::of(wait)?))
    }

    fn end_sweep(&mut self, wait: WaitId, sweep: &Sweep, how: &str) {
        self.disarm(wait, if how == "done" { WaitState::Fired } else { WaitState::Cancelled });
        let (slot, found, failed) = (sweep.slot, sweep.found, sweep.failed);
        self.tell_sweep(What::SweepEnded { slot, how: how.into(), found, failed });
    }

    fn tell_sweep(&mut self, what: What) {
        self.journal(self.mail.id.0, None, JournalKind::Change, &[Entry::bare(what)]);
    }

    /// Lets the segment of a schedule decide, once the trigger met the contact's own event of a slot.
    pub(super) fn in_segment(&self, trigger: &Trigger, met: Met) -> Result<Met, expr::Error> {
        let (Met::Yes(saw), Some(name)) = (&met, segment_of(trigger)) else { return Ok(met) };
        let segment = segment::named(&self.book.segments, name).ok_or_else(|| expr::Error {
            line: 1,
            column: 1,
            code: "unknown_segment",
            message: format!("there is no segment `{name}`: import one"),
        })?;
        let Some(contact) = &self.mail.facts.contact else { return Ok(Met::Params) };
        let decision = segment.holds(contact, self.now)?;
        let mut seen = decision.saw;
        if let (Value::Object(seen), Value::Object(saw)) = (&mut seen, saw) {
            seen.extend(saw.clone());
        }
        Ok(if decision.holds { Met::Yes(seen) } else { Met::When(seen) })
    }
}

/// Whether `event`, a slot, is for another schedule than `trigger` of `flow`. One of a contact is for the schedule that goes
/// over its segment, one of nobody's for those that go over none.
pub(super) fn is_of_another(flow: &str, trigger: &Trigger, event: &Event) -> bool {
    match event.contact {
        Some(_) => event.seen["flow"] != *flow || event.seen["trigger"] != *trigger.id,
        None => segment_of(trigger).is_some(),
    }
}
