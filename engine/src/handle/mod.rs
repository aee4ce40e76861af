//! What one input of a mailbox changes. Pure: the loops of [`crate::runner`] carry it out, flow tests call the same function.
//!
//! One file per kind of input: an [`event`](mod@event), a call's outcome ([`settle`]), a person's [`order`], and what falls
//! due: a [`silence`], a schedule's slot ([`slot`], over a segment [`sweep`]), a tag's end
//! ([`tags`]), a [`burst`]. What a matching trigger leads to is in [`meet`]; [`held`] are starts that a person must look at
//! first; [`alarm`] is what the alarms' mailbox decides; how many runs may work is counted at a [`gate`], where each has its [`place`]. [`rules`] carries out what tag rules
//! decided. What people do in the inbox is in [`conversation`], what they say in [`saying`], the [`ticket`]s they make, and what customers answer to the
//! question about it in [`rating`]. [`import`] is a row of a file; [`merge`](mod@merge) makes two contacts one, and two again. [`erase`] is an order, too. [`moving`] is what a publication means for runs that wait. What an input makes happen
//! besides is [`caused`]. [`escalation`] asks the [`desk`] for a human and hears what it says.

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

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use crate::alarm::Raise;
use crate::book::Book;
use crate::clock::At;
use crate::connector::Verdict;
use crate::event::Event;
use crate::ids::{Ids, InputId, JournalId, MailboxId, RunId, WaitId};
use crate::letter::Letter;
use crate::mailbox::{Mailbox, Missed};
use crate::order::{About, Error, Order};
use crate::publication::Publication;
use crate::run::journal::{self, Head};
use crate::run::{Attempt, Entry, Run, Turned, Wake, What, World, turn};
use crate::store::{EffectOp, EffectRow, JournalKind, RunRow, RunStatus, WaitKind, WaitOp, WaitRow, WaitState, Work};

use caused::Cause;

pub(crate) use alarm::alarm_of;
pub use alarm::{StoredPolicy, alarm_policy, alarms, named};
pub(crate) use desk::{agent_of, read as read_desk};
pub(crate) use event::held_back;
#[cfg(test)]
pub(crate) use gate::tests::{place_of, places};
pub use held::HeldStart;
pub use rows::{contact_from, encode_event, event_from_row, mailbox_from, row_from_event};
pub use slot::mailbox as schedule_mailbox;

