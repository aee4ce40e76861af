//! `switchboard flow`: which flows there are, switching them, starting one by hand.

use clap::Subcommand;
use serde_json::{Value, json};

use super::ask::{Shown, ask, list, parse};
use super::backtest::Draft;
use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Failure, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Flow {
    /// The flows in force
    List {
        #[command(flatten)]
        shown: Shown,
    },
    /// Prints a flow's text
    Show {
        /// The flow
        id: String,
    },
    /// Lets events start a flow again
    On {
        /// The flow
        id: String,
    },
    /// Lets nothing start a flow; runs under way go on
    Off {
        /// The flow
        id: String,
    },
    /// The last events that its triggers heard and did not start on, and why; asks the running server
    Misses {
        /// The flow
        id: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// What a flow file would have started and done first, on everything that is stored, against the flow in force
    Backtest(Draft),
    /// Starts a flow by hand (trigger `manual`)
    Run {
        /// The flow
        id: String,
        /// JSON the flow sees as `event.input`
        #[arg(long, value_name = "JSON", default_value = "{}", value_parser = parse)]
        input: Value,
    },
}

impl Flow {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Data, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::List { shown } => shown.print(&client.get("/flows").await?, tell),
            Self::Show { id } => {
                print::line(text(&client.get(&format!("/flows/{}", segment(&id))).await?, "source").trim_end())
            }
            Self::Backtest(draft) => return draft.run(client, "/flows/backtest").await,
            Self::On { id } => switch(client, &id, true).await?,
            Self::Off { id } => switch(client, &id, false).await?,
            Self::Misses { id, shown } => {
                if !client.is_server() {
                    return Err(Failure::failed("no server runs: what started nothing is kept in its memory only"));
                }
                shown.print(&client.get(&format!("/flows/{}/misses", segment(&id))).await?, tell_misses);
            }
            Self::Run { id, input } => {
                let body = json!({ "input": input });
                let answer = client.post(&format!("/flows/{}/runs", segment(&id)), &body).await?;
                print::line(format_args!("{id} is started by event {}", text(&answer, "event")));
            }
        }
        Ok(Verdict::Good)
    }
}

async fn switch(client: &Client, id: &str, on: bool) -> Result<(), Failure> {
    client.put(&format!("/flows/{}/state", segment(id)), &json!({ "on": on })).await?;
    print::line(format_args!("{id} is {}", if on { "on" } else { "off" }));
    Ok(())
}

fn tell(answer: &Value) {
    let flows = list(answer, "flows");
    if flows.is_empty() {
        print::line("no flows; name a folder with serve --flows, or import files");
        return;
    }
    let on = |flow: &Value| list(flow, "on").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    let row =
        |flow: &Value| vec![text(flow, "flow"), text(flow, "state"), owner(flow), text(flow, "version"), on(flow)];
    print::table(&["FLOW", "STATE", "OWNER", "VERSION", "ON"], &flows.iter().map(row).collect::<Vec<_>>());
}

/// `file:order.yaml`, or `editor`.
fn owner(flow: &Value) -> String {
    match text(flow, "file") {
        file if file.is_empty() => text(flow, "owner"),
        file => format!("file:{file}"),
    }
}

fn tell_misses(answer: &Value) {
    let misses = list(answer, "misses");
    if misses.is_empty() {
        print::line("its triggers have passed over no event since the server started");
        return;
    }
    let row = |miss: &Value| ["at", "trigger", "event", "why", "saw"].map(|cell| text(miss, cell)).to_vec();
    print::table(&["AT", "TRIGGER", "EVENT", "WHY", "SAW"], &misses.iter().map(row).collect::<Vec<_>>());
}
