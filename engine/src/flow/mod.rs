//! The flow document: parse, check, schema. What comes out is a [`Version`] the turn can run, or every problem at once.
//!
//! text -> `yaml` (tree with places) -> `lower`, `triggers`, `blocks`, `steps`, `values`, `case` (checks on the way) -> [`Compiled`]

mod blocks;
mod case;
mod document;
mod env;
mod fields;
mod gaps;
mod import;
mod kinds;
mod lower;
mod meaning;
mod names;
mod problem;
mod program;
mod rules;
mod rules_document;
mod schema;
mod shape;
mod steps;
mod suggest;
mod time;
mod triggers;
mod values;
mod yaml;
mod yaml_error;

#[cfg(test)]
mod tests;

pub use case::{End, Expectation, Fail, Fake, Given, Moment, TestCase};
pub use env::{Bindings, ConnectionInfo, Environment, Needs};
pub use import::{Change, Document, Plan, PlanItem, plan};
pub use kinds::{CompiledDocument, Kind, check_document};
pub use lower::{Checked, Compiled, FORMAT, FlowId, check};
pub use problem::{CODES, Problem, Severity};
pub use program::{Do, Expr, Op, Program, Retry, Step, StepIx, Trigger, Until, Version, WaitFor, Want};
pub use rules::CompiledRules;
pub use schema::schema;
pub use yaml::MAX_BYTES;
