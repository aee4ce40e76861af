//! `switchboard user`: people who work here, for whoever runs the machine; also the way back in when nobody can sign in.

use clap::Subcommand;
use engine::account::Role;
use serde_json::{Value, json};

use super::ask::{Shown, ask, list};
use super::client::{Client, Needs};
use super::print::{self, text};
use super::{Context, Failure, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Everybody
    List {
        #[command(flatten)]
        shown: Shown,
    },
    /// Invites somebody and prints the link, which works once and for seven days
    Add {
        /// The address to sign in with
        email: String,
        /// The name
        #[arg(long)]
        name: String,
        /// viewer, auditor, agent, team_lead, ops, crm_admin or admin
        #[arg(long)]
        role: Role,
        /// Lets an ops put flows live, retry and stop sending
        #[arg(long)]
        publisher: bool,
    },
    /// Gives somebody another role
    Role {
        /// Who: address or id
        who: String,
        /// The new role
        role: Role,
        /// Whether they may publish; left out, it is taken away
        #[arg(long)]
        publisher: bool,
    },
    /// Removes somebody for good
    Remove {
        /// Who: address or id
        who: String,
    },
    /// Ends all sessions of somebody
    SignOut {
        /// Who: address or id
        who: String,
    },
    /// Prints a link to choose a new password with
    ResetPassword {
        /// Who: address or id
        who: String,
        /// Takes the second factor away too
        #[arg(long)]
        end_totp: bool,
    },
    /// Prints a link that makes an admin, once, within a day
    SetupLink,
}

impl User {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Nothing, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::List { shown } => {
                let answer = client.get("/users").await?;
                shown.print(&answer, tell);
            }
            Self::Add { email, name, role, publisher } => {
                let body = json!({ "email": email, "name": name, "role": role, "publisher": publisher });
                tell_link(client, &client.post("/users", &body).await?, "invitation").await?;
            }
            Self::Role { who, role, publisher } => {
                let user = find(client, &who).await?;
                let body = json!({ "role": role, "publisher": publisher });
                let changed = client.patch(&address(&user, ""), &text(&user, "revision"), &body).await?;
                print::line(format_args!("{} is {} now", text(&changed, "email"), text(&changed, "role")));
            }
            Self::Remove { who } => {
                let user = find(client, &who).await?;
                client.delete(&address(&user, "")).await?;
                print::line(format_args!("{} is removed and signed out", text(&user, "email")));
            }
            Self::SignOut { who } => {
                let user = find(client, &who).await?;
                client.post(&address(&user, "/sign-out"), &json!({})).await?;
                print::line(format_args!("{} is signed out everywhere", text(&user, "email")));
            }
            Self::ResetPassword { who, end_totp } => {
                let user = find(client, &who).await?;
                let answer = client.post(&address(&user, "/invitation"), &json!({ "end_totp": end_totp })).await?;
                tell_link(client, &answer, "invitation").await?;
            }
            Self::SetupLink => tell_link(client, &client.post("/setup/link", &json!({})).await?, "setup").await?,
        }
        Ok(Verdict::Good)
    }
}

async fn find(client: &Client, who: &str) -> Result<Value, Failure> {
    let answer = client.get("/users").await?;
    let wanted = who.to_lowercase();
    let found = list(&answer, "users").iter().find(|user| text(user, "id") == who || text(user, "email") == wanted);
    found.cloned().ok_or_else(|| Failure::failed(format_args!("nobody here is `{who}`; `user list` shows everybody")))
}

fn address(user: &Value, what: &str) -> String {
    format!("/users/{}{what}", text(user, "id"))
}

/// A link as somebody can open it: below the server's public address, where one is known.
async fn tell_link(client: &Client, answer: &Value, name: &str) -> Result<(), Failure> {
    let base = match client.is_server() {
        true => text(&client.get("/system").await?, "public_url"),
        false => String::new(),
    };
    print::line(format_args!("{base}{}", text(answer, name)));
    Ok(())
}

fn tell(answer: &Value) {
    let users = list(answer, "users");
    if users.is_empty() {
        print::line("nobody yet: `switchboard user setup-link` prints the link that makes the first admin");
        return;
    }
    let row = |user: &Value| {
        let publisher = if user["publisher"] == true { "publisher" } else { "" };
        let factor = if user["totp"] == true { "second factor" } else { "" };
        let cells = ["email", "name", "role"].map(|cell| text(user, cell));
        let more = [publisher.to_owned(), factor.to_owned(), text(user, "state"), text(user, "signed_in_at")];
        cells.into_iter().chain(more).collect()
    };
    let rows: Vec<Vec<String>> = users.iter().map(row).collect();
    print::table(&["EMAIL", "NAME", "ROLE", "", "", "STATE", "LAST SIGNED IN"], &rows);
}
