//! `switchboard rules`: the tag rules in force, and what others would have done.

use clap::Subcommand;
use serde_json::{Value, json};

use super::backtest::Draft;
use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Failure, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// The rules, in the order in which they judge
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What a file of rules would have done differently from those in force, on everything that is stored
    Backtest(Draft),
    /// Lets a file of rules judge again
    On {
        /// The file's id
        id: String,
    },
    /// Lets a file of rules judge nothing
    Off {
        /// The file's id
        id: String,
    },
}

impl Rules {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let client = Client::open(context, Needs::Data).await?;
        let outcome = self.ask(&client).await;
        client.close().await;
        outcome
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::List { json } => {
                let answer = client.get("/rules").await?;
                if json { print::json(&answer) } else { list(&answer) }
            }
            Self::Backtest(draft) => return draft.run(client, "/rules/backtest").await,
            Self::On { id } => switch(client, &id, true).await?,
            Self::Off { id } => switch(client, &id, false).await?,
        }
        Ok(Verdict::Good)
    }
}

async fn switch(client: &Client, id: &str, on: bool) -> Result<(), Failure> {
    client.put(&format!("/rules/{}/state", segment(id)), &json!({ "on": on })).await?;
    print::line(format_args!("{id} is {}", if on { "on" } else { "off" }));
    Ok(())
}

fn list(answer: &Value) {
    let files = answer["rules"].as_array().map_or(&[][..], Vec::as_slice);
    let mut rows = Vec::new();
    for file in files {
        let rules = file["list"].as_array().map_or(&[][..], Vec::as_slice);
        if rules.is_empty() {
            rows.push(vec![text(file, "flow"), text(file, "state")]);
        }
        for rule in rules {
            let tags =
                |name: &str| rule[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
            let does = [("+", tags("add_tags")), ("-", tags("remove_tags"))];
            let does = does.iter().flat_map(|(sign, tags)| tags.iter().map(move |tag| format!("{sign}{tag}")));
            let marks = ["stop", "watch"].into_iter().filter(|mark| rule[*mark] == true).map(str::to_owned);
            let all = does.chain(marks).collect::<Vec<_>>().join(" ");
            rows.push(vec![text(file, "flow"), text(file, "state"), text(rule, "rule"), all]);
        }
    }
    print::table(&["FILE", "STATE", "RULE", "DOES"], &rows);
}
