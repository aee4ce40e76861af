//! Which steps of a flow its tests came to, and which ways on from them they took.
//!
//! The journal of each run is folded once more, entry by entry: every step a cursor stood at was come to. Parts of a step that
//! the author did not write count as nothing of their own; their ways are those of the step.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::flow::{Op, Program, Step, StepIx, Version};
use crate::run::{Entry, State, What};

/// What the tests of a flow came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Coverage {
    /// The flow.
    pub flow: String,
    /// How many steps it has, and ways of those with several (`then`, `else`, a case, `on_timeout`, `on_error` …).
    pub total: usize,
    /// How many of them a test took.
    pub taken: usize,
    /// The others, in the order of the file.
    pub missing: Vec<Gap>,
}

impl Coverage {
    /// How much was taken, in whole percent, rounded down: 100 is all.
    #[must_use]
    pub fn percent(&self) -> usize {
        (self.taken * 100).checked_div(self.total).unwrap_or(100)
    }
}

/// Something no test came to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Gap {
    /// Line of the step, from 1.
    pub line: u32,
    /// The way; empty for the step itself.
    pub way: String,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.way.as_str() {
            "" => write!(f, "line {}", self.line),
            way => write!(f, "line {} {way}", self.line),
        }
    }
}

/// What runs of one flow took: steps, with an empty way, and ways.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(BTreeSet<(StepIx, String)>);

impl Taken {
    /// Adds what others took.
    pub(super) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The steps that were come to.
    pub(super) fn steps(&self) -> impl Iterator<Item = StepIx> {
        self.0.iter().filter(|(_, way)| way.is_empty()).map(|(ix, _)| *ix)
    }

    /// Follows a run through its journal.
    pub(super) fn follow(&mut self, version: &Version, entries: &[Entry]) {
        let program = &version.program;
        let by_path: BTreeMap<&str, StepIx> =
            program.steps.iter().zip(0..).map(|(step, ix)| (&*step.path, ix)).collect();
        let mut state = State::new(Value::Null);
        for entry in entries {
            if let Some((path, way)) = way_of(entry, program, &by_path)
                && let Some(ix) = by_path.get(path)
            {
                self.0.insert((*ix, way));
            }
            let failed = match &entry.what {
                What::Failed { .. } => state.cursor().and_then(|cursor| cursor.at),
                // Handlers inside the step do not count.
                What::Overdue { step, .. } => by_path.get(&**step).copied(),
                _ => None,
            };
            state.apply(version, entry);
            if let Some(at) = failed.and_then(|at| handler(program, at)) {
                self.0.insert((at, "on_error".into()));
            }
            self.0.extend(state.cursors.iter().filter_map(|cursor| Some((cursor.at?, String::new()))));
        }
    }

    /// What that is of a flow's whole program.
    pub(super) fn of(&self, version: &Version) -> Coverage {
        let program = &version.program;
        let mut missing = Vec::new();
        let mut total = 0;
        for (step, ix) in program.steps.iter().zip(0..) {
            let line = if step.line == 0 { program.step(step.parent).map_or(0, |whole| whole.line) } else { step.line };
            let itself = (step.line > 0).then(String::new);
            for way in itself.into_iter().chain(ways(step)) {
                total += 1;
                if !self.0.contains(&(ix, way.clone())) {
                    missing.push(Gap { line, way });
                }
            }
        }
        missing.sort();
        // Where nobody came to a step, its ways say nothing more.
        let untaken: BTreeSet<u32> = missing.iter().filter(|gap| gap.way.is_empty()).map(|gap| gap.line).collect();
        let taken = total - missing.len();
        missing.retain(|gap| gap.way.is_empty() || !untaken.contains(&gap.line));
        Coverage { flow: version.flow.to_string(), total, taken, missing }
    }
}

/// The ways on from a step that tests should take, where there are several.
fn ways(step: &Step) -> impl Iterator<Item = String> {
    let own = !matches!(step.op, Op::Repeat { .. } | Op::Until { .. } | Op::Again { .. } | Op::Check(_));
    let all = step.ways().into_iter().filter(move |way| own || way.name == "on_error");
    all.map(|way| way.name).filter(|name| !name.is_empty())
}

/// The way an entry says was taken, with the path of its step.
fn way_of<'a>(entry: &'a Entry, program: &Program, by_path: &BTreeMap<&str, StepIx>) -> Option<(&'a str, String)> {
    let op = |path: &str| program.step(by_path.get(path).copied()).map(|step| &step.op);
    let (step, way): (&Arc<str>, String) = match &entry.what {
        What::Decided { step, holds } => (step, if *holds { "then" } else { "else" }.into()),
        What::Chosen { step, case } => (step, case.as_ref().map_or("default".into(), |case| format!("case {case}"))),
        What::Fired { step, .. } => (step, "on_timeout".into()),
        What::Answered { step, .. } => (step, "then".into()),
        What::Entered { step, index } => match op(step)? {
            Op::Parallel { branches, .. } => {
                let (name, _) = branches.get(usize::try_from(*index).ok()?)?;
                (step, format!("branch {name}"))
            }
            _ => (step, "steps".into()),
        },
        _ => return None,
    };
    Some((step, way))
}

/// The step whose `on_error` handles a failure at `at`: itself or one around it.
fn handler(program: &Program, at: StepIx) -> Option<StepIx> {
    let mut at = Some(at);
    while let Some(step) = program.step(at) {
        if step.on_error.is_some() {
            return at;
        }
        at = step.parent;
    }
    None
}
