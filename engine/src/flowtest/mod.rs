//! Tests in virtual time: the `tests:` of a flow or of tag rules, run by the same [`handle`](crate::handle::handle) as production.
//!
//! Only the doors differ: events come from the test, calls are answered by its `fake` at once, and time jumps to whatever
//! falls due next. So 48 hours pass in microseconds, and what a test shows is what the engine will do.

pub mod backtest;
mod calls;
mod coverage;
mod doings;
mod expect;
mod given;
mod log;
mod phone;
mod record;
mod segments;
mod sim;
mod simulate;
mod timeline;

#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod desk_tests;
#[cfg(test)]
mod language;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod measures;
#[cfg(test)]
mod moves;
#[cfg(test)]
mod pause_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod random;
#[cfg(test)]
mod segments_tests;
#[cfg(test)]
mod simulate_tests;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod triggers_tests;
#[cfg(test)]
mod witness;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::book::Published;
use crate::connector::Catalog;
use crate::flow::{CompiledDocument, TestCase};
use crate::ids::VersionId;

use coverage::Taken;
pub use coverage::{Coverage, Gap};
pub use expect::Failure;
pub use phone::Message;
use sim::Sim;
pub use sim::{ALWAYS, GoOn};
pub use simulate::{Note, Scene, Simulation, simulate, test};
pub use timeline::Moment;

/// What one test showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outcome {
    /// The flow, or the file of rules.
    pub flow: String,
    /// The test's name.
    pub name: String,
    /// Its line in the file, from 1.
    pub line: u32,
    /// Whether everything was as expected.
    pub passed: bool,
    /// What was not: what was expected and what happened, and below that each difference in a line of its own.
    pub failures: Vec<String>,
    /// The same for other languages.
    pub said: Vec<Failure>,
    /// What happened, in lines for reading: actions, failures, what started nothing and why, how runs ended.
    pub log: Vec<String>,
}

/// What all tests showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Test by test, in the order of documents and of files.
    pub outcomes: Vec<Outcome>,
    /// What the tests came to of each flow, in the order of flows.
    pub coverage: Vec<Coverage>,
}

/// Runs all tests of compiled documents. Each is tested alone; the flows among the others can be called, and calendars are
/// there for all.
#[must_use]
pub fn run(documents: Vec<CompiledDocument>, catalog: &Catalog) -> Vec<Outcome> {
    report(documents, catalog).outcomes
}

/// The same, with what the tests came to. What a called flow does counts for that flow.
#[must_use]
pub fn report(documents: Vec<CompiledDocument>, catalog: &Catalog) -> Report {
    let mut tests = Vec::new();
    let mut versions = Vec::new();
    for (compiled, id) in documents.into_iter().zip(1..) {
        tests.push(compiled.tests().to_vec());
        versions.push(compiled.into_version(VersionId(id)));
    }
    let world = World { versions: &versions, catalog };
    let mut outcomes = Vec::new();
    let mut taken: BTreeMap<VersionId, Taken> = BTreeMap::new();
    for (version, test) in
        versions.iter().zip(&tests).flat_map(|(version, tests)| tests.iter().map(move |test| (version, test)))
    {
        let (outcome, took) = run_one(version, test, &world, ALWAYS);
        outcomes.push(outcome);
        for (version, took) in took {
            taken.entry(version).or_default().add(took);
        }
    }
    let flows = versions.iter().filter_map(|version| match version {
        Published::Flow(version) => Some(version),
        Published::Rules(_) | Published::Calendar(_) | Published::Segment(_) => None,
    });
    let coverage = flows.map(|version| taken.entry(version.id).or_default().of(version)).collect();
    Report { outcomes, coverage }
}

/// What surrounds a test.
#[derive(Clone, Copy)]
struct World<'a> {
    /// Every document there is.
    versions: &'a [Published],
    catalog: &'a Catalog,
}

fn run_one(
    version: &Published,
    test: &TestCase,
    world: &World<'_>,
    go_on: GoOn<'_>,
) -> (Outcome, BTreeMap<VersionId, Taken>) {
    let mut sim = Sim::new(version, test, world).within(None, go_on);
    let mut said: Vec<Failure> = sim.run().err().into_iter().map(Failure::from).collect();
    said.extend(expect::failures(test, &sim.happened()));
    let outcome = Outcome {
        flow: version.document().to_string(),
        name: test.name.clone(),
        line: test.line,
        passed: said.is_empty(),
        failures: said.iter().map(Failure::to_string).collect(),
        said,
        log: sim.record.lines(),
    };
    (outcome, sim.taken())
}
