//! Expressions in a document: compiled, with the names they read checked, and every error at its place in the text.

use super::lower::Lower;
use super::problem::{Problem, Severity};
use super::shape::Form;
use super::yaml::{Node, Place, Style, Val};
use crate::expr::{self, Script, Target, Template};
use crate::sentence;
use crate::sentence::Sentence;

impl Lower<'_> {
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
