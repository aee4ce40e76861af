//! The flow document: parse, check, schema. What comes out is a [`Version`] the turn can run, or every problem at once.
//!
//! text -> `yaml` (tree with places) -> `lower`, `triggers`, `blocks`, `steps`, `values`, `case` (checks on the way) -> [`Compiled`]

mod ask;
mod blocks;
mod calendar;
mod calls;
mod case;
mod case_parts;
mod document;
mod env;
mod fields;
mod gaps;
mod import;
mod kinds;
mod loops;
mod lower;
mod meaning;
mod names;
mod pointers;
mod problem;
mod program;
mod proof;
mod rules;
mod rules_document;
mod schema;
mod shape;
mod steps;
mod suggest;
mod time;
mod triggers;
mod uses;
mod values;
mod ways;
mod yaml;
mod yaml_error;

#[cfg(test)]
mod tests;

pub use calendar::CompiledCalendar;
pub use case::{End, Expectation, Expected, Fail, Fake, Given, Moment, TestCase};
pub use env::{Bindings, ConnectionInfo, Environment, Needs};
pub use import::{Change, Document, Plan, PlanItem, plan};
pub use kinds::{CompiledDocument, Kind, check_document};
pub use lower::{Checked, Compiled, FORMAT, FlowId, check};
pub use pointers::pointers;
pub use problem::{CODES, Problem, Severity};
pub use program::{
    Check, Do, Expr, ForEach, Into, MAX_ITEMS, Op, Program, Retry, Step, StepIx, Trigger, Until, Version, WaitFor, Want,
};
pub use rules::CompiledRules;
pub use schema::schema;
pub use uses::{Named, UnknownNamed, UsedAt, uses};
pub use ways::Way;
pub use yaml::MAX_BYTES;
