//! `rules backtest`, `flow backtest`: what a draft would have done differently.

use std::path::PathBuf;
use std::str::FromStr;

use chrono::DateTime;
use clap::Args;
use serde_json::{Value, json};

use super::client::Client;
use super::print::{self, text};
use super::workspace::show_problems;
use super::{Failure, Outcome, Verdict};
use crate::flows;

/// A file to try on the past.
#[derive(Debug, Args)]
pub(super) struct Draft {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only events since then: so many days back, as 7d, or a time, as 2026-11-15T09:00:00Z; default: all that are stored
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// From when on events are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Since {
    Days(u32),
    Time(String),
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days = text.strip_suffix('d').and_then(|days| days.parse().ok()).map(Self::Days);
        let time = || DateTime::parse_from_rfc3339(text).ok().map(|_| Self::Time(text.to_owned()));
        days.or_else(time).ok_or("write days, as 7d, or a time, as 2026-11-15T09:00:00Z")
    }
}

impl Draft {
    pub(super) async fn run(self, client: &Client, address: &str) -> Outcome {
        let documents = flows::read(&[self.file]).map_err(|error| Failure::Usage(error.to_string()))?;
        let [document] = &documents[..] else { return Err(Failure::Usage("name one file".to_owned())) };
        let mut asked = json!({ "document": document });
        match self.since {
            Some(Since::Days(days)) => asked["days"] = days.into(),
            Some(Since::Time(time)) => asked["since"] = time.into(),
            None => {}
        }
        match client.post(address, &asked).await {
            Err(Failure::Problems(problems)) => {
                if self.json {
                    print::json(&problems)
                } else {
                    show_problems(&problems)
                }
                Ok(Verdict::Problems)
            }
            Err(other) => Err(other),
            Ok(report) => {
                if self.json {
                    print::json(&report)
                } else {
                    show(&report)
                }
                Ok(Verdict::Good)
            }
        }
    }
}

fn list<'a>(report: &'a Value, name: &str) -> &'a [Value] {
    report[name].as_array().map_or(&[], Vec::as_slice)
}

fn show(report: &Value) {
    // Rules of a file; or the starts of a flow and its actions.
    let starts = report.get("starts");
    let (head, name) = if starts.is_some() { ("WHAT", "what") } else { ("RULE", "rule") };
    let counted: Vec<&Value> = starts.into_iter().chain(list(report, "actions")).chain(list(report, "rules")).collect();
    let row = |counted: &&Value| [name, "now", "draft", "gained", "lost"].map(|column| text(counted, column)).to_vec();
    print::table(&[head, "NOW", "DRAFT", "GAINED", "LOST"], &counted.iter().map(row).collect::<Vec<_>>());
    for counted in counted {
        for example in list(counted, "examples") {
            let [way, at, contact, said, why] = ["way", "at", "contact", "text", "why"].map(|name| text(example, name));
            print::line(format_args!("{} {way} {at} {contact} \"{said}\"\n    {why}", text(counted, name)));
        }
        if counted["failed"].as_u64() > Some(0) {
            print::line(format_args!("{} failed at {} event(s)", text(counted, name), text(counted, "failed")));
        }
    }
    for conflict in list(report, "conflicts") {
        let [one, other, about, events] = ["one", "other", "about", "events"].map(|name| text(conflict, name));
        print::line(format_args!("{one} and {other} disagree about {about} at {events} event(s); the later one wins"));
    }
    for rule in list(report, "not_tried").iter().filter_map(Value::as_str) {
        print::line(format_args!("{rule} was not tried: nobody waited for its silence then"));
    }
    summary(report);
}

/// How many events were looked at, and for which share of them facts had to be assumed.
fn summary(report: &Value) {
    let events = report["events"].as_u64().unwrap_or_default();
    let assumed = report["assumed"].as_u64().unwrap_or_default();
    let seconds = report["seconds"].as_f64().unwrap_or_default();
    let since = report["since"].as_str().map(|since| format!(" since {since}")).unwrap_or_default();
    let erased = text(report, "erased");
    print::line(format_args!("{events} event(s){since} in {seconds:.1} s; {erased} erased and left out"));
    if assumed > 0 {
        let percent = assumed.saturating_mul(100).div_ceil(events.max(1));
        print::line(format_args!("facts of {assumed} event(s) ({percent} %) were not recorded then: assumed as today"));
    }
    let calls = |which: &str| report[which].as_u64().unwrap_or_default();
    let (recorded, assumed) = (calls("calls_recorded"), calls("calls_assumed"));
    if assumed > 0 {
        let percent = assumed.saturating_mul(100).div_ceil(recorded + assumed);
        print::line(format_args!(
            "{} call(s) of the draft: {recorded} answered as they did then, {assumed} ({percent} %) assumed",
            recorded + assumed
        ));
    }
    if report["waiting"].as_u64() > Some(0) {
        print::line(format_args!("{} run(s) of the draft still wait where history ends", text(report, "waiting")));
    }
}
