//! `switchboard run`: the log of what flows did.

use clap::Subcommand;
use serde_json::{Value, json};

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
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// One run, step by step
    Show {
        /// The run
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Tries a run's calls that need attention again
    Retry {
        /// The run
        id: String,
    },
    /// Ends a run; calls not under way are withdrawn, and the flow's `finally` runs
    Cancel {
        /// The run
        id: String,
    },
    /// Ends a run at once, without the flow's `finally`
    Kill {
        /// The run
        id: String,
    },
}

impl Run {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let client = Client::open(context, Needs::Data).await?;
        let outcome = self.ask(&client).await;
        client.close().await;
        outcome
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::List { flow, status, contact, before, limit, json } => {
                let mut query = format!("/runs?limit={limit}");
                for (name, value) in [("flow", flow), ("status", status), ("contact", contact), ("before", before)] {
                    if let Some(value) = value {
                        query.push_str(&format!("&{name}={}", segment(&value)));
                    }
                }
                let answer = client.get(&query).await?;
                if json { print::json(&answer) } else { list(&answer) }
            }
            Self::Show { id, json } => {
                let answer = client.get(&format!("/runs/{}", segment(&id))).await?;
                if json { print::json(&answer) } else { super::story::tell(&answer) }
            }
            Self::Retry { id } => {
                let answer = client.post(&format!("/runs/{}/retry", segment(&id)), &json!({})).await?;
                let calls = answer["retried"].as_array().map_or(0, Vec::len);
                print::line(format_args!("{calls} call(s) of {id} are tried again"));
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

fn list(answer: &Value) {
    let runs = answer["runs"].as_array().map_or(&[][..], Vec::as_slice);
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
