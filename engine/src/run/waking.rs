//! The beginning of a turn: the entries that say why the run got it. What follows from them is in [`super::turn()`].

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::turn::Turn;
use super::value::Failure;
use super::wake::Wake;
use super::{Attempt, Block, Entry, Keyed, What};
use crate::clock::At;
use crate::event::Event;
use crate::expr::Scope;
use crate::ids::{EventId, RunId, WaitId};
use crate::store::{RunStatus, WaitState};

/// Why a run ends whose flow was published anew with `on_publish: stop`.
const REPUBLISHED: &str = "another version was published, and runs that wait here then stop";
/// Why a run ends whose gate lets only the newest go on.
const REPLACED: &str = "a newer run took its place";

impl Turn<'_> {
    /// Notes why the run has a turn.
    pub(super) fn wake(&mut self, wake: Wake<'_>) {
        match wake {
            Wake::Start { trigger, event, replays, burst, gate } => {
                let replays = replays.map(|run| ("replays", json!(run)));
                let burst = burst.then(|| ("event", (*event.seen).clone()));
                let (at, depth) = (event.at, event.depth);
                self.started(trigger, (event.id, at, depth), gate, replays.into_iter().chain(burst));
                self.bound_run();
            }
            Wake::Resume { from, step, state } => self.resumed(from, step, &state),
            Wake::Call { caused_at, gate } => self.called(caused_at, gate),
            Wake::Due(wait) => self.due(wait),
            Wake::Answered(wait, event) => self.answer(wait, event),
            Wake::Attended(wait, output) => self.attended(wait, output),
            Wake::Returned { run, status, vars } => self.returned(run, status, vars),
            Wake::Settled { n, attempts, verdict } => {
                let step = self.blocked_on(Block::Effect(n));
                self.attempted(n, attempts);
                self.settle(n, step, verdict);
            }
            Wake::Parked { n, why, attempts } => self.parked(n, why, attempts),
            Wake::Retry { n, row, input } => {
                self.blocked_on(Block::Effect(n));
                self.retry(n, row, input);
            }
            Wake::Overdue(wait) => self.overdue(wait),
            Wake::Move { to, state } => self.go_on_in(to, &state),
            Wake::Stay { to, why } => self.note(What::Stayed { to, why: why.code().into() }),
            Wake::Admitted { .. } => {}
            Wake::Refused { why } => {
                self.record(What::Ended { status: RunStatus::Cancelled }, json!({ "reason": why }));
            }
            // One that ends anyway is left to clean up.
            Wake::Replaced if self.run.state.finishing.is_some() => {}
            Wake::Replaced => self.cancel(json!({ "reason": REPLACED })),
            Wake::Cancel => self.cancel(Value::Null),
            Wake::Stop => self.cancel(json!({ "reason": REPUBLISHED })),
            Wake::Kill => self.note(What::Ended { status: RunStatus::Cancelled }),
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

    /// The state of a called run tells how it began; the entry repeats it, so that the journal does too.
    fn called(&mut self, at: At, gate: Result<Option<Keyed>, Failure>) {
        let state = &self.run.state;
        let data = [("event", json!(*state.event)), ("caller", json!(state.caller)), ("callers", json!(state.callers))];
        let cause = (self.run.event, at, state.depth);
        let (gate, failure) = gate.map_or_else(|failure| (None, Some(failure)), |gate| (gate, None));
        self.started(crate::event::FLOW_CALLED.into(), cause, gate, data);
        if let Some(failure) = failure {
            self.fail(&failure);
            return self.note(What::Ended { status: RunStatus::Failed });
        }
        self.bound_run();
    }

    fn resumed(&mut self, from: RunId, step: Arc<str>, state: &Value) {
        self.record(What::Resumed { from, step, at: self.world.now }, json!({ "state": state }));
        self.scope = Scope::new();
        self.bound_run();
    }

    fn due(&mut self, wait: WaitId) {
        if let Some(step) = self.blocked_on(Block::Wait(wait)) {
            self.note(What::Fired { step, wait, at: Some(self.world.now) });
        }
        self.out.closed.push((wait, WaitState::Fired));
    }

    fn attended(&mut self, wait: WaitId, output: Value) {
        if let Some(step) = self.blocked_on(Block::Wait(wait)) {
            self.record(What::Attended { step, wait, at: self.world.now }, output);
        }
        self.out.closed.push((wait, WaitState::Answered));
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

    fn parked(&mut self, n: i64, why: &str, attempts: &[Attempt]) {
        self.blocked_on(Block::Effect(n));
        self.attempted(n, attempts);
        let words = attempts.last().and_then(|last| last.problem.as_ref()).map(|problem| &problem.message);
        self.record(What::Parked { n, why: why.into() }, json!({ "message": words }));
    }
}
