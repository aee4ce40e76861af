//! What a flow would do wrong at night, found by following every way through it.
//!
//! For each step: how long ago, at most, the customer may have written when a run comes there. Only what the author wrote
//! down counts (waits, time-outs, the silence that started it); outages are caught again at the moment of sending.

mod escalations;
mod ways;

use std::collections::HashSet;
use std::time::Duration;

use super::called::{Called, Left, Unseen};
use super::problem::{Problem, Problems};
use super::program::{Op, Program, Step, StepIx, Trigger};
use super::yaml::Place;
use crate::contact::WINDOW;
use crate::duration;
use crate::event;
use crate::sentence;
use crate::sentence::Sentence;
use crate::trigger::{NoReply, Silent};

/// How often the time at a loop may grow before it is taken to grow without end.
const MOST_GROWTH: u32 = 40;

/// How long ago the customer wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::flow) enum Age {
    /// At most so long ago.
    Within(Duration),
    /// Any time ago, or never.
    Unbounded,
}

impl Age {
    pub(in crate::flow) fn after(self, span: Option<Duration>) -> Self {
        match (self, span) {
            (Self::Within(age), Some(span)) => age.checked_add(span).map_or(Self::Unbounded, Self::Within),
            _ => Self::Unbounded,
        }
    }
}

/// What is known of a step: the oldest the customer's last message may be there, and from which step that comes.
#[derive(Clone, Copy, Debug)]
struct Known {
    age: Age,
    from: Option<StepIx>,
    grown: u32,
}

/// Reports free text that may go out after the window has closed, and escalations behind calls that may take longer than they
/// promise. `places` has the place of each step.
pub(in crate::flow) fn check(program: &Program, triggers: &[Trigger], places: &[Place], problems: &mut Problems) {
    // What the flows that it calls do is known where all documents are: see [`super::called`].
    let nothing = Called::default();
    check_windows(program, triggers, places, &nothing, problems);
    Proof { program, places, called: &nothing, unseen: Unseen::Idles }.late_escalations(problems);
}

/// Reports free text that may go out after the window has closed: errors when it may whatever the flows that are called and not
/// known do, else warnings.
pub(in crate::flow) fn check_windows(
    program: &Program,
    triggers: &[Trigger],
    places: &[Place],
    called: &Called,
    problems: &mut Problems,
) {
    let found = |unseen| {
        let mut found = Problems::default();
        Proof { program, places, called, unseen }.windows(triggers, &mut found);
        found.sorted()
    };
    let sure = found(Unseen::Answers);
    if called.lacks_any_of(program) {
        let known =
            |problem: &Problem| sure.iter().any(|sure| (sure.line, sure.column) == (problem.line, problem.column));
        for Problem { line, column, said, .. } in found(Unseen::Idles).into_iter().filter(|problem| !known(problem)) {
            let told = said.message;
            let message = sentence!("{told}, unless the customer answers in a flow that is called before", told);
            problems.warn(Place { line, column }, "window_unknown", message, said.hint);
        }
    }
    sure.into_iter().for_each(|problem| problems.push(problem));
}

/// How old the customer's last message is when a run of `program` is over that began when it was `age` old.
pub(in crate::flow) fn left(program: &Program, called: &Called, age: Age) -> Left {
    let proof = Proof { program, places: &[], called, unseen: Unseen::Answers };
    let all = proof.reach(&[age]);
    let mut left = Left::default();
    for (ix, known) in (0..).zip(&all) {
        let (Some(known), Some(step)) = (known, program.step(Some(ix))) else { continue };
        let over = proof.goes_on(ix, step, known.age).into_iter().filter(|(next, _)| next.is_none());
        left.ended = left.ended.max(over.map(|(_, age)| age).max());
        left.failed = left.failed.max(Some(known.age.max(proof.fails(step, known.age))));
    }
    left
}

struct Proof<'a> {
    program: &'a Program,
    places: &'a [Place],
    called: &'a Called,
    unseen: Unseen,
}

