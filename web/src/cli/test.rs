//! `switchboard test`: the `tests:` of flow files, lived through in virtual time.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use engine::flowtest::{self, Outcome as Shown};
use serde_json::{Value, json};

use super::{Failure, Outcome, Verdict, print};
use crate::flows::{self, Checker};

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
}

/// One test and the file it is in.
struct InFile {
    file: String,
    shown: Shown,
}

impl Test {
    pub(super) fn run(self) -> Outcome {
        let documents = flows::read(&self.paths).map_err(|error| Failure::Usage(error.to_string()))?;
        if documents.is_empty() {
            return Err(Failure::Usage("there are no .yaml files there".to_owned()));
        }
        let checker = Checker::of_build(Arc::new(connectors::registry().catalog()));
        let plan = checker.plan(&flows::as_import(&documents), &[]);
        if !plan.possible() {
            let problems = flows::problems(&plan);
            if self.json {
                print::json(&problems)
            } else {
                problems.iter().for_each(print::line)
            }
            return Ok(Verdict::Problems);
        }
        let mut tests = Vec::new();
        for item in plan.items {
            let Some(compiled) = item.compiled else { continue };
            let shown = flowtest::run(compiled, &checker.catalog);
            tests.extend(shown.into_iter().map(|shown| InFile { file: item.path.clone(), shown }));
        }
        let failed = tests.iter().filter(|test| !test.shown.passed).count();
        if self.json {
            as_json(&tests, failed)
        } else {
            self.as_text(&tests, failed)
        }
        Ok(Verdict::good_if(failed == 0))
    }

    fn as_text(&self, tests: &[InFile], failed: usize) {
        for InFile { file, shown } in tests {
            let mark = if shown.passed { "ok    " } else { "FAILED" };
            print::line(format_args!("{mark}  {}: {}  ({file}:{})", shown.flow, shown.name, shown.line));
            shown.failures.iter().for_each(|line| print::line(format_args!("          {line}")));
            if self.verbose || !shown.passed {
                shown.log.iter().for_each(|line| print::line(format_args!("        | {line}")));
            }
        }
        print::line(format_args!("{} passed, {failed} failed", tests.len() - failed));
    }
}

fn as_json(tests: &[InFile], failed: usize) {
    let show = |InFile { file, shown }: &InFile| -> Value {
        let mut test = json!(shown);
        test["file"] = file.as_str().into();
        test
    };
    let shown: Vec<Value> = tests.iter().map(show).collect();
    print::json(&json!({ "passed": tests.len() - failed, "failed": failed, "tests": shown }));
}
