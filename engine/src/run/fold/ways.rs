//! Conditions, loops and questions: which way the current cursor goes.

use std::sync::Arc;

use serde_json::{Value, json};

use super::State;
use crate::flow::{Op, Program, Step, StepIx};

impl State {
    pub(super) fn decide(&mut self, program: &Program, holds: bool) {
        let Some(step) = self.step(program) else { return };
        match &step.op {
            Op::If { then, otherwise, .. } => self.go(program, |_, _| if holds { *then } else { *otherwise }),
            Op::Until { repeat, .. } if holds => self.leave_repeat(program, *repeat, true),
            Op::Until { repeat, .. } => self.next_round(program, *repeat),
            _ => self.go(program, |_, next| next),
        }
    }

    pub(super) fn again(&mut self, program: &Program) {
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
    pub(super) fn forget_question(&mut self, program: &Program) {
        let part_of = self.step(program).and_then(|step| program.step(step.parent));
        if let Some(Step { op: Op::Do(_), path, .. }) = part_of {
            self.here(|cursor| {
                cursor.rounds.remove(path);
            });
        }
    }

    pub(super) fn accept(&mut self, program: &Program, data: &Value) {
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
}
