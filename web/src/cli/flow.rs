//! `switchboard flow`: which flows there are, switching them, starting one by hand.

use clap::Subcommand;
use serde_json::{Value, json};

use super::backtest::Draft;
use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Failure, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Flow {
    /// The flows in force
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
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
    /// What a flow file would have started and done first, on everything that is stored, against the flow in force
    Backtest(Draft),
    /// Starts a flow by hand (trigger `manual`)
    Run {
        /// The flow
        id: String,
        /// JSON the flow sees as `event.input`
        #[arg(long, default_value = "{}")]
        input: String,
    },
}

impl Flow {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let client = Client::open(context, Needs::Data).await?;
        let outcome = self.ask(&client).await;
        client.close().await;
        outcome
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::List { json } => {
                let answer = client.get("/flows").await?;
                if json { print::json(&answer) } else { list(&answer) }
            }
            Self::Show { id } => {
                print::line(text(&client.get(&format!("/flows/{}", segment(&id))).await?, "source").trim_end())
            }
            Self::Backtest(draft) => return draft.run(client, "/flows/backtest").await,
            Self::On { id } => switch(client, &id, true).await?,
            Self::Off { id } => switch(client, &id, false).await?,
            Self::Run { id, input } => {
                let input: Value =
                    serde_json::from_str(&input).map_err(|why| Failure::Usage(format!("--input: {why}")))?;
                let answer = client.post(&format!("/flows/{}/runs", segment(&id)), &json!({ "input": input })).await?;
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

fn list(answer: &Value) {
    let flows = answer["flows"].as_array().map_or(&[][..], Vec::as_slice);
    if flows.is_empty() {
        print::line("no flows; name a folder with serve --flows, or import files");
        return;
    }
    let on = |flow: &Value| {
        flow["on"]
            .as_array()
            .map_or_else(String::new, |on| on.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
    };
    let row = |flow: &Value| {
        vec![text(flow, "flow"), text(flow, "state"), text(flow, "owner"), text(flow, "version"), on(flow)]
    };
    print::table(&["FLOW", "STATE", "OWNER", "VERSION", "ON"], &flows.iter().map(row).collect::<Vec<_>>());
}
