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
    /// Tries a run's calls that need attention again
    Retry {
        /// The run
        id: String,
    },
    /// Ends a run; calls not under way are withdrawn
    Cancel {
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
            Self::Retry { id } => {
                let answer = client.post(&format!("/runs/{}/retry", segment(&id)), &json!({})).await?;
                let calls = list(&answer, "retried").len();
                print::line(format_args!("{calls} call(s) of {id} are tried again"));
            }
            Self::Cancel { id } => {
                client.post(&format!("/runs/{}/cancel", segment(&id)), &json!({})).await?;
                print::line(format_args!("{id} is cancelled"));
            }
        }
        Ok(Verdict::Good)
    }
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
