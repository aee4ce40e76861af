//! `switchboard connection`: accounts at outside services.

use clap::Subcommand;
use serde_json::{Value, json};

use super::ask::ask;
use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Connection {
    /// All of them and how they are doing
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Looks whether an account works and has what it needs
    Check {
        /// The connection
        id: String,
    },
    /// Creates what is missing on the other side (custom fields)
    Setup {
        /// The connection
        id: String,
    },
}

impl Connection {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Nothing, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        let (id, what) = match self {
            Self::List { json } => {
                let answer = client.get("/connections").await?;
                if json {
                    print::json(&answer)
                } else {
                    list(&answer)
                }
                return Ok(Verdict::Good);
            }
            Self::Check { id } => (id, "check"),
            Self::Setup { id } => (id, "setup"),
        };
        let answer = client.post(&format!("/connections/{}/{what}", segment(&id)), &json!({})).await?;
        Ok(findings(&answer))
    }
}

fn list(answer: &Value) {
    let connections = answer["connections"].as_array().map_or(&[][..], Vec::as_slice);
    if connections.is_empty() {
        print::line("no connections here; declare them in a file and name it with --connections");
        return;
    }
    let row = |connection: &Value| {
        let state = match connection["down_since"].as_str() {
            Some(since) => format!("down since {since}: {}", text(connection, "reason")),
            None if connection["working"] == false => "not in use: no server runs".to_owned(),
            None => "up".to_owned(),
        };
        vec![text(connection, "id"), text(connection, "connector"), text(connection, "waiting"), state]
    };
    print::table(&["CONNECTION", "CONNECTOR", "WAITING", "STATE"], &connections.iter().map(row).collect::<Vec<_>>());
}

/// Prints what a check found.
pub(super) fn findings(answer: &Value) -> Verdict {
    for finding in answer["findings"].as_array().map_or(&[][..], Vec::as_slice) {
        let mark = if finding["good"] == true { "good" } else { "BAD " };
        let (about, found) = (text(finding, "about"), text(finding, "text"));
        print::line(format_args!("{mark}  {}: {about}: {found}", text(answer, "connection")));
    }
    Verdict::good_if(answer["good"] == true)
}
