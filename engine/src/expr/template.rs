//! handlebars, strict and bounded.
//!
//! Compiled once; a rendering sees only the values its text names. A name without a value, missing or null, is an error,
//! except where it is tested (`{{#if contact.name}}`) or has a fallback (`{{default contact.name "friend"}}`). Values go
//! in as they are, without HTML escaping. The helpers are listed in `helpers.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use handlebars::template::TemplateElement;
use handlebars::{
    Context, Handlebars, Output, RenderContext, RenderError, RenderErrorReason, Renderable, TemplateError,
};
use serde_json::{Map, Value};

use super::needs::{self, Need};
use super::{Error, Origin, PathUse, Scope, helpers, shape};

/// Longest text of a template, in bytes.
const SOURCE_BYTES: usize = 16 * 1024;
/// Longest text a template may give, in bytes.
const OUTPUT_BYTES: usize = 64 * 1024;
/// How many parts loops may render in all: rounds times the parts of the template.
const LOOP_WORK: usize = 200_000;

/// Where rendered text goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Anywhere: inserted values go in as they are.
    #[default]
    Plain,
    /// Into a WhatsApp text: formatting characters in inserted values are escaped (how, is told in `whatsapp.rs`).
    WhatsApp,
}

/// A compiled template.
#[derive(Debug)]
pub struct Template {
    source: Arc<str>,
    origin: Origin,
    target: Target,
    content: Content,
    paths: Vec<PathUse>,
    needs: Vec<Need>,
}

#[derive(Debug)]
enum Content {
    /// Text without any expression.
    Literal(String),
    /// Anything else, with the rounds its loops may go.
    Parsed { template: handlebars::Template, rounds: usize },
}

impl Template {
    /// Compiles `source`, which stands at `origin`, for `target`. At most 16 KB, loops at most two deep, no partials and
    /// decorators.
    ///
    /// # Errors
    /// When it is not a template we allow, or longer or deeper than the bounds.
    pub fn compile(source: &str, origin: Origin, target: Target) -> Result<Self, Error> {
        if source.len() > SOURCE_BYTES {
            let message = format!("the template has {} bytes, at most {SOURCE_BYTES} are allowed", source.len());
            return Err(origin.error(None, "template_too_long", message));
        }
        let mut template = guarded(|| handlebars::Template::compile(source))
            .map_err(|message| origin.error(None, "template_syntax", message))?
            .map_err(|error| syntax_error(&error, origin))?;
        let found = shape::check(&mut template, origin)?;
        let mut needs = Vec::new();
        for path in &found.paths {
            needs::add(&mut needs, &path.parts.iter().map(|part| (part.as_str(), false)).collect::<Vec<_>>());
        }
        let rounds = LOOP_WORK / found.elements.max(1);
        let content = literal(&template).map_or(Content::Parsed { template, rounds }, Content::Literal);
        Ok(Self { source: source.into(), origin, target, content, paths: found.paths, needs })
    }

    /// The text as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The dotted names it inserts or tests, once for every place. Fields of a loop's items are not among them.
    #[must_use]
    pub fn paths(&self) -> &[PathUse] {
        &self.paths
    }

    /// The names in scope it reads.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().map(|need| need.name.as_str())
    }

    /// Renders it, to at most 64 KB.
    ///
    /// # Errors
    /// When a name is missing, a helper refuses its value, or the text grows past the bound.
    pub fn render(&self, scope: &Scope) -> Result<String, Error> {
        let (template, rounds) = match &self.content {
            Content::Literal(text) => return Ok(text.clone()),
            Content::Parsed { template, rounds } => (template, *rounds),
        };
        let mut names = Map::new();
        for need in &self.needs {
            if let Some(value) = scope.get(&need.name).filter(|value| !value.is_null()) {
                names.insert(need.name.clone(), need.printable(value));
            }
        }
        let mut context = Context::null();
        *context.data_mut() = Value::Object(names);
        let mut out = Limited(String::with_capacity(self.source.len()));
        helpers::allow_rounds(rounds);
        guarded(|| template.render(self.registry(), &context, &mut RenderContext::new(None), &mut out))
            .map_err(|message| self.origin.error(None, "template_failed", message))?
            .map_err(|error| self.failed(&error))?;
        Ok(out.0)
    }

    fn registry(&self) -> &'static Handlebars<'static> {
        match self.target {
            Target::Plain => &helpers::PLAIN,
            Target::WhatsApp => &helpers::WHATSAPP,
        }
    }

    fn failed(&self, error: &RenderError) -> Error {
        let place = error.line_no.zip(error.column_no);
        let place = place.and_then(|(line, column)| Some((u32::try_from(line).ok()?, u32::try_from(column).ok()?)));
        let (code, message) = match error.reason() {
            RenderErrorReason::MissingVariable(name) => (
                "template_failed",
                name.as_deref().map_or_else(|| "a value that is looked up is missing".to_owned(), missing),
            ),
            RenderErrorReason::IOError(bound) => ("template_limit", bound.to_string()),
            RenderErrorReason::Other(message) => ("template_failed", message.clone()),
            other => ("template_failed", first_line(&other.to_string())),
        };
        self.origin.error(place, code, message)
    }
}

fn missing(name: &str) -> String {
    format!(
        "`{name}` has no value; write {{{{default {name} \"…\"}}}} where it may be missing, or test it with {{{{#if {name}}}}}"
    )
}

/// The text of a template without expressions.
fn literal(template: &handlebars::Template) -> Option<String> {
    let texts = template.elements.iter().map(|element| match element {
        TemplateElement::RawString(text) => Some(text.as_str()),
        TemplateElement::Comment(_) => Some(""),
        _ => None,
    });
    texts.collect()
}

/// Runs `work`; a panic inside handlebars becomes a message.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| "the template cannot be handled: it makes handlebars panic".to_owned())
}

fn syntax_error(error: &TemplateError, origin: Origin) -> Error {
    let place = error.pos().and_then(|(line, column)| Some((u32::try_from(line).ok()?, u32::try_from(column).ok()?)));
    origin.error(place, "template_syntax", first_line(&error.reason().to_string()))
}

/// The parser draws its errors over several lines.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let mut chars = line.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).take(200).collect())
}

/// Refuses text past [`OUTPUT_BYTES`].
struct Limited(String);

impl Output for Limited {
    fn write(&mut self, text: &str) -> std::io::Result<()> {
        if self.0.len() + text.len() > OUTPUT_BYTES {
            return Err(std::io::Error::other("the text grows past 64 KB"));
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
