//! How each entry changes a state: the one place where runs move.

mod branches;
mod failing;
mod ways;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::cursor::{self, Block, Cursor};
use super::state::{Deadline, Tried};
use super::{Entry, State, What};
use crate::clock::At;
use crate::flow::{Op, Program, StepIx, Version};
use crate::ids::RunId;

impl State {
    /// Takes one entry of a run on `version`.
    pub fn apply(&mut self, version: &Version, entry: &Entry) {
        let program = &version.program;
        match &entry.what {
            What::Started { at, depth, gate, .. } => {
                self.depth = *depth;
                self.gate = *gate;
                self.start(program, *at, &entry.data);
            }
            What::Resumed { at, .. } => {
                *self = State::deserialize(&entry.data["state"]).unwrap_or_default();
                self.caused_at = *at;
            }
            What::Queued => self.queued = true,
            What::Admitted => self.queued = false,
            What::Branch { within } => self.within = Arc::clone(within),
            What::Finishing { status } => self.finish(program, *status),
            What::Ended { status } => self.ended = Some(*status),
            What::Failed { code, at, .. } => {
                self.caused_at = at.unwrap_or(self.caused_at);
                self.fail(program, code, &entry.data);
            }
            What::Assigned { .. } => {
                self.assign(&entry.data);
                self.go(program, |_, next| next);
            }
            What::Computed { .. } => {
                self.keep(program, entry.data["value"].clone());
                self.go(program, |_, next| next);
            }
            What::Acted { .. } => {
                self.edited = None;
                self.keep(program, entry.data.get("output").cloned().unwrap_or_default());
                self.go(program, |_, next| next);
            }
            What::Replied { .. } => self.go(program, |_, next| next),
            What::Moved { .. } => *self = State::deserialize(&entry.data["state"]).unwrap_or_default(),
            What::Stayed { to, .. } => self.stayed = Some(*to),
            _ => {
                self.take_way(program, entry);
                self.take_call(program, entry);
                self.take_wait(program, entry);
            }
        }
        self.drop_deadlines(program);
    }

    /// Entries about which way a run goes.
    fn take_way(&mut self, program: &Program, entry: &Entry) {
        match &entry.what {
            What::Decided { holds, .. } => self.decide(program, *holds),
            What::Chosen { case, .. } => self.go(program, |op, next| match op {
                Op::Switch { cases, default, .. } => match case {
                    Some(case) => cases.iter().find(|(name, _)| name == case).and_then(|(_, entry)| *entry),
                    None => *default,
                },
                _ => next,
            }),
            What::Opened { count, .. } => self.open(*count, &entry.data),
            What::Entered { index, .. } => self.enter(program, *index),
            What::Left => self.leave(),
            What::Closed { step } => self.close(program, step),
            What::Round { step, round } => {
                self.here(|cursor| {
                    cursor.rounds.insert(Arc::clone(step), *round);
                });
                self.go(program, |op, next| if let Op::Repeat { body, .. } = op { *body } else { next });
            }
            What::Again { .. } => self.again(program),
            _ => {}
        }
    }

    /// Entries about calls of services and of flows.
    fn take_call(&mut self, program: &Program, entry: &Entry) {
        match &entry.what {
            What::Planned { step, n, .. } => {
                self.edited = None;
                self.effects = self.effects.max(*n);
                self.block_at(program, step, Block::Effect(*n));
            }
            What::Attempted { n, attempt, at, verdict, status, .. } => {
                if self.tried.as_ref().is_none_or(|tried| tried.n != *n) {
                    self.here(|cursor| cursor.called_at = Some(*at));
                }
                self.tried = Some(Tried { n: *n, attempts: *attempt, verdict: Arc::clone(verdict), status: *status });
            }
            What::Finished { n, .. } => {
                self.parked.retain(|parked| parked != n);
                self.keep(program, entry.data.clone());
                self.go(program, |_, next| next);
            }
            What::Parked { n, .. } => self.parked.push(*n),
            What::Told { n, .. } | What::Resolved { n, .. } => self.parked.retain(|parked| parked != n),
            What::Called { run, wait: true, .. } => self.here(|cursor| cursor.block = Block::Child(*run)),
            What::Called { run, .. } => {
                self.keep(program, json!({ "run": run }));
                self.go(program, |_, next| next);
            }
            What::Returned { run, status, .. } => {
                self.keep(program, json!({ "run": run, "status": status, "vars": entry.data }));
                self.go(program, |_, next| next);
            }
            _ => {}
        }
    }

