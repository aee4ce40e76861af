//! Why a run gets a turn: the input of [`turn()`](super::turn()), made by `handle/` from an input of a mailbox.

use std::sync::Arc;

use serde_json::Value;

use super::value::Failure;
use super::{Attempt, Keyed, State};
use crate::clock::At;
use crate::connector::Verdict;
use crate::event::Event;
use crate::flow::{Stays, Version};
use crate::ids::{RunId, VersionId, WaitId};
use crate::store::{EffectRow, RunStatus};

/// Why a run gets a turn.
#[derive(Debug)]
pub enum Wake<'a> {
    /// A trigger matched.
    Start {
        /// The trigger's id.
        trigger: Arc<str>,
        /// The event.
        event: &'a Event,
        /// The run that this one repeats, if it repeats one.
        replays: Option<RunId>,
        /// Whether the event stands for a burst, and is stored nowhere else.
        burst: bool,
        /// Where it is counted.
        gate: Option<Keyed>,
    },
    /// A person wants a failed run tried again from the step that failed.
    Resume {
        /// The failed run.
        from: RunId,
        /// The step.
        step: Arc<str>,
        /// The state it had before it failed.
        state: Value,
    },
    /// Another flow called this one: the state holds its event, its caller and its depth.
    Call {
        /// When the event that moved the caller was received.
        caused_at: At,
        /// Where it is counted; or why that is not known, and then it fails.
        gate: Result<Option<Keyed>, Failure>,
    },
    /// A wait's time came.
    Due(WaitId),
    /// A wait's event came.
    Answered(WaitId, &'a Event),
    /// A human came whom a step waits for, or none did: its output.
    Attended(WaitId, Value),
    /// A called flow came to its end.
    Returned {
        /// Its run.
        run: RunId,
        /// How.
        status: RunStatus,
        /// Its variables.
        vars: Value,
    },
    /// A call ended.
    Settled {
        /// Which.
        n: i64,
        /// All its attempts.
        attempts: &'a [Attempt],
        /// How.
        verdict: &'a Verdict,
    },
    /// A call waits for a person.
    Parked {
        /// Which.
        n: i64,
        /// Why: a stable code.
        why: &'static str,
        /// All its attempts.
        attempts: &'a [Attempt],
    },
    /// A person wants a parked call tried again, as this plan says.
    Retry {
        /// Which.
        n: i64,
        /// The parked effect.
        row: &'a EffectRow,
        /// Its new input; `None` = as it was.
        input: Option<Value>,
    },
    /// A deadline passed.
    Overdue(WaitId),
    /// It goes on in another version, where `state` says.
    Move {
        /// The version.
        to: Arc<Version>,
        /// Where it stands there.
        state: Box<State>,
    },
    /// It was to go on in another version, and cannot.
    Stay {
        /// The version.
        to: VersionId,
        /// Why.
        why: Stays,
    },
    /// Its turn at the gate has come.
    Admitted {
        /// The trigger that started it, if it has not begun; else empty.
        trigger: Arc<str>,
    },
    /// The gate does not let it begin.
    Refused {
        /// Why, in words.
        why: &'static str,
    },
    /// A newer run takes its place; its clean-up runs first.
    Replaced,
    /// The run was ended; its clean-up runs first.
    Cancel,
    /// The same because another version was published.
    Stop,
    /// The run was ended, without clean-up.
    Kill,
}

impl Wake<'_> {
    /// The trigger that starts the run with this wake; empty when none does.
    #[must_use]
    pub fn trigger(&self) -> Arc<str> {
        match self {
            Self::Start { trigger, replays: None, .. } | Self::Admitted { trigger } => Arc::clone(trigger),
            _ => "".into(),
        }
    }
}
