//! HubSpot's errors as verdicts. Source: HubSpot, "Handling errors" and "API usage guidelines".

use std::convert::Infallible;
use std::time::Duration;

use engine::connector::{Problem, Scope, Verdict};
use serde_json::Value;

use crate::net::{Answer, Class, verdict_of_status};

/// Pause after the daily limit. It resets at midnight of the account's time zone, which the answer does not tell: ask
/// hourly.
const DAILY: Duration = Duration::from_secs(60 * 60);
/// Pause after the ten-second limit. Source: HubSpot's Node SDK, retry schedule.
const TEN_SECONDLY: Duration = Duration::from_secs(10);
/// Pause after the one-second limit. Source: as above.
const SECONDLY: Duration = Duration::from_secs(1);
/// Pause after 423, at least. Source: HubSpot, "Handling errors".
const LOCKED: Duration = Duration::from_secs(2);
/// Pause while the account moves to another data centre (477) when none is told.
const MIGRATING: Duration = Duration::from_secs(60);

/// A call that brought no object.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no such object or property.
    NotFound(Problem),
    /// Another object has a value that must be unique.
    Conflict {
        /// Its id, if HubSpot tells it.
        existing: Option<String>,
        /// What was said.
        problem: Problem,
    },
    /// Anything else. Never `Done`.
    Other(Box<Verdict<Infallible>>),
}

impl Failure {
    pub(super) fn other(verdict: Verdict<Infallible>) -> Self {
        Self::Other(Box::new(verdict))
    }

    /// Nothing was done, and the same call will not succeed.
    pub(super) fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::other(Verdict::Refused(Problem::new(code, message)))
    }

    /// HubSpot answered 2xx with something that is not what it documents.
    pub(super) fn unreadable(what: &str) -> Self {
        Self::other(Verdict::Unknown(Problem::new("unreadable_answer", format!("hubspot answered with {what}"))))
    }

    pub(super) fn problem(&self) -> &Problem {
        match self {
            Self::NotFound(problem) | Self::Conflict { problem, .. } => problem,
            Self::Other(verdict) => match &**verdict {
                Verdict::Done(done) => match done.output {},
                Verdict::Later { problem, .. }
                | Verdict::Refused(problem)
                | Verdict::Auth(problem)
                | Verdict::Unknown(problem) => problem,
            },
        }
    }

    /// Whether nothing was done, and the same call will not succeed.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::NotFound(_) => true,
            Self::Conflict { .. } => false,
            Self::Other(verdict) => matches!(**verdict, Verdict::Refused(_)),
        }
    }

    pub(super) fn into_verdict<T>(self) -> Verdict<T> {
        match self {
            Self::NotFound(problem) | Self::Conflict { problem, .. } => Verdict::Refused(problem),
            Self::Other(verdict) => verdict.map(|never| match never {}),
        }
    }

    /// The same failure of a later part of an action whose earlier part was done: "refused" would say that nothing
    /// happened.
    pub(super) fn after_a_part(self, done: &str) -> Self {
        let problem = |problem: Problem| Problem { message: format!("{done}, but {}", problem.message), ..problem };
        match self {
            Self::NotFound(told) | Self::Conflict { problem: told, .. } => Self::other(Verdict::Unknown(problem(told))),
            Self::Other(verdict) => Self::other(match *verdict {
                Verdict::Refused(told) | Verdict::Unknown(told) => Verdict::Unknown(problem(told)),
                other => other,
            }),
        }
    }
}

/// The verdict of an action from its result.
pub(super) fn verdict<T>(result: Result<T, Failure>) -> Verdict<T> {
    match result {
        Ok(output) => Verdict::done(output),
        Err(failure) => failure.into_verdict(),
    }
}

/// The JSON of an answer, null when it is empty, unless it brought an error.
pub(super) fn read(answer: &Answer, class: Class) -> Result<Value, Failure> {
    if let Some(failure) = of(answer, class) {
        return Err(failure);
    }
    let body = answer.json().unwrap_or_default();
    match in_batch(answer, &body) {
        Some(failure) => Err(failure),
        None => Ok(body),
    }
}

