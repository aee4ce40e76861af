//! A value that must not be seen: it prints as stars, is never serialised, and is wiped when dropped.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A token, password or key. In a connections file it is written `{ env: NAME }`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
#[schemars(extend("x-secret" = true))]
pub struct Secret(String);

impl Secret {
    /// Takes over a value that was read from a safe place.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself: for the one call that needs it, never for a log, an error or a journal.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
