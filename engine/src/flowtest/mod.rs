//! Tests of flows in virtual time: the `tests:` of a flow, run by the same [`handle`](crate::handle::handle) as production.
//!
//! Only the doors differ: events come from the test, calls are answered by its `fake` at once, and time jumps to whatever
//! falls due next. So 48 hours pass in microseconds, and what a test shows is what the engine will do.

mod calls;
mod expect;
mod given;
mod log;
mod sim;

#[cfg(test)]
mod language;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod triggers_tests;
#[cfg(test)]
mod witness;

use std::sync::Arc;

use serde::Serialize;

use crate::calendar::Calendars;
use crate::connector::Catalog;
use crate::flow::{Compiled, TestCase, Version};
use crate::ids::VersionId;

use sim::Sim;

/// What one test showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The flow.
    pub flow: String,
    /// The test's name.
    pub name: String,
    /// Its line in the file, from 1.
    pub line: u32,
    /// Whether everything was as expected.
    pub passed: bool,
    /// What was not, each in a line; first what is wrong, then what was expected and what happened.
    pub failures: Vec<String>,
    /// What happened, in lines for reading: actions, failures, what started nothing and why, how runs ended.
    pub log: Vec<String>,
}

/// Runs all tests of compiled flows. Each flow is tested alone; the others can be called.
#[must_use]
pub fn run(flows: Vec<Compiled>, calendars: &Calendars, catalog: &Catalog) -> Vec<Outcome> {
    let mut tests = Vec::new();
    let mut versions = Vec::new();
    for (mut compiled, id) in flows.into_iter().zip(1..) {
        tests.push(std::mem::take(&mut compiled.tests));
        versions.push(Arc::new(compiled.into_version(VersionId(id))));
    }
    let world = World { versions: &versions, calendars, catalog };
    let flows = versions.iter().zip(&tests);
    flows.flat_map(|(version, tests)| tests.iter().map(|test| run_one(version, test, &world))).collect()
}

/// What surrounds a test.
#[derive(Clone, Copy)]
struct World<'a> {
    /// Every flow there is.
    versions: &'a [Arc<Version>],
    calendars: &'a Calendars,
    catalog: &'a Catalog,
}

fn run_one(version: &Arc<Version>, test: &TestCase, world: &World<'_>) -> Outcome {
    let mut sim = Sim::new(version, test, world);
    let mut failures: Vec<String> = sim.run().err().into_iter().collect();
    failures.extend(expect::failures(test, &sim.happened()));
    Outcome {
        flow: version.flow.to_string(),
        name: test.name.clone(),
        line: test.line,
        passed: failures.is_empty(),
        failures,
        log: sim.log(),
    }
}
