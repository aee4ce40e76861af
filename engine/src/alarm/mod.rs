//! Alarms: something needs a person who works here. One mailbox of its own (`MailboxId::ALARMS`) decides who is told what and when.
//!
//! Whoever notices something writes a letter ([`ToAlarms`]). The same key while an alarm is open is the same alarm, counted. An
//! alarm is told to the connections that the [`Policy`] names for its level, again every so many minutes until somebody says that
//! they look at it, and it ends when its cause is gone. In quiet hours, less than `alarm` waits for the morning.
//!
//! An alarm is a row of `wait` of kind [`Alarm`](crate::store::WaitKind::Alarm): due when something is to be done about it. The
//! policy is such a row, too, so that changing it is a turn like any other (`DECISIONS/0022`). An alarm about a [`Customer`] names them apart from
//! its words, and only while it lasts.

mod policy;
mod raise;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::ids::{AlarmId, MailboxId};

pub use policy::{Kind, Policy, Route};
pub use raise::{Customer, Raise};

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
    /// Its customer was erased: it is over, and nobody is told their name any more.
    Forget {
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
