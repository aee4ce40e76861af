//! What one input of a mailbox changes. Pure: the loops of [`crate::runner`] carry it out, flow tests call the same function.
//!
//! One file per kind of [`Input`]:
//! - an [`event`](mod@event), a call's outcome ([`settle`]), a publication ([`moving`]: what it means for runs that wait);
//! - what falls due: a [`silence`], a schedule's slot ([`slot`], over a segment [`sweep`]), a tag's end ([`tags`]), a
//!   [`burst`];
//! - a person's [`order`], and of the orders: what people do in the inbox ([`conversation`]), what they say ([`saying`]), the
//!   [`ticket`]s they make, a row of a file ([`import`]), two contacts that become one, and two again
//!   ([`merge`](mod@merge)), and [`erase`].
//!
//! What an event leads to: [`rules`] carries out what tag rules decided, [`meet`] is what a matching trigger leads to,
//! [`held`] are starts that a person must look at first, [`rating`] is an answer to the question how it was. [`turns`] gives
//! runs their turns; how many may work is counted at a [`gate`], where each has its [`place`]. What an input makes happen
//! besides is [`caused`]. [`escalation`] asks the [`desk`] for a human and hears what it says; [`alarm`] is what the alarms'
//! mailbox decides.

mod alarm;
mod burst;
mod call_back;
mod calls;
mod caused;
mod conversation;
mod desk;
mod erase;
mod escalation;
mod event;
mod gate;
mod held;
mod import;
#[cfg(test)]
mod inbox_tests;
mod input;
#[cfg(test)]
mod limits_tests;
mod meet;
mod merge;
mod moving;
mod order;
mod own;
mod owner;
mod past;
mod person;
mod place;
mod rating;
mod retag;
#[cfg(test)]
mod retag_tests;
mod rows;
mod rules;
mod saying;
mod settle;
mod silence;
mod slot;
#[cfg(test)]
mod slot_tests;
pub mod sweep;
mod tags;
mod ticket;
mod turns;

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use crate::book::Book;
use crate::clock::At;
use crate::event::Event;
use crate::ids::{Ids, JournalId, MailboxId, WaitId};
use crate::mailbox::{Mailbox, Missed};
use crate::order::Error;
use crate::run::journal::{self, Head};
use crate::run::{Entry, Wake, What};
use crate::store::{JournalKind, WaitKind, WaitOp, WaitRow, WaitState, Work};

use caused::Cause;

pub(crate) use alarm::alarm_of;
pub use alarm::{StoredPolicy, alarm_policy, alarms, named};
pub(crate) use desk::{agent_of, read as read_desk};
pub(crate) use event::held_back;
#[cfg(test)]
pub(crate) use gate::tests::{place_of, places};
pub use held::HeldStart;
pub use input::Input;
pub use rows::{contact_from, encode_event, event_from_row, mailbox_from, row_from_event};
pub use slot::mailbox as schedule_mailbox;

/// Handles one input: adds what it changes to `work`. `mail` is thrown away and read anew if `work` is not committed.
///
/// # Errors
/// For orders that cannot be carried out; nothing changed then.
pub fn handle(
    book: &Book,
    mail: &mut Mailbox,
    input: Input,
    now: At,
    ids: &Ids,
    work: &mut Work,
) -> Result<Value, Error> {
    work.at = now;
    let mut handling =
        Handling { book, mail, now, ids, work, by: String::new(), next: VecDeque::new(), told: None, caused: 0 };
    handling.told = handling.known();
    let (event, ordered) = match &input {
        Input::Event { event, .. } => (Some(Cause::event(event)), false),
        other => (None, matches!(other, Input::Order { .. })),
    };
    let mut cause = event.unwrap_or_else(|| handling.own_cause());
    let answer = handling.take(input);
    // An order may be how somebody becomes known.
    if ordered && cause.contact.is_none() {
        cause = handling.own_cause();
    }
    handling.tell_changes(cause);
    handling.carry_on();
    handling.write_facts();
    answer
}

/// An event of the past, in a back-test: its facts are in place and the rules have judged, so what is left is which waits it
/// answers and what it starts. Gives the entries that say so.
pub(crate) fn relive(
    book: &Book,
    mail: &mut Mailbox,
    event: &Arc<Event>,
    first: bool,
    ids: &Ids,
    work: &mut Work,
) -> Vec<Entry> {
    let (now, by) = (event.at, String::new());
    let mut handling = Handling { book, mail, now, ids, work, by, next: VecDeque::new(), told: None, caused: 0 };
    let entries = handling.relive(event, first);
    handling.carry_on();
    entries
}

struct Handling<'a> {
    book: &'a Book,
    mail: &'a mut Mailbox,
    now: At,
    ids: &'a Ids,
    work: &'a mut Work,
    /// Who gave the order being carried out; empty for the engine itself.
    by: String,
    /// What turns of this input lead to in other runs of the mailbox.
    next: VecDeque<calls::Next>,
    /// What of the contact was told to listeners; `None` when nobody listens to its changes.
    told: Option<caused::Told>,
    /// Events that this input caused so far.
    caused: usize,
}

