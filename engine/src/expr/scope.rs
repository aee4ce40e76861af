//! What an expression can see.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// The names in scope, each with its value. Cheap to clone: values are shared.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    names: BTreeMap<&'static str, Arc<Value>>,
}

impl Scope {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a name.
    pub fn set(&mut self, name: &'static str, value: impl Into<Arc<Value>>) {
        self.names.insert(name, value.into());
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Value>> {
        self.names.get(name)
    }

    /// All names with their values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Arc<Value>)> {
        self.names.iter().map(|(name, value)| (*name, value))
    }
}
