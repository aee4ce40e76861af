//! What calling a flow does to the customer's 24 hours: a wait in there makes the last message older for the caller too, and an
//! answer makes it new. Known only where documents are seen together, so it is told in their plan. A document by itself is warned of
//! what is wrong if the flows that it calls do nothing, and refused for what is wrong even if they bring an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::import::{Change, PlanItem};
use super::kinds::CompiledDocument;
use super::lower::Compiled;
use super::problem::{Problem, Problems, Severity};
use super::program::{Op, Program};
use super::proof::{self, Age};
use super::yaml::Place;
use crate::sentence;

/// Longer ago than any wait: what is this old behind a flow was not answered in it.
const LONG_AGO: Age = Age::Within(Duration::from_secs(100 * 365 * 24 * 60 * 60));

/// The oldest that the customer's last message may be when a run is over; `None` when it never is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Left {
    /// It ended well.
    pub(super) ended: Option<Age>,
    /// It failed.
    pub(super) failed: Option<Age>,
}

/// What a flow makes of the age of the customer's last message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Passing {
    /// How much older it is on the longest way on which nobody answers; `None` when somebody does on every way.
    longer: Option<Age>,
    /// How old it is at most on the ways on which somebody answers.
    since: Age,
}

impl Passing {
    /// Any time may pass.
    const UNBOUNDED: Self = Self { longer: Some(Age::Unbounded), since: Age::Unbounded };
    /// No time passes, and nobody answers.
    const NOTHING: Self = Self { longer: Some(Age::Within(Duration::ZERO)), since: Age::Within(Duration::ZERO) };
    /// Somebody answers on every way, at its very end.
    const ANSWERED: Self = Self { longer: None, since: Age::Within(Duration::ZERO) };

    /// From what is left of a message of this moment, and of one of long ago.
    fn new(new: Option<Age>, old: Option<Age>) -> Self {
        let nothing = Age::Within(Duration::ZERO);
        match (old, LONG_AGO) {
            (Some(Age::Within(old)), Age::Within(ago)) if old >= ago => {
                Self { longer: Some(Age::Within(old.saturating_sub(ago))), since: new.unwrap_or(nothing) }
            }
            (Some(Age::Unbounded), _) => Self { longer: Some(Age::Unbounded), since: new.unwrap_or(nothing) },
            (old, _) => Self { longer: None, since: new.max(old).unwrap_or(nothing) },
        }
    }

    fn apply(self, age: Age) -> Age {
        let unanswered = self.longer.map(|longer| match longer {
            Age::Within(span) => age.after(Some(span)),
            Age::Unbounded => Age::Unbounded,
        });
        unanswered.max(Some(self.since)).unwrap_or(age)
    }

    fn waits(self) -> bool {
        self.longer.is_none_or(|longer| longer > Age::Within(Duration::ZERO))
    }
}

/// What is supposed of a flow that is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unseen {
    /// The customer answers in it.
    Answers,
    /// It does nothing.
    Idles,
}

/// What each flow that may be called makes of the age.
#[derive(Debug, Default)]
pub(super) struct Called(BTreeMap<Arc<str>, (Passing, Passing)>);

impl Called {
    fn of_flow(&self, flow: &str, unseen: Unseen) -> (Passing, Passing) {
        let supposed = if unseen == Unseen::Answers { Passing::ANSWERED } else { Passing::NOTHING };
        self.0.get(flow).copied().unwrap_or((supposed, supposed))
    }

    /// The age after `flow` ended well that was called at `age`.
    pub(super) fn ended(&self, flow: &str, unseen: Unseen, age: Age) -> Age {
        self.of_flow(flow, unseen).0.apply(age)
    }

    /// The age after `flow` failed that was called at `age`.
    pub(super) fn failed(&self, flow: &str, unseen: Unseen, age: Age) -> Age {
        self.of_flow(flow, unseen).1.apply(age)
    }

    /// Whether time passes in `flow`.
    pub(super) fn waits(&self, flow: &str) -> bool {
        let (ended, failed) = self.of_flow(flow, Unseen::Idles);
        ended.waits() || failed.waits()
    }

    /// Whether `program` waits for a flow that is not here.
    pub(super) fn lacks_any_of(&self, program: &Program) -> bool {
        calls(program).any(|flow| !self.0.contains_key(flow))
    }

    fn of(flows: &BTreeMap<&str, &Compiled>) -> Self {
        let mut called = Self::default();
        for flow in flows.values() {
            called.add(flow, flows, &mut BTreeSet::new());
        }
        called
    }

