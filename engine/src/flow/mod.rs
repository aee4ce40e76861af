//! The flow document: parse, check, schema. What comes out is a [`Version`] the turn can run, or every problem at once.
//!
//! text -> `yaml` (tree with places) -> `lower`, `triggers`, `blocks`, `steps`, `values`, `case` (checks on the way) -> [`Compiled`]

mod across;
mod approved;
mod ask;
mod blocks;
mod bounds;
mod calendar;
mod called;
mod calls;
mod case;
mod case_parts;
mod difference;
mod do_step;
mod document;
mod env;
mod expressions;
mod fields;
mod gaps;
mod import;
mod kinds;
mod limits;
mod literals;
mod loops;
mod lower;
mod meaning;
mod moving;
mod names;
mod needs;
mod outline;
mod problem;
mod program;
mod proof;
mod rules;
mod schema;
mod scope;
mod segment;
mod shape;
mod steps;
mod suggest;
mod templates;
mod texts;
mod time;
mod triggers;
mod uses;
mod values;
mod wait_step;
mod ways;
mod yaml;
mod yaml_error;

#[cfg(test)]
mod tests;

pub use bounds::{FirstHour, NoFirstHour};
pub use calendar::CompiledCalendar;
pub use case::{End, Expectation, Expected, Fail, Fake, Given, Moment, TestCase, read_case};
pub use difference::{ChangeKind, Difference, Differences, difference};
pub use env::{Bindings, ConnectionInfo, Environment, Needs};
pub use import::{Change, Document, Plan, PlanItem, plan};
pub use kinds::{CompiledDocument, Kind, check_document, outline, placed};
pub use limits::{Busy, Concurrency, Debounce, Key, Limits, Throttle};
pub use lower::{Checked, Compiled, FORMAT, FlowId, check, is_document_id};
pub use moving::{OnPublish, Stays};
pub use outline::{Outline, PlacedProblem, StepPlace, Summary};
pub use problem::{CODES, Problem, Severity};
pub use program::{
    Check, Do, Expr, ForEach, Into, MAX_ITEMS, Op, Program, Retry, Step, StepIx, Trigger, Until, Version, WaitFor, Want,
};
pub use rules::CompiledRules;
pub use schema::schema;
pub use scope::{ExpressionKind, Readable, expression_problems, scope};
pub use segment::CompiledSegment;
pub use templates::{TemplateText, TemplateTexts, template_texts};
pub use texts::texts;
pub use uses::{Named, UnknownNamed, UsedAt, uses};
pub use ways::Way;
pub use yaml::MAX_BYTES;

/// An IANA time zone.
pub type Zone = chrono_tz::Tz;
