//! Branches: cursors that a step opens, and that are gone when it is done.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::State;
use crate::flow::{Op, Program};
use crate::run::cursor::{self, Block, Cursor, Item, Open};

impl State {
    pub(super) fn open(&mut self, count: u32, data: &Value) {
        let items = data.as_array().cloned().unwrap_or_default();
        let results = vec![Value::Null; items.len()];
        self.visits += 1;
        self.here(|cursor| {
            cursor.block = Block::Branches;
            cursor.open = Some(Box::new(Open { count, begun: 0, ended: 0, items, results }));
        });
    }

    pub(super) fn enter(&mut self, program: &Program, index: u32) {
        let within = Arc::clone(&self.within);
        let Some(cursor) = self.cursor_at(&within) else { return };
        let Some(step) = program.step(cursor.at) else { return };
        let Some(open) = &mut cursor.open else { return };
        open.begun += 1;
        let (name, at, item) = match &step.op {
            Op::ForEach(each) => {
                let value = open.items.get(index as usize).cloned().unwrap_or_default();
                let item = Item { index, name: Arc::clone(&each.name), value, steps: Map::new() };
                (index.to_string(), each.body, Some(Box::new(item)))
            }
            Op::Parallel { branches, .. } => {
                let Some((name, entry)) = branches.get(index as usize) else { return };
                (name.to_string(), *entry, None)
            }
            _ => return,
        };
        let (called_at, heard) = (cursor.called_at, cursor.heard);
        let within = cursor::inner(&within, &step.path, &name);
        self.cursors.push(Cursor { within, item, called_at, heard, ..Cursor::starting_at(at) });
    }

    /// The branch ends: what an item's steps gave is kept by the step that opened it.
    pub(super) fn leave(&mut self) {
        let Some(place) = self.cursors.iter().position(|cursor| cursor.within == self.within) else { return };
        let left = self.cursors.remove(place);
        let Some(opener) = self.cursor_at(cursor::outer(&left.within)) else { return };
        opener.heard = opener.heard.max(left.heard);
        opener.called_at = opener.called_at.max(left.called_at);
        let Some(open) = &mut opener.open else { return };
        open.ended += 1;
        if let Some(item) = left.item
            && let Some(result) = open.results.get_mut(item.index as usize)
        {
            *result = Value::Object(item.steps);
        }
    }

    pub(super) fn close(&mut self, program: &Program, path: &str) {
        let within = Arc::clone(&self.within);
        self.cursors.retain(|cursor| !cursor.is_below(&within, path));
        self.forget_parked();
        let open = self.cursor_at(&within).and_then(|cursor| cursor.open.take());
        let Some(open) = open else { return };
        if !matches!(self.step(program).map(|step| &step.op), Some(Op::Parallel { .. })) {
            self.keep(program, Value::Array(open.results));
        }
        self.go(program, |_, next| next);
    }
}
