//! Ways out: how a run ends or fails, and what it then no longer waits for.

use std::sync::Arc;

use serde_json::{Value, json};

use super::failure::{self, Leaves};
use super::turn::{MAX_TURNS, MAX_VISITS, Turn};
use super::value::Failure;
use super::{Block, Cursor, What};
use crate::store::{RunStatus, WaitState};

impl Turn<'_> {
    /// Past the last step: of a branch, of the clean-up, of the error branch, of the flow.
    pub(super) fn end_of_way(&mut self) {
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

    /// Ends the run; one that has done nothing yet has nothing to clean up.
    pub(super) fn cancel(&mut self, reason: Value) {
        if self.run.state.queued && self.run.state.visits == 0 {
            return self.record(What::Ended { status: RunStatus::Cancelled }, reason);
        }
        self.finish(RunStatus::Cancelled, reason);
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

    /// Ends a run whose steps never end.
    pub(super) fn too_long(&mut self) {
        let step = self.here().map_or_else(|| "".into(), |step| Arc::clone(&step.path));
        let message = format!("a run takes at most {MAX_VISITS} steps and {MAX_TURNS} turns: it would go on for ever");
        self.record(What::Failed { step, code: "run_too_long".into(), at: None }, json!({ "message": message }));
        self.note(What::Ended { status: RunStatus::Failed });
    }
}
