//! Literals: a value that stands in the text is converted to what its target takes, strictly.

use serde_json::{Number, Value};

use super::lower::Lower;
use super::shape::Form;
use super::suggest;
use super::time;
use super::values::Slot;
use super::yaml::{Kind, Node, Scalar};
use crate::sentence;

impl Lower<'_> {
    /// A literal, converted to what the target takes.
    pub(super) fn literal(&mut self, node: &Node, scalar: &Scalar, slot: Slot<'_>) -> Option<Value> {
        let text = scalar.text.as_str();
        let wrong = |this: &mut Self, expected: &str| {
            let message =
                sentence!("`{name}` is {expected}; this is `{text}`", name = slot.name, expected, text = short(text));
            let hint = sentence!("write {expected}, or an expression: \"= …\"", expected);
            this.problems.error(node.place, "wrong_type", message, hint);
            None
        };
        match slot.shape.form() {
            Form::Text => self.text_literal(node, text, slot),
            Form::Integer => match text.parse::<i64>().ok() {
                Some(number) => self.in_range(node, Number::from(number), slot),
                None => wrong(self, "a whole number"),
            },
            Form::Number => match serde_json::from_str::<Number>(text).ok() {
                Some(number) => self.in_range(node, number, slot),
                None => wrong(self, "a number"),
            },
            Form::Boolean => match text {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => wrong(self, "`true` or `false`"),
            },
            Form::Any => Some(untyped(scalar)),
            Form::List | Form::Map => None,
        }
    }

    fn in_range(&mut self, node: &Node, number: Number, slot: Slot<'_>) -> Option<Value> {
        let bound = |name: &str| slot.shape.attribute(name).and_then(Value::as_f64);
        let value = number.as_f64().unwrap_or(0.0);
        if bound("minimum").is_some_and(|min| value < min) || bound("maximum").is_some_and(|max| value > max) {
            let text = |name: &str| slot.shape.attribute(name).map_or_else(|| "any".to_owned(), Value::to_string);
            let message = sentence!(
                "`{name}` is {number}; it may be {min} to {max}",
                name = slot.name,
                number,
                min = text("minimum"),
                max = text("maximum")
            );
            self.problems.error(node.place, "out_of_range", message, "write a number within these");
            return None;
        }
        Some(Value::Number(number))
    }

    fn text_literal(&mut self, node: &Node, text: &str, slot: Slot<'_>) -> Option<Value> {
        if let Some(choices) = slot.shape.choices()
            && !choices.contains(&text)
        {
            let message = sentence!("`{name}` cannot be `{text}`", name = slot.name, text = short(text));
            self.problems.error(node.place, "unknown_choice", message, suggest::hint(text, choices));
            return None;
        }
        if slot.shape.attribute("x-type").is_some_and(|kind| kind == "duration") {
            time::duration(text, node.place, &mut self.problems)?;
        }
        let len = text.chars().count() as u64;
        let bound = |name: &str| slot.shape.attribute(name).and_then(Value::as_u64);
        if let Some(max) = bound("maxLength").filter(|max| len > *max) {
            let message =
                sentence!("`{name}` has {n} characters; at most {max} are allowed", name = slot.name, n = len, max);
            self.problems.error(node.place, "wrong_length", message, "make it shorter");
            return None;
        }
        if let Some(min) = bound("minLength").filter(|min| len < *min) {
            let message =
                sentence!("`{name}` has {n} characters; at least {min} are needed", name = slot.name, n = len, min);
            self.problems.error(node.place, "wrong_length", message, "write more, or leave the field out if it may be");
            return None;
        }
        Some(Value::String(text.to_owned()))
    }
}

/// A literal for a target that takes anything: what JSON spells the same way keeps its type (`5`, `1.5`, `true`), all else
/// is text (`+8613800138000`, `007`, `0x1F`).
pub(super) fn untyped(scalar: &Scalar) -> Value {
    match scalar.kind {
        Kind::Bool(value) => Value::Bool(value),
        Kind::Int(_) | Kind::Float(_) => serde_json::from_str::<Number>(&scalar.text)
            .map_or_else(|_| Value::String(scalar.text.clone()), Value::Number),
        Kind::Text => Value::String(scalar.text.clone()),
    }
}

fn short(text: &str) -> String {
    let mut out: String = text.chars().take(60).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}
