//! `switchboard segment`: which segments there are, whom they hold, and the slots that go over them.

use clap::Subcommand;
use serde_json::{Value, json};

use super::ask::{Shown, ask, list};
use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Segment {
    /// The segments in force, with how many contacts are in each
    List {
        #[command(flatten)]
        shown: Shown,
    },
    /// A segment's text, and how many contacts are in it
    Show {
        /// The segment
        id: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// The slots of schedules that go over a segment now
    Sweeps {
        #[command(flatten)]
        shown: Shown,
    },
    /// Ends one: nobody else is started, runs that began go on
    Stop {
        /// The sweep, as `sweeps` lists it
        sweep: String,
    },
}

impl Segment {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Data, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::List { shown } => shown.print(&client.get("/segments").await?, tell),
            Self::Show { id, shown } => {
                shown.print(&client.get(&format!("/segments/{}", segment(&id))).await?, tell_one);
            }
            Self::Sweeps { shown } => shown.print(&client.get("/sweeps").await?, tell_sweeps),
            Self::Stop { sweep } => {
                let answer = client.post("/sweeps/stop", &json!({ "sweep": sweep })).await?;
                print::line(format_args!("{sweep} is stopped; it found {} contacts before", text(&answer, "found")));
            }
        }
        Ok(Verdict::Good)
    }
}

/// `12`, or `at least 12`; with what failed.
fn counted(segment: &Value) -> String {
    let count = &segment["count"];
    if count.is_null() {
        return String::new();
    }
    let least = if count["more"] == true { "at least " } else { "" };
    let failed = count["failed"].as_u64().unwrap_or(0);
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    format!("{least}{}{failed}", text(count, "contacts"))
}

fn tell(answer: &Value) {
    let segments = list(answer, "segments");
    if segments.is_empty() {
        print::line("no segments; a file that begins with `segment:` makes one");
        return;
    }
    let row = |segment: &Value| {
        vec![
            text(segment, "flow"),
            text(segment, "state"),
            text(segment, "owner"),
            counted(segment),
            text(segment, "name"),
        ]
    };
    let rows: Vec<_> = segments.iter().map(row).collect();
    print::table(&["SEGMENT", "STATE", "OWNER", "CONTACTS", "NAME"], &rows);
}

fn tell_one(segment: &Value) {
    print::line(text(segment, "source").trim_end());
    print::line("");
    print::line(format_args!("contacts: {}", counted(segment)));
    if let Some(error) = segment["count"]["error"].as_str() {
        print::line(format_args!("the condition failed: {error}"));
    }
    for used in list(segment, "uses") {
        let [flow, line] = ["flow", "line"].map(|name| text(used, name));
        print::line(format_args!("used by: {flow}, line {line}"));
    }
}

fn tell_sweeps(answer: &Value) {
    let sweeps = list(answer, "sweeps");
    if sweeps.is_empty() {
        print::line("no slot goes over a segment now");
        return;
    }
    let row = |sweep: &Value| ["sweep", "segment", "slot", "found"].map(|cell| text(sweep, cell)).to_vec();
    print::table(&["SWEEP", "SEGMENT", "SLOT", "FOUND"], &sweeps.iter().map(row).collect::<Vec<_>>());
}
