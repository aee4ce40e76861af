//! What an answer of the Graph API means for a send. Decided by Meta's code, and by the HTTP status only without one:
//! the same code has been served with 400, 403 and 429. Source: Meta, "Cloud API error codes".

use std::time::Duration;

use engine::connector::{Problem, Scope, Verdict};
use serde_json::Value;

use crate::net::Answer;
use crate::whatsapp::common::by_status;

/// A number whose throughput is being raised answers 131057 for about a minute (Meta).
const MAINTENANCE: Duration = Duration::from_secs(60);
/// The longest pause for a pair of numbers: 4^5 seconds, about 17 minutes.
const PAIR_STEPS: u32 = 5;

/// The verdict on a send that was answered, but not with 2xx. `attempt` is 1 for the first.
pub(super) fn verdict_of<T>(answer: &Answer, attempt: u16) -> Verdict<T> {
    let body = answer.json().unwrap_or_default();
    let error = body.get("error").unwrap_or(&Value::Null);
    let Some(code) = error.get("code").and_then(Value::as_i64) else { return by_status(answer, answer.problem()) };
    let status = answer.status.as_u16();
    let problem = Problem::new(code.to_string(), described(answer, error)).with_status(status);
    let later = |after, scope, problem| Verdict::Later { after, scope, problem };
    if let Some(message) = to_be_mended(code) {
        return Verdict::Auth(Problem { message: message.to_owned(), ..problem });
    }
    match code {
        // Service unavailable; limits of the app, the account and the number.
        2 | 4 | 80007 | 130_429 | 131_016 | 133_004 => later(answer.retry_after(), Scope::Connection, problem),
        131_057 => later(answer.retry_after().or(Some(MAINTENANCE)), Scope::Connection, problem),
        // Too much to this one person: Meta asks for 4^n seconds.
        131_056 => later(Some(pair_pause(attempt)), Scope::Item, problem),
        // "Something went wrong": Meta does not say whether before or after sending.
        131_000 => Verdict::Unknown(problem),
        // "Bad request or server error": only the status tells which.
        1 if status < 500 => later(answer.retry_after(), Scope::Item, problem),
        // About the request, the recipient, the message or the template: final.
        33 | 100 | 130_403 | 130_472 | 130_497 | 131_001..=132_999 | 134_000..=137_999 => Verdict::Refused(problem),
        _ => by_status(answer, problem),
    }
}

fn pair_pause(attempt: u16) -> Duration {
    Duration::from_secs(4_u64.pow(u32::from(attempt).clamp(1, PAIR_STEPS)))
}

/// What a person has to mend before anything can be sent, in our own words: for a bad token Meta's quote it.
fn to_be_mended(code: i64) -> Option<&'static str> {
    Some(match code {
        0 | 190 => "Meta refused the access token: it is invalid, revoked or has expired; put a new one in its place",
        3 | 10 | 200..=299 | 131_005 => {
            "the access token lacks a permission; grant the app and the system user `whatsapp_business_messaging` and \
             `whatsapp_business_management` for this account"
        }
        368 | 131_031 => "Meta has restricted or locked the account; see Account quality in its Business Manager",
        131_037 => "the number has no approved display name; have one approved in WhatsApp Manager",
        131_042 => "the account's payment method does not work; mend it in WhatsApp Manager",
        131_045 | 133_000..=133_003 | 133_005..=133_015 => {
            "the number is not registered, or registering it went wrong; register it again with its PIN"
        }
        _ => return None,
    })
}

