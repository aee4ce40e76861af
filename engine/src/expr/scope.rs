//! What an expression can see.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// A name: nearly always one that every flow has.
type Name = Cow<'static, str>;

/// The names in scope, each with its value. Cheap to clone: values are shared.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    names: BTreeMap<Name, Arc<Value>>,
}

impl Scope {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a name.
    pub fn set(&mut self, name: &'static str, value: impl Into<Arc<Value>>) {
        self.names.insert(Cow::Borrowed(name), value.into());
    }

    /// Adds or replaces a name that the flow's author chose.
    pub fn set_own(&mut self, name: &str, value: impl Into<Arc<Value>>) {
        self.names.insert(Cow::Owned(name.to_owned()), value.into());
    }

    /// Takes a name away.
    pub fn forget(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Value>> {
        self.names.get(name)
    }

    /// All names with their values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Value>)> {
        self.names.iter().map(|(name, value)| (&**name, value))
    }
}
