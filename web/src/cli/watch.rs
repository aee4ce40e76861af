//! Waiting for what comes of a played message: the runs of its customer that were not there before.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Failure, story};

/// How long we wait for runs to come to rest.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// A customer whose new runs are awaited.
pub(super) struct Watch {
    client: Client,
    who: String,
    before: BTreeSet<String>,
}

/// The running server; there is nothing to watch without one.
pub(super) async fn server(context: &Context) -> Result<Client, Failure> {
    if crate::socket::connect(&context.data).await.is_none() {
        let data = context.data.display();
        return Err(Failure::Failed(format!(
            "{data}: no server works there; start one with `switchboard serve --sandbox`"
        )));
    }
    Client::open(context, Needs::Data).await
}

impl Watch {
    /// Remembers which runs the customer `who` has already.
    pub(super) async fn begin(context: &Context, who: &str) -> Result<Self, Failure> {
        let mut watch = Self { client: server(context).await?, who: who.to_owned(), before: BTreeSet::new() };
        watch.before = watch.runs().await?.iter().map(|run| text(run, "id")).collect();
        Ok(watch)
    }

    /// Waits until new runs are there and none of them works, and tells them.
    pub(super) async fn tell(self) -> Result<(), Failure> {
        let until = Instant::now() + PATIENCE;
        let new = loop {
            let mut new = self.runs().await?;
            new.retain(|run| !self.before.contains(&text(run, "id")));
            let resting = !new.is_empty() && new.iter().all(|run| run["status"] != "working");
            if resting || Instant::now() >= until {
                break new;
            }
            sleep(PAUSE).await;
        };
        if new.is_empty() {
            print::line("no flow was started by it; GET /api/v1/flows lists those in force");
        }
        for run in new.iter().rev() {
            let id = text(run, "id");
            story::tell(&self.client.get(&format!("/runs/{}", segment(&id))).await?);
        }
        Ok(())
    }

    async fn runs(&self) -> Result<Vec<Value>, Failure> {
        // A customer who never wrote is not known yet, and has no runs.
        let Ok(contact) = self.client.get(&format!("/contacts/{}", segment(&self.who))).await else {
            return Ok(Vec::new());
        };
        let answer = self.client.get(&format!("/runs?limit=100&contact={}", text(&contact, "id"))).await?;
        Ok(answer["runs"].as_array().cloned().unwrap_or_default())
    }
}