    /// Entries about waits and their answers.
    fn take_wait(&mut self, program: &Program, entry: &Entry) {
        match &entry.what {
            What::Waited { step, wait, .. } => self.block_at(program, step, Block::Wait(*wait)),
            What::Attended { at, .. } => {
                self.edited = None;
                self.caused_at = *at;
                self.keep(program, entry.data.clone());
                self.go(program, |_, next| next);
            }
            What::Fired { at, .. } => {
                self.caused_at = at.unwrap_or(self.caused_at);
                self.forget_question(program);
                self.go(program, |op, next| match op {
                    Op::WaitFor(wait) => wait.on_timeout,
                    _ => next,
                });
            }
            What::Answered { event, at, .. } => {
                self.caused_at = *at;
                self.here(|cursor| cursor.heard = cursor.heard.max(*event));
                self.keep(program, entry.data.clone());
                self.go(program, |op, next| match op {
                    Op::WaitFor(wait) => wait.then,
                    _ => next,
                });
            }
            What::Accepted { .. } => self.accept(program, &entry.data),
            What::Bounded { step, wait, .. } => {
                let (step, within, wait) = (Arc::clone(step), Arc::clone(&self.within), *wait);
                self.deadlines.push(Deadline { step, within, wait });
            }
            What::Overdue { step, wait, at } => {
                self.caused_at = *at;
                self.overdue(program, step, *wait, &entry.data);
            }
            _ => {}
        }
    }

    /// A deadline of what is left, or over, runs no more.
    pub(in crate::run) fn drop_deadlines(&mut self, program: &Program) {
        let over = self.ended.is_some();
        let (cursors, finishing) = (&self.cursors, self.finishing.is_some());
        self.deadlines.retain(|deadline| {
            if deadline.step.is_empty() || over {
                return !(finishing || over);
            }
            let cursor = cursors.iter().find(|cursor| cursor.within == deadline.within);
            cursor.is_some_and(|cursor| program.stands_in(cursor.at, &deadline.step))
        });
    }

    fn start(&mut self, program: &Program, at: At, data: &Value) {
        self.caused_at = at;
        self.cursors = vec![Cursor::starting_at(program.entry)];
        // A run that another flow called, or that a burst started, carries its event along: it is stored nowhere else.
        if let Some(event) = data.get("event") {
            self.event = Arc::new(event.clone());
            self.caller = data.get("caller").and_then(|caller| RunId::deserialize(caller).ok());
            self.callers = data.get("callers").and_then(|all| Vec::deserialize(all).ok()).unwrap_or_default();
        }
    }

    /// Moves the cursor on from its step, to where `to` says (given the step's operation and its next step).
    fn go(&mut self, program: &Program, to: impl FnOnce(&Op, Option<StepIx>) -> Option<StepIx>) {
        self.visits += 1;
        self.here(|cursor| {
            if let Some(step) = program.step(cursor.at) {
                cursor.go(to(&step.op, step.next));
            }
        });
    }

    fn assign(&mut self, values: &Value) {
        if let Value::Object(values) = values {
            self.vars.extend(values.clone());
        }
    }

    /// Keeps the output of the cursor's step if it has an id: with the item it belongs to, else with the run.
    fn keep(&mut self, program: &Program, output: Value) {
        let Some(id) = self.step(program).and_then(|step| step.id.as_ref()) else { return };
        let mut within: &str = &Arc::clone(&self.within);
        loop {
            let cursor = self.cursors.iter_mut().find(|cursor| &*cursor.within == within);
            if let Some(item) = cursor.and_then(|cursor| cursor.item.as_mut()) {
                item.steps.insert(id.to_string(), output);
                return;
            }
            if within.is_empty() {
                break;
            }
            within = cursor::outer(within);
        }
        self.steps.insert(id.to_string(), output);
    }

    fn block_at(&mut self, program: &Program, path: &str, block: Block) {
        // A notification is planned beside the step that stands there, and nobody waits for it.
        if self.step(program).is_some_and(|step| &*step.path == path) {
            self.here(|cursor| cursor.block = block);
        }
    }
}
