//! Where a failure goes: to the step's own handler, to that of a step around it, to the flow's, or nowhere.

use std::sync::Arc;

use super::State;
use super::cursor::{self, Block, Cursor};
use crate::flow::{Op, Program, StepIx};

/// `error.code` of what was not over before its deadline.
pub(super) const DEADLINE: &str = "deadline";

/// What catches a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The branch it is on.
    pub(super) within: Arc<str>,
    /// Where the handler begins; `None` = nothing handles it.
    pub(super) at: Option<StepIx>,
    /// Which branches end.
    pub(super) leaves: Leaves,
    /// The steps that the failure leaves, from the inside out: rounds of theirs are over.
    pub(super) out_of: Vec<Arc<str>>,
    /// Whether it is the flow's.
    pub(super) of_flow: bool,
}

/// Branches that end when the run goes on elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// None.
    None,
    /// Those of this step.
    Of(Arc<str>),
    /// All.
    All,
}

impl Leaves {
    /// Whether `cursor` is on one of them, seen from the branch `within`.
    pub(super) fn holds(&self, cursor: &Cursor, within: &str) -> bool {
        match self {
            Self::None => false,
            Self::Of(path) => cursor.is_below(within, path),
            Self::All => !cursor.within.is_empty(),
        }
    }
}

/// What catches a failure of the step at which the current cursor of `state` stands.
pub(super) fn target(state: &State, program: &Program) -> Target {
    outwards(state, program, Leaves::None, None)
}

/// What catches that the step at `path`, around the current cursor, was not over in time; an empty path is the run.
pub(super) fn overdue(state: &State, program: &Program, path: &str) -> Target {
    let opener = state.cursor().filter(|cursor| cursor.block == Block::Branches).and_then(|cursor| cursor.at);
    let leaves = program.step(opener).map_or(Leaves::None, |step| Leaves::Of(Arc::clone(&step.path)));
    outwards(state, program, leaves, Some(path))
}

/// The first handler on the way outwards; those of steps inside `from` do not count.
fn outwards(state: &State, program: &Program, mut leaves: Leaves, from: Option<&str>) -> Target {
    let mut within: &str = &state.within;
    let mut out_of = Vec::new();
    let mut counts = from.is_none();
    let mut at = state.cursor().and_then(|cursor| cursor.at);
    while let Some(step) = program.step(at) {
        out_of.push(Arc::clone(&step.path));
        counts |= from == Some(&*step.path);
        if counts && step.on_error.is_some() {
            return Target { within: within.into(), at: step.on_error, leaves, out_of, of_flow: false };
        }
        at = step.parent;
        if let Some(parent) = program.step(at)
            && matches!(parent.op, Op::ForEach(_) | Op::Parallel { .. })
        {
            within = cursor::outer(within);
            leaves = Leaves::Of(Arc::clone(&parent.path));
        }
    }
    let handled = state.in_error_branch || state.finishing.is_some();
    let at = if handled { None } else { program.on_error };
    Target { within: "".into(), at, leaves: Leaves::All, out_of, of_flow: state.finishing.is_none() }
}

/// Whether a step around the one at `at`, or itself, handles its failure.
pub(super) fn is_handled(program: &Program, mut at: Option<StepIx>) -> bool {
    while let Some(step) = program.step(at) {
        if step.on_error.is_some() {
            return true;
        }
        at = step.parent;
    }
    false
}
