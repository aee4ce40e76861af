//! Calls of the API of an account, and what their answers mean.

use engine::connector::{Problem, Verdict};
use http::Method;
use serde_json::Value;

use super::Chatwoot;
use crate::net::{Class, NetError, Outgoing, verdict_of_status};

/// A call that brought nothing; never `Done`.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Verdict<Value>);

impl Failure {
    pub(super) fn refused(code: &str, words: impl Into<String>) -> Self {
        Self(Verdict::Refused(Problem::new(code, words)))
    }

    pub(super) fn unreadable(what: &str) -> Self {
        Self(Verdict::Unknown(Problem::new("unreadable_answer", format!("chatwoot answered without {what}"))))
    }

    pub(super) fn message(&self) -> String {
        self.0.problem().map_or_else(String::new, |problem| problem.message.clone())
    }

    /// Of a later call, when an earlier one made conversation `id`: "refused" would say that nothing happened.
    pub(super) fn after(self, id: &str) -> Self {
        Self(match self.0 {
            Verdict::Refused(problem) => {
                let message = format!("conversation {id} was made, but {}", problem.message);
                Verdict::Unknown(Problem { message, ..problem })
            }
            other => other,
        })
    }
}

pub(super) fn verdict<T>(result: Result<T, Failure>, none: T) -> Verdict<T> {
    match result {
        Ok(output) => Verdict::done(output),
        Err(Failure(failure)) => failure.map(|_| none),
    }
}

/// What stands under `payload`, or the whole; versions differ.
pub(super) fn inside(answer: &Value) -> &Value {
    if answer["payload"].is_null() { answer } else { &answer["payload"] }
}

pub(super) fn list(answer: &Value) -> &[Value] {
    inside(answer).as_array().map_or(&[], Vec::as_slice)
}

/// An id as text.
pub(super) fn id_of(object: &Value) -> Option<String> {
    object["id"].as_u64().map(|id| id.to_string())
}

impl Chatwoot {
    pub(super) async fn read(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None, &[]).await
    }

    pub(super) async fn write(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        query: &[(String, String)],
    ) -> Result<Value, Failure> {
        let class = if body.is_none() { Class::MayRepeat } else { Class::Once };
        let outgoing = Outgoing::new(method, format!("{}{path}", self.base), class)
            .secret_header("api_access_token", &self.token)
            .query(query);
        let outgoing = match body {
            Some(body) => outgoing.json(body),
            None => outgoing,
        };
        let answer = self.net.send(outgoing).await.map_err(NetError::into_verdict).map_err(Failure)?;
        if let Some(verdict) = verdict_of_status(&answer, class) {
            return Err(Failure(verdict));
        }
        answer.json().ok_or_else(|| Failure::unreadable("JSON"))
    }
}
