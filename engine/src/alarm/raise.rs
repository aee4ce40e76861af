//! What is noticed, in the words in which it is told.

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::capability::notify::Level;
use crate::clock::At;
use crate::ids::ConversationId;

/// Somebody noticed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raise {
    /// What makes it the same alarm: `connection/<id>`.
    pub key: String,
    /// What it is about.
    pub kind: Kind,
    /// How much it matters.
    pub level: Level,
    /// One line.
    pub title: String,
    /// What happened and what to do. Names no customer.
    pub text: String,
    /// The customer whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// The page where it is looked at, such as `/flows/<id>`.
    #[serde(default)]
    pub path: Option<String>,
    /// Whether it counts only once it has lasted for the policy's `down_minutes`.
    #[serde(default)]
    pub patient: bool,
}

/// A customer whom an alarm is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Name and number, as the team is told them. Empty once the alarm is over, and for whoever was erased.
    pub name: String,
    /// The team's name.
    pub team: String,
    /// Where they wait.
    #[serde(default)]
    pub conversation: Option<ConversationId>,
    /// Since when, by our receipt of what caused it.
    pub since: At,
}

/// What is noticed where: one function for each, so that texts and keys stand in one place.
impl Raise {
    /// A connection is down. `sign_in`: it stays so until somebody mends its credentials.
    #[must_use]
    pub fn connection_down(id: &str, reason: &str, sign_in: bool) -> Self {
        let text = if sign_in {
            format!("The service refused the credentials ({reason}). Mend them; its calls wait in order until then.")
        } else {
            format!("It cannot be reached or refuses all calls ({reason}). Its calls wait in order.")
        };
        Self {
            key: Self::connection_key(id),
            kind: Kind::ConnectionDown,
            level: Level::Alarm,
            title: format!("The connection {id} is down"),
            text,
            path: Some("/connections".into()),
            patient: !sign_in,
            customer: None,
        }
    }

    /// The key of [`Raise::connection_down`].
    #[must_use]
    pub fn connection_key(id: &str) -> String {
        format!("connection/{id}")
    }

    /// A call of a flow waits for a person.
    #[must_use]
    pub fn attention(flow: &str, connection: &str, why: &str) -> Self {
        Self {
            key: format!("attention/{flow}/{connection}"),
            kind: Kind::Attention,
            level: Level::Warning,
            title: format!("Calls of the flow {flow} need attention"),
            text: format!(
                "A call to {connection} could not be finished ({why}) and waits for a person, 24 hours at most."
            ),
            path: Some("/attention".into()),
            patient: false,
            customer: None,
        }
    }

    /// A run of a flow failed. Told only of flows that the policy lists.
    #[must_use]
    pub fn flow_failed(flow: &str) -> Self {
        Self {
            key: format!("flow/{flow}"),
            kind: Kind::FlowFailed,
            level: Level::Warning,
            title: format!("The flow {flow} failed"),
            text: "A run ended in a failure that the flow does not handle.".into(),
            path: Some(format!("/runs?flow={flow}&status=failed")),
            patient: false,
            customer: None,
        }
    }

    /// A trigger matched too often in its first hour.
    #[must_use]
    pub fn starts_held(flow: &str, trigger: &str, matches: u64) -> Self {
        Self {
            key: format!("held/{flow}/{trigger}"),
            kind: Kind::StartsHeld,
            level: Level::Alarm,
            title: format!("Starts of the flow {flow} are held"),
            text: format!(
                "Its trigger {trigger} matched {matches} times in its first hour. Release the starts or drop them."
            ),
            path: Some("/attention".into()),
            patient: false,
            customer: None,
        }
    }

    /// The machine's clock jumped ahead and is not believed yet.
    #[must_use]
    pub fn clock_jumped(ahead_s: u64) -> Self {
        Self {
            key: "clock".into(),
            kind: Kind::ClockJumped,
            level: Level::Warning,
            title: "The clock of the server jumped".into(),
            text: format!(
                "It went {ahead_s} s ahead at once. Long waits are held until the new time has stood for a minute."
            ),
            path: None,
            patient: false,
            customer: None,
        }
    }

    /// The volume of a `folder` of ours is nearly full: `free` bytes are left, of the `wanted` that the policy names.
    #[must_use]
    pub fn disk_low(folder: &str, free: u64, wanted: u64) -> Self {
        let mb = |bytes: u64| bytes >> 20;
        Self {
            key: Self::disk_key(folder),
            kind: Kind::DiskLow,
            level: Level::Alarm,
            title: "The disk of the server is nearly full".into(),
            text: format!(
                "{} MB are left on the volume of {folder}, less than {} MB. Make room or give it a larger one: when it is full, nothing \
                 new is taken in.",
                mb(free),
                mb(wanted)
            ),
            path: None,
            patient: false,
            customer: None,
        }
    }

    /// The key of [`Raise::disk_low`].
    #[must_use]
    pub fn disk_key(folder: &str) -> String {
        format!("disk/{folder}")
    }

    /// The key of alarms about one escalation.
    #[must_use]
    pub fn escalation_key(escalation: &str) -> String {
        format!("escalation/{escalation}")
    }

    /// Nobody took a customer in time.
    #[must_use]
    pub fn escalation_missed(escalation: &str, customer: Customer) -> Self {
        Self {
            kind: Kind::EscalationMissed,
            level: Level::Alarm,
            title: format!("Nobody of {} took a customer in time", customer.team),
            text: "The customer still waits.".into(),
            ..Self::escalation(escalation, customer)
        }
    }

    /// Most of the time to take a customer is over.
    #[must_use]
    pub fn escalation_late(escalation: &str, customer: Customer) -> Self {
        Self {
            title: format!("A customer is about to be missed by {}", customer.team),
            text: "More than half of the time to take them is over, and nobody has.".into(),
            ..Self::escalation(escalation, customer)
        }
    }

    fn escalation(escalation: &str, customer: Customer) -> Self {
        let page = customer.conversation.map_or_else(|| "/inbox".to_owned(), |talk| format!("/inbox/{talk}"));
        Self {
            key: Self::escalation_key(escalation),
            kind: Kind::EscalationLate,
            level: Level::Warning,
            title: String::new(),
            text: String::new(),
            path: Some(page),
            patient: false,
            customer: Some(customer),
        }
    }
}
