//! How a call ended: a verdict the engine can act on, not a description.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Party;

/// The end of one attempt at a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<T = Value> {
    /// It happened.
    Done(Done<T>),
    /// It did not happen; try again, not before `after` if given.
    Later {
        /// What the service asked for (`Retry-After`).
        after: Option<Duration>,
        /// Whether this item or the whole connection has the trouble.
        scope: Scope,
        /// What was said.
        problem: Problem,
    },
    /// It did not happen, and the same call will not succeed.
    Refused(Problem),
    /// It did not happen: the credentials do not work. The connection is down until a person mends it.
    Auth(Problem),
    /// It may have happened: a time-out or a broken connection after sending.
    Unknown(Problem),
}

/// What a call that happened brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Done<T = Value> {
    /// The action's output, read by flows as `steps.<id>`.
    pub output: T,
    /// The message that went to a customer, if one did.
    pub sent: Option<Sent>,
}

/// A message that a provider accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The provider's id of it.
    pub external_id: String,
    /// To whom, from which of our numbers.
    pub party: Party,
    /// The text as sent, for the conversation's history; templates as `[name] rendered values`.
    pub text: String,
}

/// Which part has the trouble: it decides whether an attempt is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This call only: uses up one of its attempts.
    Item,
    /// The connection is down (refused, 429, 502-504): uses up none, everything for it waits in order.
    Connection,
}

/// What went wrong, in a stable code and in words. Never contains a secret or a message's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, JsonSchema)]
#[error("{message}")]
#[schemars(rename = "CallProblem")]
pub struct Problem {
    /// Stable, for `if: error.code == …`: the provider's own code (`131047`, `CONFLICT`) or ours (`timeout`, `expired`).
    pub code: String,
    /// What happened and, where it helps, what to do.
    pub message: String,
    /// HTTP status of the answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

impl Problem {
    /// A problem without an HTTP answer.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: None }
    }

    /// The same, from an answer with this HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}

/// What may be done when a call's outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Repeating does no harm: reads, adding a tag.
    Safe,
    /// Repeat with the same key: the provider drops the double, for as long as `window_s` seconds (0 = for ever).
    Keyed {
        /// How long the provider remembers the key, in seconds; 0 = for ever.
        window_s: u32,
    },
    /// Wait for proof that it happened (our key comes back in a status) for `settle_s` seconds; without it, park.
    Evidence {
        /// How long proof is awaited, in seconds.
        settle_s: u32,
    },
    /// Never repeat when unclear: park at once as "may have happened".
    OnlyIfRefused,
}

impl<T> Verdict<T> {
    /// It happened, with this output and no message sent.
    #[must_use]
    pub fn done(output: T) -> Self {
        Self::Done(Done { output, sent: None })
    }

    /// The same verdict with its output changed.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Verdict<U> {
        match self {
            Self::Done(done) => Verdict::Done(Done { output: change(done.output), sent: done.sent }),
            Self::Later { after, scope, problem } => Verdict::Later { after, scope, problem },
            Self::Refused(problem) => Verdict::Refused(problem),
            Self::Auth(problem) => Verdict::Auth(problem),
            Self::Unknown(problem) => Verdict::Unknown(problem),
        }
    }

    /// Its name in the journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Later { .. } => "later",
            Self::Refused(_) => "refused",
            Self::Auth(_) => "auth",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What went wrong, unless it is done.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Done(_) => None,
            Self::Later { problem, .. } | Self::Refused(problem) | Self::Auth(problem) | Self::Unknown(problem) => {
                Some(problem)
            }
        }
    }
}
