//! A planned call as it is stored, and what becomes of one whose attempt ended: the three tiers, pure.
//!
//! *A call failed* uses an attempt: at once, after 1 s, after 30 s, then a person decides. *The connection is down* uses none.
//! An unknown outcome is never blindly repeated: its repeat class decides.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Entry, What};
use crate::clock::At;
use crate::connector::{Party, Problem, Repeat, Scope, Sent, Verdict};

/// How long a parked call waits for a person, from its first attempt (A7).
pub const PERSON_ANSWERS_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);
/// The code of a refusal because the customer's 24-hour window has closed.
pub const WINDOW_CLOSED: &str = "window_closed";
/// The code of a refusal because a person talked with the customer until it was too late for the message.
pub const HUMAN_TALKING: &str = "human_talking";
/// The same in words.
pub const HUMAN_TALKING_WORDS: &str = "a person talked with the customer until its deadline, and nothing stale is sent";

/// What a flow must do with a call that failed for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CallHandler")]
pub enum Handler {
    /// The step has its own error branch: it takes over after the last automatic try.
    Step,
    /// The flow has one: it takes over after a refusal, or when no person answered in time.
    Flow,
    /// Neither: a person decides.
    #[default]
    None,
    /// Nobody waits for the outcome (a notification): it is noted and dropped.
    Nobody,
    /// The free text of a reply, in a flow that handles no failures: a closed window settles it, and the template goes
    /// instead; anything else is a person's to decide.
    Reply,
}

/// What is stored of a planned call besides its columns. Fields are only ever added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CallPlan")]
pub struct Plan {
    /// The rendered input.
    pub input: Value,
    /// Pauses before each further attempt, in milliseconds.
    pub pauses_ms: Vec<u64>,
    /// Who takes over when it failed for good.
    pub handler: Handler,
    /// Whether the author chose to send again when the outcome is unknown.
    #[serde(default)]
    pub resend_unknown: bool,
    /// The customer's address in the run's conversation.
    #[serde(default)]
    pub address: Option<Arc<str>>,
    /// The contact's number in E.164.
    #[serde(default)]
    pub phone: Option<Arc<str>>,
    /// The step that planned it.
    pub step: Arc<str>,
    /// The flow it belongs to; empty in rows written before flows could be stopped.
    #[serde(default)]
    pub flow: Arc<str>,
}

/// One attempt, for the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// 1 for the first.
    pub attempt: u16,
    /// When it started.
    pub at: At,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// [`Verdict::name`].
    pub verdict: Arc<str>,
    /// What went wrong.
    #[serde(default)]
    pub problem: Option<Problem>,
}

impl Attempt {
    /// What the journal tells of it, as an attempt at call `n`.
    #[must_use]
    pub fn entry(&self, n: i64) -> Entry {
        let problem = self.problem.as_ref();
        let what = What::Attempted {
            n,
            attempt: self.attempt,
            at: self.at,
            took_ms: self.took_ms,
            verdict: Arc::clone(&self.verdict),
            status: problem.and_then(|problem| problem.status),
            code: problem.map(|problem| problem.code.as_str().into()),
        };
        Entry { what, data: problem.map_or(Value::Null, |problem| json!({ "message": problem.message })) }
    }
}

impl Plan {
    /// The message this call sent, when only a status told that it did: with the provider's id, if the status gave it.
    #[must_use]
    pub fn proved(&self, action: &str, external_id: &str) -> Option<Sent> {
        let address = self.address.as_ref().filter(|_| action.starts_with("whatsapp.send_"))?;
        let template = self.input["template"].as_str().map(|name| format!("[{name}]"));
        let text = self.input["text"].as_str().map(str::to_owned).or(template).unwrap_or_default();
        let party = Party { number: String::new(), address: address.to_string(), phone: None, name: None };
        Some(Sent { external_id: external_id.to_owned(), party, text })
    }
}

/// What to do with a call after an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Its outcome is final: the run's turn takes it.
    Settle,
    /// Try again, not before this instant; `attempt` failed tries count so far.
    Again {
        /// Failed attempts so far.
        attempt: u16,
        /// Not before.
        not_before: At,
    },
    /// The connection is down: it stays planned, in order, and uses no attempt.
    Hold {
        /// What the service asked for.
        after: Option<Duration>,
    },
    /// Proof is awaited until this instant.
    Doubt {
        /// Until when.
        until: At,
    },
    /// A person decides.
    Park {
        /// A stable code: `tries_used_up`, `refused`, `may_have_happened`.
        why: &'static str,
    },
}

/// Decides what becomes of a call after an attempt that ended in `verdict`, with `failed` attempts before it.
#[must_use]
pub fn next(plan: &Plan, repeat: Repeat, failed: u16, verdict: &Verdict, now: At) -> Next {
    match verdict {
        Verdict::Done(_) => Next::Settle,
        Verdict::Later { scope: Scope::Connection, after, .. } => Next::Hold { after: *after },
        Verdict::Auth(_) => Next::Hold { after: None },
        Verdict::Later { scope: Scope::Item, after, .. } => again(plan, failed, *after, now),
        Verdict::Refused(problem) => match plan.handler {
            Handler::Reply if problem.code == WINDOW_CLOSED => Next::Settle,
            Handler::None | Handler::Reply => Next::Park { why: "refused" },
            _ => Next::Settle,
        },
        Verdict::Unknown(_) => match repeat {
            Repeat::Safe | Repeat::Keyed { .. } => again(plan, failed, None, now),
            _ if plan.resend_unknown => again(plan, failed, None, now),
            Repeat::Evidence { settle_s } => Next::Doubt { until: now.plus(Duration::from_secs(settle_s.into())) },
            Repeat::OnlyIfRefused => unclear(plan),
        },
    }
}

