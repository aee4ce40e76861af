//! One turn of one run: a wake comes in, steps are interpreted until every cursor is blocked or the run is over.
//!
//! … match triggers -> run -> **step** -> **action** -> log
//!
//! Pure: a function of the version, the run, the facts, the wake and the time. Production, flow tests in virtual time and
//! crash tests call this one. What a step does is in [`super::visit`] and the files it names.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::failure::{self, Leaves};
use super::sight::names_of;
use super::value::Failure;
use super::{Attempt, Block, Cursor, Entry, Keyed, Run, Sight, State, What};
use crate::calendar::Calendars;
use crate::clock::At;
use crate::connector::Verdict;
use crate::desk::{Ask, Staff};
use crate::event::Event;
use crate::expr::{Scope, Script};
use crate::flow::{Op, Stays, Step, Version, WaitFor};
use crate::ids::{EventId, Ids, RunId, VersionId, WaitId};
use crate::mailbox::{Facts, Mailbox};
use crate::store::{EffectRow, RunStatus, TagOp, WaitKind, WaitRow, WaitState};

/// Most steps of one turn; what is left goes on in the next one, behind what else waits.
const MAX_STEPS: usize = 1_000;
/// Most calls planned by one turn.
const MAX_CALLS: usize = 64;
/// Most steps of a run: more is a loop that nobody meant.
const MAX_VISITS: i64 = 100_000;
/// Most turns of a run.
const MAX_TURNS: i64 = 10_000;

/// What surrounds a turn: the same for every run of a mailbox.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The input's time.
    pub now: At,
    /// Where ids come from.
    pub ids: &'a Ids,
    /// Who works here: within which time a team takes what it is asked.
    pub staff: &'a Staff,
    /// Business hours, by name.
    pub calendars: &'a Calendars,
    /// Flows that may be called.
    pub callable: &'a BTreeMap<Arc<str>, Arc<Version>>,
    /// Whether the run has no place at its gate: the wake is noted, and no step taken.
    pub held_back: bool,
}

/// Why a run gets a turn.
#[derive(Debug)]
pub enum Wake<'a> {
    /// A trigger matched.
    Start {
        /// The trigger's id.
        trigger: Arc<str>,
        /// The event.
        event: &'a Event,
        /// The run that this one repeats, if it repeats one.
        replays: Option<RunId>,
        /// Whether the event stands for a burst, and is stored nowhere else.
        burst: bool,
        /// Where it is counted.
        gate: Option<Keyed>,
    },
    /// A person wants a failed run tried again from the step that failed.
    Resume {
        /// The failed run.
        from: RunId,
        /// The step.
        step: Arc<str>,
        /// The state it had before it failed.
        state: Value,
    },
    /// Another flow called this one: the state holds its event, its caller and its depth.
    Call {
        /// When the event that moved the caller was received.
        caused_at: At,
        /// Where it is counted; or why that is not known, and then it fails.
        gate: Result<Option<Keyed>, Failure>,
    },
    /// A wait's time came.
    Due(WaitId),
    /// A wait's event came.
    Answered(WaitId, &'a Event),
    /// A human came whom a step waits for, or none did: its output.
    Attended(WaitId, Value),
    /// A called flow came to its end.
    Returned {
        /// Its run.
        run: RunId,
        /// How.
        status: RunStatus,
        /// Its variables.
        vars: Value,
    },
    /// A call ended.
    Settled {
        /// Which.
        n: i64,
        /// All its attempts.
        attempts: &'a [Attempt],
        /// How.
        verdict: &'a Verdict,
    },
    /// A call waits for a person.
    Parked {
        /// Which.
        n: i64,
        /// Why: a stable code.
        why: &'static str,
        /// All its attempts.
        attempts: &'a [Attempt],
    },
    /// A person wants a parked call tried again, as this plan says.
    Retry {
        /// Which.
        n: i64,
        /// The parked effect.
        row: &'a EffectRow,
        /// Its new input; `None` = as it was.
        input: Option<Value>,
    },
    /// A deadline passed.
    Overdue(WaitId),
    /// It goes on in another version, where `state` says.
    Move {
        /// The version.
        to: Arc<Version>,
        /// Where it stands there.
        state: Box<State>,
    },
    /// It was to go on in another version, and cannot.
    Stay {
        /// The version.
        to: VersionId,
        /// Why.
        why: Stays,
    },
    /// Its turn at the gate has come.
    Admitted {
        /// The trigger that started it, if it has not begun; else empty.
        trigger: Arc<str>,
    },
    /// The gate does not let it begin.
    Refused {
        /// Why, in words.
        why: &'static str,
    },
    /// A newer run takes its place; its clean-up runs first.
    Replaced,
    /// The run was ended; its clean-up runs first.
    Cancel,
    /// The same because another version was published.
    Stop,
    /// The run was ended, without clean-up.
    Kill,
}

