//! Branches: the items of a `for_each` and the ways of a `parallel`, one after the other or side by side.

use std::sync::Arc;

use serde_json::Value;

use super::cursor::{self, NextBranch};
use super::failure::Leaves;
use super::value::Failure;
use super::{What, turn::Turn};
use crate::flow::{ForEach, MAX_ITEMS, Step, Version};

impl Turn<'_> {
    /// Opens a `for_each`: its list is worked out once.
    pub(super) fn open_items(&mut self, step: &Step, each: &ForEach) -> Result<(), Failure> {
        let items = match each.items.value(&self.scope)? {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            _ => return Err(Failure::new("wrong_type", "`for_each` goes through a list, and this is none")),
        };
        if items.len() > MAX_ITEMS {
            let message =
                format!("`for_each` goes through at most {MAX_ITEMS} items, and this list has {}", items.len());
            return Err(Failure::new("too_many_items", message));
        }
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        self.record(What::Opened { step: Arc::clone(&step.path), count }, Value::Array(items));
        Ok(())
    }

    /// Opens the ways of a `parallel`.
    pub(super) fn open_ways(&mut self, step: &Step, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.note(What::Opened { step: Arc::clone(&step.path), count });
    }

    /// The step that opened branches begins the next one, or is done.
    pub(super) fn next_branch(&mut self, version: &Version, next: NextBranch) {
        let Some(step) = self.run.state.step(&version.program) else { return };
        let path = Arc::clone(&step.path);
        match next {
            NextBranch::Enter(index) => self.note(What::Entered { step: path, index }),
            NextBranch::Close => {
                // Of a join that the first one releases, the others end here.
                let within = Arc::clone(&self.run.state.within);
                self.give_up(&Leaves::Of(Arc::clone(&path)), &within);
                self.note(What::Closed { step: path });
            }
        }
    }

    /// The branch came to its end; what follows is about the step that opened it.
    pub(super) fn leave_branch(&mut self) {
        let within: Arc<str> = cursor::outer(&self.run.state.within).into();
        self.note(What::Left);
        self.go_to(&within);
    }
}