impl Handling<'_> {
    fn next_id(&self) -> i64 {
        self.ids.next(self.now)
    }

    /// Carries out one input. Only orders and publications have an answer, others give null.
    fn take(&mut self, input: Input) -> Result<Value, Error> {
        match input {
            Input::Event { event, input } => {
                self.work.consumed.extend(input);
                self.arrived(event);
            }
            Input::Due(wait) => self.due(wait),
            Input::Settled { effect, attempts, verdict, input } => {
                self.work.consumed.extend(input);
                if self.mail.id == MailboxId::DESK {
                    self.fallback_told(&effect, &attempts, &verdict);
                } else {
                    self.settled(*effect, &attempts, &verdict);
                }
            }
            Input::Parked { effect, attempts, why } => self.parked(*effect, &attempts, why),
            Input::Schedule { flow, trigger } => self.schedule(&flow, &trigger),
            Input::Published(news) => return Ok(self.published(&news)),
            Input::Swept { key, page } => self.swept(&key, &page),
            Input::Letter { letter, input } => {
                self.work.consumed.extend(input);
                self.letter(*letter);
            }
            Input::Watch => self.watch_all(),
            Input::Order { by, order, about } => {
                self.by = by;
                return self.order(order, about);
            }
        }
        Ok(Value::Null)
    }

    fn arrived(&mut self, event: Arc<Event>) {
        match self.mail.id {
            MailboxId::ALARMS => self.alarm_pressed(&event),
            MailboxId::DESK => self.pressed(&event),
            // One of an erased person waited behind the erasure: whoever writes afterwards is somebody new.
            _ if self.mail.erased.holds(event.id.0) => {}
            _ => self.event(event),
        }
    }

    fn due(&mut self, id: WaitId) {
        let Some(wait) = self.mail.waits.get(&id).cloned() else { return };
        match wait.kind {
            WaitKind::Timer | WaitKind::Event | WaitKind::Continue => {
                if let Some(run) = wait.run_id {
                    self.wake(run, Wake::Due(id));
                }
            }
            WaitKind::Silence => self.silence_due(&wait),
            WaitKind::Cron => self.slot_due(&wait),
            WaitKind::Sweep => self.sweep_due(&wait),
            WaitKind::Escalation | WaitKind::Agent => self.desk_due(&wait),
            WaitKind::Tag => self.tag_due(&wait),
            WaitKind::Alarm => self.alarm_due(&wait),
            WaitKind::Deadline => {
                if let Some(run) = wait.run_id {
                    self.wake(run, Wake::Overdue(id));
                }
            }
            // They wait for a person, however long.
            WaitKind::Held | WaitKind::Human => {}
            WaitKind::Debounce => self.burst_due(&wait),
            WaitKind::Pause => self.pause_due(&wait),
            WaitKind::Rating => self.disarm(id, WaitState::Fired),
            WaitKind::Throttle if wait.due_at <= self.now => self.disarm(id, WaitState::Fired),
            // A place has no time of its own.
            WaitKind::Throttle | WaitKind::Slot => {}
        }
    }

    /// A wait of this mailbox, armed.
    fn new_wait(&self, kind: WaitKind, due_at: At) -> WaitRow {
        WaitRow::armed(WaitId(self.next_id()), self.mail.id, kind, due_at)
    }

    fn arm(&mut self, wait: WaitRow) {
        if wait.key.is_some() {
            self.mail.waits.retain(|_, armed| (armed.kind, &armed.key) != (wait.kind, &wait.key));
        }
        self.mail.waits.insert(wait.id, wait.clone());
        self.work.waits.push(WaitOp::Arm(Box::new(wait)));
    }

    fn disarm(&mut self, id: WaitId, to: WaitState) {
        self.mail.waits.remove(&id);
        self.work.waits.push(WaitOp::Close { id, to });
    }

    /// Keeps why triggers did not start on `event`, for whoever asks.
    fn note_misses(&mut self, event: &Event, entries: &[Entry]) {
        for Entry { what, data } in entries {
            let What::Passed { flow, trigger, why } = what else { continue };
            let (flow, trigger, why) = (Arc::clone(flow), Arc::clone(trigger), Arc::clone(why));
            let (event, contact, saw) = (event.id, event.contact, data.clone());
            self.mail.missed.push(Missed { flow, trigger, at: self.now, event, contact, why, saw });
        }
    }

    /// Writes entries about `subject`; those of a run are counted, others are in the order of their ids.
    fn journal(&mut self, subject: i64, seq: Option<i64>, kind: JournalKind, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        let id = JournalId(self.ids.next(self.now));
        let person = self.mail.facts.contact.as_ref().map(|contact| (contact.id, &contact.salt[..]));
        let head = Head { id, subject, seq: seq.unwrap_or(id.0), kind, by: &self.by, person, at: self.now };
        self.work.journal.push(journal::encode(head, entries));
    }
}
