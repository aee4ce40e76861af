//! One connection's loop: calls start only after "in flight" is on disk ([`starting`]), and end in a verdict that a pure function
//! judges ([`outcome`]). [`proof`] looks after unclear ones, [`outage`] says that the connection is down or back.
//!
//! … run -> step -> **action** -> log

mod outage;
mod outcome;
mod proof;
mod starting;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::Health;
use super::activity::Activity;
use super::core::Core;
use super::hold::{Hold, Pace};
use super::queue::{Due, Queue};
use crate::clock::At;
use crate::connector::{Open, Problem, Verdict};
use crate::ids::{EffectId, InputId, MailboxId};
use crate::run::{Next, Plan, plan};
use crate::store::{DispatchOp, EffectRow, EffectState, Reads, Store};

/// Most calls put in flight by one commit.
const STARTS: usize = 50;
/// Most messages taken in one round, so that outcomes are not kept waiting.
const HEARD: i64 = 256;
/// Longest a connector may take before its call counts as unknown; connectors have shorter limits of their own.
const CALL_LIMIT: Duration = Duration::from_secs(40);
/// So many calls in a row without an answer, and the connection counts as down: a service that hangs is not asked on and on.
const SILENT: u32 = 5;
/// A call that has brought the connection down so often, while others went through, is itself the trouble.
const CULPRIT: u16 = 2;
/// Pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_millis(500);
/// The reason of doubt for calls that were under way when the last process ended.
const INTERRUPTED: &str = "interrupted";

/// What a connection's loop is told.
pub(super) enum Message {
    /// A call was planned; the commit is on disk.
    Planned(Box<EffectRow>),
    /// A call is not wanted any more.
    Withdrawn(EffectId),
    /// The account was opened anew, with other settings.
    Reopened(Box<Open>),
    /// Nobody talks with the contact of this mailbox any more: what was held goes out.
    Released(MailboxId),
    /// A status proved that a call in doubt happened.
    Proof { effect: EffectId, input: InputId, external_id: String },
}

/// How others reach a connection's loop.
pub(super) struct LineHandle {
    messages: mpsc::UnboundedSender<Message>,
    health: Arc<Mutex<Health>>,
}

impl LineHandle {
    /// A handle with its receiving end.
    pub(super) fn new(open: &Open) -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (messages, received) = mpsc::unbounded_channel();
        let health = Health {
            connection: open.id.to_string(),
            connector: open.connector.to_owned(),
            down_since: None,
            reason: None,
            probe_at: None,
            waiting: 0,
            in_flight: 0,
        };
        (Self { messages, health: Arc::new(Mutex::new(health)) }, received)
    }

    pub(super) fn tell(&self, activity: &Activity, message: Message) {
        activity.add(1);
        if self.messages.send(message).is_err() {
            // The loop ended: the engine is closing, and what is stored is taken up at the next start.
            activity.add(-1);
        }
    }

    /// The part of the handle the loop writes to.
    pub(super) fn shown(&self) -> Arc<Mutex<Health>> {
        Arc::clone(&self.health)
    }

    pub(super) fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The end of an attempt.
struct Landed {
    id: EffectId,
    at: At,
    took: Duration,
    verdict: Verdict,
}

/// One connection's loop.
pub(super) struct Line<S: Store + Reads> {
    core: Arc<Core<S>>,
    open: Open,
    queue: Queue,
    hold: Option<Hold>,
    pace: Pace,
    calls: JoinSet<Landed>,
    health: Arc<Mutex<Health>>,
    /// What this loop last added to the engine's activity.
    busy: i64,
    /// Calls in a row that ended without an answer.
    silent: u32,
    /// Whether the alarms' mailbox knows that the connection works.
    well: bool,
    /// While interrupted calls are resolved: their moves, to be written together.
    unwritten: Option<Vec<DispatchOp>>,
}

impl<S: Store + Reads> Line<S> {
    pub(super) fn new(core: Arc<Core<S>>, open: Open, health: Arc<Mutex<Health>>, rows: Vec<EffectRow>) -> Self {
        let mut queue = Queue::default();
        for row in rows {
            queue.push(row);
        }
        let pace = Pace::new(open.rate_per_second);
        Self {
            core,
            open,
            queue,
            hold: None,
            pace,
            calls: JoinSet::new(),
            health,
            busy: 0,
            silent: 0,
            well: false,
            unwritten: None,
        }
    }

