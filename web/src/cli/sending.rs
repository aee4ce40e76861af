//! `switchboard sending`: stops all sending and releases it.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::ask::{Shown, ask, list};
use super::client::{Client, Needs};
use super::print::{self, text};
use super::{Context, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Sending {
    /// What is stopped, by whom, since when, and what it holds
    Show {
        #[command(flatten)]
        shown: Shown,
    },
    /// Stops messages to customers: they wait until released
    Stop(Scope),
    /// Releases what was stopped, and lists what was held; what became too old meanwhile is not sent
    Release(Scope),
}

/// Of what: of everything, unless said.
#[derive(Debug, Args)]
pub(super) struct Scope {
    /// Of this connection only
    #[arg(long, value_name = "ID", conflicts_with = "flow")]
    channel: Option<String>,
    /// Of this flow only
    #[arg(long, value_name = "ID")]
    flow: Option<String>,
}

impl Scope {
    fn text(&self) -> String {
        match (&self.channel, &self.flow) {
            (Some(channel), _) => format!("channel:{channel}"),
            (None, Some(flow)) => format!("flow:{flow}"),
            (None, None) => "all".to_owned(),
        }
    }
}

impl Sending {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Data, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::Show { shown } => shown.print(&client.get("/sending").await?, tell),
            Self::Stop(scope) => {
                let scope = scope.text();
                client.post("/sending/stop", &json!({ "scope": scope })).await?;
                print::line(format_args!("nothing is sent any more ({scope}) until `sending release`"));
            }
            Self::Release(scope) => {
                let scope = scope.text();
                let answer = client.post("/sending/release", &json!({ "scope": scope })).await?;
                let held = list(&answer, "held");
                print::line(format_args!("sending goes on ({scope}); {} message(s) were held", held.len()));
                held.iter().for_each(tell_call);
            }
        }
        Ok(Verdict::Good)
    }
}

fn tell(answer: &Value) {
    let stops = list(answer, "stops");
    if stops.is_empty() {
        print::line("nothing is stopped");
    }
    for stop in stops {
        print::line(format_args!(
            "{} is stopped by {} since {}",
            text(stop, "scope"),
            text(stop, "by"),
            text(stop, "at")
        ));
        list(stop, "held").iter().for_each(tell_call);
    }
}

fn tell_call(call: &Value) {
    let (id, action, run) = (text(call, "id"), text(call, "action"), text(call, "run"));
    print::line(format_args!("  {id}  {action}  of {run}, planned {}", text(call, "planned_at")));
}
