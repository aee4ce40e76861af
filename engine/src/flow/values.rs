//! Values against the schema of what takes them: the target decides the type.
//!
//! `= …` is rhai with its type, `{{…}}` a template, everything else a literal, which is converted here and strictly, so that
//! a wrong one is a problem now and not at night.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use super::fields;
use super::lower::Lower;
use super::problem::{Problem, Severity};
use super::program::{Expr, Want};
use super::shape::{Form, Member, Shape};
use super::suggest;
use super::time;
use super::yaml::{Key, Kind, Node, Place, Scalar, Style, Val};
use crate::expr::{self, Script, Target, Template};
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

    /// Reports an expression that is nothing but the name of something that `what`, which is `wanted`, never takes.
    pub(super) fn expect_form(&mut self, node: &Node, what: &str, wanted: (Form, &str)) {
        let Some(parts) = named(node) else { return };
        let Some(found) = self.names.form(&parts).filter(|found| !takes(wanted.0, *found)) else { return };
        let message = sentence!(
            "{what} is {wanted}; `{source}` is {found}",
            what,
            wanted = wanted.1,
            source = parts.join("."),
            found = noun(found)
        );
        self.problems.error(node.place, "wrong_type", message, "read a part of it, or make what is wanted of it");
    }

    /// A literal, converted to what the target takes.
    fn literal(&mut self, node: &Node, scalar: &Scalar, slot: Slot<'_>) -> Option<Value> {
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

    /// Compiles the rhai of `node` after its first `skip` characters, and checks the names it reads.
    pub(super) fn script(&mut self, source: &str, node: &Node, skip: u32) -> Option<Script> {
        match Script::compile(source, origin(node, skip)) {
            Ok(script) => {
                self.needs.tags_read.extend(expr::tags_read(source));
                for path in script.paths() {
                    // `steps?.ticket?.id` reads as nothing where the step has not run.
                    let guarded =
                        matches!(&path.parts[..], [root, name, ..] if source.contains(&format!("{root}?.{name}")));
                    self.names.check(path, guarded, &mut self.problems);
                }
                Some(script)
            }
            Err(error) => {
                self.expression_error(error, node);
                None
            }
        }
    }

    /// Compiles the template of `node`, and checks the names it reads.
    pub(super) fn template(&mut self, source: &str, node: &Node, target: Target) -> Option<Template> {
        match Template::compile(source, origin(node, 0), target) {
            Ok(template) => {
                for path in template.paths() {
                    let name = path.parts.join(".");
                    let copes = |helper: &&str| source.contains(&format!("{helper} {name}"));
                    let guarded = ["default", "#if", "#unless"].iter().any(copes);
                    self.names.check(path, guarded, &mut self.problems);
                }
                Some(template)
            }
            Err(error) => {
                self.expression_error(error, node);
                None
            }
        }
    }

    fn expression_error(&mut self, error: crate::expr::Error, node: &Node) {
        let plain = node.scalar().is_some_and(|scalar| scalar.style == Style::Plain);
        let hint = if plain && node.comment.is_some() {
            "YAML takes everything from ` #` on for a comment: put the whole expression in quotes"
        } else if error.message.contains("invalid character") {
            "text inside an expression is in double quotes: event.text == \"yes\""
        } else if error.code.starts_with("template") {
            "a template inserts values into text: Hello {{contact.name}}"
        } else {
            "expressions are rhai: event.order.total > 0 && contact.tags.contains(\"vip\")"
        };
        let (place, message) = (Place { line: error.line, column: error.column }, Sentence::plain(error.message));
        self.problems.push(Problem::new(place, Severity::Error, error.code, message, hint.into()));
    }
}

/// Where the expression in `node` begins, `skip` characters behind the value's first.
fn origin(node: &Node, skip: u32) -> crate::expr::Origin {
    let style = node.scalar().map_or(Style::Plain, |scalar| scalar.style);
    let quote = u32::from(style == Style::Quoted);
    let indent = if style == Style::Block { node.place.column - 1 } else { 0 };
    crate::expr::Origin { line: node.place.line, column: node.place.column + quote + skip, indent }
}

/// The parts of an expression that is nothing but a dotted name, or may be one.
pub(super) fn named(node: &Node) -> Option<Vec<&str>> {
    let Val::Scalar(scalar) = &node.value else { return None };
    Some(scalar.text.strip_prefix("= ").unwrap_or(&scalar.text).trim().split('.').collect())
}

/// Whether a value that is `found` can go where `wanted` belongs: numbers and booleans are printed into text.
fn takes(wanted: Form, found: Form) -> bool {
    match (wanted, found) {
        (Form::Any, _) | (_, Form::Any) => true,
        (Form::Text, found) => !matches!(found, Form::List | Form::Map),
        (Form::Integer | Form::Number, found) => matches!(found, Form::Integer | Form::Number),
        (wanted, found) => wanted == found,
    }
}

fn noun(form: Form) -> &'static str {
    match form {
        Form::Any => "anything",
        Form::Text => "text",
        Form::Integer => "a whole number",
        Form::Number => "a number",
        Form::Boolean => "`true` or `false`",
        Form::List => "a list",
        Form::Map => "a map",
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

fn short(text: &str) -> String {
    let mut out: String = text.chars().take(60).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}
