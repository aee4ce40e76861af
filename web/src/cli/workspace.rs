//! `switchboard plan`, `import`, `export`: the workspace as files.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::client::{Client, Needs};
use super::print::{self, text};
use super::{Context, Failure, Outcome, Verdict};
use crate::flows;

/// The address that plans and changes nothing.
const PLAN: &str = "/workspace/plan";

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Files, or folders of files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// As if imported with --publish
    #[arg(long)]
    publish: bool,
    #[command(flatten)]
    waiting: Waiting,
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
    #[command(flatten)]
    waiting: Waiting,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What becomes of runs that wait on another version.
#[derive(Debug, Args)]
struct Waiting {
    /// What runs do that wait at a step, instead of what the step says: FLOW/STEP=finish, =continue or =stop; may be repeated
    #[arg(long = "waiting", value_name = "CHOICE", value_parser = choice)]
    choices: Vec<(String, String, String)>,
}

impl Waiting {
    /// By flow and step, as the API takes it.
    fn json(&self) -> Value {
        let mut all = json!({});
        for (flow, step, then) in &self.choices {
            all[flow][step] = then.as_str().into();
        }
        all
    }
}

fn choice(text: &str) -> Result<(String, String, String), String> {
    let parts = text.split_once('=').and_then(|(place, then)| Some((place.split_once('/')?, then)));
    match parts {
        Some(((flow, step), then @ ("finish" | "continue" | "stop"))) if !flow.is_empty() && !step.is_empty() => {
            Ok((flow.to_owned(), step.to_owned(), then.to_owned()))
        }
        _ => Err("write FLOW/STEP=finish, FLOW/STEP=continue or FLOW/STEP=stop".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The folder to write to; existing files in it are replaced
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Plan {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        bring_in(context, PLAN, &self.paths, self.publish, &self.waiting, self.json).await
    }
}

impl Import {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        bring_in(context, "/workspace/import", &self.paths, self.publish, &self.waiting, self.json).await
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

async fn bring_in(
    context: &Context,
    address: &str,
    paths: &[PathBuf],
    publish: bool,
    waiting: &Waiting,
    json: bool,
) -> Outcome {
    let documents = flows::read(paths).map_err(|error| Failure::Usage(error.to_string()))?;
    if documents.is_empty() {
        return Err(Failure::Usage("there are no .yaml files there".to_owned()));
    }
    let client = Client::open(context, Needs::Nothing).await?;
    let request = json!({ "documents": documents, "publish": publish, "waiting": waiting.json() });
    let answer = client.post(address, &request).await;
    let needs = if address == PLAN {
        client.post("/workspace/needs", &json!({ "documents": documents })).await
    } else {
        Ok(Value::Null)
    };
    client.close().await;
    let needs = &needs?["needs"];
    match answer {
        Err(Failure::Problems(problems)) => {
            refused(&problems, needs, json);
            Ok(Verdict::Problems)
        }
        other => {
            planned(other?, needs, json);
            Ok(Verdict::Good)
        }
    }
}

/// Shows why nothing can be brought in.
fn refused(problems: &Value, needs: &Value, json: bool) {
    if json {
        return print::json(problems);
    }
    show_problems(problems);
    show_needs(needs);
}

/// Shows what is or would be brought in.
fn planned(mut answer: Value, needs: &Value, json: bool) {
    if json {
        if !needs.is_null() {
            answer["checklist"] = needs.clone();
        }
        return print::json(&answer);
    }
    show(&answer);
    show_needs(needs);
}

/// What the documents need, and whether it is here.
fn show_needs(needs: &Value) {
    let needs = needs.as_array().map_or(&[][..], Vec::as_slice);
    let row = |need: &Value| {
        let name = match text(need, "language") {
            language if language.is_empty() => text(need, "name"),
            language => format!("{} ({language})", text(need, "name")),
        };
        vec![text(need, "kind"), name, state(need)]
    };
    if !needs.is_empty() {
        print::table(&["NEEDS", "NAME", "STATE"], &needs.iter().map(row).collect::<Vec<_>>());
    }
}

/// Whether it is here, and what to do when not.
fn state(need: &Value) -> String {
    match (text(need, "kind").as_str(), text(need, "state").as_str()) {
        ("template", "missing") => "missing, or not approved: see your WhatsApp account".to_owned(),
        ("tag", "missing") => "not in the dictionary: check its spelling, or write down what it means".to_owned(),
        ("capability", "missing") => "missing: no connection offers it, make one".to_owned(),
        (_, "missing") => "missing".to_owned(),
        (_, "several") => "several connections offer it: choose a default, or name one".to_owned(),
        (_, "empty") => "nobody is in it".to_owned(),
        (_, "unknown") => "cannot be told here".to_owned(),
        (_, other) => other.to_owned(),
    }
}

fn show(answer: &Value) {
    let row =
        |change: &Value| ["flow", "what", "state", "version", "file"].iter().map(|name| text(change, name)).collect();
    let changes = answer["changes"].as_array().map_or(&[][..], Vec::as_slice);
    print::table(&["ID", "WHAT", "STATE", "VERSION", "FILE"], &changes.iter().map(row).collect::<Vec<_>>());
    changes.iter().for_each(show_waiting);
    show_problems(&answer["problems"]);
    if answer["applied"] == false {
        print::line("nothing was changed: this is what an import would do");
    }
}

/// What becomes of the runs that wait on other versions of a flow.
fn show_waiting(change: &Value) {
    for waits in change["waiting"].as_array().map_or(&[][..], Vec::as_slice) {
        let step = match text(waits, "step") {
            step if step.is_empty() => "a step".to_owned(),
            step => format!("step {step}"),
        };
        let then = match (text(waits, "then").as_str(), text(waits, "why").as_str()) {
            ("continue", _) => "continue in the new version".to_owned(),
            ("stop", _) => "stop, with their clean-up".to_owned(),
            (_, "") => "finish on their version".to_owned(),
            (_, why) => format!("finish on their version: they cannot continue ({why})"),
        };
        let (flow, count) = (text(change, "flow"), text(waits, "count"));
        print::line(format_args!("{flow}: {count} wait at {step} of {}, and {then}", text(waits, "version")));
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