    /// Adds `flow` behind those that it calls. Of flows that call each other in a ring nothing is sure.
    fn add(&mut self, flow: &Compiled, flows: &BTreeMap<&str, &Compiled>, open: &mut BTreeSet<Arc<str>>) {
        if self.0.contains_key(&flow.flow) {
            return;
        }
        open.insert(Arc::clone(&flow.flow));
        for next in calls(&flow.program).filter_map(|next| flows.get(&**next)) {
            if open.contains(&next.flow) {
                self.0.insert(Arc::clone(&next.flow), (Passing::UNBOUNDED, Passing::UNBOUNDED));
            } else {
                self.add(next, flows, open);
            }
        }
        let new = proof::left(&flow.program, self, Age::Within(Duration::ZERO));
        let old = proof::left(&flow.program, self, LONG_AGO);
        let passing = (Passing::new(new.ended, old.ended), Passing::new(new.failed, old.failed));
        self.0.insert(Arc::clone(&flow.flow), passing);
        open.remove(&flow.flow);
    }
}

/// The flows that `program` calls and waits for.
fn calls(program: &Program) -> impl Iterator<Item = &Arc<str>> {
    program.steps.iter().filter_map(|step| match &step.op {
        Op::RunFlow { flow, wait: true, .. } => Some(flow),
        _ => None,
    })
}

/// Refuses flows whose free text may come too late by a wait in a flow that they call, and tells of stored ones that would be.
pub(super) fn tell(items: &mut [PlanItem], stored: &[Box<Compiled>]) {
    let before: BTreeMap<&str, &Compiled> = stored.iter().map(|flow| (&*flow.flow, &**flow)).collect();
    let planned = items.iter().filter_map(|item| item.compiled.as_ref()?.flow());
    let now: BTreeMap<&str, &Compiled> =
        before.iter().map(|(id, flow)| (*id, *flow)).chain(planned.map(|flow| (&*flow.flow, flow))).collect();
    if now.values().all(|flow| calls(&flow.program).next().is_none()) {
        return;
    }
    let called = Called::of(&now);
    let flow_of =
        |item: &PlanItem| item.compiled.as_ref().and_then(CompiledDocument::flow).map(|flow| windows(flow, &called));
    let found: Vec<Option<Vec<Problem>>> = items.iter().map(flow_of).collect();
    let kept = before.values().filter(|flow| items.iter().all(|item| item.flow.as_deref() != Some(&flow.flow)));
    let others = of_callers(kept.copied(), &Called::of(&before), &called);
    for (item, found) in items.iter_mut().zip(found) {
        if let Some(found) = found {
            if found.iter().any(|problem| problem.severity == Severity::Error) {
                item.change = Change::Refused;
                item.compiled = None;
            }
            // What was found without the flows that it calls is known better now.
            item.problems.retain(|problem| !matches!(problem.code, "window_closed" | "window_unknown"));
            item.problems.extend(found);
        }
        let (line, column) = item.place;
        let place = Place { line, column };
        let told = others.iter().filter(|(to, ..)| item.flow.as_deref() == Some(to));
        item.problems.extend(told.map(|(_, caller, problem)| of_caller(caller, problem, place)));
    }
}

/// Problems that flows which are not planned have from now on, for each flow that they call.
fn of_callers<'a>(
    flows: impl Iterator<Item = &'a Compiled>,
    before: &Called,
    now: &Called,
) -> Vec<(Arc<str>, &'a Compiled, Problem)> {
    let mut told = Vec::new();
    for flow in flows {
        let already = late(flow, before);
        for problem in late(flow, now).into_iter().filter(|problem| !already.contains(problem)) {
            told.extend(calls(&flow.program).map(|to| (Arc::clone(to), flow, problem.clone())));
        }
    }
    told
}

/// What may be wrong with the free text of `flow`.
fn windows(flow: &Compiled, called: &Called) -> Vec<Problem> {
    let mut problems = Problems::default();
    proof::check_windows(&flow.program, &flow.triggers, &flow.places, called, &mut problems);
    problems.sorted()
}

/// Free text of `flow` that may come too late.
fn late(flow: &Compiled, called: &Called) -> Vec<Problem> {
    windows(flow, called).into_iter().filter(|problem| problem.severity == Severity::Error).collect()
}

/// The same as the author of the flow that is called reads it, at `place` in that one.
fn of_caller(caller: &Compiled, problem: &Problem, place: Place) -> Problem {
    let (flow, line, said) = (&caller.flow, problem.line, &problem.said);
    let message =
        sentence!("`{flow}` calls this flow, and then, on its line {line}: {told}", flow, line, told = said.message);
    let hint = sentence!("change `{flow}` too: {advice}", flow, advice = said.hint);
    Problem::new(place, Severity::Warning, problem.code, message, hint)
}
