//! `switchboard doctor`: is everything as it should be?

use clap::Args;
use serde_json::{Value, json};

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
        let client = Client::open(context, Needs::Nothing).await?;
        let outcome = self.look(&client).await;
        client.close().await;
        outcome
    }

    async fn look(self, client: &Client) -> Outcome {
        let system = client.get("/system").await?;
        let mut reports = vec![figures(&system)];
        let connections = client.get("/connections").await?;
        for connection in connections["connections"].as_array().map_or(&[][..], Vec::as_slice) {
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

/// What waits for a person.
fn figures(system: &Value) -> Value {
    let count = |name: &str| system["figures"][name].as_u64().unwrap_or(0);
    let (parked, bad_items) = (count("parked"), count("bad_items"));
    let findings = json!([
        { "good": parked == 0, "about": "needs attention",
          "text": format!("{parked} call(s) wait for a person: attention list") },
        { "good": bad_items == 0, "about": "unreadable webhooks",
          "text": format!("{bad_items} item(s) are kept: /api/v1/bad-items") },
        { "good": true, "about": "database", "text": format!("{} bytes, {} waits armed", count("bytes"), count("waits")) },
    ]);
    json!({ "connection": "switchboard", "good": parked == 0 && bad_items == 0, "findings": findings })
}
