//! What an expression can see.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

/// The names in scope, each with its value. Cheap to clone: values are shared.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// A list, as there are never more than a dozen. Nearly all names are the same in every flow.
    names: Vec<(Cow<'static, str>, Arc<Value>)>,
}

impl Scope {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a name.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Arc<Value>>) {
        let (name, value) = (name.into(), value.into());
        match self.names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.names.push((name, value)),
        }
    }

    /// Forgets a name.
    pub fn unset(&mut self, name: &str) {
        self.names.retain(|(known, _)| known != name);
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Value>> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}
