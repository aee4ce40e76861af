//! `switchboard doctor`: is everything as it should be?

use clap::Args;
use serde_json::{Value, json};

use super::ask::ask;
use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Outcome, Verdict, connection};

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Nothing, async |client| self.look(client).await).await
    }

    async fn look(self, client: &Client) -> Outcome {
        let system = client.get("/system").await?;
        let mut reports = vec![figures(&system)];
        let connections = client.get("/connections").await?;
        let connections = connections["connections"].as_array().map_or(&[][..], Vec::as_slice);
        if connections.is_empty() {
            reports.push(no_accounts());
        }
        for connection in connections {
            let id = text(connection, "id");
            reports.push(client.post(&format!("/connections/{}/check", segment(&id)), &json!({})).await?);
        }
        let good = reports.iter().all(|report| report["good"] == true);
        if self.json {
            print::json(&json!({ "good": good, "system": system, "reports": reports }));
        } else {
            for report in &reports {
                connection::findings(report);
            }
            print::line(if good { "all is good" } else { "see the lines marked BAD" });
        }
        Ok(Verdict::good_if(good))
    }
}

/// What there is to say when there is no account to ask.
fn no_accounts() -> Value {
    let text = "none are known here, so none were asked: start the server, or name them with --connections";
    json!({ "connection": "switchboard", "good": true, "findings": [{ "good": true, "about": "connections", "text": text }] })
}

/// What waits for a person.
fn figures(system: &Value) -> Value {
    let count = |name: &str| system["figures"][name].as_u64().unwrap_or(0);
    let (parked, bad_items) = (count("parked"), count("bad_items"));
    let ahead_s = system["clock_ahead_ms"].as_u64().map(|ms| ms / 1_000);
    let clock = ahead_s.map_or("it goes as it should".to_owned(), |seconds| {
        format!("it jumped {seconds} s ahead; not believed before it has stood for 60 s, and what fell due waits")
    });
    let findings = json!([
        { "good": parked == 0, "about": "needs attention",
          "text": format!("{parked} call(s) wait for a person: attention list") },
        { "good": bad_items == 0, "about": "unreadable webhooks",
          "text": format!("{bad_items} item(s) are kept: /api/v1/bad-items") },
        { "good": ahead_s.is_none(), "about": "clock", "text": clock },
        { "good": true, "about": "database", "text": format!("{} bytes, {} waits armed", count("bytes"), count("waits")) },
    ]);
    let good = parked == 0 && bad_items == 0 && ahead_s.is_none();
    json!({ "connection": "switchboard", "good": good, "findings": findings })
}
