//! Agents: what they chose, whether their page is there, what they hold.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::ids::ConversationId;

/// What an agent chose to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ChosenPresence")]
pub enum Presence {
    /// Takes what comes.
    #[default]
    Available,
    /// Here, and offered nothing.
    Busy,
    /// On a break.
    Break,
    /// Not here; also chosen by the desk for whoever let two offers pass.
    Away,
}

impl Presence {
    /// Its name, as the API writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Busy => "busy",
            Self::Break => "break",
            Self::Away => "away",
        }
    }
}

/// What an agent is, all things taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AgentState")]
pub enum State {
    /// Can be offered something.
    Available,
    /// Chose to be busy.
    Busy,
    /// On a break.
    Break,
    /// Writes up what was closed a moment ago.
    WrapUp,
    /// Chose to be away, or the page is gone.
    Away,
}

/// An agent as the desk knows them. Stored as `wait.data`; fields are only added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// What was chosen.
    pub presence: Presence,
    /// Whether a page of theirs beats.
    pub online: bool,
    /// Since when `presence` and `online` are so.
    pub since: At,
    /// Until when they write up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap_up_until: Option<At>,
    /// Offers in a row that passed.
    #[serde(default)]
    pub passed: u8,
    /// Since when they have had nothing new.
    pub idle_since: At,
    /// Conversations they hold.
    #[serde(default)]
    pub held: BTreeSet<ConversationId>,
}

impl Agent {
    /// One who was never here.
    pub(super) fn new(now: At) -> Self {
        Self {
            presence: Presence::default(),
            online: false,
            since: now,
            wrap_up_until: None,
            passed: 0,
            idle_since: now,
            held: BTreeSet::new(),
        }
    }

    /// What the agent is at `now`.
    #[must_use]
    pub fn state(&self, now: At) -> State {
        match self.presence {
            _ if !self.online => State::Away,
            Presence::Away => State::Away,
            Presence::Busy => State::Busy,
            Presence::Break => State::Break,
            Presence::Available if self.wrap_up_until.is_some_and(|until| now < until) => State::WrapUp,
            Presence::Available => State::Available,
        }
    }
}
