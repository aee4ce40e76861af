//! Values against the schema of what takes them: the target decides the type.
//!
//! `= …` is rhai with its type, `{{…}}` a template ([`super::expressions`]), everything else a literal, which is converted at
//! once and strictly, so that a wrong one is a problem now and not at night ([`super::literals`]).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::fields;
use super::lower::Lower;
use super::program::{Expr, Want};
use super::shape::{Form, Member, Shape};
use super::suggest;
use super::yaml::{Key, Kind, Node, Place, Scalar, Val};
use crate::expr::Target;
use crate::sentence;
use crate::sentence::Sentence;

/// What a value is for.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    /// What it may be.
    pub(super) shape: Shape<'a>,
    /// Its name in messages.
    pub(super) name: &'a str,
    /// Whether expressions are allowed.
    pub(super) expressions: bool,
}

impl<'a> Lower<'a> {
    /// The fields of a map whose shape is an object: unknown, missing and wrong ones are reported.
    pub(super) fn object(&mut self, entries: &'a [(Key, Node)], at: Place, slot: Slot<'a>) -> Vec<(Arc<str>, Expr)> {
        let mut out = Vec::new();
        for (key, node) in entries {
            let shape = match slot.shape.member(&key.text) {
                Member::Known(shape) => shape,
                Member::Free => Shape::any(),
                Member::Unknown => {
                    let message = sentence!("{what} has no field `{name}`", what = slot.name, name = &key.text);
                    let hint = suggest::hint(&key.text, slot.shape.names());
                    self.problems.error(key.place, "unknown_field", message, hint);
                    continue;
                }
            };
            let inner = Slot { shape, name: &key.text, expressions: slot.expressions };
            if let Some(expr) = self.value(node, inner) {
                out.push((Arc::from(key.text.as_str()), expr));
            }
        }
        for name in slot.shape.required() {
            if !entries.iter().any(|(key, _)| key.text == name) {
                let message = sentence!("{what} needs the field `{name}`", what = slot.name, name);
                self.problems.error(at, "missing_field", message, about(slot.shape, name));
            }
        }
        out
    }

    /// One value.
    pub(super) fn value(&mut self, node: &'a Node, slot: Slot<'a>) -> Option<Expr> {
        let form = slot.shape.form();
        match &node.value {
            Val::Broken => None,
            Val::Null if slot.shape.optional() || form == Form::Any => Some(Expr::Literal(Value::Null)),
            Val::Null => {
                let message = sentence!(
                    "`{name}` is empty; {wanted} belongs here",
                    name = slot.name,
                    wanted = describe(slot.shape)
                );
                self.problems.error(node.place, "missing_value", message, "for empty text write \"\"");
                None
            }
            Val::Scalar(scalar) => self.scalar(node, scalar, slot),
            Val::List(items) if matches!(form, Form::List | Form::Any) => {
                let shape = slot.shape.items().unwrap_or(Shape::any());
                self.count(node, items.len(), slot);
                let inner = Slot { shape, ..slot };
                let items: Option<Vec<Expr>> = items.iter().map(|item| self.value(item, inner)).collect();
                items.map(fold_list)
            }
            Val::Map(entries) if matches!(form, Form::Map | Form::Any) => {
                Some(fold_map(self.object(entries, node.place, slot)))
            }
            Val::List(_) | Val::Map(_) => {
                fields::wrong(
                    node,
                    sentence!("`{name}` is {wanted}", name = slot.name, wanted = describe(slot.shape)),
                    &mut self.problems,
                );
                None
            }
        }
    }

