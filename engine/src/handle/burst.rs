//! Bursts: events of one mailbox that follow each other closely start one run, once there is quiet.
//!
//! Rules, escalations and waits see each event at once; only the start is put off. Each event that waits is a row, and the row of
//! the newest one falls due: after the quiet time, but at most ten of them (or five minutes) after the first.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Handling;
use super::event::passed;
use super::meet::{Declined, not_started};
use crate::book::Live;
use crate::clock::At;
use crate::event::Event;
use crate::flow::{Debounce, Trigger};
use crate::ids::{EventId, MailboxId};
use crate::run::{Entry, What};
use crate::store::{JournalKind, WaitKind, WaitRow, WaitState};

/// How many quiet times a burst may last.
const MOST_QUIETS: u32 = 10;
/// How long a burst may last.
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// Most events of a burst: with these the run starts at once.
const MOST_EVENTS: usize = 200;

/// What the row of an event in a burst says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Gathered {
    flow: Arc<str>,
    trigger: Arc<str>,
    /// Which burst: a digest of flow and key.
    burst: MailboxId,
    /// When the burst ends, whatever comes.
    until: At,
}

impl Handling<'_> {
    /// Lets an event wait with the others of its burst.
    pub(super) fn gather(
        &mut self,
        live: &Live,
        debounce: &Debounce,
        trigger: &Trigger,
        event: &Event,
    ) -> Result<What, Declined> {
        let flow = &live.version.flow;
        let burst = self.gate_of(flow, &debounce.key, &event.seen, event.conversation)?.gate.id;
        let before = self.gathered(burst);
        let until = before.first().map_or_else(|| burst_ends(self.now, debounce.quiet), |(_, first)| first.until);
        let full = before.len() + 1 >= MOST_EVENTS;
        let due_at = if full { self.now } else { until.min(self.now.plus(debounce.quiet)) };
        if let Some((last, _)) = before.last() {
            self.arm(WaitRow { due_at: At::NEVER, ..last.clone() });
        }
        let says = Gathered { flow: Arc::clone(flow), trigger: Arc::clone(&trigger.id), burst, until };
        self.mail.gathered.insert(event.id, Arc::new(event.clone()));
        self.arm(WaitRow {
            since: event.id,
            data: serde_json::to_vec(&says).unwrap_or_default(),
            ..self.new_wait(WaitKind::Debounce, due_at)
        });
        Ok(What::Gathered { flow: Arc::clone(flow), trigger: Arc::clone(&trigger.id), until: due_at })
    }

    /// The rows of a burst, oldest first.
    fn gathered(&self, burst: MailboxId) -> Vec<(WaitRow, Gathered)> {
        let rows = self.mail.waits.values().filter(|wait| wait.kind == WaitKind::Debounce);
        let read = rows.filter_map(|row| Some((row.clone(), serde_json::from_slice::<Gathered>(&row.data).ok()?)));
        read.filter(|(_, says)| says.burst == burst).collect()
    }

    /// There was quiet: the burst starts its run.
    pub(super) fn burst_due(&mut self, wait: &WaitRow) {
        let Ok(says) = serde_json::from_slice::<Gathered>(&wait.data) else {
            return self.disarm(wait.id, WaitState::Cancelled);
        };
        // Another event came since: its row falls due instead.
        if wait.due_at > self.now {
            return;
        }
        let mut events = Vec::new();
        for (row, _) in self.gathered(says.burst) {
            self.disarm(row.id, WaitState::Fired);
            events.extend(self.ungathered(row.since));
        }
        let Some(event) = joined(&events) else { return };
        let entry = self.start_burst(&says, &event);
        self.note_misses(&event, std::slice::from_ref(&entry));
        self.journal(event.id.0, None, JournalKind::Change, &[entry]);
    }

    fn start_burst(&mut self, Gathered { flow, trigger, .. }: &Gathered, event: &Event) -> Entry {
        let book = self.book;
        let Some((live, found)) = book.trigger(flow, trigger) else {
            return passed(flow, trigger, "gone", Value::Null);
        };
        match self.begin_within(live, found, event, true) {
            Ok(run) => {
                let (flow, trigger) = (Arc::clone(flow), Arc::clone(trigger));
                Entry::bare(What::Matched { flow, trigger, run })
            }
            Err(declined) => not_started(flow, trigger, declined, Value::Null),
        }
    }

    /// The event of a row that is gone; others of other flows may wait for it still.
    fn ungathered(&mut self, id: EventId) -> Option<Arc<Event>> {
        let mut rows = self.mail.waits.values().filter(|wait| wait.kind == WaitKind::Debounce);
        if rows.any(|wait| wait.since == id) {
            return self.mail.gathered.get(&id).cloned();
        }
        self.mail.gathered.remove(&id)
    }

    /// Takes an event out of every burst, as it is to be forgotten.
    pub(super) fn forget_gathered(&mut self, id: EventId) {
        let of_it = |wait: &&WaitRow| wait.kind == WaitKind::Debounce && wait.since == id;
        let rows: Vec<WaitRow> = self.mail.waits.values().filter(of_it).cloned().collect();
        self.mail.gathered.remove(&id);
        for row in rows {
            self.disarm(row.id, WaitState::Cancelled);
            let Ok(says) = serde_json::from_slice::<Gathered>(&row.data) else { continue };
            // The row that falls due may be this one: then another one must.
            if let Some((last, _)) = self.gathered(says.burst).pop()
                && last.due_at == At::NEVER
            {
                self.arm(WaitRow { due_at: row.due_at, ..last });
            }
        }
    }
}

/// When a burst that begins at `first` ends, whatever comes.
fn burst_ends(first: At, quiet: Duration) -> At {
    first.plus(LONGEST.min(quiet * MOST_QUIETS))
}

/// The last event of a burst with the texts of all: `text` joins them, `texts` lists them.
fn joined(events: &[Arc<Event>]) -> Option<Event> {
    let last = (**events.last()?).clone();
    let texts = events.iter().filter_map(|event| event.seen["text"].as_str()).filter(|text| !text.is_empty());
    let texts: Vec<&str> = texts.collect();
    let mut fields = last.fields();
    if !texts.is_empty() {
        fields["text"] = texts.join("\n").into();
    }
    fields["texts"] = json!(texts);
    Some(last.with_fields(fields))
}

/// What a run of a flow that gathers events sees of one that stands alone.
pub(super) fn alone(event: &mut Value) {
    let text = event["text"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    event["texts"] = json!(text.into_iter().collect::<Vec<_>>());
}
