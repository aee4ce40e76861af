//! Alarms: something needs a person who works here. One mailbox of its own (`MailboxId::ALARMS`) decides who is told what and when.
//!
//! Whoever notices something writes a letter ([`ToAlarms`]). The same key while an alarm is open is the same alarm, counted. An
//! alarm is told to the connections that the [`Policy`] names for its level, again every so many minutes until somebody says that
//! they look at it, and it ends when its cause is gone. In quiet hours, less than `alarm` waits for the morning.
//!
//! An alarm is a row of `wait` of kind [`Alarm`](crate::store::WaitKind::Alarm): due when something is to be done about it. The
//! policy is such a row, too, so that changing it is a turn like any other (`DECISIONS/0022`). Alarms name no customer.

mod policy;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capability::notify::Level;
use crate::clock::At;
use crate::ids::{AlarmId, MailboxId};

pub use policy::{Kind, Policy, Route};

impl MailboxId {
    /// Where alarms are decided about.
    pub const ALARMS: Self = Self(2);
}

/// The key of the row that holds the policy.
pub(crate) const POLICY_KEY: &str = "policy";
/// How long an alarm that is over is listed, in milliseconds: a week.
pub(crate) const LISTED_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// Most alarms that are over are listed; the oldest go first.
pub(crate) const MOST_LISTED: usize = 200;

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
    /// The page where it is looked at, such as `/flows/<id>`.
    #[serde(default)]
    pub path: Option<String>,
    /// Whether it counts only once it has lasted for the policy's `down_minutes`.
    #[serde(default)]
    pub patient: bool,
}

/// A letter to the alarms' mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "alarm", rename_all = "snake_case")]
pub enum ToAlarms {
    /// Something needs a person.
    Raise(Box<Raise>),
    /// It does no longer.
    End {
        /// [`Raise::key`].
        key: String,
    },
}

/// Where an alarm stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AlarmStage")]
pub enum Stage {
    /// It has not lasted long enough to tell anybody.
    Pending,
    /// Nobody has said that they look at it.
    Open,
    /// Somebody looks at it.
    Acknowledged,
    /// Its cause is gone.
    Ended,
}

/// One alarm, as it is stored. Fields are only ever added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its id.
    pub id: AlarmId,
    /// What was noticed last.
    pub raise: Raise,
    /// Where it stands.
    pub stage: Stage,
    /// When it was noticed first.
    pub since: At,
    /// When it was noticed last.
    pub last: At,
    /// How often it was noticed.
    pub count: u32,
    /// How often it was told.
    pub told: u32,
    /// When it was told last.
    #[serde(default)]
    pub told_at: Option<At>,
    /// Who acknowledged it.
    #[serde(default)]
    pub by: Option<String>,
    /// When.
    #[serde(default)]
    pub acknowledged_at: Option<At>,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<At>,
    /// What became of telling it, by connection: the newest.
    #[serde(default)]
    pub told_by: Vec<Telling>,
}

/// What became of telling an alarm through one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AlarmTelling")]
pub struct Telling {
    /// Through which connection.
    pub connection: Arc<str>,
    /// To whom, if the policy names somebody.
    #[serde(default)]
    pub to: Option<String>,
    /// The message there, by which it is changed.
    #[serde(default)]
    pub message: Option<String>,
    /// The code of what went wrong.
    #[serde(default)]
    pub failed: Option<String>,
}

impl Alarm {
    /// A new one.
    #[must_use]
    pub fn new(id: AlarmId, raise: Raise, now: At) -> Self {
        let stage = if raise.patient { Stage::Pending } else { Stage::Open };
        Self {
            id,
            raise,
            stage,
            since: now,
            last: now,
            count: 1,
            told: 0,
            told_at: None,
            by: None,
            acknowledged_at: None,
            ended_at: None,
            told_by: Vec::new(),
        }
    }

    /// Whether somebody still has to do something: it is open, or somebody looks at it.
    #[must_use]
    pub fn is_current(&self) -> bool {
        matches!(self.stage, Stage::Open | Stage::Acknowledged)
    }
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
    pub fn escalation_missed(escalation: &str, team: &str) -> Self {
        Self {
            key: Self::escalation_key(escalation),
            kind: Kind::EscalationMissed,
            level: Level::Alarm,
            title: format!("Nobody of {team} took a customer in time"),
            text: "The customer still waits.".into(),
            path: Some("/inbox".into()),
            patient: false,
        }
    }

    /// Most of the time to take a customer is over.
    #[must_use]
    pub fn escalation_late(escalation: &str, team: &str) -> Self {
        Self {
            key: Self::escalation_key(escalation),
            kind: Kind::EscalationLate,
            level: Level::Warning,
            title: format!("A customer is about to be missed by {team}"),
            text: "More than half of the time to take them is over, and nobody has.".into(),
            path: Some("/inbox".into()),
            patient: false,
        }
    }
}
