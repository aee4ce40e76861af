//! `switchboard run`: the log of what flows did.

use clap::Subcommand;
use serde_json::{Value, json};

use super::ask::{Shown, address, ask, list};
use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Run {
    /// Runs, newest first
    List {
        /// Of this flow only
        #[arg(long)]
        flow: Option<String>,
        /// In this status only: working, waiting, needs_attention, done, failed, cancelled
        #[arg(long)]
        status: Option<String>,
        /// Of this contact only, by id
        #[arg(long)]
        contact: Option<String>,
        /// Older than this run: the last one of the page before
        #[arg(long)]
        before: Option<String>,
        /// At most so many, 1 to 500
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        shown: Shown,
    },
    /// One run, step by step
    Show {
        /// The run
        id: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Tries a run's calls that need attention again; a failed run begins again at the step that failed
    Retry {
        /// The run
        id: String,
        /// What the failed step is given instead of its own input, as JSON
        #[arg(long, value_parser = parse_json)]
        input: Option<Value>,
    },
    /// Starts the flow that is live now with the event that started a run
    Replay {
        /// The run
        id: String,
    },
    /// Ends a run; calls not under way are withdrawn, and the flow's `finally` runs
    Cancel {
        /// The run
        id: String,
    },
    /// Ends all runs of a flow or a contact that are not over, or tries the failed ones again
    Bulk {
        /// What is done
        #[arg(value_parser = ["cancel", "retry"])]
        what: String,
        /// Of this flow only
        #[arg(long, required_unless_present = "contact")]
        flow: Option<String>,
        /// Of this contact only, by id
        #[arg(long)]
        contact: Option<String>,
        /// In this status only
        #[arg(long)]
        status: Option<String>,
    },
    /// Ends a run at once, without the flow's `finally`
    Kill {
        /// The run
        id: String,
    },
}

impl Run {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Data, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::List { flow, status, contact, before, limit, shown } => {
                let limit = Some(limit.to_string());
                let parameters =
                    [("limit", limit), ("flow", flow), ("status", status), ("contact", contact), ("before", before)];
                shown.print(&client.get(&address("/runs", &parameters)).await?, tell);
            }
            Self::Show { id, shown } => {
                shown.print(&client.get(&format!("/runs/{}", segment(&id))).await?, super::story::tell);
            }
            Self::Retry { id, input } => {
                let answer = client.post(&format!("/runs/{}/retry", segment(&id)), &json!({ "input": input })).await?;
                match text(&answer, "run") {
                    run if run.is_empty() => {
                        let calls = list(&answer, "retried").len();
                        print::line(format_args!("{calls} call(s) of {id} are tried again"));
                    }
                    run => print::line(format_args!("{run} goes on at step {}", text(&answer, "step"))),
                }
            }
            Self::Replay { id } => {
                let answer = client.post(&format!("/runs/{}/replay", segment(&id)), &json!({})).await?;
                print::line(format_args!("{} begins anew with what started {id}", text(&answer, "run")));
            }
            Self::Bulk { what, flow, contact, status } => {
                let asked = json!({ "do": what, "flow": flow, "contact": contact, "status": status });
                let answer = client.post("/runs/bulk", &asked).await?;
                print::line(format_args!("{} run(s): {what}", text(&answer, "done")));
                for refused in list(&answer, "refused") {
                    print::line(format_args!("  {}: {}", text(refused, "run"), text(refused, "why")));
                }
                if answer["more"] == true {
                    print::line("there are more: say it again");
                }
            }
            Self::Cancel { id } => {
                client.post(&format!("/runs/{}/cancel", segment(&id)), &json!({})).await?;
                print::line(format_args!("{id} is cancelled"));
            }
            Self::Kill { id } => {
                client.post(&format!("/runs/{}/kill", segment(&id)), &json!({})).await?;
                print::line(format_args!("{id} is ended"));
            }
        }
        Ok(Verdict::Good)
    }
}

fn parse_json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))
}

fn tell(answer: &Value) {
    let runs = list(answer, "runs");
    if runs.is_empty() {
        print::line("no runs");
        return;
    }
    let row = |run: &Value| {
        vec![text(run, "id"), text(run, "status"), text(run, "flow"), text(run, "started_at"), remark(run)]
    };
    print::table(&["RUN", "STATUS", "FLOW", "STARTED", ""], &runs.iter().map(row).collect::<Vec<_>>());
    if answer["next"].is_string() {
        print::line(format_args!("older ones: run list --before {}", text(answer, "next")));
    }
}

/// Why a run is where it is, in a few words.
pub(super) fn remark(run: &Value) -> String {
    if run["waiting_for"].is_object() {
        return format!("waiting for {} since {}", text(run, "waiting_for.connection"), text(run, "waiting_for.since"));
    }
    text(run, "error")
}
