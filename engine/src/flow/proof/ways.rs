//! Where a run goes from each step, and how much time passes on the way.

use std::time::Duration;

use super::{Age, Proof};
use crate::contact::WINDOW;
use crate::flow::program::{Op, Step, StepIx, Until};

impl Proof<'_> {
    /// Where a run goes from `step`, and how old the customer's last message then is.
    pub(super) fn ways(&self, ix: StepIx, step: &Step, age: Age) -> Vec<(StepIx, Age)> {
        let mut ways = self.goes_on(ix, step, age);
        ways.push((self.handler(ix), self.fails(step, age)));
        ways.push((self.program.finally.filter(|finally| ix < *finally), age));
        ways.into_iter().filter_map(|(next, age)| Some((next?, age))).collect()
    }

    /// How old the customer's last message may be when `step` fails.
    pub(super) fn fails(&self, step: &Step, age: Age) -> Age {
        let own = match &step.op {
            Op::RunFlow { flow, wait: true, .. } => self.called.failed(flow, self.unseen, age),
            _ => age,
        };
        if step.deadline.is_some() { own.max(age.after(step.deadline)) } else { own }
    }

    /// Where a run goes from `step` when all is well; nowhere when it is over.
    pub(super) fn goes_on(&self, ix: StepIx, step: &Step, age: Age) -> Vec<(Option<StepIx>, Age)> {
        let fresh = Age::Within(Duration::ZERO);
        let mut ways: Vec<(Option<StepIx>, Age)> = match &step.op {
            Op::If { when, then, otherwise } => match window_guard(when.source()) {
                // Open at this moment, so written within the window.
                Some(true) => vec![(*then, age.min(still_open())), (*otherwise, age)],
                Some(false) => vec![(*then, age), (*otherwise, age.min(still_open()))],
                None => vec![(*then, age), (*otherwise, age)],
            },
            Op::Switch { cases, default, .. } => {
                cases.iter().map(|(_, entry)| (*entry, age)).chain([(*default, age)]).collect()
            }
            Op::Wait { until: Until::For(span) } => vec![(step.next, age.after(Some(*span)))],
            Op::Wait { .. } => vec![(step.next, Age::Unbounded)],
            Op::WaitFor(wait) => {
                let timed_out = wait.timeout.map(|timeout| (wait.on_timeout, age.after(Some(timeout))));
                std::iter::once((wait.then, fresh)).chain(timed_out).collect()
            }
            Op::Check(check) => vec![(check.then, age), (Some(check.again), age)],
            Op::ForEach(each) => vec![(each.body, age), (step.next, age)],
            Op::Parallel { branches, .. } => {
                branches.iter().map(|(_, entry)| (*entry, age)).chain([(step.next, age)]).collect()
            }
            Op::Repeat { body, .. } => vec![(*body, age)],
            Op::Until { repeat, .. } | Op::Again { repeat } => {
                vec![(Some(*repeat), age), (self.program.step(Some(*repeat)).and_then(|step| step.next), age)]
            }
            Op::Stop { failed, .. } => return if *failed { Vec::new() } else { vec![(None, age)] },
            Op::RunFlow { flow, wait: true, .. } => vec![(step.next, self.called.ended(flow, self.unseen, age))],
            Op::Do(_) | Op::Set(_) | Op::Script(_) | Op::RunFlow { .. } | Op::Answer { .. } | Op::Reply { .. } => {
                vec![(step.next, age)]
            }
        };
        for (way, _) in &mut ways {
            *way = way.or_else(|| self.behind_branch(ix));
        }
        ways
    }

    /// A branch that ends goes on in the next round of its `for_each`, and behind the step that opened it.
    fn behind_branch(&self, ix: StepIx) -> Option<StepIx> {
        let mut at = self.program.step(Some(ix))?.parent;
        while let Some(step) = self.program.step(at) {
            match &step.op {
                Op::ForEach(_) => return at,
                Op::Parallel { .. } => return step.next.or_else(|| at.and_then(|at| self.behind_branch(at))),
                _ => at = step.parent,
            }
        }
        None
    }

    pub(super) fn handler(&self, ix: StepIx) -> Option<StepIx> {
        let mut at = Some(ix);
        while let Some(step) = self.program.step(at) {
            if step.on_error.is_some() {
                return step.on_error;
            }
            at = step.parent;
        }
        // The blocks are compiled one after the other: what stands in the flow's own handler, or behind it, has none.
        let program = self.program;
        program.on_error.filter(|handler| ix < *handler && program.finally.is_none_or(|finally| ix < finally))
    }
}

/// The longest ago that the customer wrote while the window is open, and any wait closes it.
fn still_open() -> Age {
    Age::Within(WINDOW.saturating_sub(Duration::from_secs(1)))
}

/// Whether a condition that holds (`true`), or one that does not (`false`), says that the window is open.
fn window_guard(source: &str) -> Option<bool> {
    const OPEN: &str = "conversation.window_open";
    let source = source.trim();
    if source.strip_prefix('!').is_some_and(|rest| rest.trim() == OPEN) {
        return Some(false);
    }
    let all = !source.contains("||") && source.split("&&").any(|part| part.trim() == OPEN);
    all.then_some(true)
}
