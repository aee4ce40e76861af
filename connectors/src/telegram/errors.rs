//! Telegram's errors as verdicts. Source: Telegram, "Making requests", "ResponseParameters".

use std::time::Duration;

use engine::connector::{Problem, Scope, Verdict};
use serde_json::Value;

use crate::net::{Answer, Class, verdict_of_status};

/// A call that brought no result.
#[derive(Debug)]
pub(super) struct Failure {
    /// What it means; never `Done`.
    pub(super) verdict: Verdict<Value>,
    /// The group became this one.
    pub(super) moved_to: Option<String>,
    /// What Telegram said, for telling apart what has no code of its own.
    said: String,
}

impl Failure {
    pub(super) fn of(verdict: Verdict<Value>) -> Self {
        Self { verdict, moved_to: None, said: String::new() }
    }

    pub(super) fn message(&self) -> String {
        self.verdict.problem().map_or_else(String::new, |problem| problem.message.clone())
    }

    /// Whether the message to change is not there any more, or is not ours to change.
    pub(super) fn is_gone(&self) -> bool {
        ["message to edit not found", "message can't be edited", "message_id_invalid", "chat not found"]
            .iter()
            .any(|words| self.said.contains(words))
    }

    /// Whether the message says already what it should.
    pub(super) fn is_unchanged(&self) -> bool {
        self.said.contains("message is not modified")
    }
}

/// The `result` of an answer.
pub(super) fn read(answer: &Answer) -> Result<Value, Box<Failure>> {
    let mut body = answer.json().unwrap_or_default();
    if body["ok"] == true {
        return Ok(body["result"].take());
    }
    let said = body["description"].as_str().unwrap_or_default().to_lowercase();
    let moved_to = body["parameters"]["migrate_to_chat_id"].as_i64().map(|id| id.to_string());
    Err(Box::new(Failure { verdict: verdict(answer, &body), moved_to, said }))
}

fn verdict(answer: &Answer, body: &Value) -> Verdict<Value> {
    let status = answer.status.as_u16();
    let code = body["error_code"].as_u64().unwrap_or(u64::from(status));
    let problem = match body["description"].as_str() {
        Some(words) => Problem::new(code.to_string(), format!("telegram: {}", answer.words(words))).with_status(status),
        None => answer.problem(),
    };
    match code {
        // A token that is none is answered by 404: the methods are there.
        401 | 404 => Verdict::Auth(answer.refused_credentials(code.to_string())),
        429 => {
            let pause = body["parameters"]["retry_after"].as_u64().map(Duration::from_secs);
            let after = pause.or_else(|| answer.retry_after()).or(Some(Duration::from_secs(1)));
            Verdict::Later { after, scope: Scope::Connection, problem }
        }
        400 | 403 => Verdict::Refused(problem),
        _ => verdict_of_status(answer, Class::MayRepeat).unwrap_or(Verdict::Unknown(problem)),
    }
}