impl Proof<'_> {
    fn windows(&self, triggers: &[Trigger], problems: &mut Problems) {
        let starts: Vec<Age> = triggers.iter().filter_map(age_at_start).collect();
        let all = self.reach(&starts);
        for (ix, step) in self.program.steps.iter().enumerate() {
            if let (Some(known), true) = (all[ix], sends_free_text(step)) {
                self.tell_window(ix, known, &all, problems);
            }
        }
    }

    /// What is known of each step that a run may come to, by how old the customer's last message may be at its start.
    fn reach(&self, starts: &[Age]) -> Vec<Option<Known>> {
        let mut known: Vec<Option<Known>> = vec![None; self.program.steps.len()];
        let mut open: Vec<(StepIx, Age, Option<StepIx>)> = Vec::new();
        for age in starts {
            open.extend(self.program.entry.map(|entry| (entry, *age, None)));
            // The flow's deadline may pass as late as that.
            let overdue = self.program.on_error.filter(|_| self.program.deadline.is_some());
            open.extend(overdue.map(|handler| (handler, age.after(self.program.deadline), None)));
        }
        while let Some((ix, age, from)) = open.pop() {
            let Some(here) = known.get_mut(ix as usize) else { continue };
            let grown = match here {
                Some(known) if known.age >= age => continue,
                Some(known) => known.grown + 1,
                None => 0,
            };
            let Some(step) = self.program.step(Some(ix)) else { continue };
            let loops = matches!(step.op, Op::ForEach(_) | Op::Repeat { .. });
            let age = if loops && grown > MOST_GROWTH { Age::Unbounded } else { age };
            *here = Some(Known { age, from, grown });
            for (next, age) in self.ways(ix, step, age) {
                open.push((next, age, Some(ix)));
            }
        }
        known
    }

    fn tell_window(&self, ix: usize, known: Known, all: &[Option<Known>], problems: &mut Problems) {
        let place = self.places[ix];
        let hint = "use `whatsapp.reply` (it has a template for that case), a template, or `if: conversation.window_open` right before";
        match known.age {
            Age::Within(age) if age < WINDOW => {}
            Age::Within(age) => {
                let message = sentence!(
                    "this free text may go out {age} after the customer's last message{waits}; WhatsApp allows it for 24h",
                    age = duration::format(age),
                    waits = self.path(known, all)
                );
                problems.error(place, "window_closed", message, hint);
            }
            Age::Unbounded if known.from.is_some_and(|from| self.waits_before(from, all)) => {
                let message = sentence!(
                    "this free text may go out any time after the customer's last message{waits}; WhatsApp allows it for 24h",
                    waits = self.path(known, all)
                );
                problems.error(place, "window_closed", message, hint);
            }
            Age::Unbounded => {
                let message = "nothing says that the customer wrote in the last 24h before this free text";
                problems.warn(place, "window_unknown", message, hint);
            }
        }
    }

    /// Whether a wait made the time grow, or the trigger brought it.
    fn waits_before(&self, from: StepIx, all: &[Option<Known>]) -> bool {
        self.way_to(from, all).iter().any(|ix| self.lets_time_pass(*ix))
    }

    /// Whether the author sees time pass at this step.
    fn lets_time_pass(&self, ix: StepIx) -> bool {
        match &self.program.steps[ix as usize].op {
            Op::Wait { .. } | Op::WaitFor(_) => true,
            Op::RunFlow { flow, wait, .. } => *wait && self.called.waits(flow),
            _ => false,
        }
    }

    /// The steps that lead to `from`, itself included, in order.
    fn way_to(&self, from: StepIx, all: &[Option<Known>]) -> Vec<StepIx> {
        let (mut way, mut seen, mut at) = (Vec::new(), HashSet::new(), Some(from));
        while let Some(ix) = at.filter(|ix| seen.insert(*ix)) {
            way.push(ix);
            at = all.get(ix as usize).copied().flatten().and_then(|known| known.from);
        }
        way.reverse();
        way
    }

    /// ` (by the waits on lines 5 and 9)`.
    fn path(&self, known: Known, all: &[Option<Known>]) -> Sentence {
        let way = known.from.map(|from| self.way_to(from, all)).unwrap_or_default();
        let waits = way.iter().filter(|ix| self.lets_time_pass(**ix));
        let mut lines: Vec<u32> = waits.map(|ix| self.places[*ix as usize].line).collect();
        lines.dedup();
        match lines[..] {
            [] => Sentence::default(),
            [line] => sentence!(" (it waits on line {line})", line),
            _ => {
                let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
                sentence!(" (it waits on the lines {lines})", lines = lines.join(", "))
            }
        }
    }
}

/// How long ago the customer wrote when a trigger starts a run; `None` when it says nothing of a customer.
fn age_at_start(trigger: &Trigger) -> Option<Age> {
    Some(match &*trigger.kind {
        event::MESSAGE_RECEIVED | event::ORDER_RECEIVED | event::FORM_SUBMITTED | event::SESSION_LONG => {
            Age::Within(Duration::ZERO)
        }
        event::NO_REPLY => {
            let NoReply { after, silent } = serde_json::from_value(trigger.params.clone()).ok()?;
            let after = duration::parse(&after).ok()?;
            match silent {
                // They wrote, and we did not answer for so long.
                Silent::Us => Age::Within(after),
                // We wrote so long ago; when they did is not known.
                Silent::Customer if after < WINDOW => Age::Unbounded,
                Silent::Customer => Age::Within(after),
            }
        }
        _ => Age::Unbounded,
    })
}

fn sends_free_text(step: &Step) -> bool {
    match &step.op {
        Op::Do(call) => call.needs_window,
        _ => false,
    }
}
