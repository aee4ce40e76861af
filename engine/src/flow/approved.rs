//! A template that a step sends, against what its connection told: is it approved, has it the language, are all its variables given.
//! These are warnings, as the account may have another template tomorrow.

use std::sync::Arc;

use serde_json::Value;

use super::lower::Lower;
use super::program::Expr;
use super::suggest;
use super::yaml::{Key, Node, Place, Val};
use crate::connector::ApprovedTemplate;
use crate::sentence;
use crate::sentence::Sentence;

/// What a step gives a template.
struct Sent<'e> {
    template: &'e str,
    /// The names of the values; `None` when they are worked out.
    given: Option<Vec<&'e str>>,
    with: &'e [(Key, Node)],
    at: Place,
}

impl Lower<'_> {
    /// Looks at the template in `fields`, which were written as `with`.
    pub(super) fn approved(
        &mut self,
        connection: &str,
        fields: &[(Arc<str>, Expr)],
        (with, at): (&[(Key, Node)], Place),
    ) {
        let get = |name: &str| fields.iter().find(|(field, _)| &**field == name).map(|(_, value)| value);
        let text = |name: &str| get(name).and_then(literal).filter(|text| !text.is_empty());
        let Some(template) = text("template") else { return };
        let given = match get("params") {
            None | Some(Expr::Literal(Value::Null)) => Some(Vec::new()),
            Some(Expr::Literal(Value::Object(params))) => Some(params.keys().map(String::as_str).collect()),
            Some(Expr::Map(params)) => Some(params.iter().map(|(name, _)| &**name).collect()),
            Some(_) => None,
        };
        let sent = Sent { template, given, with, at };
        self.left_empty(&sent);
        if let Some(all) = self.env.templates.get(connection) {
            self.among(all, connection, text("language"), &sent);
        }
    }

    /// Looks for the template among those of its connection.
    fn among(&mut self, all: &[ApprovedTemplate], connection: &str, language: Option<&str>, sent: &Sent<'_>) {
        let template = sent.template;
        let of_name: Vec<&ApprovedTemplate> = all.iter().filter(|known| known.name == template).collect();
        let fits = |known: &&&ApprovedTemplate| language.is_none_or(|wanted| known.language == wanted);
        match (of_name.iter().find(fits), language) {
            (Some(known), _) => self.variables(sent, known),
            (None, Some(language)) if !of_name.is_empty() => {
                let message =
                    sentence!("the template `{template}` is not approved in `{language}`", template, language);
                let languages: Vec<&str> = of_name.iter().map(|known| known.language.as_str()).collect();
                let hint = sentence!("it may be sent in: {names}", names = languages.join(", "));
                self.problems.warn(sent.place("language"), "unknown_template", message, hint);
            }
            _ => {
                let message = sentence!(
                    "the connection `{connection}` has no approved template `{template}`",
                    connection,
                    template
                );
                let hint = suggest::hint(template, all.iter().map(|known| known.name.as_str()));
                self.problems.warn(sent.place("template"), "unknown_template", message, hint);
            }
        }
    }

    /// Values that are nothing but empty text.
    fn left_empty(&mut self, sent: &Sent<'_>) {
        let Some(Val::Map(entries)) = sent.node("params").map(|node| &node.value) else { return };
        for (key, node) in entries {
            if node.scalar().is_some_and(|value| value.text.trim().is_empty()) {
                let message = sentence!(
                    "the variable `{name}` of `{template}` is empty",
                    name = key.text,
                    template = sent.template
                );
                let hint = "WhatsApp refuses a template with an empty variable: write a value";
                self.problems.warn(node.place, "missing_variable", message, hint);
            }
        }
    }

    fn variables(&mut self, sent: &Sent<'_>, known: &ApprovedTemplate) {
        let Some(given) = &sent.given else { return };
        for name in known.params.iter().filter(|name| !given.contains(&name.as_str())) {
            let message =
                sentence!("the variable `{name}` of `{template}` is not given", name, template = sent.template);
            let place = sent.node("params").map_or_else(|| sent.place("template"), |node| node.place);
            self.problems.warn(place, "missing_variable", message, says(known));
        }
        let unknown = given.iter().filter(|name| !known.params.iter().any(|known| known == *name));
        for name in unknown {
            let message =
                sentence!("the template `{template}` has no variable `{name}`", template = sent.template, name);
            let hint = match known.params.is_empty() {
                true => says(known),
                false => suggest::hint(name, known.params.iter().map(String::as_str)),
            };
            self.problems.warn(sent.param(name), "unknown_variable", message, hint);
        }
    }
}

impl<'e> Sent<'e> {
    fn node(&self, name: &str) -> Option<&'e Node> {
        self.with.iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
    }

    fn place(&self, name: &str) -> Place {
        self.node(name).map_or(self.at, |node| node.place)
    }

    /// Where the value `name` is given.
    fn param(&self, name: &str) -> Place {
        let found = self.node("params").and_then(|node| match &node.value {
            Val::Map(entries) => entries.iter().find(|(key, _)| key.text == name),
            _ => None,
        });
        found.map_or_else(|| self.place("params"), |(_, node)| node.place)
    }
}

fn literal(value: &Expr) -> Option<&str> {
    match value {
        Expr::Literal(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn says(known: &ApprovedTemplate) -> Sentence {
    sentence!("it says: {text}", text = &known.body)
}