impl Wake<'_> {
    /// The trigger that starts the run with this wake; empty when none does.
    #[must_use]
    pub fn trigger(&self) -> Arc<str> {
        match self {
            Self::Start { trigger, replays: None, .. } | Self::Admitted { trigger } => Arc::clone(trigger),
            _ => "".into(),
        }
    }
}

/// What a turn changes besides the run and the facts.
#[derive(Debug, Default)]
pub struct Turned {
    /// What it did.
    pub entries: Vec<Entry>,
    /// Calls it plans.
    pub effects: Vec<EffectRow>,
    /// Calls it no longer wants, by number.
    pub withdrawn: Vec<i64>,
    /// Waits it arms.
    pub waits: Vec<WaitRow>,
    /// Waits that are over, and how.
    pub closed: Vec<(WaitId, WaitState)>,
    /// Humans it asks for.
    pub asks: Vec<Ask>,
    /// Tags it gives and takes.
    pub tags: Vec<TagOp>,
    /// Flows it calls.
    pub calls: Vec<FlowCall>,
    /// Runs it called and no longer wants.
    pub cancelled: Vec<RunId>,
    /// What the caller of the webhook gets.
    pub reply: Option<Reply>,
}

/// A call of another flow.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowCall {
    /// The run it will be.
    pub run: RunId,
    /// The flow.
    pub flow: Arc<str>,
    /// What it is given.
    pub with: Value,
    /// Whether its end is waited for.
    pub wait: bool,
}

/// The answer to a webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The event it answers.
    pub event: EventId,
    /// HTTP status.
    pub status: u16,
    /// The body: text as it is, anything else as JSON.
    pub body: Value,
}

/// Gives `run` one turn.
pub fn turn(
    run: &mut Run,
    facts: &mut Facts,
    recent: &VecDeque<Arc<Event>>,
    wake: Wake<'_>,
    world: World<'_>,
) -> Turned {
    let mut turn = Turn { run, facts, recent, world, scope: Scope::new(), out: Turned::default() };
    turn.wake(wake);
    turn.go_on();
    turn.run.turns += 1;
    turn.out
}

pub(crate) struct Turn<'a> {
    pub(crate) run: &'a mut Run,
    pub(crate) facts: &'a mut Facts,
    pub(super) recent: &'a VecDeque<Arc<Event>>,
    pub(crate) world: World<'a>,
    pub(super) scope: Scope,
    pub(crate) out: Turned,
}