/// What becomes of a call whose proof did not come in time.
#[must_use]
pub fn unclear(plan: &Plan) -> Next {
    match plan.handler {
        Handler::Nobody => Next::Settle,
        _ => Next::Park { why: "may_have_happened" },
    }
}

/// What becomes of a call that failed itself: it uses up an attempt.
#[must_use]
pub fn again(plan: &Plan, failed: u16, after: Option<Duration>, now: At) -> Next {
    match plan.pauses_ms.get(usize::from(failed)) {
        Some(pause_ms) => {
            let pause = Duration::from_millis(*pause_ms).max(after.unwrap_or_default());
            Next::Again { attempt: failed + 1, not_before: now.plus(pause) }
        }
        None if matches!(plan.handler, Handler::Step | Handler::Nobody) => Next::Settle,
        None => Next::Park { why: "tries_used_up" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(handler: Handler) -> Plan {
        Plan {
            input: Value::Null,
            pauses_ms: vec![1_000, 30_000],
            handler,
            resend_unknown: false,
            address: None,
            phone: None,
            step: "ticket".into(),
            flow: "orders".into(),
        }
    }

    fn later(scope: Scope, after: Option<u64>) -> Verdict {
        Verdict::Later { after: after.map(Duration::from_secs), scope, problem: Problem::new("busy", "busy") }
    }

    const NOW: At = At(1_000_000);

    #[test]
    fn a_failing_call_is_tried_at_once_after_1_s_and_after_30_s_and_then_a_person_decides() {
        let plan = plan(Handler::None);
        let verdict = later(Scope::Item, None);
        let tries: Vec<Next> = (0..3).map(|failed| next(&plan, Repeat::Safe, failed, &verdict, NOW)).collect();
        assert_eq!(
            tries,
            [
                Next::Again { attempt: 1, not_before: At(1_001_000) },
                Next::Again { attempt: 2, not_before: At(1_030_000) },
                Next::Park { why: "tries_used_up" },
            ]
        );
    }

    #[test]
    fn a_step_with_its_own_error_branch_is_never_parked_after_its_tries() {
        assert_eq!(next(&plan(Handler::Step), Repeat::Safe, 2, &later(Scope::Item, None), NOW), Next::Settle);
    }

    #[test]
    fn a_connection_that_is_down_uses_no_attempt() {
        let plan = plan(Handler::None);
        let verdict = later(Scope::Connection, Some(7));
        assert_eq!(
            next(&plan, Repeat::OnlyIfRefused, 2, &verdict, NOW),
            Next::Hold { after: Some(Duration::from_secs(7)) }
        );
        let auth = Verdict::Auth(Problem::new("190", "token expired"));
        assert_eq!(next(&plan, Repeat::Safe, 2, &auth, NOW), Next::Hold { after: None });
    }

    #[test]
    fn what_the_service_asks_for_makes_a_pause_longer_never_shorter() {
        let plan = plan(Handler::None);
        let asked = next(&plan, Repeat::Safe, 0, &later(Scope::Item, Some(9)), NOW);
        assert_eq!(asked, Next::Again { attempt: 1, not_before: At(1_009_000) });
    }

    #[test]
    fn an_unknown_outcome_is_repeated_only_by_classes_that_allow_it() {
        let unknown = Verdict::Unknown(Problem::new("timeout", "no answer"));
        let plan = plan(Handler::Flow);
        let decide = |repeat| next(&plan, repeat, 0, &unknown, NOW);
        assert!(matches!(decide(Repeat::Safe), Next::Again { .. }));
        assert!(matches!(decide(Repeat::Keyed { window_s: 0 }), Next::Again { .. }));
        assert_eq!(decide(Repeat::Evidence { settle_s: 600 }), Next::Doubt { until: At(1_600_000) });
        assert_eq!(decide(Repeat::OnlyIfRefused), Next::Park { why: "may_have_happened" });
    }

    #[test]
    fn the_author_may_choose_to_send_again() {
        let unknown = Verdict::Unknown(Problem::new("timeout", "no answer"));
        let plan = Plan { resend_unknown: true, ..plan(Handler::None) };
        assert!(matches!(next(&plan, Repeat::OnlyIfRefused, 0, &unknown, NOW), Next::Again { .. }));
    }

    #[test]
    fn a_refusal_goes_to_the_error_branch_or_to_a_person() {
        let refused = Verdict::Refused(Problem::new("131047", "window closed"));
        assert_eq!(next(&plan(Handler::Flow), Repeat::Safe, 0, &refused, NOW), Next::Settle);
        assert_eq!(next(&plan(Handler::None), Repeat::Safe, 0, &refused, NOW), Next::Park { why: "refused" });
    }
}
