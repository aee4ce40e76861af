//! What an answer of Twilio means for a send. Source: Twilio, "Error and warning dictionary" and "Error codes for
//! WhatsApp".

use std::time::Duration;

use engine::connector::{Problem, Scope, Verdict};
use serde_json::Value;

use crate::net::Answer;
use crate::whatsapp::common::by_status;

/// A sender above its rate or a pair of numbers above theirs: Meta allows a pair one message in 6 s.
const THROTTLED: Duration = Duration::from_secs(6);
/// The account's messages of a day are used up: looked at again each hour.
const USED_UP: Duration = Duration::from_secs(60 * 60);

/// The verdict on a send that was answered, but not with 2xx.
pub(super) fn verdict_of<T>(answer: &Answer) -> Verdict<T> {
    let body = answer.json().unwrap_or_default();
    let Some(code) = body.get("code").and_then(Value::as_i64) else {
        return by_status(answer, answer.problem());
    };
    let message = body.get("message").and_then(Value::as_str).unwrap_or("Twilio refused the call");
    let problem = Problem::new(code.to_string(), answer.words(message)).with_status(answer.status.as_u16());
    let later = |after: Option<Duration>, scope, problem| Verdict::Later {
        after: answer.retry_after().or(after),
        scope,
        problem,
    };
    // Refused credentials are told in our own words: a service may quote them.
    let own = |message: &str| Problem { message: message.to_owned(), ..problem.clone() };
    match code {
        // Too many requests; our queue there is full.
        20429 | 30001 => later(None, Scope::Connection, problem),
        63018 => later(Some(THROTTLED), Scope::Connection, problem),
        63038 => later(Some(USED_UP), Scope::Connection, problem),
        // WhatsApp had trouble with this one.
        63009..=63012 => later(None, Scope::Item, problem),
        20003 => {
            Verdict::Auth(own("Twilio refused the account's SID or auth token; put the right ones in their place"))
        }
        // The sender is not, or no longer, one of WhatsApp; its Meta business is not linked.
        63001 | 63002 | 63007 | 63020 => Verdict::Auth(own(
            "the sender is not, or no longer, a WhatsApp sender of this account; see WhatsApp senders in Twilio's console",
        )),
        // About the request, the recipient, the text or the template: final.
        20404 | 20422 | 21000..=21999 | 30002..=30999 | 63000..=63999 => Verdict::Refused(problem),
        _ => by_status(answer, problem),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::whatsapp::common::tests::{answer, name};

    fn verdict(status: u16, body: &Value) -> Verdict<()> {
        verdict_of(&answer(status, body))
    }

    #[test]
    fn the_code_decides() {
        let table = [
            (401, 20003, "auth"),
            (404, 20404, "refused"),
            (429, 20429, "later connection"),
            (400, 21211, "refused"),
            (400, 21610, "refused"),
            (400, 21617, "refused"),
            (400, 21656, "refused"),
            (429, 30001, "later connection"),
            (400, 30007, "refused"),
            (400, 63003, "refused"),
            (400, 63007, "auth"),
            (500, 63012, "later item"),
            (400, 63016, "refused"),
            (400, 63018, "later connection"),
            (400, 63027, "refused"),
            (400, 63038, "later connection"),
        ];
        for (status, code, expected) in table {
            assert_eq!(name(&verdict(status, &json!({ "code": code, "message": "no" }))), expected, "{code}");
        }
    }

    #[test]
    fn without_a_known_code_the_status_decides() {
        let table =
            [(429, "later connection"), (503, "later connection"), (401, "auth"), (400, "refused"), (500, "unknown")];
        for (status, expected) in table {
            for body in [json!({ "code": 99_999 }), json!("<html>")] {
                assert_eq!(name(&verdict(status, &body)), expected, "{status} {body}");
            }
        }
    }

    #[test]
    fn a_problem_has_twilios_code_and_words() {
        let verdict = verdict(400, &json!({ "code": 21211, "message": "Invalid 'To' number", "status": 400 }));
        let problem = verdict.problem().unwrap();
        assert_eq!((problem.code.as_str(), problem.status), ("21211", Some(400)));
        assert_eq!(problem.message, "Invalid 'To' number");
    }

    #[test]
    fn refused_credentials_are_not_quoted() {
        for (status, code) in [(401, 20003), (400, 63007), (401, 99_999)] {
            let Verdict::Auth(problem) = verdict(status, &json!({ "code": code, "message": "bad token s3cret" }))
            else {
                panic!("{code}")
            };
            assert_eq!(problem.code, code.to_string());
            assert!(!problem.message.contains("s3cret") && problem.message.len() > 40, "{}", problem.message);
        }
    }

    #[test]
    fn a_throttled_sender_pauses() {
        let Verdict::Later { after, .. } = verdict(400, &json!({ "code": 63018 })) else { panic!("not later") };
        assert_eq!(after, Some(Duration::from_secs(6)));
    }
}
