//! `switchboard team`: who is asked when a flow wants a human.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::ask::{Shown, ask, list};
use super::client::{Client, Needs, segment};
use super::print::{self, text};
use super::{Context, Failure, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Team {
    /// The teams, with how many are in each and who is here
    List {
        #[command(flatten)]
        shown: Shown,
    },
    /// A team's settings and members
    Show {
        /// The team, as flows name it
        id: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Makes a team, or replaces its settings
    Put {
        /// The team, as flows name it
        id: String,
        /// JSON as `team show --json` gives it; a member's `user` may be an address to sign in with
        file: PathBuf,
    },
}

impl Team {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Data, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::List { shown } => {
                let teams = client.get("/teams").await?;
                let desk = client.get("/desk").await?;
                shown.print(&teams, |teams| tell(teams, &desk));
            }
            Self::Show { id, shown } => {
                let desk = client.get("/desk").await?;
                shown.print(&find(client, &id).await?, |team| tell_one(team, &desk));
            }
            Self::Put { id, file } => {
                let wrong = |why: String| Failure::Usage(format!("{}: {why}", file.display()));
                let body = std::fs::read_to_string(&file).map_err(|error| wrong(error.to_string()))?;
                let mut body: Value = serde_json::from_str(&body).map_err(|error| wrong(error.to_string()))?;
                name_members(client, &mut body).await?;
                let path = format!("/teams/{}", segment(&id));
                let before = find(client, &id).await.ok();
                let revision = before.map_or_else(|| "0".to_owned(), |team| text(&team, "revision"));
                let team = client.put_at(&path, &revision, &body).await?;
                print::line(format_args!("{id} has {} members", list(&team, "members").len()));
            }
        }
        Ok(Verdict::Good)
    }
}

async fn find(client: &Client, id: &str) -> Result<Value, Failure> {
    let teams = client.get("/teams").await?;
    let found = list(&teams, "teams").iter().find(|team| team["id"] == id).cloned();
    found.ok_or_else(|| Failure::failed(format_args!("there is no team `{id}`: `team list` shows them")))
}

/// Addresses become ids; what only an answer has is left out.
async fn name_members(client: &Client, team: &mut Value) -> Result<(), Failure> {
    if let Some(fields) = team.as_object_mut() {
        fields.retain(|name, _| name != "id" && name != "revision");
    }
    let users = client.get("/users").await?;
    for member in team["members"].as_array_mut().into_iter().flatten() {
        let Some(address) = member["user"].as_str().filter(|user| user.contains('@')).map(str::to_lowercase) else {
            continue;
        };
        let user = list(&users, "users").iter().find(|user| user["email"] == address.as_str());
        let user = user.ok_or_else(|| Failure::Usage(format!("nobody here signs in as {address}: `user list`")))?;
        member["user"] = user["id"].clone();
    }
    Ok(())
}

/// The agents of a team as the board has them.
fn agents<'a>(team: &Value, desk: &'a Value) -> Vec<&'a Value> {
    let in_team = |agent: &&Value| agent["teams"].as_array().is_some_and(|teams| teams.contains(&team["id"]));
    list(desk, "agents").iter().filter(in_team).collect()
}

fn tell(answer: &Value, desk: &Value) {
    let teams = list(answer, "teams");
    if teams.is_empty() {
        print::line("no teams; `team put` makes one, and so do the settings of the editor");
        return;
    }
    let row = |team: &Value| {
        let agents = agents(team, desk);
        let here = agents.iter().filter(|agent| agent["online"] == true).count();
        vec![text(team, "id"), agents.len().to_string(), here.to_string(), text(team, "name")]
    };
    print::table(&["TEAM", "MEMBERS", "HERE", "NAME"], &teams.iter().map(row).collect::<Vec<_>>());
}

fn tell_one(team: &Value, desk: &Value) {
    let seconds = |name: &str| team[name].as_u64().map(|ms| json!(ms / 1_000)).unwrap_or_default();
    print::line(format_args!("{}: {}", text(team, "id"), text(team, "name")));
    print::line(format_args!(
        "one agent for {} s, the next for {} s, then everybody; to be taken within {} s",
        seconds("first_ms"),
        seconds("second_ms"),
        seconds("accept_within_ms")
    ));
    let row = |agent: &&Value| {
        let load = format!("{} of {}", text(agent, "load"), text(agent, "limit"));
        vec![text(agent, "user.name"), text(agent, "state"), load]
    };
    print::table(&["AGENT", "STATE", "HAS"], &agents(team, desk).iter().map(row).collect::<Vec<_>>());
}
