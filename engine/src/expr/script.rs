//! rhai, bounded.

use std::sync::Arc;

use serde_json::Value;

use super::{Error, Origin, PathUse, Scope};

/// A compiled rhai expression or script.
#[derive(Debug)]
pub struct Script {
    source: Arc<str>,
}

/// What a condition decided, and on which values.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Whether it holds.
    pub holds: bool,
    /// The values of the names it reads, by dotted path: `{"event.order.total": 1200}`.
    pub saw: Value,
}

impl Script {
    /// Compiles `source`, which stands at `origin`.
    ///
    /// # Errors
    /// When it is not rhai, or longer or deeper than the bounds.
    pub fn compile(source: &str, origin: Origin) -> Result<Self, Error> {
        let _ = origin;
        Ok(Self { source: source.into() })
    }

    /// The text as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The dotted names it reads that are not its own variables.
    #[must_use]
    pub fn paths(&self) -> &[PathUse] {
        &[]
    }

    /// Evaluates it as a condition.
    ///
    /// # Errors
    /// When it fails, exceeds a bound, or gives something else than true or false.
    pub fn condition(&self, scope: &Scope) -> Result<Decision, Error> {
        let _ = scope;
        unimplemented!("expr helper")
    }

    /// Evaluates it to a value.
    ///
    /// # Errors
    /// When it fails or exceeds a bound.
    pub fn value(&self, scope: &Scope) -> Result<Value, Error> {
        let _ = scope;
        unimplemented!("expr helper")
    }
}
