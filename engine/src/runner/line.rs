//! One connection's loop: calls start only after "in flight" is on disk, and end in a verdict that a pure function judges.
//!
//! … run -> step -> **action** -> log

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::Health;
use super::activity::Activity;
use super::core::Core;
use super::hold::{Hold, Pace};
use super::queue::{Call, Due, Queue};
use crate::clock::At;
use crate::connector::{self, Done, Open, Problem, Repeat, Verdict};
use crate::handle::Input;
use crate::ids::{EffectId, InputId};
use crate::run::plan::{self, PERSON_ANSWERS_WITHIN};
use crate::run::{Attempt, Next, Plan};
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
        Self { core, open, queue, hold: None, pace, calls: JoinSet::new(), health, busy: 0, silent: 0, unwritten: None }
    }

    /// Works until the engine closes and its calls are back.
    pub(super) async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let mut closing = self.core.closing.subscribe();
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
            Message::Proof { effect, input, external_id } => self.proved(effect, Some(input), external_id).await,
        }
    }

    /// Calls that were under way when the last process ended: nobody knows what became of them. They move in one commit and
    /// proof is looked for in one go, as there may be hundreds.
    async fn resolve_interrupted(&mut self) {
        self.unwritten = Some(Vec::new());
        for (id, at) in self.queue.in_flight() {
            let problem = Problem::new(INTERRUPTED, "the process ended while this call was under way");
            self.landed(Landed { id, at, took: Duration::ZERO, verdict: Verdict::Unknown(problem) }).await;
        }
        let moves = self.unwritten.take().unwrap_or_default();
        if !moves.is_empty()
            && let Err(problem) = self.core.watched(self.core.parts.store.dispatch(moves).await)
        {
            tracing::error!(connection = %self.open.id, %problem, "interrupted calls could not be written");
        }
        self.look_for_proofs().await;
    }

    /// Starts what may start: first the commit that says so, then the calls.
    async fn start(&mut self) {
        let now = self.now();
        let room = usize::from(self.open.concurrency).saturating_sub(self.queue.flying()).min(STARTS);
        let most = match &self.hold {
            Some(hold) if now < hold.probe_at || self.queue.flying() > 0 => 0,
            Some(_) => 1,
            None => self.pace.allow(now, room),
        };
        let rows = if most == 0 { Vec::new() } else { self.queue.start(now, most) };
        if rows.is_empty() {
            return;
        }
        self.pace.spend(now, rows.len());
        let ops = rows.iter().map(|row| DispatchOp::Start { id: row.id, at: now }).collect();
        match self.core.watched(self.core.parts.store.dispatch(ops).await) {
            Ok(started) => {
                let started: HashSet<EffectId> = started.into_iter().collect();
                for row in rows {
                    if started.contains(&row.id) {
                        self.call(row, now);
                    } else {
                        self.stopped(row.id).await;
                    }
                }
            }
            Err(problem) => {
                tracing::error!(connection = %self.open.id, %problem, "calls could not be put in flight; tried again");
                for row in rows {
                    self.queue.grounded(row.id, now.plus(STORE_PAUSE));
                }
            }
        }
    }

    /// The store did not let a call start: it was withdrawn, its window closed meanwhile, or its last move was not written.
    async fn stopped(&mut self, id: EffectId) {
        let now = self.now();
        match self.core.parts.store.effect(id).await {
            Ok(Some(row)) if row.state == EffectState::Planned && row.deadline >= now => {
                let problem = Problem::new(
                    plan::WINDOW_CLOSED,
                    "24 hours have passed since the customer's last message: only a template can be sent now",
                );
                self.settle(id, Verdict::Refused(problem), None);
            }
            // Past its deadline: that falls due by itself.
            Ok(Some(row)) if row.state == EffectState::Planned => self.queue.grounded(id, now.plus(STORE_PAUSE)),
            Ok(Some(row)) if row.state != EffectState::Parked => {
                let (attempt, attempts) = (row.attempt, row.attempts);
                self.write(DispatchOp::Again { id, attempt, not_before: now, attempts }).await;
                self.queue.grounded(id, now.plus(STORE_PAUSE));
            }
            Ok(_) => drop(self.queue.remove(id)),
            Err(problem) => {
                tracing::error!(connection = %self.open.id, %problem, "a call that did not start could not be read");
                self.queue.grounded(id, now.plus(STORE_PAUSE));
            }
        }
    }

    fn call(&mut self, row: EffectRow, at: At) {
        let performer = self.open.performers.get(row.action.as_str()).cloned();
        let plan: Result<Plan, _> = serde_json::from_slice(&row.input);
        let tries = self.queue.get(row.id).map_or(0, |call| u16::try_from(call.attempts.len()).unwrap_or(u16::MAX));
        self.calls.spawn(async move {
            let began = tokio::time::Instant::now();
            let verdict = match (performer, plan) {
                (Some(performer), Ok(plan)) => {
                    let call = connector::Call {
                        key: row.key.as_str().into(),
                        attempt: row.attempt + 1,
                        tries,
                        now: at,
                        address: plan.address,
                        phone: plan.phone,
                    };
                    let performing = AssertUnwindSafe(performer.perform(plan.input, call)).catch_unwind();
                    match tokio::time::timeout(CALL_LIMIT, performing).await {
                        Ok(Ok(verdict)) => verdict,
                        Ok(Err(_)) => Verdict::Unknown(Problem::new("connector_panicked", "the connector broke off")),
                        Err(_) => Verdict::Unknown(Problem::new("timeout", "no answer within 40 s")),
                    }
                }
                (None, _) => {
                    let words = format!("this connection does not perform `{}`", row.action);
                    Verdict::Refused(Problem::new("not_performed", words))
                }
                (_, Err(error)) => Verdict::Refused(Problem::new("bad_plan", error.to_string())),
            };
            Landed { id: row.id, at, took: began.elapsed(), verdict }
        });
    }

    async fn joined(&mut self, landed: Result<Landed, tokio::task::JoinError>) {
        match landed {
            Ok(landed) => self.landed(landed).await,
            Err(problem) => {
                tracing::error!(connection = %self.open.id, %problem, "a call was lost; it is resolved at the next start")
            }
        }
        // Others that are back already: one round for all of them.
        while let Some(Ok(landed)) = self.calls.try_join_next() {
            self.landed(landed).await;
        }
    }

    async fn landed(&mut self, landed: Landed) {
        let Landed { id, at, took, verdict } = landed;
        let Some(failed) = self.queue.get(id).map(|call| call.row.attempt) else { return };
        let attempt = Attempt {
            attempt: failed + 1,
            at,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            verdict: verdict.name().into(),
            problem: verdict.problem().cloned(),
        };
        metrics::histogram!("switchboard_call_seconds", "connection" => self.open.id.to_string()).record(took);
        let Some(call) = self.queue.landed(id, attempt) else { return };
        let Ok(plan) = serde_json::from_slice::<Plan>(&call.row.input) else {
            return self.settle(id, Verdict::Refused(Problem::new("bad_plan", "the stored call is damaged")), None);
        };
        let now = self.now();
        let next = self.judge(&plan, &call, failed, &verdict, now);
        let answered = !matches!(next, Next::Hold { .. }) && !matches!(verdict, Verdict::Unknown(_));
        // What was under way before the outage says nothing about it.
        if answered && self.hold.as_ref().is_some_and(|hold| at >= hold.since) {
            self.up().await;
        }
        self.carry_out(id, call, next, verdict, now).await;
    }

    /// What becomes of a call after an attempt, in view of how the connection's other calls fare.
    fn judge(&mut self, plan: &Plan, call: &Call, failed: u16, verdict: &Verdict, now: At) -> Next {
        let repeat = self.repeat(&call.row);
        self.silent = match verdict {
            Verdict::Unknown(problem) if problem.code == INTERRUPTED => self.silent,
            Verdict::Unknown(_) => self.silent + 1,
            _ => 0,
        };
        let next = plan::next(plan, repeat, failed, verdict, now);
        if call.withdrawn {
            return Next::Settle;
        }
        let repeated = matches!(verdict, Verdict::Unknown(_)) && matches!(repeat, Repeat::Safe | Repeat::Keyed { .. });
        let next = if repeated && self.silent >= SILENT { Next::Hold { after: None } } else { next };
        match next {
            // Others go through, and this one brings the connection down again and again: the trouble is its own.
            Next::Hold { after } if call.downs >= CULPRIT => plan::again(plan, failed, after, now),
            next => next,
        }
    }

    /// The repeat class: what the account can promise now, else what its connector declares.
    fn repeat(&self, row: &EffectRow) -> Repeat {
        let declared = self.open.performers.get(row.action.as_str()).map(|performer| performer.repeat);
        self.open.connection.repeat(&row.action).or(declared).unwrap_or(Repeat::OnlyIfRefused)
    }

    async fn carry_out(&mut self, id: EffectId, call: Call, next: Next, verdict: Verdict, now: At) {
        let attempts = serde_json::to_vec(&call.attempts).unwrap_or_default();
        match next {
            Next::Settle => self.settle(id, verdict, None),
            Next::Again { attempt, not_before } => {
                self.write(DispatchOp::Again { id, attempt, not_before, attempts }).await;
                self.queue.again(id, attempt, not_before);
            }
            Next::Hold { after } => {
                let attempt = call.row.attempt;
                if self.hold.is_none() {
                    self.queue.brought_down(id);
                }
                self.down(&verdict, after, now).await;
                self.write(DispatchOp::Again { id, attempt, not_before: now, attempts }).await;
                self.queue.again(id, attempt, now);
            }
            Next::Doubt { until } => {
                self.write(DispatchOp::Doubt { id, until, attempts }).await;
                self.queue.doubt(id, until, now);
                if self.unwritten.is_none() {
                    self.look_for_proof(id, &call.row.key).await;
                }
            }
            Next::Park { why } => self.park(id, &call, why, now),
        }
    }

    /// Written for the next start; this process goes by its memory.
    async fn write(&mut self, op: DispatchOp) {
        if let Some(unwritten) = &mut self.unwritten {
            return unwritten.push(op);
        }
        if let Err(problem) = self.core.watched(self.core.parts.store.dispatch(vec![op]).await) {
            tracing::error!(connection = %self.open.id, %problem, "a call's state could not be written");
        }
    }

    fn settle(&mut self, id: EffectId, verdict: Verdict, input: Option<InputId>) {
        let Some(Call { row, mut attempts, .. }) = self.queue.remove(id) else { return };
        if row.state == EffectState::Parked {
            // They were journaled when it was parked.
            attempts.clear();
        }
        let mailbox = row.mailbox;
        self.core.post(mailbox, Input::Settled { effect: Box::new(row), attempts, verdict, input }, None);
    }

    fn park(&mut self, id: EffectId, call: &Call, why: &'static str, now: At) {
        let first = call.attempts.first().map_or(now, |attempt| attempt.at);
        let Some(Call { row, attempts, .. }) = self.queue.park(id, first.plus(PERSON_ANSWERS_WITHIN)) else { return };
        let mailbox = row.mailbox;
        self.core.post(mailbox, Input::Parked { effect: Box::new(row), attempts, why }, None);
    }

    /// A status may have come before the call's own answer was lost.
    async fn look_for_proof(&mut self, id: EffectId, key: &str) {
        match self.core.parts.store.evidence(vec![key.to_owned()]).await {
            Ok(found) if !found.is_empty() => self.proved(id, None, String::new()).await,
            Ok(_) => {}
            Err(problem) => tracing::error!(connection = %self.open.id, %problem, "proof could not be looked for"),
        }
    }

    /// The last process may have ended between writing down a doubt and looking: what is in doubt since then is looked for now.
    async fn look_for_proofs(&mut self) {
        let doubtful: HashMap<String, EffectId> = self.queue.in_doubt().collect();
        if doubtful.is_empty() {
            return;
        }
        match self.core.parts.store.evidence(doubtful.keys().cloned().collect()).await {
            Ok(found) => {
                for proof in found {
                    if let Some(id) = doubtful.get(&proof.key) {
                        self.proved(*id, None, String::new()).await;
                    }
                }
            }
            Err(problem) => tracing::error!(connection = %self.open.id, %problem, "proof could not be looked for"),
        }
    }

    /// The call happened: a status with its key says so.
    async fn proved(&mut self, id: EffectId, input: Option<InputId>, external_id: String) {
        if let Some(call) = self.queue.get(id).filter(|call| call.row.state != EffectState::InFlight) {
            let plan: Option<Plan> = serde_json::from_slice(&call.row.input).ok();
            let sent = plan.and_then(|plan| plan.proved(&call.row.action, &external_id));
            let verdict = Verdict::Done(Done { output: json!({ "message_id": external_id }), sent });
            return self.settle(id, verdict, input);
        }
        // It settled in the meantime: only the stored input is left to consume.
        if let Some(input) = input {
            self.core.consume(input).await;
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

    async fn down(&mut self, verdict: &Verdict, after: Option<Duration>, now: At) {
        // The words may quote what was sent; code and status say enough, and stay in the log for ever.
        let reason = verdict.problem().map(reason_of).unwrap_or_default();
        match &mut self.hold {
            Some(hold) => hold.again(now, reason, after),
            None => {
                tracing::warn!(connection = %self.open.id, reason, "connection is down; its calls wait in order");
                self.hold = Some(Hold::new(now, reason.clone(), after));
                self.show();
                self.core.note_change("connection.down", &self.open.id, json!({ "reason": reason })).await;
            }
        }
    }

    async fn up(&mut self) {
        if let Some(hold) = self.hold.take() {
            let down_ms = u64::try_from(self.now().since(hold.since).as_millis()).unwrap_or(u64::MAX);
            tracing::info!(connection = %self.open.id, down_ms, "connection is back");
            self.show();
            self.core.note_change("connection.up", &self.open.id, json!({ "down_ms": down_ms })).await;
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

fn reason_of(problem: &Problem) -> String {
    match problem.status {
        Some(status) if problem.code != status.to_string() => format!("{} (status {status})", problem.code),
        _ => problem.code.clone(),
    }
}

/// Waits until the engine closes.
pub(super) async fn closed(closing: &watch::Sender<bool>) {
    let mut closing = closing.subscribe();
    let _ = closing.wait_for(|closing| *closing).await;
}
