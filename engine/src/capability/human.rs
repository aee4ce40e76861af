//! `human.*`: handing over to a person, and telling people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connector::Action;

/// Asks a human to take over. The step is done when the demand is recorded, unless it waits for the human.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// The team that should take it.
    #[schemars(length(min = 1, max = 64))]
    pub team: String,
    /// Why, as the human reads it.
    #[schemars(length(min = 1, max = 1000))]
    pub reason: String,
    /// How soon a human must have taken it, such as `20s`. Default: as the team says, which is 20 s unless it was changed.
    #[serde(default)]
    #[schemars(extend("x-type" = "duration"))]
    pub accept_within: Option<String>,
    /// What whoever takes it must be able to do; all of it.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub skills: Vec<String>,
    /// The language to be spoken, such as `it`. Default: the contact's.
    #[serde(default)]
    #[schemars(length(max = 35))]
    pub language: Option<String>,
    /// Whether the flow waits until it is taken, or missed. Default `no`.
    #[serde(default)]
    pub wait: WaitForHuman,
}

/// What a flow waits for after it asked for a human.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitForHuman {
    /// Nothing: the next step follows at once.
    #[default]
    No,
    /// Until somebody took it, or nobody did in time, or nobody works now.
    Taken,
}

/// How a demand stands, as a flow sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HumanState {
    /// Somebody is asked.
    #[default]
    Asked,
    /// Somebody took it.
    Taken,
    /// Nobody took it in time.
    Missed,
    /// Nobody works now.
    OutOfHours,
}

/// The demand.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Escalated {
    /// Its id, for `POST /api/v1/escalations/{id}/take`.
    pub id: String,
    /// Until when a human must have taken it, RFC 3339.
    pub deadline: String,
    /// How it stands: `asked`, unless the step waited.
    #[serde(default)]
    pub state: HumanState,
    /// Who took it; empty when nobody did, or the step did not wait.
    #[serde(default)]
    pub by: String,
}

impl Action for Escalate {
    const NAME: &'static str = "human.escalate";
    const ABOUT: &'static str = "Asks a human of a team to take over, within a time.";
    type Output = Escalated;
    fn sample() -> Escalated {
        sample()
    }
}

fn sample() -> Escalated {
    let (id, deadline) = ("esc_0000000000000".into(), "2026-01-01T00:00:20.000Z".into());
    Escalated { id, deadline, state: HumanState::Asked, by: String::new() }
}

/// Gives the contact somebody who takes care of them from now on. It is offered like an escalation, over minutes instead of
/// seconds; who takes it is the contact's `owner`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// The team whose member it should be.
    #[schemars(length(min = 1, max = 64))]
    pub team: String,
    /// Why, as the human reads it.
    #[schemars(length(min = 1, max = 1000))]
    pub reason: String,
    /// What whoever takes it must be able to do; all of it.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub skills: Vec<String>,
    /// The language to be spoken, such as `it`. Default: the contact's.
    #[serde(default)]
    #[schemars(length(max = 35))]
    pub language: Option<String>,
}

impl Action for Assign {
    const NAME: &'static str = "human.assign";
    const ABOUT: &'static str = "Finds somebody of a team who takes care of the contact from now on.";
    type Output = Escalated;
    fn sample() -> Escalated {
        sample()
    }
}

/// The state of a [`NotifyEscalation`] that answers somebody who pressed a button and whom nobody here is known as.
pub const NOT_LINKED: &str = "not_linked";

/// Tells a team how an escalation stands. Sent by the engine itself, not written in flows.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifyEscalation {
    /// Its id.
    pub escalation: String,
    /// `offered`, `team`, `missed`, `taken` or `out_of_hours`; [`NOT_LINKED`]: `by` pressed a button and is nobody's handle, and
    /// `reason` is their id in the service.
    pub state: String,
    /// The team.
    pub team: String,
    /// Why.
    pub reason: String,
    /// The customer's name and number, as far as known.
    pub customer: String,
    /// Until when a human must have taken it, RFC 3339.
    pub deadline: String,
    /// The run that asked; empty when a tag rule did.
    pub run: String,
    /// Where to tell it, in the service's own words. Default: what the connection names for the team, or at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The message to change instead of sending one: [`Told::message`](super::notify::Told::message) of an earlier call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<String>,
    /// Where to open it in the browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Action for NotifyEscalation {
    const NAME: &'static str = "notify.escalation";
    const ABOUT: &'static str = "Tells a team about an escalation.";
    type Output = super::notify::Told;
    fn sample() -> super::notify::Told {
        super::notify::Told { message: Some("TEST-MESSAGE".into()) }
    }
}
