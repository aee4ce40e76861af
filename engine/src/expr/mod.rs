//! Expressions: the only two places where text becomes logic. rhai in [`script`], handlebars in [`template`]; both bounded.
//!
//! Bounds are counts, the same on every machine: no clock, no randomness, no I/O, no evaluation of text reaches an expression.

mod condition;
mod functions;
mod helpers;
mod machine;
mod names;
mod needs;
mod origin;
mod parts;
mod patterns;
mod scope;
mod script;
mod shape;
mod tags;
mod template;
pub mod text;
mod time;
mod tokens;
mod values;
mod whatsapp;

#[cfg(test)]
mod text_tests;

pub use condition::{Condition, Operand, condition};
pub use origin::{Error, Origin, PathUse};
pub use parts::{conjuncts, parts};
pub use scope::Scope;
pub use script::{Decision, Script};
pub use tags::tags_read;
pub use template::{Target, Template};
