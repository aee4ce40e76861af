//! Deadlines of runs and steps: rows like every wait, armed when what they bound begins, closed when it is over.
//!
//! A call has its own (`expires`), and so has a wait (`timeout`): these are for what holds other steps, and for the whole run.

use std::sync::Arc;

use serde_json::json;

use super::What;
use super::failure;
use super::turn::Turn;
use crate::duration;
use crate::flow::{Op, Version};
use crate::ids::WaitId;
use crate::store::{WaitKind, WaitRow, WaitState};

impl Turn<'_> {
    /// The run begins: so does its deadline, if it has one.
    pub(super) fn bound_run(&mut self) {
        if let Some(span) = self.run.version.program.deadline {
            self.go_to(&"".into());
            self.bound("".into(), span);
        }
    }

    /// Arms the deadlines of the step that the cursor comes to, and of those around it on its branch, that do not run yet.
    pub(super) fn bound_steps(&mut self, version: &Version) {
        if !version.program.bounded {
            return;
        }
        let state = &self.run.state;
        let mut found = Vec::new();
        let mut at = state.cursor().and_then(|cursor| cursor.at);
        while let Some(step) = version.program.step(at) {
            let runs = |path: &str| state.deadlines.iter().any(|one| *one.step == *path && one.within == state.within);
            found.extend(step.deadline.filter(|_| !runs(&step.path)).map(|span| (Arc::clone(&step.path), span)));
            at = step.parent;
            if version.program.step(at).is_some_and(|step| matches!(step.op, Op::ForEach(_) | Op::Parallel { .. })) {
                // That one is bounded on the branch that opened this one.
                break;
            }
        }
        for (path, span) in found {
            self.bound(path, span);
        }
    }

    fn bound(&mut self, step: Arc<str>, span: std::time::Duration) {
        let wait = WaitId(self.world.ids.next(self.world.now));
        let until = self.world.now.plus(span);
        let cursor = if step.is_empty() { 0 } else { self.run.state.cursor().map_or(0, super::Cursor::stored_at) };
        self.out.waits.push(WaitRow { cursor, ..self.wait_row(wait, WaitKind::Deadline, until) });
        self.note(What::Bounded { step, wait, until });
    }

    /// Of the deadlines that ran `before`, those that run no more are closed.
    pub(super) fn unbind(&mut self, before: Vec<WaitId>) {
        for wait in before {
            let runs = self.run.state.deadlines.iter().any(|deadline| deadline.wait == wait);
            if !runs && !self.out.closed.iter().any(|(closed, _)| *closed == wait) {
                let armed = self.out.waits.len();
                self.out.waits.retain(|row| row.id != wait);
                if self.out.waits.len() == armed {
                    self.out.closed.push((wait, WaitState::Cancelled));
                }
            }
        }
    }

    /// A deadline passed: what it bounds fails, unless it was over before.
    pub(super) fn overdue(&mut self, wait: WaitId) {
        self.out.closed.push((wait, WaitState::Fired));
        let Some(deadline) = self.run.state.deadlines.iter().find(|one| one.wait == wait).cloned() else { return };
        let version = Arc::clone(&self.run.version);
        let program = &version.program;
        self.go_to(&deadline.within);
        let target = failure::overdue(&self.run.state, program, &deadline.step);
        self.give_up(&target.leaves, &target.within);
        let step = program.steps.iter().find(|step| step.path == deadline.step);
        let (what, span) = match step {
            Some(step) => ("this step was", step.deadline),
            None => ("the run was", program.deadline),
        };
        let within = span.map(|span| format!(" within {}", duration::format(span))).unwrap_or_default();
        let message = format!("{what} not over{within}");
        let overdue = What::Overdue { step: deadline.step, wait, at: self.world.now };
        self.record(overdue, json!({ "message": message }));
    }
}
