//! Moving a run that waits to another version of its flow: each of its cursors goes to the step of the same id there.

use std::sync::Arc;

use serde_json::json;

use super::turn::Turn;
use super::{Block, State, What};
use crate::expr::Scope;
use crate::flow::{OnPublish, Program, Stays, Version};
use crate::publication::Choices;

/// What becomes of a run that stands at `state` when another version is published: as `choices` say by step, else as its waits
/// do. `None` when it does not wait. One wait that stops ends the run; it continues only if all of its waits say so.
pub(crate) fn choice(state: &State, program: &Program, choices: &Choices) -> Option<OnPublish> {
    let waiting = state.cursors.iter().filter(|cursor| matches!(cursor.block, Block::Wait(_)));
    let said: Vec<OnPublish> = waiting
        .filter_map(|cursor| program.written(cursor.at))
        .map(|step| choices.get(&*step.path).copied().unwrap_or(step.on_publish))
        .collect();
    let all = |one: OnPublish| said.iter().all(|other| *other == one);
    match said[..] {
        [] => None,
        _ if said.contains(&OnPublish::Stop) => Some(OnPublish::Stop),
        _ if all(OnPublish::Continue) => Some(OnPublish::Continue),
        _ => Some(OnPublish::Finish),
    }
}

impl State {
    /// The same on another version of the flow.
    ///
    /// # Errors
    /// When it stands somewhere that is not there.
    pub(crate) fn moved(&self, from: &Program, to: &Program) -> Result<Self, Stays> {
        let mut moved = Self { stayed: None, ..self.clone() };
        for cursor in &mut moved.cursors {
            let at = cursor.at.ok_or(Stays::Busy)?;
            cursor.at = Some(match cursor.block {
                Block::Free => return Err(Stays::Busy),
                Block::Branches => from.same_opener(at, to)?,
                Block::Effect(_) | Block::Wait(_) | Block::Child(_) => from.same_step(at, to)?,
            });
        }
        moved.drop_deadlines(to);
        Ok(moved)
    }
}

impl Turn<'_> {
    /// The run is on `to` from now on. What it waits for stays armed.
    pub(super) fn go_on_in(&mut self, to: Arc<Version>, state: &State) {
        let moved = What::Moved { from: self.run.version.id, to: to.id };
        self.run.version = to;
        self.record(moved, json!({ "state": state }));
        self.scope = Scope::new();
    }
}
