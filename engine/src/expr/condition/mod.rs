//! Conditions as a tree of parts, for whoever builds one without writing it: comparisons, questions to texts and lists, and, or,
//! not, over names and fixed values. Everything else is a formula and has no tree.
//!
//! A tree is printed as rhai, and what is printed reads as the same tree.

mod print;
mod read;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tokens::tokens;

/// A condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Condition {
    /// All of these hold.
    All {
        /// Two or more.
        all: Vec<Condition>,
    },
    /// One of these holds.
    Any {
        /// Two or more.
        any: Vec<Condition>,
    },
    /// This does not hold.
    Not {
        /// This.
        not: Box<Condition>,
    },
    /// Two values are compared.
    Compare {
        /// One.
        left: Operand,
        /// `==`, `!=`, `<`, `<=`, `>`, `>=` or `in`.
        op: String,
        /// The other.
        right: Operand,
    },
    /// A question to a value: `event.text.mentions("refund")`.
    Call {
        /// The function: `contains`, `mentions` …
        call: String,
        /// The value that is asked, then what it is asked.
        args: Vec<Operand>,
    },
    /// A value that is true or false by itself.
    Holds(Operand),
}

/// A name or a fixed value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Operand {
    /// A name, as it is read: `event.order.total`, `contact.fields?.size`.
    Name {
        /// The name.
        name: String,
    },
    /// A fixed value: text, number, true or false, nothing, or a list of such.
    Value {
        /// The value.
        value: Value,
    },
}

/// The tree of a condition; `None` when it is a formula, or no rhai at all.
#[must_use]
pub fn condition(source: &str) -> Option<Condition> {
    let tokens = tokens(source);
    read::Reader::of(&tokens).whole()
}
