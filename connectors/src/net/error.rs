//! A call without a whole answer, and what that says about it.

use std::error::Error as _;
use std::time::Duration;

use engine::connector::{Problem, Scope, Verdict};

use super::address::OnlyPrivate;
use super::{Answer, BODY_CAP, Class, verdict_of_status};

/// Why there is no whole answer. Names the call as `METHOD host/path`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetError {
    /// It never left: the name, the connection or TLS failed.
    #[error("{place} could not be reached: {why}")]
    NotSent {
        /// The call.
        place: String,
        /// What failed.
        why: String,
    },
    /// Too many other calls of this connection wait for their turn; nothing was sent.
    #[error("{place} was not called: {} ms of other calls wait for their turn", .wait.as_millis())]
    Crowded {
        /// The call.
        place: String,
        /// How long it would have had to wait.
        wait: Duration,
    },
    /// It left, or may have left, and no answer came.
    #[error("{place} gave no answer: {why}")]
    Unclear {
        /// The call.
        place: String,
        /// Time-out, or how the connection broke.
        why: String,
    },
    /// It would have gone to the machine's own network.
    #[error("{place} is a private address; if that is meant, set `allow_private_network: true` on the connection")]
    Address {
        /// The call.
        place: String,
    },
    /// The answer is longer than we read; its beginning is there.
    #[error("{} answered {} with more than {BODY_CAP} bytes", .0.place(), .0.status)]
    TooLarge(Box<Answer>),
    /// The call could not be built; nothing was sent.
    #[error("the call cannot be made: {0}")]
    Invalid(String),
}

impl NetError {
    /// What the client's error says about the call at `place`.
    pub(super) fn of(error: &reqwest::Error, place: String) -> Self {
        if caused_by_private_name(error) {
            return Self::Address { place };
        }
        if error.is_builder() {
            return Self::Invalid(root_cause(error));
        }
        if error.is_connect() {
            return Self::NotSent { place, why: root_cause(error) };
        }
        let why = if error.is_timeout() { "time-out".to_owned() } else { root_cause(error) };
        Self::Unclear { place, why }
    }

    /// The verdict on the call.
    pub(crate) fn into_verdict<T>(self) -> Verdict<T> {
        let message = self.to_string();
        match self {
            Self::NotSent { .. } => {
                let problem = Problem::new("unreachable", message);
                Verdict::Later { after: None, scope: Scope::Connection, problem }
            }
            Self::Crowded { wait, .. } => {
                let problem = Problem::new("crowded", message);
                Verdict::Later { after: Some(wait), scope: Scope::Connection, problem }
            }
            Self::Unclear { why, .. } => {
                let code = if why == "time-out" { "timeout" } else { "broken" };
                Verdict::Unknown(Problem::new(code, message))
            }
            Self::Address { .. } => Verdict::Refused(Problem::new("private_address", message)),
            Self::Invalid(_) => Verdict::Refused(Problem::new("bad_request", message)),
            // A refusal stays one however long its page is; only of an accepted call do we not know what it brought.
            Self::TooLarge(answer) => verdict_of_status(&answer, Class::Once).unwrap_or_else(|| {
                Verdict::Unknown(Problem::new("too_large", message).with_status(answer.status.as_u16()))
            }),
        }
    }
}

/// The innermost cause: the outer ones repeat the address with its query.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = error.source();
    let mut text = None;
    while let Some(inner) = cause {
        text = Some(inner.to_string());
        cause = inner.source();
    }
    text.unwrap_or_else(|| "no cause given".to_owned())
}

fn caused_by_private_name(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = error.source();
    while let Some(inner) = cause {
        if inner.is::<OnlyPrivate>() {
            return true;
        }
        cause = inner.source();
    }
    false
}
