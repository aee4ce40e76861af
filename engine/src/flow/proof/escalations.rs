//! Escalations that promise a time which calls before them may use up.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use super::{Age, Proof};
use crate::capability::human;
use crate::connector::Action;
use crate::duration;
use crate::flow::problem::Problems;
use crate::flow::program::{Do, Expr, Op, Step, StepIx};
use crate::local;
use crate::sentence;

impl Proof<'_> {
    /// An escalation promises a time from our receipt of what caused it: calls before it that are repeated may use it up.
    pub(super) fn late_escalations(&self, problems: &mut Problems) {
        let slow = self.slowest();
        for (ix, step) in self.program.steps.iter().enumerate() {
            let Some(within) = promise(step) else { continue };
            let Some((took, culprit)) = slow[ix].filter(|(took, _)| *took > within) else { continue };
            let (promised, took) = (duration::format(within), duration::format(took));
            let line = self.places[culprit as usize].line;
            let message = sentence!(
                "a human is promised within {promised}, but the call on line {line} may be repeated for {took} before this step",
                promised,
                line,
                took
            );
            let hint = "escalate first, or side by side (`parallel`), or give that call `retry: none`";
            problems.warn(self.places[ix], "escalation_late", message, hint);
        }
    }

    /// The longest that the calls since the start, or since the last answer of the customer, may be repeated before each step.
    fn slowest(&self) -> Vec<Option<(Duration, StepIx)>> {
        let mut slow: Vec<Option<(Duration, StepIx)>> = vec![None; self.program.steps.len()];
        let mut reached: HashSet<StepIx> = HashSet::new();
        let mut open: Vec<(StepIx, Option<(Duration, StepIx)>)> =
            self.program.entry.map(|ix| (ix, None)).into_iter().collect();
        while let Some((ix, before)) = open.pop() {
            let here = &mut slow[ix as usize];
            let longer = before.map(|(took, _)| took) > here.map(|(took, _)| took);
            if !reached.insert(ix) && !longer {
                continue;
            }
            *here = if longer { before } else { *here };
            let Some(step) = self.program.step(Some(ix)) else { continue };
            let after = match &step.op {
                Op::WaitFor(_) | Op::Wait { .. } => None,
                Op::Do(call) => own_pauses(call)
                    .map(|took| (took, ix))
                    .filter(|(took, _)| Some(*took) > before.map(|b| b.0))
                    .or(before),
                _ => before,
            };
            let handler = self.handler(ix);
            // What an error branch does was caused by the failure, not by what came in.
            let after = |next| if Some(next) == handler { None } else { after };
            open.extend(self.ways(ix, step, Age::Unbounded).into_iter().map(|(next, _)| (next, after(next))));
        }
        slow
    }
}

/// What an escalation promises.
fn promise(step: &Step) -> Option<Duration> {
    let Op::Do(call) = &step.op else { return None };
    if &*call.action != human::Escalate::NAME {
        return None;
    }
    let Expr::Map(fields) = &call.input else { return None };
    match fields.iter().find(|(name, _)| &**name == "accept_within").map(|(_, value)| value) {
        None => Some(local::ACCEPT_WITHIN),
        Some(Expr::Literal(Value::String(text))) => duration::parse(text).ok(),
        Some(_) => None,
    }
}

/// How long a call is repeated by itself.
fn own_pauses(call: &Do) -> Option<Duration> {
    (!local::is_local(&call.action)).then(|| call.retry.pauses.iter().sum())
}
