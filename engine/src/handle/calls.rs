//! Flows that call flows: the called run lives in the caller's mailbox, and its end wakes the caller.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Handling;
use crate::clock::At;
use crate::event::{self, Event};
use crate::ids::RunId;
use crate::letter::Letter;
use crate::run::{Block, Failure, FlowCall, Run, State, Wake};
use crate::store::{EffectOp, RunStatus};

/// What a turn leads to in another run. A list, not a call: flows that call each other in loops must not pile up.
pub(super) enum Next {
    /// Begins a run that another called: built at once, for a caller that does not wait may be over by then.
    Call {
        /// The called run.
        run: Box<Run>,
        /// When the event at the root of both happened.
        caused_at: At,
    },
    /// A called run is over.
    Return {
        /// The caller's run.
        caller: RunId,
        /// The called run.
        run: RunId,
        /// How it ended.
        status: RunStatus,
        /// Its variables.
        vars: Value,
    },
    /// A called run is no longer wanted.
    Cancel(RunId),
    /// An event that the input caused.
    Happened(Box<Event>),
    /// A letter to this mailbox itself.
    Letter(Box<Letter>),
}

impl Handling<'_> {
    /// Carries out what the turns so far lead to, until nothing is left.
    pub(super) fn carry_on(&mut self) {
        while let Some(next) = self.next.pop_front() {
            match next {
                Next::Call { run, caused_at } => self.begin(*run, caused_at),
                Next::Return { caller, run, status, vars } => {
                    self.wake(caller, Wake::Returned { run, status, vars });
                }
                Next::Cancel(run) => self.wake(run, Wake::Cancel),
                Next::Happened(event) => self.happened(*event),
                Next::Letter(letter) => self.letter(*letter),
            }
        }
    }

    /// Begins a called run, unless the caller that was to wait for it is over.
    fn begin(&mut self, mut run: Run, caused_at: At) {
        if run.state.caller.is_none_or(|caller| self.mail.runs.contains_key(&caller)) {
            let gate = self.counted_at(&run.version, &run.state.event, run.conversation);
            let gate = gate.map_err(|error| Failure::new("key_failed", error.message));
            run.state.gate = gate.as_ref().ok().and_then(Option::as_ref).map(|keyed| keyed.gate);
            self.give_turn(run, Wake::Call { caused_at, gate });
        }
    }

    /// The run that `caller` calls.
    pub(super) fn called(&self, caller: &Run, call: FlowCall) -> Option<Next> {
        let FlowCall { run: id, flow, with, wait } = call;
        let version = Arc::clone(self.book.callable.get(&flow)?);
        let mut event = (*caller.state.event).clone();
        if let Value::Object(fields) = &mut event {
            fields.retain(|name, _| ["id", "at", "connection", "origin"].contains(&name.as_str()));
            let (flow, run) = (&*caller.version.flow, caller.id);
            fields.extend([
                ("type".to_owned(), event::FLOW_CALLED.into()),
                ("input".to_owned(), with),
                ("caller".to_owned(), flow.into()),
                ("caller_run".to_owned(), json!(run)),
            ]);
        }
        if version.limits.debounce.is_some() {
            super::burst::alone(&mut event);
        }
        let callers = caller.state.callers.iter().chain([&caller.version.flow]).cloned().collect();
        let (caller_id, depth) = (wait.then_some(caller.id), caller.state.depth);
        let run = Run {
            id,
            version,
            mailbox: self.mail.id,
            contact: caller.contact,
            conversation: caller.conversation,
            event: caller.event,
            state: State { caller: caller_id, callers, depth, ..State::new(event) },
            turns: 0,
            started_at: self.now,
        };
        Some(Next::Call { run: Box::new(run), caused_at: caller.state.caused_at })
    }

    /// A run is over: the one that waits for it goes on, those it waits for end.
    pub(super) fn tell_caller(&mut self, run: &Run, status: RunStatus) {
        if let Some(caller) = run.state.caller {
            let vars = Value::Object(run.state.vars.clone());
            self.next.push_back(Next::Return { caller, run: run.id, status, vars });
        }
        for cursor in &run.state.cursors {
            if let Block::Child(child) = cursor.block {
                self.next.push_back(Next::Cancel(child));
            }
        }
    }

    /// A call that its run no longer wants: withdrawn if it is not under way; what is settles later and is noted.
    pub(super) fn withdraw_call(&mut self, run: RunId, n: i64) {
        let found = self.mail.effects.values().find(|effect| (effect.run_id, effect.n) == (run, n));
        if let Some(id) = found.map(|effect| effect.id) {
            self.mail.effects.remove(&id);
            self.work.effects.push(EffectOp::Withdraw(id));
        }
    }
}