/// One input of a mailbox.
#[derive(Clone, Debug)]
pub enum Input {
    /// Something happened.
    Event {
        /// The event.
        event: Arc<Event>,
        /// The stored input it came as.
        input: Option<InputId>,
    },
    /// A wait's time came.
    Due(WaitId),
    /// A call ended.
    Settled {
        /// The call.
        effect: Box<EffectRow>,
        /// All its attempts.
        attempts: Vec<Attempt>,
        /// How.
        verdict: Verdict,
        /// The stored input that brought the proof, if one did.
        input: Option<InputId>,
    },
    /// A call waits for a person. Its row says until when.
    Parked {
        /// The call.
        effect: Box<EffectRow>,
        /// All its attempts.
        attempts: Vec<Attempt>,
        /// Why: `tries_used_up`, `refused`, `may_have_happened`.
        why: &'static str,
    },
    /// A schedule was published or withdrawn: arm its next slot, or none.
    Schedule {
        /// The flow.
        flow: Arc<str>,
        /// The trigger.
        trigger: Arc<str>,
    },
    /// A version of a flow was published or removed: runs here may be on another.
    Published(Arc<Publication>),
    /// A page of a segment was gone over for a slot.
    Swept {
        /// The sweep: [`sweep::Sweep::key`].
        key: String,
        /// What came of it.
        page: sweep::Page,
    },
    /// Another mailbox says something.
    Letter {
        /// What.
        letter: Box<Letter>,
        /// The stored input it came as.
        input: Option<InputId>,
    },
    /// Thresholds of silence were published: arm the next one of each conversation.
    Watch,
    /// A person's order.
    Order {
        /// Who.
        by: String,
        /// What.
        order: Order,
        /// What it is about, as it is stored now.
        about: Option<About>,
    },
}

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
    let mut cause = handling.own_cause();
    let answer = match input {
        Input::Event { event, input } => {
            handling.work.consumed.extend(input);
            cause = Cause::event(&event);
            if handling.mail.id == MailboxId::ALARMS {
                handling.alarm_pressed(&event);
            } else if handling.mail.id == MailboxId::DESK {
                handling.pressed(&event);
            // One of an erased person waited behind the erasure: whoever writes afterwards is somebody new.
            } else if !handling.mail.erased.holds(event.id.0) {
                handling.event(event);
            }
            Ok(Value::Null)
        }
        Input::Due(wait) => {
            handling.due(wait);
            Ok(Value::Null)
        }
        Input::Settled { effect, attempts, verdict, input } => {
            handling.work.consumed.extend(input);
            if handling.mail.id == MailboxId::DESK {
                handling.fallback_told(&effect, &attempts, &verdict);
            } else {
                handling.settled(*effect, &attempts, &verdict);
            }
            Ok(Value::Null)
        }
        Input::Parked { effect, attempts, why } => {
            handling.parked(*effect, &attempts, why);
            Ok(Value::Null)
        }
        Input::Schedule { flow, trigger } => {
            handling.schedule(&flow, &trigger);
            Ok(Value::Null)
        }
        Input::Published(news) => Ok(handling.published(&news)),
        Input::Swept { key, page } => {
            handling.swept(&key, &page);
            Ok(Value::Null)
        }
        Input::Letter { letter, input } => {
            handling.work.consumed.extend(input);
            handling.letter(*letter);
            Ok(Value::Null)
        }
        Input::Watch => {
            handling.watch_all();
            Ok(Value::Null)
        }
        Input::Order { by, order, about } => {
            handling.by = by;
            let answer = handling.order(order, about);
            // Somebody may be known only now.
            if cause.contact.is_none() {
                cause = handling.own_cause();
            }
            answer
        }
    };
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

    /// Gives an unfinished run a turn; one that is over gets none.
    fn wake(&mut self, run: RunId, wake: Wake<'_>) {
        if let Some(run) = self.mail.runs.remove(&run) {
            self.give_turn(run, wake);
        }
    }

    fn give_turn(&mut self, mut run: Run, wake: Wake<'_>) {
        let book = self.book;
        let held_back = !self.may_work(&run);
        let trigger = wake.trigger();
        let world = World {
            now: self.now,
            ids: self.ids,
            staff: &book.staff,
            calendars: &book.calendars,
            callable: &book.callable,
            held_back,
        };
        let turned = turn(&mut run, &mut self.mail.facts, &self.mail.recent, wake, world);
        self.absorb(&run, turned);
        self.tell_changes(Cause::run(&run));
        self.keep_place(&run, &trigger);
        let row = run.to_row(self.now);
        if row.status.ended() {
            self.close(run.id);
            if row.status == RunStatus::Failed {
                self.tell_failed(&run);
                self.raise(Raise::flow_failed(&row.flow));
            }
            self.tell_caller(&run, row.status);
        } else {
            self.mail.runs.insert(run.id, run);
        }
        self.write_run(row);
    }

    fn absorb(&mut self, run: &Run, turned: Turned) {
        self.journal(run.id.0, Some(run.turns - 1), JournalKind::Turn, &turned.entries);
        for effect in turned.effects {
            self.mail.effects.insert(effect.id, effect.clone());
            self.work.effects.push(EffectOp::Plan(Box::new(effect)));
        }
        for wait in turned.waits {
            self.arm(wait);
        }
        for (wait, to) in turned.closed {
            self.disarm(wait, to);
        }
        for ask in turned.asks {
            self.ask_desk(ask);
        }
        self.work.tags.extend(turned.tags);
        self.work.replies.extend(turned.reply);
        for n in turned.withdrawn {
            self.withdraw_call(run.id, n);
        }
        let called: Vec<_> = turned.calls.into_iter().filter_map(|call| self.called(run, call)).collect();
        self.next.extend(called);
        self.next.extend(turned.cancelled.into_iter().map(calls::Next::Cancel));
    }

    /// A run that is over wants no calls and waits for nothing. What is under way settles later and is noted.
    fn close(&mut self, run: RunId) {
        let unwanted: Vec<_> = self
            .mail
            .effects
            .values()
            .filter(|effect| effect.run_id == run && effect.action != notification())
            .map(|effect| effect.id)
            .collect();
        for effect in unwanted {
            self.mail.effects.remove(&effect);
            self.work.effects.push(EffectOp::Withdraw(effect));
        }
        let waits: Vec<_> =
            self.mail.waits.values().filter(|wait| wait.run_id == Some(run)).map(|wait| wait.id).collect();
        for wait in waits {
            self.disarm(wait, WaitState::Cancelled);
        }
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

    /// Keeps the last state of each run: a work may hold several turns of one.
    fn write_run(&mut self, row: RunRow) {
        match self.work.runs.iter_mut().find(|written| written.id == row.id) {
            Some(written) => *written = row,
            None => self.work.runs.push(row),
        }
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

fn notification() -> &'static str {
    <crate::capability::human::NotifyEscalation as crate::connector::Action>::NAME
}
