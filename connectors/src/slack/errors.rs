//! Slack's errors as verdicts: HTTP 200 with `ok: false` and a word. Source: Slack, "Web API", and the error tables of
//! "chat.postMessage" and "chat.update".

use std::time::Duration;

use engine::connector::{Problem, Scope, Verdict};
use serde_json::Value;

use crate::net::{Answer, Class, verdict_of_status};

/// Pause when Slack says that it is too much and not for how long: one message a second and channel is what it takes.
const CROWDED: Duration = Duration::from_secs(1);

/// The JSON of an answer that says `ok: true`.
pub(super) fn read(answer: &Answer) -> Result<Value, Box<Verdict<Value>>> {
    if let Some(verdict) = verdict_of_status(answer, Class::MayRepeat) {
        return Err(Box::new(verdict));
    }
    let Some(body) = answer.json() else {
        return Err(unreadable("slack answered with what is no JSON"));
    };
    match (&body["ok"], body["error"].as_str()) {
        (Value::Bool(true), _) => Ok(body),
        (Value::Bool(false), Some(code)) => Err(Box::new(verdict(answer, code, &body))),
        _ => Err(unreadable("slack answered without `ok`")),
    }
}

fn unreadable(words: &str) -> Box<Verdict<Value>> {
    Box::new(Verdict::Unknown(Problem::new("unreadable_answer", words)))
}

fn verdict(answer: &Answer, code: &str, body: &Value) -> Verdict<Value> {
    let code: String = code.chars().take(64).collect();
    let problem = |help: &str| {
        let said = answer.words(&code);
        let needed = body["needed"].as_str().map(|scope| format!(", needed: {}", answer.words(scope)));
        Problem::new(code.clone(), format!("slack: {said}{}{help}", needed.unwrap_or_default()))
    };
    match code.as_str() {
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => {
            Verdict::Auth(answer.refused_credentials(code))
        }
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => Verdict::Later {
            after: Some(answer.retry_after().unwrap_or(CROWDED)),
            scope: Scope::Connection,
            problem: problem(""),
        },
        "service_unavailable" | "request_timeout" | "team_added_to_org" => {
            Verdict::Later { after: answer.retry_after(), scope: Scope::Connection, problem: problem("") }
        }
        // "It's possible some aspect of the operation succeeded before the error was raised."
        "internal_error" | "fatal_error" => Verdict::Unknown(problem("")),
        "not_in_channel" => Verdict::Refused(problem("; invite the app into the channel")),
        "channel_not_found" => Verdict::Refused(problem("; use the channel's id, and invite the app into it")),
        "missing_scope" => Verdict::Refused(problem("; add the scope to the app and install it again")),
        _ => Verdict::Refused(problem("")),
    }
}

/// Whether the message to change cannot be changed any more. Source: Slack, "chat.update", errors.
pub(super) fn is_gone(code: &str) -> bool {
    matches!(code, "message_not_found" | "cant_update_message" | "edit_window_closed" | "channel_not_found")
}
