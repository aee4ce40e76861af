//! Where a run stands: cursors, and the branches they are on.
//!
//! A run begins with one cursor, on its own way (the branch with the empty name). A step that does its own steps several
//! times or side by side leaves its cursor standing there and opens a branch with a cursor for each item or way. A branch's
//! name tells the whole path: `items.2/both.crm`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::At;
use crate::flow::{Op, Program, StepIx};
use crate::ids::{EventId, RunId, WaitId};

/// One place in the flow where the run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The step; `None` = past the last one.
    pub at: Option<StepIx>,
    /// What it waits for.
    pub block: Block,
    /// The branch it is on; empty = the run's own way.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub within: Arc<str>,
    /// Rounds begun of each `repeat` and `ask` it is in, by step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rounds: BTreeMap<Arc<str>, u32>,
    /// What is open of its step, while it stands at one with branches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Box<Open>>,
    /// The item it works on, on a branch of a `for_each`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<Item>>,
    /// When the last call before this point was first put in flight: a `wait_for` looks back so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_at: Option<At>,
    /// The last event that answered a wait on this way: a later `wait_for` does not hear it, or an older one, again.
    #[serde(default)]
    pub heard: EventId,
}

/// What a cursor waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Nothing: it can go on.
    #[default]
    Free,
    /// The outcome of call `n`.
    Effect(i64),
    /// A wait.
    Wait(WaitId),
    /// The branches of its step.
    Branches,
    /// The end of a run of another flow.
    Child(RunId),
}

/// A step with branches, while they run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// How many branches there will be.
    pub count: u32,
    /// How many have begun.
    pub begun: u32,
    /// How many came to their end.
    pub ended: u32,
    /// The list of a `for_each`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Value>,
    /// What the steps of each item gave, by id; in the order of the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Value>,
}

/// One item of a `for_each`, with what its steps gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its place, from 0.
    pub index: u32,
    /// The name it has in its steps.
    pub name: Arc<str>,
    /// Itself.
    pub value: Value,
    /// Outputs by step id.
    #[serde(default)]
    pub steps: Map<String, Value>,
}

fn is_empty(within: &Arc<str>) -> bool {
    within.is_empty()
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            at: None,
            block: Block::Free,
            within: "".into(),
            rounds: BTreeMap::new(),
            open: None,
            item: None,
            called_at: None,
            heard: EventId(0),
        }
    }
}

impl Cursor {
    /// A cursor at the beginning of a flow.
    #[must_use]
    pub fn starting_at(at: Option<StepIx>) -> Self {
        Self { at, ..Self::default() }
    }

    /// Its place as a wait's row names it: the step's index from 1; 0 = not known.
    pub(crate) fn stored_at(&self) -> i64 {
        self.at.map_or(0, |at| i64::from(at) + 1)
    }

    /// Puts it at another step, free to go on.
    pub(super) fn go(&mut self, at: Option<StepIx>) {
        self.at = at;
        self.block = Block::Free;
        self.open = None;
    }

    /// Whether it stands on a branch that its step at `path` opened, or deeper.
    pub(super) fn is_below(&self, within: &str, path: &str) -> bool {
        let below = match within {
            "" => Some(&*self.within),
            _ => self.within.strip_prefix(within).and_then(|rest| rest.strip_prefix('/')),
        };
        let opened = below.and_then(|rest| rest.split('/').next()).and_then(|branch| branch.rsplit_once('.'));
        opened.is_some_and(|(opener, _)| opener == path)
    }

    /// Whether the interpreter has something to do for it.
    pub(super) fn is_ready(&self, program: &Program) -> bool {
        match self.block {
            Block::Free => true,
            Block::Branches => self.next_branch(program).is_some(),
            Block::Effect(_) | Block::Wait(_) | Block::Child(_) => false,
        }
    }

    /// What its open step does next: begin the branch of this index, or close.
    pub(super) fn next_branch(&self, program: &Program) -> Option<NextBranch> {
        let open = self.open.as_ref()?;
        let (limit, first) = match &program.step(self.at)?.op {
            Op::ForEach(each) => (each.limit, false),
            Op::Parallel { first, .. } => (u32::MAX, *first),
            _ => return None,
        };
        if (first && open.ended > 0) || open.ended == open.count {
            return Some(NextBranch::Close);
        }
        let running = open.begun.saturating_sub(open.ended);
        (open.begun < open.count && running < limit).then_some(NextBranch::Enter(open.begun))
    }
}

/// What a step with open branches does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextBranch {
    /// Begins the branch of this index.
    Enter(u32),
    /// Goes on to the next step.
    Close,
}

/// The branch that `branch` is opened from: `items.2` for `items.2/both.crm`.
pub(super) fn outer(branch: &str) -> &str {
    branch.rsplit_once('/').map_or("", |(outer, _)| outer)
}

/// The branch `name` of the step at `path`, opened on the branch `within`.
pub(super) fn inner(within: &str, path: &str, name: &str) -> Arc<str> {
    let slash = if within.is_empty() { "" } else { "/" };
    format!("{within}{slash}{path}.{name}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_know_where_they_were_opened() {
        let branch = inner("items.2", "both", "crm");
        assert_eq!(&*branch, "items.2/both.crm");
        assert_eq!(outer(&branch), "items.2");
        assert_eq!(outer("items.2"), "");
    }

    #[test]
    fn a_branch_is_below_the_step_that_opened_it_and_below_no_other() {
        let cursor = Cursor { within: "items.2/both.crm".into(), ..Cursor::default() };
        assert!(cursor.is_below("", "items"));
        assert!(cursor.is_below("items.2", "both"));
        assert!(!cursor.is_below("", "item"));
        assert!(!cursor.is_below("items.21", "both"));
        assert!(!cursor.is_below("", "both"));
        let nested = Cursor { within: "3.then.1.crm".into(), ..Cursor::default() };
        assert!(nested.is_below("", "3.then.1"));
        assert!(!nested.is_below("", "3"));
    }
}