/// What an answer that is not 2xx means.
fn of(answer: &Answer, class: Class) -> Option<Failure> {
    if answer.status.is_success() {
        return None;
    }
    let body = answer.json().unwrap_or_default();
    let status = answer.status.as_u16();
    let problem = problem(answer, &body).unwrap_or_else(|| answer.problem());
    let pause = |least: Duration| answer.retry_after().unwrap_or(least);
    let later = |after, problem| Verdict::Later { after: Some(after), scope: Scope::Connection, problem };
    let verdict = match status {
        404 => return Some(Failure::NotFound(problem)),
        409 => return Some(Failure::Conflict { existing: existing_id(&body), problem }),
        423 => later(pause(LOCKED).max(LOCKED), problem),
        429 => later(pause(policy_pause(&body)), problem),
        477 => later(pause(MIGRATING), problem),
        // The provider in front of HubSpot could not reach it: nothing was passed on. Source: Cloudflare, "Error 521",
        // "Error 523".
        521 | 523 => Verdict::Later { after: answer.retry_after(), scope: Scope::Connection, problem },
        524 if class == Class::MayRepeat => {
            Verdict::Later { after: answer.retry_after(), scope: Scope::Connection, problem }
        }
        _ => match verdict_of_status::<Infallible>(answer, class)? {
            Verdict::Later { after, scope, .. } => Verdict::Later { after, scope, problem },
            // In our own words: HubSpot's may quote the token.
            Verdict::Auth(own) => Verdict::Auth(Problem { code: problem.code, ..own }),
            Verdict::Unknown(_) => Verdict::Unknown(problem),
            _ => Verdict::Refused(problem),
        },
    };
    Some(Failure::other(verdict))
}

/// The first error inside a 2xx answer of a batch. 207 is not the sign: the 2026-09 specification has none.
fn in_batch(answer: &Answer, body: &Value) -> Option<Failure> {
    let told = body["numErrors"].as_u64().unwrap_or_default() > 0;
    let error = match body["errors"].get(0) {
        Some(error) => error,
        None if told => return Some(Failure::unreadable("errors that are not there")),
        None => return None,
    };
    let category = error["category"].as_str().unwrap_or("BATCH_ERROR");
    let problem = Problem::new(category, words(answer, error).unwrap_or_else(|| "hubspot refused the input".into()));
    Some(match category {
        "CONFLICT" => Failure::Conflict { existing: existing_id(error), problem },
        "OBJECT_NOT_FOUND" => Failure::NotFound(problem),
        "RATE_LIMITS" => {
            Failure::other(Verdict::Later { after: Some(TEN_SECONDLY), scope: Scope::Connection, problem })
        }
        "INTERNAL_ERROR" => Failure::other(Verdict::Unknown(problem)),
        _ => Failure::other(Verdict::Refused(problem)),
    })
}

/// Code and words of HubSpot's envelope, in which every field is optional.
fn problem(answer: &Answer, body: &Value) -> Option<Problem> {
    let code = ["category", "errorType"].into_iter().find_map(|name| body[name].as_str())?;
    let mut message = words(answer, body)?;
    if let Some(id) = body["correlationId"].as_str() {
        message.push_str(&format!(" (hubspot's correlation id {})", id.chars().take(64).collect::<String>()));
    }
    Some(Problem::new(code, message).with_status(answer.status.as_u16()))
}

fn words(answer: &Answer, body: &Value) -> Option<String> {
    Some(format!("hubspot: {}", answer.words(body["message"].as_str()?)))
}

fn policy_pause(body: &Value) -> Duration {
    match body["policyName"].as_str() {
        Some("DAILY") => DAILY,
        Some("SECONDLY") => SECONDLY,
        _ => TEN_SECONDLY,
    }
}

