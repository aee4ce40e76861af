//! `switchboard test`: the `tests:` of flow files, lived through in virtual time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use engine::flowtest::{self, Coverage, Outcome as Shown};
use serde_json::{Value, json};

use super::junit::{Case, Suite};
use super::{Failure, Outcome, Verdict, junit, print};
use crate::flows::{self, Checker, FileProblem, folder};

#[derive(Debug, Args)]
pub(super) struct Test {
    /// Files, or folders of files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Shows what happened in each test, not only in failed ones
    #[arg(long)]
    verbose: bool,
    /// Runs the tests again whenever a file changes, until interrupted
    #[arg(long)]
    watch: bool,
    /// Writes the results to this file as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Fails when the tests of a flow take less of its steps and ways than this, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    coverage: Option<u8>,
}

/// What the tests of all files showed.
struct Results {
    /// The file of each flow.
    files: HashMap<String, String>,
    tests: Vec<Shown>,
    coverage: Vec<Coverage>,
}

impl Test {
    pub(super) async fn run(self) -> Outcome {
        if !self.watch {
            return self.once();
        }
        // Before the first look, so that no change is missed.
        let mut watched = folder::watch(&self.paths).map_err(Failure::failed)?;
        loop {
            match self.once() {
                Ok(_) => {}
                // A file may be away for a moment while an editor writes it.
                Err(failure) => print::complain(failure),
            }
            print::line("waiting for changes");
            if !watched.changed().await {
                return Err(Failure::failed("the system stopped watching the files"));
            }
        }
    }

    fn once(&self) -> Outcome {
        let documents = flows::read(&self.paths).map_err(|error| Failure::Usage(error.to_string()))?;
        if documents.is_empty() {
            return Err(Failure::Usage("there are no .yaml files there".to_owned()));
        }
        let checker = Checker::of_build(Arc::new(connectors::registry().catalog()));
        let plan = checker.plan(&flows::as_import(&documents), &[]);
        if !plan.possible() {
            return self.refuse(&flows::problems(&plan));
        }
        let (mut files, mut flows) = (HashMap::new(), Vec::new());
        for item in plan.items {
            let Some(compiled) = item.compiled else { continue };
            files.insert(compiled.id().to_string(), item.path);
            flows.push(compiled);
        }
        let report = flowtest::report(flows, &checker.catalog);
        let results = Results { files, tests: report.outcomes, coverage: report.coverage };
        self.write_junit(|| results.suites())?;
        if self.json {
            print::json(&results.as_json());
        } else {
            self.tell(&results);
        }
        let enough = |coverage: &Coverage| self.coverage.is_none_or(|least| coverage.percent() >= usize::from(least));
        Ok(Verdict::good_if(results.failed() == 0 && results.coverage.iter().all(enough)))
    }

    /// Files with problems are not tested.
    fn refuse(&self, problems: &[FileProblem]) -> Outcome {
        self.write_junit(|| vec![check_suite(problems)])?;
        if self.json {
            print::json(&problems);
        } else {
            problems.iter().for_each(print::line);
        }
        Ok(Verdict::Problems)
    }

    fn write_junit(&self, suites: impl FnOnce() -> Vec<Suite>) -> Result<(), Failure> {
        let Some(path) = &self.junit else { return Ok(()) };
        std::fs::write(path, junit::document(&suites()))
            .map_err(|why| Failure::Failed(format!("{}: cannot be written: {why}", path.display())))
    }

    fn tell(&self, results: &Results) {
        for shown in &results.tests {
            let mark = if shown.passed { "ok    " } else { "FAILED" };
            let file = results.file(&shown.flow);
            print::line(format_args!("{mark}  {}: {}  ({file}:{})", shown.flow, shown.name, shown.line));
            let lines = shown.failures.iter().flat_map(|failure| failure.lines());
            lines.for_each(|line| print::line(format_args!("          {line}")));
            if self.verbose || !shown.passed {
                shown.log.iter().for_each(|line| print::line(format_args!("        | {line}")));
            }
        }
        for coverage in &results.coverage {
            print::line(format_args!("coverage  {}: {}", coverage.flow, covered(coverage)));
        }
        let failed = results.failed();
        print::line(format_args!("{} passed, {failed} failed", results.tests.len() - failed));
    }
}

impl Results {
    fn failed(&self) -> usize {
        self.tests.iter().filter(|shown| !shown.passed).count()
    }

    fn file(&self, flow: &str) -> &str {
        self.files.get(flow).map_or("", String::as_str)
    }

    fn as_json(&self) -> Value {
        let test = |shown: &Shown| {
            let mut test = json!(shown);
            test["file"] = self.file(&shown.flow).into();
            test
        };
        let coverage = |coverage: &Coverage| {
            let mut told = json!(coverage);
            told["percent"] = coverage.percent().into();
            told["file"] = self.file(&coverage.flow).into();
            told
        };
        json!({
            "passed": self.tests.len() - self.failed(),
            "failed": self.failed(),
            "tests": self.tests.iter().map(test).collect::<Vec<_>>(),
            "coverage": self.coverage.iter().map(coverage).collect::<Vec<_>>(),
        })
    }

    /// A suite for each flow, in the order of the files.
    fn suites(&self) -> Vec<Suite> {
        let of = |coverage: &Coverage| {
            let tests = self.tests.iter().filter(|shown| shown.flow == coverage.flow);
            let case = |shown: &Shown| {
                let failure = shown.failures.iter().chain(&shown.log).cloned().collect::<Vec<_>>().join("\n");
                Case { name: shown.name.clone(), line: shown.line, failure: (!shown.passed).then_some(failure) }
            };
            let file = self.file(&coverage.flow).to_owned();
            Suite { name: coverage.flow.clone(), file, cases: tests.map(case).collect() }
        };
        self.coverage.iter().map(of).collect()
    }
}

/// `12/14 steps and ways, not taken: line 20 else`.
fn covered(coverage: &Coverage) -> String {
    let mut told = format!("{}/{} steps and ways", coverage.taken, coverage.total);
    if !coverage.missing.is_empty() {
        let missing: Vec<String> = coverage.missing.iter().map(ToString::to_string).collect();
        told = format!("{told}, not taken: {}", missing.join(", "));
    }
    told
}

/// What the checks found, as a suite that failed: without it, results of an earlier run would stand.
fn check_suite(problems: &[FileProblem]) -> Suite {
    let case = |found: &FileProblem| {
        let name = format!("{}:{} {}", found.file, found.problem.line, found.problem.code);
        Case { name, line: found.problem.line, failure: Some(found.to_string()) }
    };
    Suite { name: "check".into(), file: String::new(), cases: problems.iter().map(case).collect() }
}
