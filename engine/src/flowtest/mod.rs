//! Tests in virtual time: the `tests:` of a flow or of tag rules, run by the same [`handle`](crate::handle::handle) as production.
//!
//! Only the doors differ: events come from the test, calls are answered by its `fake` at once, and time jumps to whatever
//! falls due next. So 48 hours pass in microseconds, and what a test shows is what the engine will do.

pub mod backtest;
mod calls;
mod expect;
mod given;
mod log;
mod sim;

#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod witness;

use serde::Serialize;

use crate::book::Published;
use crate::connector::Catalog;
use crate::flow::{CompiledDocument, TestCase};
use crate::ids::VersionId;

use sim::Sim;

/// What one test showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The flow, or the file of rules.
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

/// Runs all tests of a compiled document.
#[must_use]
pub fn run(compiled: impl Into<CompiledDocument>, catalog: &Catalog) -> Vec<Outcome> {
    let compiled = compiled.into();
    let tests = compiled.tests().to_vec();
    let version = compiled.into_version(VersionId(1));
    tests.iter().map(|test| run_one(&version, test, catalog)).collect()
}

fn run_one(version: &Published, test: &TestCase, catalog: &Catalog) -> Outcome {
    let mut sim = Sim::new(version, test, catalog);
    let mut failures: Vec<String> = sim.run().err().into_iter().collect();
    failures.extend(expect::failures(test, &sim.happened()));
    Outcome {
        flow: version.document().to_string(),
        name: test.name.clone(),
        line: test.line,
        passed: failures.is_empty(),
        failures,
        log: sim.log(),
    }
}
