//! Where a run can go on from a step: what tests are measured by, and how one sees what a flow can do at all.

use super::program::{Op, Program, Step, StepIx};

/// A way on from a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Its word in the flow: `then`, `else`, `case <name>`, `default`, `branch <name>`, `steps`, `on_timeout`, `on_error`; empty
    /// when the step simply goes on.
    pub name: String,
    /// The step there; `None` = the run or the branch ends.
    pub to: Option<StepIx>,
}

fn way(name: impl Into<String>, to: Option<StepIx>) -> Way {
    Way { name: name.into(), to }
}

impl Step {
    /// Every way on.
    #[must_use]
    pub fn ways(&self) -> Vec<Way> {
        let next = || way("", self.next);
        let mut ways = match &self.op {
            Op::If { then, otherwise, .. } => vec![way("then", *then), way("else", *otherwise)],
            Op::Switch { cases, default, .. } => {
                let cases = cases.iter().map(|(name, to)| way(format!("case {name}"), *to));
                cases.chain([way("default", *default)]).collect()
            }
            Op::WaitFor(wait) => {
                let timeout = wait.timeout.map(|_| way("on_timeout", wait.on_timeout));
                [way("then", wait.then)].into_iter().chain(timeout).collect()
            }
            Op::ForEach(each) => vec![way("steps", each.body), next()],
            Op::Parallel { branches, .. } => {
                let branches = branches.iter().map(|(name, to)| way(format!("branch {name}"), *to));
                branches.chain([next()]).collect()
            }
            Op::Repeat { body, .. } => vec![way("steps", *body), next()],
            Op::Until { repeat, .. } => vec![way("", Some(*repeat)), next()],
            Op::Again { repeat } => vec![way("", Some(*repeat))],
            Op::Check(check) => vec![way("then", check.then), way("", Some(check.again))],
            Op::Stop { .. } => Vec::new(),
            Op::Do(_)
            | Op::Set(_)
            | Op::Wait { .. }
            | Op::Script(_)
            | Op::RunFlow { .. }
            | Op::Answer { .. }
            | Op::Reply { .. } => vec![next()],
        };
        ways.extend(self.on_error.map(|to| way("on_error", Some(to))));
        ways
    }
}

impl Program {
    /// Whether a run can come to an `answer_webhook`.
    #[must_use]
    pub fn can_answer(&self) -> bool {
        let mut seen = vec![false; self.steps.len()];
        let mut open: Vec<StepIx> = [self.entry, self.on_error, self.finally].into_iter().flatten().collect();
        while let Some(ix) = open.pop() {
            let Some(step) = self.step(Some(ix)) else { continue };
            if std::mem::replace(&mut seen[ix as usize], true) {
                continue;
            }
            if matches!(step.op, Op::Answer { .. }) {
                return true;
            }
            open.extend(step.ways().into_iter().filter_map(|way| way.to));
        }
        false
    }
}
