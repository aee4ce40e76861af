//! Steps that decide, set and end: their keys become an [`Op`]. Those that call are in [`super::do_step`], those that wait in
//! [`super::wait_step`], and those with steps of their own that may be done more than once in [`super::loops`].

use std::sync::Arc;
use std::time::Duration;

use super::blocks::{Here, Made, readable};
use super::fields::{self, Fields, wrong};
use super::lower::Lower;
use super::program::Op;
use super::shape::Shape;
use super::time;
use super::values::Slot;
use super::yaml::{Node, Place, Val};
use crate::sentence;

impl<'a> Lower<'a> {
    /// A duration within bounds.
    pub(super) fn span(
        &mut self,
        text: &str,
        at: Place,
        bounds: std::ops::RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let span = time::duration(text, at, &mut self.problems)?;
        if bounds.contains(&span) {
            return Some(span);
        }
        let (low, high) = (crate::duration::format(*bounds.start()), crate::duration::format(*bounds.end()));
        let hint = sentence!("write a duration from {low} to {high}", low, high);
        self.problems.error(at, "out_of_range", sentence!("{text} is too short or too long here", text), hint);
        None
    }

    pub(super) fn if_step(&mut self, node: &'a Node, keys: &mut Fields<'a>, here: &Here<'_>) -> Made {
        let when = self.condition(node, "`if`");
        let then = keys.need("then", "list the steps for when it holds", &mut self.problems);
        let otherwise = keys.take("else");
        let have = self.names.have.clone();
        let ([then, otherwise], ends) = self.branches(here, [(then, "then", have.clone()), (otherwise, "else", have)]);
        Made { op: when.map(|when| Op::If { when, then, otherwise }), ends, keys: &["if", "then", "else"] }
    }

    pub(super) fn set_step(&mut self, node: &'a Node) -> Made {
        let keys: &[&str] = &["set"];
        let Val::Map(entries) = &node.value else {
            wrong(node, "`set` is a map of variables: { greeting: hello }", &mut self.problems);
            return Made { op: None, ends: false, keys };
        };
        let mut vars = Vec::new();
        let mut complete = true;
        for (key, value) in entries {
            let fits = key.text.len() <= 64
                && key.text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && key.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !fits || !readable("vars", &key.text) {
                let hint = "letters, digits and `_`, first a letter; it is read back as `vars.<name>`";
                self.problems.error(
                    key.place,
                    "bad_id",
                    sentence!("`{name}` is not a variable's name", name = key.text),
                    hint,
                );
            }
            let slot = Slot { shape: Shape::any(), name: &key.text, expressions: true };
            match self.value(value, slot) {
                Some(expr) => vars.push((Arc::from(key.text.as_str()), expr)),
                None => complete = false,
            }
            self.names.have.vars.insert(key.text.clone());
        }
        Made { op: complete.then_some(Op::Set(vars)), ends: false, keys }
    }

    pub(super) fn stop_step(&mut self, node: &'a Node) -> Made {
        Made { op: self.stop_op(node), ends: true, keys: &["stop"] }
    }

    fn stop_op(&mut self, node: &'a Node) -> Option<Op> {
        match &node.value {
            Val::Null => Some(Op::Stop { failed: false, reason: None }),
            Val::Map(_) => {
                let mut keys = Fields::of(node, "`stop`", &mut self.problems)?;
                let failed = keys.take("as").map_or(Some(false), |node| self.stop_as(node));
                let reason = keys.take("reason").map(|node| self.value(node, reason_slot()));
                keys.finish(&["as", "reason"], &mut self.problems);
                Some(Op::Stop { failed: failed?, reason: reason.map_or(Some(None), |reason| reason.map(Some))? })
            }
            _ => Some(Op::Stop { failed: false, reason: Some(self.value(node, reason_slot())?) }),
        }
    }

    fn stop_as(&mut self, node: &'a Node) -> Option<bool> {
        match fields::text(node, "`as`", &mut self.problems)? {
            "failed" => Some(true),
            "done" => Some(false),
            other => {
                let message = sentence!("a run cannot end as `{other}`", other);
                self.problems.error(node.place, "unknown_choice", message, "write `done` or `failed`");
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, node: &'a Node, what: &str) -> bool {
        match fields::text(node, what, &mut self.problems) {
            Some("true") => true,
            Some("false") | None => false,
            Some(_) => {
                wrong(node, sentence!("{what} is `true` or `false`", what), &mut self.problems);
                false
            }
        }
    }
}

fn reason_slot<'a>() -> Slot<'a> {
    Slot { shape: Shape::text(), name: "reason", expressions: true }
}
