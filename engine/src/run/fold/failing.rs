//! Failures, deadlines and the end: the run goes on where they are handled, and what it leaves behind is gone.

use serde_json::{Value, json};

use super::State;
use crate::flow::{Op, Program, StepIx};
use crate::ids::WaitId;
use crate::run::cursor::Block;
use crate::run::failure::{self, DEADLINE, Leaves, Target};
use crate::store::RunStatus;

impl State {
    /// A step failed: the handler that catches it takes over, and the branches it leaves behind are gone.
    pub(super) fn fail(&mut self, program: &Program, code: &str, data: &Value) {
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
    pub(super) fn overdue(&mut self, program: &Program, path: &str, wait: WaitId, data: &Value) {
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

    pub(super) fn finish(&mut self, program: &Program, status: RunStatus) {
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
    pub(super) fn forget_parked(&mut self) {
        let cursors = &self.cursors;
        self.parked.retain(|n| cursors.iter().any(|cursor| cursor.block == Block::Effect(*n)));
    }
}