    /// Works until the engine closes and its calls are back.
    pub(super) async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let mut closing = self.core.closing.subscribe();
        let mut stops = self.core.stops.subscribe();
        self.resolve_interrupted().await;
        loop {
            let closed = *closing.borrow_and_update();
            self.fell_due().await;
            if !closed {
                self.start().await;
            }
            self.show();
            if closed && self.calls.is_empty() {
                return self.leave(&mut messages);
            }
            let pause = self.pause();
            tokio::select! {
                biased;
                Some(landed) = self.calls.join_next(), if !self.calls.is_empty() => self.joined(landed).await,
                received = messages.recv() => match received {
                    Some(message) => self.hear(message, &mut messages).await,
                    None => return,
                },
                _ = closing.changed(), if !closed => {}
                Ok(()) = stops.changed(), if !closed => self.queue.release(),
                () = tokio::time::sleep(pause), if !closed => {}
            }
        }
    }

    /// What is left is stored and taken up at the next start: nobody need wait for it.
    fn leave(&mut self, messages: &mut mpsc::UnboundedReceiver<Message>) {
        self.core.activity.add(-std::mem::take(&mut self.busy));
        messages.close();
        while messages.try_recv().is_ok() {
            self.core.activity.add(-1);
        }
    }

    fn now(&self) -> At {
        self.core.parts.clock.now()
    }

    /// Takes a message and those that wait behind it: one commit then starts all the calls they bring, not one each.
    async fn hear(&mut self, first: Message, behind: &mut mpsc::UnboundedReceiver<Message>) {
        let (mut next, mut heard) = (Some(first), 0);
        while let Some(message) = next {
            self.told(message).await;
            heard += 1;
            next = if heard < HEARD { behind.try_recv().ok() } else { None };
        }
        self.show();
        self.core.activity.add(-heard);
    }

    async fn told(&mut self, message: Message) {
        match message {
            Message::Planned(row) => self.queue.push(*row),
            Message::Withdrawn(id) => self.queue.withdraw(id),
            Message::Released(mailbox) => self.queue.unshelve(mailbox),
            Message::Reopened(open) => self.reopened(*open),
            Message::Proof { effect, input, external_id } => self.proved(effect, Some(input), external_id).await,
        }
    }

    /// Calls under way end as they began; the next ones are made with the new settings. A connection that is down is tried at
    /// once: the settings may have been why.
    fn reopened(&mut self, open: Open) {
        self.pace = Pace::new(open.rate_per_second);
        self.health.lock().unwrap_or_else(PoisonError::into_inner).connector = open.connector.to_owned();
        self.open = open;
        let now = self.now();
        if let Some(hold) = &mut self.hold {
            hold.probe_at = now;
        }
    }

    async fn fell_due(&mut self) {
        let now = self.now();
        while let Some((id, due)) = self.queue.fell_due(now) {
            let Some(call) = self.queue.get(id).cloned() else { continue };
            match due {
                Due::Deadline => {
                    let (code, words) = match call.row.state {
                        EffectState::Parked => ("nobody_answered", "it needed attention, and nobody answered in time"),
                        _ if self.queue.is_shelved(id) => (plan::HUMAN_TALKING, plan::HUMAN_TALKING_WORDS),
                        _ => ("expired", "it could not start before its deadline, and nothing stale is sent"),
                    };
                    self.settle(id, Verdict::Refused(Problem::new(code, words)), None);
                }
                Due::Unclear => {
                    self.look_for_proof(id, &call.row.key).await;
                    if self.queue.get(id).is_some() {
                        let plan: Option<Plan> = serde_json::from_slice(&call.row.input).ok();
                        let next = plan.map_or(Next::Park { why: "may_have_happened" }, |plan| plan::unclear(&plan));
                        let problem = Problem::new("may_have_happened", "no proof came that this call happened");
                        self.carry_out(id, call, next, Verdict::Unknown(problem), now).await;
                    }
                }
                Due::Release => {}
            }
        }
    }

    fn pause(&self) -> Duration {
        let now = self.now();
        let next = self.queue.next_at(self.hold.is_some());
        // A probe that is out is waited for, not followed by another.
        let may_probe = self.queue.planned() > 0 && self.queue.flying() == 0;
        let probe = self.hold.as_ref().filter(|_| may_probe).map(|hold| hold.probe_at);
        let next = [next.map(|at| at.max(self.pace.next_at())), probe].into_iter().flatten().min();
        let full = self.queue.flying() >= usize::from(self.open.concurrency);
        match next {
            Some(_) if full => Duration::from_secs(1),
            // Sleeping counts in whole milliseconds: never wake a moment too early and spin.
            Some(at) => at.since(now).max(Duration::from_millis(1)).min(Duration::from_secs(30)),
            None => Duration::from_secs(30),
        }
    }

    /// Shows how the connection is doing, and how much it has under way.
    fn show(&mut self) {
        let now = self.now();
        let startable = self.hold.is_none() && self.queue.next_at(false).is_some_and(|at| at <= now);
        let busy = i64::try_from(self.queue.flying() + usize::from(startable)).unwrap_or(0);
        self.core.activity.add(busy - self.busy);
        self.busy = busy;
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.down_since = self.hold.as_ref().map(|hold| hold.since);
        health.reason = self.hold.as_ref().map(|hold| hold.reason.clone());
        health.probe_at = self.hold.as_ref().map(|hold| hold.probe_at);
        health.waiting = self.queue.planned() as u64;
        health.in_flight = self.queue.flying() as u64;
    }
}

/// Waits until the engine closes.
pub(super) async fn closed(closing: &watch::Sender<bool>) {
    let mut closing = closing.subscribe();
    let _ = closing.wait_for(|closing| *closing).await;
}