/// The digits behind `Existing ID:`. Source: HubSpot, "Contacts": 409 for an e-mail address that is taken.
fn existing_id(body: &Value) -> Option<String> {
    let (_, behind) = body["message"].as_str()?.rsplit_once("Existing ID:")?;
    let digits: String = behind.trim_start().chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    use super::*;

    fn answer(status: u16, retry_after: Option<&'static str>, body: &Value) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(seconds) = retry_after {
            headers.insert("retry-after", http::HeaderValue::from_static(seconds));
        }
        let status = StatusCode::from_u16(status).unwrap();
        Answer::new(status, headers, Bytes::from(body.to_string()), "POST api.test/crm".into())
    }

    #[test]
    fn limits_hold_the_whole_connection_for_as_long_as_their_policy_says() {
        let limit = |policy: &str| json!({ "errorType": "RATE_LIMIT", "message": "limit", "policyName": policy });
        let table = [
            (429, None, limit("DAILY"), 3600),
            (429, None, limit("TEN_SECONDLY_ROLLING"), 10),
            (429, None, limit("SECONDLY"), 1),
            (429, Some("7"), limit("TEN_SECONDLY_ROLLING"), 7),
            (429, None, json!(null), 10),
            (423, None, json!({}), 2),
            (423, Some("1"), json!({}), 2),
            (477, Some("30"), json!({}), 30),
            (477, None, json!({}), 60),
        ];
        for (status, header, body, seconds) in table {
            let failure = of(&answer(status, header, &body), Class::Once).unwrap();
            let verdict = failure.into_verdict::<()>();
            let Verdict::Later { after, scope: Scope::Connection, .. } = verdict else {
                panic!("{status} {body}: {verdict:?}");
            };
            assert_eq!(after, Some(Duration::from_secs(seconds)), "{status} {body}");
        }
    }

    #[test]
    fn other_statuses_become_verdicts_with_hubspots_own_code() {
        let message = "Property \"x\"\n does not exist";
        let body = json!({ "category": "VALIDATION_ERROR", "message": message, "correlationId": "c-1" });
        let table = [
            (400, Class::MayRepeat, "refused"),
            (401, Class::MayRepeat, "auth"),
            (403, Class::MayRepeat, "refused"),
            (404, Class::MayRepeat, "refused"),
            (409, Class::MayRepeat, "refused"),
            (500, Class::MayRepeat, "unknown"),
            (502, Class::MayRepeat, "later"),
            (502, Class::Once, "unknown"),
            (503, Class::Once, "later"),
            (521, Class::Once, "later"),
            (523, Class::Once, "later"),
            (524, Class::Once, "unknown"),
            (524, Class::MayRepeat, "later"),
        ];
        for (status, class, expected) in table {
            let verdict = of(&answer(status, None, &body), class).unwrap().into_verdict::<()>();
            assert_eq!(verdict.name(), expected, "{status} {class:?}");
            let problem = verdict.problem().unwrap();
            assert_eq!((problem.code.as_str(), problem.status), ("VALIDATION_ERROR", Some(status)));
            if expected == "auth" {
                assert!(problem.message.contains("credentials"), "{}", problem.message);
            } else {
                assert_eq!(problem.message, "hubspot: Property \"x\" does not exist (hubspot's correlation id c-1)");
            }
        }
        assert!(of(&answer(201, None, &body), Class::Once).is_none());
    }

    #[test]
    fn a_conflict_tells_who_has_the_value() {
        let body = json!({ "category": "CONFLICT", "message": "Contact already exists. Existing ID: 50111" });
        let failure = of(&answer(409, None, &body), Class::Once).unwrap();
        assert!(matches!(failure, Failure::Conflict { existing: Some(id), .. } if id == "50111"));
    }

    #[test]
    fn an_error_inside_a_good_answer_is_seen() {
        let error = |category: &str| {
            json!({ "status": "COMPLETE", "results": [], "numErrors": 1,
                "errors": [{ "status": "error", "category": category, "message": "no. Existing ID: 7" }] })
        };
        let read = |body: &Value| read(&answer(207, None, body), Class::MayRepeat);
        let name = |body: &Value| read(body).err().map(|failure| failure.into_verdict::<()>().name());
        assert_eq!(name(&error("VALIDATION_ERROR")), Some("refused"));
        assert_eq!(name(&error("INTERNAL_ERROR")), Some("unknown"));
        assert_eq!(name(&error("RATE_LIMITS")), Some("later"));
        assert!(matches!(read(&error("CONFLICT")), Err(Failure::Conflict { existing: Some(id), .. }) if id == "7"));
        assert_eq!(name(&json!({ "numErrors": 1 })), Some("unknown"));
        assert_eq!(name(&json!({ "status": "COMPLETE", "results": [{ "id": "1" }] })), None);
    }

    #[test]
    fn a_refusal_after_a_part_was_done_does_not_say_that_nothing_happened() {
        let late = Failure::refused("X", "no").after_a_part("ticket 1 was made");
        let verdict = late.into_verdict::<()>();
        assert_eq!(
            (verdict.name(), verdict.problem().unwrap().message.as_str()),
            ("unknown", "ticket 1 was made, but no")
        );
    }
}
