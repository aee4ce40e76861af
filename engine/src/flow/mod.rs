//! The flow document: parse, check, schema. What comes out is a [`Version`] the turn can run, or every problem at once.

mod problem;
mod program;

pub use problem::{Problem, Severity};
pub use program::{Do, Expr, Op, Program, Retry, Step, StepIx, Trigger, Until, Version, WaitFor, Want};
