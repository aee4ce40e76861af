//! `switchboard messages`: what customers wrote and nothing understood.

use clap::Subcommand;
use serde_json::Value;

use super::client::{Client, Needs};
use super::print::{self, text};
use super::{Context, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Messages {
    /// Messages that no tag rule, no wait and no flow took up, the most frequent first
    Unmatched {
        /// At most so many groups: 1 to 500
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

impl Messages {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let Self::Unmatched { limit, json } = self;
        let client = Client::open(context, Needs::Data).await?;
        let answer = client.get(&format!("/messages/unmatched?limit={limit}")).await;
        client.close().await;
        let answer = answer?;
        if json {
            print::json(&answer)
        } else {
            show(&answer)
        }
        Ok(Verdict::Good)
    }
}

fn show(answer: &Value) {
    let row = |group: &Value| ["messages", "people", "last_at", "text"].iter().map(|name| text(group, name)).collect();
    let groups = answer["groups"].as_array().map_or(&[][..], Vec::as_slice);
    print::table(&["MESSAGES", "PEOPLE", "LAST", "TEXT"], &groups.iter().map(row).collect::<Vec<_>>());
}
