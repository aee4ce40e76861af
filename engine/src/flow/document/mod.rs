//! The shapes of documents (flows, rules, calendars, segments) as Rust types, for their JSON Schema: reading goes through
//! the tree, which knows places. Only what a tag rule does is also checked by its shape ([`THEN`]).
//!
//! The parts that depend on the catalogue (`do` with its `with`, triggers with their parameters) are open here and filled in
//! by [`mod@super::schema`].
#![expect(dead_code, reason = "these types are only described, never built")]

mod calendar;
mod case;
mod flow;
mod limits;
mod rules;
mod scalar;
mod segment;
mod step;
mod step_parts;

use schemars::JsonSchema;

pub(super) use calendar::Calendar;
pub(super) use flow::Flow;
pub(super) use rules::{Rules, THEN};
pub(super) use segment::Segment;

/// What starts a flow: a type, or a type with parameters. Filled in from the catalogue.
#[derive(JsonSchema)]
struct Trigger {}

/// What is awaited: an event type, alone or with parameters. Filled in from the catalogue.
#[derive(JsonSchema)]
struct Awaited {}
