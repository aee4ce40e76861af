//! `switchboard check`: every problem of flows and tag rules, each on its line.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::{Failure, Outcome, Verdict, print};
use crate::flows::{self, Checker};

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files, or folders of files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// As a JSON array
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Outcome {
        let documents = flows::read(&self.paths).map_err(|error| Failure::Usage(error.to_string()))?;
        if documents.is_empty() {
            return Err(Failure::Usage("there are no .yaml files there".to_owned()));
        }
        let checker = Checker::of_build(Arc::new(connectors::registry().catalog()));
        let plan = checker.plan(&flows::as_import(&documents), &[]);
        let problems = flows::problems(&plan);
        if self.json {
            print::json(&problems);
        } else {
            problems.iter().for_each(print::line);
            if plan.possible() {
                print::line(format_args!("{} file(s) are good", plan.items.len()));
            }
        }
        Ok(Verdict::good_if(plan.possible()))
    }
}
