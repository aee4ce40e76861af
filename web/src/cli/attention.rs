//! `switchboard attention`: calls that wait for a person, and a person's answers.

use clap::Subcommand;
use serde_json::{Value, json};

use super::ask::{Shown, address, ask, list, parse};
use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Failure, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Attention {
    /// Calls that wait for a person, oldest first
    List {
        /// Those behind this call: the last one of the page before
        #[arg(long)]
        after: Option<String>,
        /// At most so many, 1 to 500
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        shown: Shown,
    },
    /// Tries a call again; the provider sees a new key, so look first whether it happened already
    Retry {
        /// The call
        id: String,
        /// Its new input as JSON [default: as it was]
        #[arg(long, value_name = "JSON", value_parser = parse)]
        input: Option<Value>,
    },
    /// Gives a call up: its step fails, and the flow's error branch takes over
    Fail {
        /// The call
        id: String,
    },
    /// Says that a call did happen: its step is done
    Settle {
        /// The call
        id: String,
        /// What later steps read as the step's output, as JSON
        #[arg(long, value_name = "JSON", default_value = "null", value_parser = parse)]
        output: Value,
    },
}

impl Attention {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Data, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::List { after, limit, shown } => {
                let address = address("/attention", &[("limit", Some(limit.to_string())), ("after", after)]);
                shown.print(&client.get(&address).await?, tell);
            }
            Self::Retry { id, input } => {
                let body = input.map_or_else(|| json!({}), |input| json!({ "input": input }));
                decide(client, &id, "retry", &body, "is tried again").await?;
            }
            Self::Fail { id } => decide(client, &id, "fail", &json!({}), "is given up").await?,
            Self::Settle { id, output } => {
                decide(client, &id, "settle", &json!({ "output": output }), "is done").await?;
            }
        }
        Ok(Verdict::Good)
    }
}

async fn decide(client: &Client, id: &str, how: &str, body: &Value, told: &str) -> Result<(), Failure> {
    let answer = client.post(&format!("/attention/{}/{how}", segment(id)), body).await?;
    print::line(format_args!("{id} {told}; its run is {}", text(&answer, "run")));
    Ok(())
}

fn tell(answer: &Value) {
    let calls = list(answer, "calls");
    if calls.is_empty() {
        print::line("no call waits for a person");
        return;
    }
    let row = |call: &Value| {
        let cells = ["id", "run", "action", "connection", "planned_at", "why"];
        cells.iter().map(|cell| text(call, cell)).collect::<Vec<_>>()
    };
    let head = ["CALL", "RUN", "ACTION", "CONNECTION", "PLANNED", "WHY"];
    print::table(&head, &calls.iter().map(row).collect::<Vec<_>>());
    if answer["next"].is_string() {
        print::line(format_args!("more: attention list --after {}", text(answer, "next")));
    }
}
