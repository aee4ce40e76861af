//! How each entry changes a state: the one place where runs move.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::cursor::{self, Block, Cursor, Item, Open};
use super::failure::{self, DEADLINE, Leaves, Target};
use super::state::{Deadline, Tried};
use super::{Entry, State, What};
use crate::clock::At;
use crate::flow::{Op, Program, Step, StepIx, Version};
use crate::ids::{RunId, WaitId};
use crate::store::RunStatus;

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
    pub(super) fn drop_deadlines(&mut self, program: &Program) {
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

    fn decide(&mut self, program: &Program, holds: bool) {
        let Some(step) = self.step(program) else { return };
        match &step.op {
            Op::If { then, otherwise, .. } => self.go(program, |_, _| if holds { *then } else { *otherwise }),
            Op::Until { repeat, .. } if holds => self.leave_repeat(program, *repeat, true),
            Op::Until { repeat, .. } => self.next_round(program, *repeat),
            _ => self.go(program, |_, next| next),
        }
    }

    fn again(&mut self, program: &Program) {
        let Some(step) = self.step(program) else { return };
        match &step.op {
            Op::Again { repeat } => self.next_round(program, *repeat),
            Op::Check(check) => {
                let Some(asked) = program.step(Some(check.asked)) else { return };
                self.here(|cursor| *cursor.rounds.entry(Arc::clone(&asked.path)).or_default() += 1);
                self.go(program, |_, _| Some(check.again));
            }
            _ => {}
        }
    }

    /// Into the next round of a `repeat`, or out of it when its bound is reached.
    fn next_round(&mut self, program: &Program, repeat: StepIx) {
        let Some(Step { op: Op::Repeat { max, .. }, path, .. }) = program.step(Some(repeat)) else { return };
        let begun = self.cursor().and_then(|cursor| cursor.rounds.get(path)).copied().unwrap_or_default();
        if begun < *max {
            self.go(program, |_, _| Some(repeat));
        } else {
            self.leave_repeat(program, repeat, false);
        }
    }

    fn leave_repeat(&mut self, program: &Program, repeat: StepIx, done: bool) {
        let Some(step) = program.step(Some(repeat)) else { return };
        let mut rounds = 0;
        self.here(|cursor| {
            rounds = cursor.rounds.remove(&step.path).unwrap_or_default();
            cursor.at = Some(repeat);
        });
        self.keep(program, json!({ "rounds": rounds, "done": done }));
        self.go(program, |_, next| next);
    }

    /// An `ask` that nobody answered begins anew when the run comes to it again.
    fn forget_question(&mut self, program: &Program) {
        let part_of = self.step(program).and_then(|step| program.step(step.parent));
        if let Some(Step { op: Op::Do(_), path, .. }) = part_of {
            self.here(|cursor| {
                cursor.rounds.remove(path);
            });
        }
    }

    fn accept(&mut self, program: &Program, data: &Value) {
        let Some(Step { op: Op::Check(check), .. }) = self.step(program) else { return };
        if let Some(asked) = program.step(Some(check.asked)) {
            self.here(|cursor| {
                cursor.rounds.remove(&asked.path);
            });
        }
        self.here(|cursor| cursor.at = Some(check.asked));
        self.assign(&data["set"]);
        self.keep(program, data["answer"].clone());
        self.go(program, |_, _| check.then);
    }

    fn assign(&mut self, values: &Value) {
        if let Value::Object(values) = values {
            self.vars.extend(values.clone());
        }
    }

    fn open(&mut self, count: u32, data: &Value) {
        let items = data.as_array().cloned().unwrap_or_default();
        let results = vec![Value::Null; items.len()];
        self.visits += 1;
        self.here(|cursor| {
            cursor.block = Block::Branches;
            cursor.open = Some(Box::new(Open { count, begun: 0, ended: 0, items, results }));
        });
    }

    fn enter(&mut self, program: &Program, index: u32) {
        let within = Arc::clone(&self.within);
        let Some(cursor) = self.cursor_at(&within) else { return };
        let Some(step) = program.step(cursor.at) else { return };
        let Some(open) = &mut cursor.open else { return };
        open.begun += 1;
        let (name, at, item) = match &step.op {
            Op::ForEach(each) => {
                let value = open.items.get(index as usize).cloned().unwrap_or_default();
                let item = Item { index, name: Arc::clone(&each.name), value, steps: Map::new() };
                (index.to_string(), each.body, Some(Box::new(item)))
            }
            Op::Parallel { branches, .. } => {
                let Some((name, entry)) = branches.get(index as usize) else { return };
                (name.to_string(), *entry, None)
            }
            _ => return,
        };
        let (called_at, heard) = (cursor.called_at, cursor.heard);
        let within = cursor::inner(&within, &step.path, &name);
        self.cursors.push(Cursor { within, item, called_at, heard, ..Cursor::starting_at(at) });
    }

    /// The branch ends: what an item's steps gave is kept by the step that opened it.
    fn leave(&mut self) {
        let Some(place) = self.cursors.iter().position(|cursor| cursor.within == self.within) else { return };
        let left = self.cursors.remove(place);
        let Some(opener) = self.cursor_at(cursor::outer(&left.within)) else { return };
        opener.heard = opener.heard.max(left.heard);
        opener.called_at = opener.called_at.max(left.called_at);
        let Some(open) = &mut opener.open else { return };
        open.ended += 1;
        if let Some(item) = left.item
            && let Some(result) = open.results.get_mut(item.index as usize)
        {
            *result = Value::Object(item.steps);
        }
    }

    fn close(&mut self, program: &Program, path: &str) {
        let within = Arc::clone(&self.within);
        self.cursors.retain(|cursor| !cursor.is_below(&within, path));
        self.forget_parked();
        let open = self.cursor_at(&within).and_then(|cursor| cursor.open.take());
        let Some(open) = open else { return };
        if !matches!(self.step(program).map(|step| &step.op), Some(Op::Parallel { .. })) {
            self.keep(program, Value::Array(open.results));
        }
        self.go(program, |_, next| next);
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

    /// A step failed: the handler that catches it takes over, and the branches it leaves behind are gone.
    fn fail(&mut self, program: &Program, code: &str, data: &Value) {
        self.visits += 1;
        let step = self.step(program);
        let block = self.cursor().map_or(Block::Free, |cursor| cursor.block);
        if let Block::Effect(n) = block {
            self.parked.retain(|parked| *parked != n);
        }
        let call = step.and_then(|step| match &step.op {
            Op::Do(call) => Some(call),
            _ => None,
        });
        let tried = self.tried.as_ref().filter(|tried| block == Block::Effect(tried.n));
        self.error = json!({
            "code": code,
            "message": data.get("message").cloned().unwrap_or_default(),
            "step": step.map(|step| &*step.path),
            "action": call.map_or("", |call| &*call.action),
            "connection": call.and_then(|call| call.connection.as_deref()).unwrap_or_default(),
            "verdict": tried.map_or("", |tried| &*tried.verdict),
            "status": tried.and_then(|tried| tried.status),
            "attempts": tried.map_or(0, |tried| tried.attempts),
        });
        let target = failure::target(self, program);
        self.hand_over(&target);
    }

    /// A deadline of the step at `path`, or of the run, passed.
    fn overdue(&mut self, program: &Program, path: &str, wait: WaitId, data: &Value) {
        self.visits += 1;
        self.deadlines.retain(|deadline| deadline.wait != wait);
        self.error = json!({
            "code": DEADLINE, "message": data.get("message").cloned().unwrap_or_default(), "step": path,
            "action": "", "connection": "", "verdict": "", "status": null, "attempts": 0,
        });
        let target = failure::overdue(self, program, path);
        self.hand_over(&target);
    }

    fn hand_over(&mut self, target: &Target) {
        self.in_error_branch |= target.of_flow;
        if self.finishing.is_some() {
            self.finishing = Some(RunStatus::Failed);
        }
        self.leave_for(&target.within, &target.leaves, target.at);
        self.here(|cursor| cursor.rounds.retain(|path, _| !target.out_of.contains(path)));
    }

    fn finish(&mut self, program: &Program, status: RunStatus) {
        self.finishing = Some(status);
        self.leave_for("", &Leaves::All, program.finally);
    }

    /// Goes to `at` on the branch `within`, while other branches end.
    fn leave_for(&mut self, within: &str, leaves: &Leaves, at: Option<StepIx>) {
        self.cursors.retain(|cursor| !leaves.holds(cursor, within));
        self.within = within.into();
        self.here(|cursor| cursor.go(at));
        self.forget_parked();
    }

    /// Of calls that need attention, those nobody waits for any more no longer do.
    fn forget_parked(&mut self) {
        let cursors = &self.cursors;
        self.parked.retain(|n| cursors.iter().any(|cursor| cursor.block == Block::Effect(*n)));
    }
}
