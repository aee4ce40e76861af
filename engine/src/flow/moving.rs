//! What becomes of runs that wait when another version is published: said at each wait, and which steps of two versions are
//! the same one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::{self, Fields};
use super::lower::Lower;
use super::program::{Op, Program, Step, StepIx};
use crate::sentence;

/// Verbs of steps that wait.
const WAITS: [&str; 3] = ["wait", "wait_for", "ask"];

/// What a run that waits does when another version is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnPublish {
    /// It goes on on the version it began with.
    #[default]
    Finish,
    /// It goes on in the new version, at the step of the same id.
    Continue,
    /// It ends, with its clean-up.
    Stop,
}

/// Why a run cannot go on in another version. Stored as its [`code`](Stays::code).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// There is no other version: the flow was removed.
    Removed,
    /// A place where it stands is not one of those that can be moved from.
    Busy,
    /// The step has no id by which it would be known again.
    NoId,
    /// The other version has no step of that id.
    Gone,
    /// The step of that id does something else there.
    OtherVerb,
    /// The step of that id stands in other loops or branches there.
    OtherPlace,
}

impl Stays {
    /// Stable, as it is stored.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Busy => "busy",
            Self::NoId => "no_id",
            Self::Gone => "step_gone",
            Self::OtherVerb => "other_verb",
            Self::OtherPlace => "other_place",
        }
    }
}

impl Program {
    /// The step at `at` as the author wrote it: the whole of which it is a part.
    #[must_use]
    pub fn written(&self, at: Option<StepIx>) -> Option<&Step> {
        let step = self.step(at)?;
        if step.line == 0 { self.step(step.parent) } else { Some(step) }
    }

    /// The step of `to` that the one at `at` is, if a run may go on there: the same id and verb, in the same loops and branches.
    ///
    /// # Errors
    /// Why not.
    pub fn same_step(&self, at: StepIx, to: &Self) -> Result<StepIx, Stays> {
        let (Some(step), Some(written)) = (self.step(Some(at)), self.written(Some(at))) else {
            return Err(Stays::Gone);
        };
        if written.id.is_none() {
            return Err(Stays::NoId);
        }
        self.same_place(at, step, to)
    }

    /// The same for a step with open branches, which needs no id: the steps on its branches have one.
    pub(crate) fn same_opener(&self, at: StepIx, to: &Self) -> Result<StepIx, Stays> {
        let step = self.step(Some(at)).ok_or(Stays::Gone)?;
        self.same_place(at, step, to)
    }

    fn same_place(&self, at: StepIx, step: &Step, to: &Self) -> Result<StepIx, Stays> {
        let found = (0..).zip(&to.steps).find(|(_, other)| other.path == step.path);
        let (there, other) = found.ok_or(Stays::Gone)?;
        if !same_verb(&step.op, &other.op) {
            return Err(Stays::OtherVerb);
        }
        let same = self.block_of(at) == to.block_of(there) && self.around(at) == to.around(there);
        if same { Ok(there) } else { Err(Stays::OtherPlace) }
    }

    /// Which of the flow's three lists of steps it stands in. They are compiled one after the other.
    fn block_of(&self, at: StepIx) -> u8 {
        let behind = |first: Option<StepIx>| first.is_some_and(|first| at >= first);
        if behind(self.finally) { 2 } else { u8::from(behind(self.on_error)) }
    }

    /// What a run remembers of the way to a step: loops and asks by their place, branches by their name.
    fn around(&self, at: StepIx) -> Vec<(&str, &str)> {
        let mut around = Vec::new();
        let mut ix = self.step(Some(at)).and_then(|step| step.parent);
        while let Some(step) = self.step(ix) {
            match &step.op {
                Op::Repeat { .. } => around.push((&*step.path, "repeat")),
                Op::ForEach(_) => around.push((&*step.path, "for_each")),
                Op::Parallel { branches, .. } => {
                    // Branches are compiled one after the other, too.
                    let entered = branches.iter().filter(|(_, entry)| entry.is_some_and(|entry| entry <= at));
                    let name = entered.max_by_key(|(_, entry)| *entry).map_or("", |(name, _)| &**name);
                    around.push((&*step.path, name));
                }
                _ => {}
            }
            ix = step.parent;
        }
        around
    }
}

fn same_verb(one: &Op, other: &Op) -> bool {
    match (one, other) {
        (Op::Do(one), Op::Do(other)) => one.action == other.action,
        (Op::WaitFor(one), Op::WaitFor(other)) => one.kind == other.kind,
        (Op::RunFlow { flow: one, .. }, Op::RunFlow { flow: other, .. }) => one == other,
        (Op::Parallel { branches: one, .. }, Op::Parallel { branches: other, .. }) => {
            one.iter().map(|(name, _)| name).eq(other.iter().map(|(name, _)| name))
        }
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

impl<'a> Lower<'a> {
    /// `on_publish` of a step with this verb and id.
    pub(super) fn on_publish(&mut self, keys: &mut Fields<'a>, verb: &str, id: Option<&str>) -> OnPublish {
        let place = keys.peek("on_publish").map(|(key, _)| key.place);
        let (Some(place), Some(node)) = (place, keys.take("on_publish")) else { return OnPublish::default() };
        if !WAITS.contains(&verb) {
            let message = sentence!("`{verb}` has no key `on_publish`", verb);
            let hint = "it says what a waiting run does: it belongs to `wait`, `wait_for` and `ask`";
            self.problems.error(place, "unknown_key", message, hint);
            return OnPublish::default();
        }
        match fields::text(node, "`on_publish`", &mut self.problems) {
            Some("stop") => OnPublish::Stop,
            Some("continue") => {
                if id.is_none() {
                    let message = "a run can only continue at a step that another version knows by the same id";
                    self.problems.error(node.place, "missing_key", message, "give this step an `id`, and keep it");
                }
                OnPublish::Continue
            }
            Some("finish") | None => OnPublish::Finish,
            Some(other) => {
                let message = sentence!("a waiting run cannot `{other}` when another version is published", other);
                let hint = "write `finish` (on its own version, the default), `continue` (in the new one) or `stop`";
                self.problems.error(node.place, "unknown_choice", message, hint);
                OnPublish::default()
            }
        }
    }
}