impl Turn<'_> {
    /// Records what happened; the state follows.
    pub(crate) fn record(&mut self, what: What, data: Value) {
        let entry = Entry { what, data };
        let bounds: Vec<WaitId> = self.run.state.deadlines.iter().map(|deadline| deadline.wait).collect();
        self.run.state.apply(&self.run.version, &entry);
        self.unbind(bounds);
        if matches!(
            entry.what,
            What::Assigned { .. }
                | What::Accepted { .. }
                | What::Acted { .. }
                | What::Again { .. }
                | What::Answered { .. }
                | What::Attended { .. }
                | What::Called { .. }
                | What::Closed { .. }
                | What::Computed { .. }
                | What::Decided { .. }
                | What::Failed { .. }
                | What::Finished { .. }
                | What::Overdue { .. }
                | What::Returned { .. }
        ) {
            self.forget(&["steps", "vars", "error"]);
        }
        if let What::Branch { .. } = entry.what {
            // Another branch has other items.
            self.scope = Scope::new();
        }
        self.out.entries.push(entry);
    }

    /// Records something that carries no values.
    pub(crate) fn note(&mut self, what: What) {
        self.record(what, Value::Null);
    }

    /// What follows is about the branch `within`.
    pub(super) fn go_to(&mut self, within: &Arc<str>) {
        if self.run.state.within != *within {
            self.note(What::Branch { within: Arc::clone(within) });
        }
    }

    /// What these names stand for changed: it is made anew when a step reads it.
    pub(super) fn forget(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.scope.unset(name));
    }

    /// Puts what the step reads into scope.
    pub(super) fn see(&mut self, op: &Op) {
        let (conversation, within) = (self.run.conversation, Arc::clone(&self.run.state.within));
        let sight = Sight { now: self.world.now, facts: self.facts, conversation, run: Some((self.run, &within)) };
        sight.show(names_of(op), &mut self.scope);
    }

    fn wake(&mut self, wake: Wake<'_>) {
        match wake {
            Wake::Start { trigger, event, replays, burst, gate } => {
                let replays = replays.map(|run| ("replays", json!(run)));
                let burst = burst.then(|| ("event", (*event.seen).clone()));
                let (at, depth) = (event.at, event.depth);
                self.started(trigger, (event.id, at, depth), gate, replays.into_iter().chain(burst));
                self.bound_run();
            }
            Wake::Resume { from, step, state } => {
                self.record(What::Resumed { from, step, at: self.world.now }, json!({ "state": state }));
                self.scope = Scope::new();
                self.bound_run();
            }
            Wake::Call { caused_at, gate } => {
                self.called(caused_at, gate);
                if self.run.state.ended.is_none() {
                    self.bound_run();
                }
            }
            Wake::Due(wait) => {
                if let Some(step) = self.blocked_on(Block::Wait(wait)) {
                    self.note(What::Fired { step, wait, at: Some(self.world.now) });
                }
                self.out.closed.push((wait, WaitState::Fired));
            }
            Wake::Attended(wait, output) => {
                if let Some(step) = self.blocked_on(Block::Wait(wait)) {
                    self.record(What::Attended { step, wait, at: self.world.now }, output);
                }
                self.out.closed.push((wait, WaitState::Answered));
            }
            Wake::Answered(wait, event) => self.answer(wait, event),
            Wake::Returned { run, status, vars } => self.returned(run, status, vars),
            Wake::Settled { n, attempts, verdict } => {
                let step = self.blocked_on(Block::Effect(n));
                self.attempted(n, attempts);
                self.settle(n, step, verdict);
            }
            Wake::Parked { n, why, attempts } => {
                self.blocked_on(Block::Effect(n));
                self.attempted(n, attempts);
                let words = attempts.last().and_then(|last| last.problem.as_ref()).map(|problem| &problem.message);
                self.record(What::Parked { n, why: why.into() }, json!({ "message": words }));
            }
            Wake::Retry { n, row, input } => {
                self.blocked_on(Block::Effect(n));
                self.retry(n, row, input);
            }
            Wake::Overdue(wait) => self.overdue(wait),
            Wake::Move { to, state } => self.go_on_in(to, &state),
            Wake::Stay { to, why } => self.note(What::Stayed { to, why: why.code().into() }),
            Wake::Stop => {
                let reason = "another version was published, and runs that wait here then stop";
                self.cancel(json!({ "reason": reason }));
            }
            Wake::Admitted { .. } => {}
            Wake::Refused { why } => {
                self.record(What::Ended { status: RunStatus::Cancelled }, json!({ "reason": why }));
            }
            // One that ends anyway is left to clean up.
            Wake::Replaced if self.run.state.finishing.is_some() => {}
            Wake::Replaced => self.cancel(json!({ "reason": "a newer run took its place" })),
            Wake::Cancel => self.cancel(Value::Null),
            Wake::Kill => self.note(What::Ended { status: RunStatus::Cancelled }),
        }
    }

    /// The state of a called run tells how it began; the entry repeats it, so that the journal does too.
    fn called(&mut self, at: At, gate: Result<Option<Keyed>, Failure>) {
        let state = &self.run.state;
        let data = [("event", json!(*state.event)), ("caller", json!(state.caller)), ("callers", json!(state.callers))];
        let cause = (self.run.event, at, state.depth);
        let (gate, failure) = gate.map_or_else(|failure| (None, Some(failure)), |gate| (gate, None));
        self.started(crate::event::FLOW_CALLED.into(), cause, gate, data);
        if let Some(failure) = failure {
            self.fail(&failure);
            self.note(What::Ended { status: RunStatus::Failed });
        }
    }

    fn started(
        &mut self,
        trigger: Arc<str>,
        (event, at, depth): (EventId, At, u8),
        gate: Option<Keyed>,
        data: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        let (gate, key) = gate.map_or((None, None), |keyed| (Some(keyed.gate), Some(("key", keyed.key))));
        let data: Map<String, Value> =
            data.into_iter().chain(key).map(|(name, value)| (name.to_owned(), value)).collect();
        let data = if data.is_empty() { Value::Null } else { Value::Object(data) };
        self.record(What::Started { trigger, event, at, depth, gate }, data);
    }

    /// Ends the run; one that has done nothing yet has nothing to clean up.
    fn cancel(&mut self, reason: Value) {
        if self.run.state.queued && self.run.state.visits == 0 {
            return self.record(What::Ended { status: RunStatus::Cancelled }, reason);
        }
        self.finish(RunStatus::Cancelled, reason);
    }

    pub(super) fn answer(&mut self, wait: WaitId, event: &Event) {
        if let Some(step) = self.blocked_on(Block::Wait(wait)) {
            self.out.closed.push((wait, WaitState::Answered));
            self.record(What::Answered { step, wait, event: event.id, at: event.at }, (*event.seen).clone());
        }
    }

    fn returned(&mut self, run: RunId, status: RunStatus, vars: Value) {
        let Some(step) = self.blocked_on(Block::Child(run)) else { return };
        if status == RunStatus::Done {
            return self.record(What::Returned { step, run, status }, vars);
        }
        let word = if status == RunStatus::Failed { "failed" } else { "was cancelled" };
        self.fail(&Failure::new("flow_failed", format!("the flow that this step called {word}: {run}")));
    }

    fn attempted(&mut self, n: i64, attempts: &[Attempt]) {
        for attempt in attempts {
            let Entry { what, data } = attempt.entry(n);
            self.record(what, data);
        }
    }

    /// The path of the step that stands blocked on `block`; what follows is about its branch.
    fn blocked_on(&mut self, block: Block) -> Option<Arc<str>> {
        let cursor = self.run.state.cursors.iter().find(|cursor| cursor.block == block)?;
        let (at, within) = (cursor.at, Arc::clone(&cursor.within));
        self.go_to(&within);
        self.run.version.program.step(at).map(|step| Arc::clone(&step.path))
    }

    /// Takes steps; or, without a place at its gate, waits for its turn if there are steps to take.
    fn go_on(&mut self) {
        let state = &self.run.state;
        if !self.world.held_back {
            if state.queued && state.ended.is_none() {
                self.note(What::Admitted);
            }
            return self.interpret();
        }
        let program = &self.run.version.program;
        let ready = state.ended.is_none() && state.cursors.iter().any(|cursor| cursor.is_ready(program));
        if ready && !state.queued {
            self.note(What::Queued);
        }
    }

    fn interpret(&mut self) {
        let version = Arc::clone(&self.run.version);
        for _ in 0..MAX_STEPS {
            if self.run.state.ended.is_some() {
                return;
            }
            let ready = self.run.state.cursors.iter().find(|cursor| cursor.is_ready(&version.program));
            let Some(within) = ready.map(|cursor| Arc::clone(&cursor.within)) else { return };
            if self.run.state.visits >= MAX_VISITS || self.run.turns >= MAX_TURNS {
                return self.too_long();
            }
            if self.out.effects.len() >= MAX_CALLS {
                break;
            }
            self.go_to(&within);
            self.advance(&version);
        }
        if self.run.state.ended.is_none() {
            self.rest();
        }
    }

    /// The rest of a long turn comes behind what else waits in the mailbox.
    fn rest(&mut self) {
        let id = WaitId(self.world.ids.next(self.world.now));
        self.out.waits.push(self.wait_row(id, WaitKind::Continue, self.world.now));
    }

    /// Ends a run whose steps never end.
    fn too_long(&mut self) {
        let step = self.here().map_or_else(|| "".into(), |step| Arc::clone(&step.path));
        let message = format!("a run takes at most {MAX_VISITS} steps and {MAX_TURNS} turns: it would go on for ever");
        self.record(What::Failed { step, code: "run_too_long".into(), at: None }, json!({ "message": message }));
        self.note(What::Ended { status: RunStatus::Failed });
    }

    /// The step the current cursor stands at.
    fn here(&self) -> Option<&Step> {
        self.run.state.step(&self.run.version.program)
    }

    /// One step of the current cursor.
    fn advance(&mut self, version: &Version) {
        let Some(cursor) = self.run.state.cursor() else { return };
        if let Some(next) = cursor.next_branch(&version.program) {
            return self.next_branch(version, next);
        }
        let Some(step) = version.program.step(cursor.at) else { return self.end_of_way() };
        self.bound_steps(version);
        self.see(&step.op);
        if let Err(failure) = self.visit(version, step) {
            self.fail(&failure);
        }
    }

    /// Past the last step: of a branch, of the clean-up, of the error branch, of the flow.
    fn end_of_way(&mut self) {
        let state = &self.run.state;
        if !state.within.is_empty() {
            return self.leave_branch();
        }
        match (state.finishing, state.in_error_branch) {
            (Some(status), _) => self.note(What::Ended { status }),
            (None, true) => self.finish(RunStatus::Failed, Value::Null),
            (None, false) => self.finish(RunStatus::Done, Value::Null),
        }
    }

    /// Ends the run, after its clean-up if it has one.
    pub(super) fn finish(&mut self, status: RunStatus, reason: Value) {
        if self.run.version.program.finally.is_none() || self.run.state.finishing.is_some() {
            return self.record(What::Ended { status }, reason);
        }
        self.give_up(&Leaves::All, "");
        self.record(What::Finishing { status }, reason);
    }

    pub(super) fn fail(&mut self, failure: &Failure) {
        let step = self.here().map_or_else(|| "".into(), |step| Arc::clone(&step.path));
        let target = failure::target(&self.run.state, &self.run.version.program);
        self.give_up(&target.leaves, &target.within);
        self.record(
            What::Failed { step, code: failure.code.as_str().into(), at: Some(self.world.now) },
            json!({ "message": failure.message }),
        );
    }

    /// What cursors that will be gone wait for is no longer wanted.
    pub(super) fn give_up(&mut self, leaves: &Leaves, within: &str) {
        let current = Arc::clone(&self.run.state.within);
        // The cursor that goes on elsewhere wants nothing either, unless it stands where the branches were opened.
        let gone = |cursor: &&Cursor| {
            leaves.holds(cursor, within)
                || cursor.within == current
                || cursor.within.is_empty() && *leaves == Leaves::All
        };
        let blocks: Vec<Block> = self.run.state.cursors.iter().filter(gone).map(|cursor| cursor.block).collect();
        for block in blocks {
            match block {
                Block::Effect(n) => {
                    self.out.effects.retain(|effect| effect.n != n);
                    self.out.withdrawn.push(n);
                }
                Block::Wait(wait) => {
                    self.out.waits.retain(|armed| armed.id != wait);
                    self.out.closed.push((wait, WaitState::Cancelled));
                }
                Block::Child(run) => {
                    self.out.calls.retain(|call| call.run != run);
                    self.out.cancelled.push(run);
                }
                Block::Free | Block::Branches => {}
            }
        }
    }

    pub(super) fn wait_row(&self, id: WaitId, kind: WaitKind, due_at: At) -> WaitRow {
        WaitRow {
            id,
            shard: self.run.mailbox.shard(),
            mailbox: self.run.mailbox,
            run_id: Some(self.run.id),
            cursor: 0,
            kind,
            state: WaitState::Armed,
            on_kind: None,
            key: None,
            since: EventId(0),
            due_at,
            data: Vec::new(),
        }
    }

    /// The scope of the `match` of `wait`, in which `run` stands on the branch `within`.
    pub(crate) fn scope_of(run: &Run, within: &str, mail: &Mailbox, now: At, wait: &WaitFor) -> Scope {
        let sight = Sight { now, facts: &mail.facts, conversation: run.conversation, run: Some((run, within)) };
        let mut scope = Scope::new();
        sight.show(wait.matching.iter().flat_map(Script::names), &mut scope);
        scope
    }
}
