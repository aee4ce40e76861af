//! `chatwoot.hand_over` and `chatwoot.add_note`: what a flow does with a conversation that is there.

use engine::capability::contact::Nothing;
use engine::connector::{Action, Call, Performs, Repeat, Verdict};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::Chatwoot;
use super::api::{Failure, verdict};

/// Gives a conversation to people: opens it, and assigns it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOver {
    /// The conversation's number, such as `{{steps.ticket.id}}`.
    #[schemars(length(min = 1, max = 20))]
    pub(super) conversation: String,
    /// Number of the team.
    #[serde(default)]
    pub(super) team: Option<u64>,
    /// Number of the agent.
    #[serde(default)]
    pub(super) agent: Option<u64>,
}

impl Action for HandOver {
    const NAME: &'static str = "chatwoot.hand_over";
    const ABOUT: &'static str = "Opens a conversation and assigns it to a team or an agent.";
    type Output = Nothing;
    fn sample() -> Nothing {
        Nothing {}
    }
}

impl Performs<HandOver> for Chatwoot {
    /// Status and assignee are set, not toggled: twice is once.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: HandOver, _: &Call) -> Verdict<Nothing> {
        verdict(self.hand_over(input).await, Nothing {})
    }
}

/// Writes a private note into a conversation: no customer sees it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddNote {
    /// The conversation's number, such as `{{steps.ticket.id}}`.
    #[schemars(length(min = 1, max = 20))]
    pub(super) conversation: String,
    /// The note.
    #[schemars(length(min = 1, max = 10_000))]
    pub(super) text: String,
}

impl Action for AddNote {
    const NAME: &'static str = "chatwoot.add_note";
    const ABOUT: &'static str = "Writes a private note into a conversation.";
    type Output = Nothing;
    fn sample() -> Nothing {
        Nothing {}
    }
}

impl Performs<AddNote> for Chatwoot {
    /// A second note would be a second note.
    const REPEAT: Repeat = Repeat::OnlyIfRefused;

    async fn perform(&self, input: AddNote, _: &Call) -> Verdict<Nothing> {
        let noted = match number(&input.conversation) {
            Some(id) => self.note(&id.to_string(), &input.text).await,
            None => Err(no_number()),
        };
        verdict(noted.map(|()| Nothing {}), Nothing {})
    }
}

impl Chatwoot {
    pub(super) async fn note(&self, conversation: &str, text: &str) -> Result<(), Failure> {
        let body = json!({ "content": text, "message_type": "outgoing", "private": true });
        self.write(&format!("/conversations/{conversation}/messages"), &body).await.map(drop)
    }

    async fn hand_over(&self, input: HandOver) -> Result<Nothing, Failure> {
        let path = format!("/conversations/{}", number(&input.conversation).ok_or_else(no_number)?);
        if let Some(team) = input.team {
            self.write(&format!("{path}/assignments"), &json!({ "team_id": team })).await?;
        }
        if let Some(agent) = input.agent {
            self.write(&format!("{path}/assignments"), &json!({ "assignee_id": agent })).await?;
        }
        // Last, so that it is somebody's when it appears; with the status named, as without one it toggles.
        self.write(&format!("{path}/toggle_status"), &json!({ "status": "open" })).await?;
        Ok(Nothing {})
    }
}

/// The number of a conversation, for a path.
fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn no_number() -> Failure {
    Failure::refused("bad_conversation", "conversation must be a number, as `steps.<id>.id`")
}
