//! handlebars, strict and bounded.

use std::sync::Arc;

use super::{Error, Origin, PathUse, Scope};

/// Where rendered text goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Anywhere: inserted values go in as they are.
    #[default]
    Plain,
    /// Into a WhatsApp text: formatting characters in inserted values are escaped.
    WhatsApp,
}

/// A compiled template.
#[derive(Debug)]
pub struct Template {
    source: Arc<str>,
}

impl Template {
    /// Compiles `source`, which stands at `origin`, for `target`.
    ///
    /// # Errors
    /// When it is not a template we allow, or longer or deeper than the bounds.
    pub fn compile(source: &str, origin: Origin, target: Target) -> Result<Self, Error> {
        let _ = (origin, target);
        Ok(Self { source: source.into() })
    }

    /// The text as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The dotted names it inserts or tests.
    #[must_use]
    pub fn paths(&self) -> &[PathUse] {
        &[]
    }

    /// Renders it.
    ///
    /// # Errors
    /// When a name is missing, a helper refuses its value, or the text grows past the bound.
    pub fn render(&self, scope: &Scope) -> Result<String, Error> {
        let _ = scope;
        unimplemented!("expr helper")
    }
}
