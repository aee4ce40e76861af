//! `switchboard flow`: which flows there are, switching them, starting one by hand.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::ask::{Shown, address, ask, list, parse};
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
    /// Starts that wait for a person, because a trigger matched too often in the hour after it went live
    Held {
        /// Of this flow only
        id: Option<String>,
        #[command(flatten)]
        shown: Shown,
    },
    /// Lets the held starts of a flow happen; what its triggers match from now on starts at once
    Release(Which),
    /// Drops the held starts of a flow; its triggers go on holding
    Drop(Which),
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

/// Whose held starts.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The flow
    id: String,
    /// Of this trigger only
    #[arg(long, value_name = "ID")]
    trigger: Option<String>,
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
            Self::Held { id, shown } => {
                shown.print(&client.get(&address("/held", &[("flow", id)])).await?, tell_held);
            }
            Self::Release(which) => return decide(client, &which, "release", "released").await,
            Self::Drop(which) => return decide(client, &which, "drop", "dropped").await,
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

/// Decides about all held starts of a flow, as many requests as it takes.
async fn decide(client: &Client, which: &Which, how: &str, done: &str) -> Outcome {
    let address = format!("/flows/{}/held/{how}", segment(&which.id));
    let mut count = 0;
    loop {
        let answer = client.post(&address, &json!({ "trigger": which.trigger })).await?;
        let now = answer["done"].as_u64().unwrap_or_default();
        count += now;
        if now > 0 && answer["more"] == true {
            continue;
        }
        print::line(format_args!("{}: {count} start(s) {done}", which.id));
        let refused = list(&answer, "refused");
        for start in refused {
            print::line(format_args!("  {}  {}", text(start, "id"), text(start, "why")));
        }
        return Ok(Verdict::good_if(refused.is_empty()));
    }
}

fn tell_held(answer: &Value) {
    let (triggers, held) = (list(answer, "triggers"), list(answer, "held"));
    if triggers.is_empty() && held.is_empty() {
        print::line("nothing is held");
    }
    for trigger in triggers {
        let (flow, id, since) = (text(trigger, "flow"), text(trigger, "trigger"), text(trigger, "since"));
        let started = text(trigger, "started");
        print::line(format_args!(
            "{id} of {flow}, live since {since}, started {started} run(s) in its first hour and holds the rest"
        ));
    }
    let row = |start: &Value| ["flow", "trigger", "event", "at"].map(|cell| text(start, cell)).to_vec();
    if !held.is_empty() {
        print::table(&["FLOW", "TRIGGER", "EVENT", "AT"], &held.iter().map(row).collect::<Vec<_>>());
    }
    if !answer["next"].is_null() {
        print::line("and more: `flow release ID` and `flow drop ID` decide about all of a flow");
    }
}
