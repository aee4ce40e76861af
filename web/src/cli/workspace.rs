//! `switchboard plan`, `import`, `export`: the workspace as files.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::client::{Client, Needs};
use super::print::{self, text};
use super::{Context, Failure, Outcome, Verdict};
use crate::flows;

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Files, or folders of files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// As if imported with --publish
    #[arg(long)]
    publish: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// Files, or folders of files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Goes live at once; without, the flows are drafts
    #[arg(long)]
    publish: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The folder to write to; existing files in it are replaced
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Plan {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        bring_in(context, "/workspace/plan", &self.paths, self.publish, self.json).await
    }
}

impl Import {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        bring_in(context, "/workspace/import", &self.paths, self.publish, self.json).await
    }
}

impl Export {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let client = Client::open(context, Needs::Data).await?;
        let answer = client.get("/workspace").await;
        client.close().await;
        let answer = answer?;
        let documents = answer["documents"].as_array().map_or(&[][..], Vec::as_slice);
        std::fs::create_dir_all(&self.dir).map_err(Failure::failed)?;
        for document in documents {
            let file = self.dir.join(text(document, "path"));
            let written = std::fs::write(&file, text(document, "text"));
            written.map_err(|why| Failure::Failed(format!("{}: {why}", file.display())))?;
        }
        print::line(format_args!("{} file(s) written to {}", documents.len(), self.dir.display()));
        Ok(Verdict::Good)
    }
}

async fn bring_in(context: &Context, address: &str, paths: &[PathBuf], publish: bool, json: bool) -> Outcome {
    let documents = flows::read(paths).map_err(|error| Failure::Usage(error.to_string()))?;
    if documents.is_empty() {
        return Err(Failure::Usage("there are no .yaml files there".to_owned()));
    }
    let client = Client::open(context, Needs::Nothing).await?;
    let answer = client.post(address, &json!({ "documents": documents, "publish": publish })).await;
    client.close().await;
    let answer = match answer {
        Err(Failure::Problems(problems)) => {
            if json {
                print::json(&problems)
            } else {
                show_problems(&problems)
            }
            return Ok(Verdict::Problems);
        }
        other => other?,
    };
    if json {
        print::json(&answer)
    } else {
        show(&answer)
    }
    Ok(Verdict::Good)
}

fn show(answer: &Value) {
    let row =
        |change: &Value| ["flow", "what", "state", "version", "file"].iter().map(|name| text(change, name)).collect();
    let changes = answer["changes"].as_array().map_or(&[][..], Vec::as_slice);
    print::table(&["ID", "WHAT", "STATE", "VERSION", "FILE"], &changes.iter().map(row).collect::<Vec<_>>());
    show_problems(&answer["problems"]);
    if answer["applied"] == false {
        print::line("nothing was changed: this is what an import would do");
    }
}

pub(super) fn show_problems(problems: &Value) {
    for problem in problems.as_array().map_or(&[][..], Vec::as_slice) {
        let place = ["file", "line", "column"].map(|name| text(problem, name)).join(":");
        let (severity, code) = (text(problem, "severity"), text(problem, "code"));
        print::line(format_args!("{place}: {severity}[{code}]: {}", text(problem, "message")));
        if problem["hint"] != "" {
            print::line(format_args!("    hint: {}", text(problem, "hint")));
        }
    }
}