    fn count(&mut self, node: &Node, len: usize, slot: Slot<'_>) {
        let bound =
            |name: &str| slot.shape.attribute(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        if bound("minItems").is_some_and(|min| len < min) || bound("maxItems").is_some_and(|max| len > max) {
            let (min, max) = (bound("minItems").unwrap_or(0), bound("maxItems"));
            let upper = max.map_or_else(Sentence::default, |max| sentence!(" and at most {max}", max));
            let message = sentence!(
                "`{name}` has {n} items; it takes at least {min}{upper}",
                name = slot.name,
                n = len,
                min,
                upper
            );
            self.problems.error(node.place, "wrong_length", message, "add or remove items");
        }
    }

    fn scalar(&mut self, node: &'a Node, scalar: &'a Scalar, slot: Slot<'a>) -> Option<Expr> {
        let form = slot.shape.form();
        let source = (scalar.kind == Kind::Text).then(|| scalar.text.strip_prefix("= ")).flatten();
        let template = scalar.kind == Kind::Text && scalar.text.contains("{{");
        if !slot.expressions && (source.is_some() || template) {
            let message = sentence!("`{name}` is fixed: no expression is evaluated here", name = slot.name);
            self.problems.error(node.place, "not_fixed", message, "write the value itself");
            return None;
        }
        if let Some(source) = source {
            let script = self.script(source, node, 2)?;
            self.expect_form(node, &format!("`{}`", slot.name), (form, describe(slot.shape)));
            return Some(Expr::Script { script, want: want(form) });
        }
        if matches!(form, Form::List | Form::Map) {
            let hint = match form {
                Form::List if slot.expressions => "write a list: [a, b]; or an expression: \"= vars.items\"",
                Form::List => "write a list: [a, b]",
                _ if slot.expressions => "write `key: value` pairs; or an expression: \"= vars.fields\"",
                _ => "write `key: value` pairs",
            };
            let message = sentence!(
                "`{name}` is {wanted}; this is {kind}",
                name = slot.name,
                wanted = describe(slot.shape),
                kind = node.kind()
            );
            self.problems.error(node.place, "wrong_type", message, hint);
            return None;
        }
        if template {
            let whatsapp = slot.shape.attribute("x-format").is_some_and(|format| format == "whatsapp");
            let target = if whatsapp { Target::WhatsApp } else { Target::Plain };
            let template = self.template(&scalar.text, node, target)?;
            return Some(Expr::Template { template, want: want(form) });
        }
        self.literal(node, scalar, slot).map(Expr::Literal)
    }
}

/// What a target of this form takes from an expression.
fn want(form: Form) -> Want {
    match form {
        Form::Text => Want::Text,
        Form::Integer => Want::Integer,
        Form::Number => Want::Number,
        Form::Boolean => Want::Boolean,
        Form::Any | Form::List | Form::Map => Want::Any,
    }
}

fn fold_list(items: Vec<Expr>) -> Expr {
    if items.iter().any(|item| !matches!(item, Expr::Literal(_))) {
        return Expr::List(items);
    }
    Expr::Literal(items.into_iter().filter_map(constant).collect())
}

fn fold_map(entries: Vec<(Arc<str>, Expr)>) -> Expr {
    if entries.iter().any(|(_, value)| !matches!(value, Expr::Literal(_))) {
        return Expr::Map(entries);
    }
    let fields = entries.into_iter().filter_map(|(name, value)| Some((name.to_string(), constant(value)?)));
    Expr::Literal(Value::Object(fields.collect::<Map<_, _>>()))
}

/// The value of a literal.
pub(super) fn constant(expr: Expr) -> Option<Value> {
    match expr {
        Expr::Literal(value) => Some(value),
        _ => None,
    }
}

/// What a schema takes, in words.
fn describe(shape: Shape<'_>) -> &'static str {
    match shape.form() {
        Form::Any => "any value",
        Form::Text if shape.attribute("x-type").is_some_and(|kind| kind == "duration") => "a duration such as `48h`",
        Form::Text => "text",
        Form::Integer => "a whole number",
        Form::Number => "a number",
        Form::Boolean => "`true` or `false`",
        Form::List => "a list",
        Form::Map => "a map of keys and values",
    }
}

/// The first sentence of what the schema says about a field.
fn about(shape: Shape<'_>, name: &str) -> Sentence {
    let Member::Known(field) = shape.member(name) else { return Sentence::default() };
    let text = field.attribute("description").and_then(Value::as_str).unwrap_or("");
    Sentence::plain(text.split('\n').next().unwrap_or("").trim())
}