/// Meta's words, with the details when there are any (an object or a text).
fn described(answer: &Answer, error: &Value) -> String {
    let message = error.get("message").and_then(Value::as_str).unwrap_or("the Graph API refused the call");
    let data = error.get("error_data");
    let details = data.and_then(|data| data.get("details").unwrap_or(data).as_str()).filter(|text| !text.is_empty());
    answer.words(&match details {
        Some(details) => format!("{message}: {details}"),
        None => message.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::RETRY_AFTER;
    use serde_json::json;

    use super::*;
    use crate::whatsapp::common::tests::{answer, name};

    #[test]
    fn the_code_decides_whatever_the_status() {
        let table = [
            (503, 2, "later connection"),
            (400, 4, "later connection"),
            (400, 80007, "later connection"),
            (400, 130_429, "later connection"),
            (403, 130_429, "later connection"),
            (500, 131_016, "later connection"),
            (503, 133_004, "later connection"),
            (500, 131_057, "later connection"),
            (400, 131_056, "later item"),
            (401, 0, "auth"),
            (401, 190, "auth"),
            (500, 3, "auth"),
            (403, 10, "auth"),
            (403, 200, "auth"),
            (403, 131_005, "auth"),
            (403, 368, "auth"),
            (403, 131_031, "auth"),
            (400, 131_045, "auth"),
            (400, 133_010, "auth"),
            (400, 1, "later item"),
            (500, 1, "unknown"),
            (500, 131_000, "unknown"),
            (400, 100, "refused"),
            (400, 131_026, "refused"),
            (400, 131_047, "refused"),
            (400, 131_048, "refused"),
            (404, 132_001, "refused"),
            (403, 130_497, "refused"),
            (400, 137_000, "refused"),
        ];
        for (status, code, expected) in table {
            let verdict = verdict_of(&answer(status, &json!({ "error": { "code": code, "message": "no" } })), 1);
            assert_eq!(name(&verdict), expected, "{code} with {status}");
        }
    }

    #[test]
    fn without_a_known_code_the_status_decides() {
        let table =
            [(429, "later connection"), (503, "later connection"), (401, "auth"), (404, "refused"), (500, "unknown")];
        for (status, expected) in table {
            for body in [json!({ "error": { "code": 999_999_999 } }), json!({ "error": "no" }), json!("<html>")] {
                assert_eq!(name(&verdict_of(&answer(status, &body), 1)), expected, "{status} {body}");
            }
        }
    }

    #[test]
    fn the_service_says_how_long_to_wait() {
        let after = |attempt, wait: Option<&'static str>, code| {
            let mut answer = answer(400, &json!({ "error": { "code": code } }));
            answer.headers.extend(wait.map(|wait| (RETRY_AFTER, HeaderValue::from_static(wait))));
            match verdict_of::<()>(&answer, attempt) {
                Verdict::Later { after, .. } => after.map(|after| after.as_secs()),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(after(1, Some("7"), 130_429), Some(7));
        assert_eq!(after(1, None, 130_429), None);
        assert_eq!(after(1, None, 131_057), Some(60));
        assert_eq!([1, 2, 3, 60_000].map(|attempt| after(attempt, None, 131_056)), [4, 16, 64, 1024].map(Some));
    }

    #[test]
    fn a_refused_token_is_not_quoted() {
        let said = "Malformed access token EAAGm0PX4ZCps";
        for (status, code) in [(400, 190), (401, 0), (403, 10), (401, 999_999)] {
            let body = json!({ "error": { "code": code, "message": said, "error_data": { "details": said } } });
            let Verdict::Auth(problem) = verdict_of::<()>(&answer(status, &body), 1) else { panic!("{code}") };
            assert_eq!(problem.code, code.to_string());
            assert!(!problem.message.contains("EAAG") && problem.message.len() > 40, "{}", problem.message);
        }
    }

    #[test]
    fn a_problem_has_metas_code_and_details_in_either_shape() {
        for data in [json!({ "details": "send a template" }), json!("send a template")] {
            let error = json!({ "error": { "code": 131_047, "message": "Re-engagement message", "error_data": data } });
            let verdict = verdict_of::<()>(&answer(400, &error), 1);
            let problem = verdict.problem().unwrap();
            assert_eq!((problem.code.as_str(), problem.status), ("131047", Some(400)));
            assert_eq!(problem.message, "Re-engagement message: send a template");
        }
    }
}
