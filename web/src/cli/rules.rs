//! `switchboard rules`: the tag rules in force, and what others would have done.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::workspace::show_problems;
use super::{Context, Failure, Outcome, Verdict};
use crate::flows;

#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// The rules, in the order in which they judge
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What a file of rules would have done differently from those in force, on everything that is stored
    Backtest {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
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
            Self::Backtest { file, json } => return backtest(client, file, json).await,
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

async fn backtest(client: &Client, file: PathBuf, json: bool) -> Outcome {
    let documents = flows::read(&[file]).map_err(|error| Failure::Usage(error.to_string()))?;
    let [document] = &documents[..] else { return Err(Failure::Usage("name one file of tag rules".to_owned())) };
    match client.post("/rules/backtest", &json!({ "document": document })).await {
        Err(Failure::Problems(problems)) => {
            if json {
                print::json(&problems)
            } else {
                show_problems(&problems)
            }
            Ok(Verdict::Problems)
        }
        Err(other) => Err(other),
        Ok(report) => {
            if json {
                print::json(&report)
            } else {
                show(&report)
            }
            Ok(Verdict::Good)
        }
    }
}

fn show(report: &Value) {
    let rules = report["rules"].as_array().map_or(&[][..], Vec::as_slice);
    let row = |rule: &Value| ["rule", "now", "draft", "gained", "lost"].iter().map(|name| text(rule, name)).collect();
    print::table(&["RULE", "NOW", "DRAFT", "GAINED", "LOST"], &rules.iter().map(row).collect::<Vec<_>>());
    for rule in rules {
        for example in rule["examples"].as_array().into_iter().flatten() {
            let (way, said) = (text(example, "way"), text(example, "text"));
            let (rule, at, contact) = (text(rule, "rule"), text(example, "at"), text(example, "contact"));
            print::line(format_args!("{rule} {way} {at} {contact} \"{said}\"\n    {}", text(example, "why")));
        }
        if rule["failed"] != 0 {
            print::line(format_args!("{} failed at {} event(s)", text(rule, "rule"), text(rule, "failed")));
        }
    }
    for conflict in report["conflicts"].as_array().into_iter().flatten() {
        let [one, other, about, events] = ["one", "other", "about", "events"].map(|name| text(conflict, name));
        print::line(format_args!("{one} and {other} disagree about {about} at {events} event(s); the later one wins"));
    }
    for rule in report["not_tried"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        print::line(format_args!("{rule} was not tried: nobody waited for its silence then"));
    }
    summary(report);
}

/// How many events were looked at, and for which share of them facts had to be assumed.
fn summary(report: &Value) {
    let events = report["events"].as_u64().unwrap_or_default();
    let assumed = report["assumed"].as_u64().unwrap_or_default();
    let seconds = report["seconds"].as_f64().unwrap_or_default();
    print::line(format_args!("{events} event(s) in {seconds:.1} s; {} erased and left out", text(report, "erased")));
    if assumed > 0 {
        let percent = assumed.saturating_mul(100).div_ceil(events.max(1));
        print::line(format_args!("facts of {assumed} event(s) ({percent} %) were not recorded then: assumed as today"));
    }
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
