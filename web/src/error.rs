//! The one shape of an API error: `{ "error": { "code", "message", "details" } }`. Codes are stable.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::account::{Permission, Refusal};
use engine::connector::DoorError;
use engine::sentence;
use engine::sentence::Sentence;
use engine::{order, store};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{backtest, erasures, flows};

/// When senders may come again that found no room on the disk: a person has to make some.
const NO_ROOM_S: u64 = 10;

/// The shape.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(crate) struct Envelope {
    error: Shown,
}

/// What went wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ErrorShown")]
struct Shown {
    /// Stable.
    code: &'static str,
    /// What was wrong and what to do.
    message: String,
    /// The same for other languages.
    said: Sentence,
    /// What the code's meaning needs besides.
    #[serde(skip_serializing_if = "Value::is_null")]
    details: Value,
}

/// An error as the caller sees it.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Sentence,
    details: Value,
    retry_after_s: Option<u64>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<Sentence>) -> Self {
        Self { status, code, message: message.into(), details: Value::Null, retry_after_s: None }
    }

    /// What it says.
    pub(crate) fn into_message(self) -> Sentence {
        self.message
    }

    /// 400: the request cannot be understood.
    pub(crate) fn bad_request(message: impl Into<Sentence>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 401: nobody we know.
    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "sign in, or send `Authorization: Bearer` with an API token (on this machine, that of DIR/api-token)",
        )
    }

    /// 401: nobody is signed in; `details` says how one can.
    pub(crate) fn signed_out(details: Value) -> Self {
        Self { details, ..Self::new(StatusCode::UNAUTHORIZED, "signed_out", "nobody is signed in") }
    }

    /// 401: the address or the password is wrong, or there is nobody; it does not say which.
    pub(crate) fn wrong_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "wrong_credentials", "the address or the password is wrong")
    }

    /// 401: the password is right, the second factor is missing or `wrong`.
    pub(crate) fn code_needed(wrong: bool) -> Self {
        let message =
            if wrong { "this code is wrong, or was used before" } else { "send the code of the second factor" };
        Self { details: json!({ "wrong": wrong }), ..Self::new(StatusCode::UNAUTHORIZED, "code_needed", message) }
    }

    /// 429: too many tries; come again after so long.
    pub(crate) fn too_many_tries(after: Duration) -> Self {
        Self {
            retry_after_s: Some(after.as_secs() + 1),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", "too many tries; come again later")
        }
    }

    /// 403: this role or token does not have the permission.
    pub(crate) fn may_not(permission: Permission) -> Self {
        let message = sentence!("your role may not do this: it needs `{name}`", name = permission.name());
        Self { details: json!({ "permission": permission }), ..Self::forbidden(message) }
    }

    /// 403: a second factor has to be set up first.
    pub(crate) fn second_factor_needed() -> Self {
        Self::new(StatusCode::FORBIDDEN, "second_factor_needed", "set up a second factor first: your role needs one")
    }

    /// 403: a write without the session's token.
    pub(crate) fn csrf() -> Self {
        Self::new(StatusCode::FORBIDDEN, "csrf", "send `X-CSRF-Token` with the value of `GET /session`")
    }

    /// 404 or 410: a link that was used, replaced, or is too old.
    pub(crate) fn link_gone() -> Self {
        Self::new(StatusCode::GONE, "link_gone", "this link was used, replaced or is too old: ask for another")
    }

    /// 428: a write that does not say what it was based on.
    pub(crate) fn revision_needed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "revision_needed",
            "send `If-Match: \"<revision>\"` with the revision that you read",
        )
    }

    /// 409: somebody else changed it meanwhile; `details` may hold what it is now.
    pub(crate) fn changed(current: Value) -> Self {
        let details = json!({ "current": current });
        Self { details, ..Self::new(StatusCode::CONFLICT, "changed", "somebody changed it meanwhile") }
    }

    /// 403: not from there.
    pub(crate) fn forbidden(message: impl Into<Sentence>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 404: `what` is not there.
    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", sentence!("{what} is not there", what = what.to_string()))
    }

    /// 404: whoever asks is in no team.
    pub(crate) fn no_agent() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_agent",
            "you are in no team: somebody who manages people can add you to one",
        )
    }

    /// 405.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address does not take that method")
    }

    /// 408: the body did not come in time.
    pub(crate) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the request's body did not arrive in time")
    }

    /// 409: not in a state in which this can be done.
    pub(crate) fn conflict(message: impl Into<Sentence>) -> Self {
        Self::new(StatusCode::CONFLICT, "refused", message)
    }

    /// 409: these live flows use it.
    pub(crate) fn used(flows: &[String]) -> Self {
        let message =
            sentence!("live flows use it: {names}; change them or switch them off first", names = flows.join(", "));
        Self { details: json!({ "flows": flows }), ..Self::new(StatusCode::CONFLICT, "used", message) }
    }

    /// 409 with a code of its own; `details` helps the caller to go on.
    pub(crate) fn conflict_of(code: &'static str, message: impl Into<Sentence>, details: &impl Serialize) -> Self {
        Self { details: json!(details), ..Self::new(StatusCode::CONFLICT, code, message) }
    }

    /// 413: more than `cap` bytes.
    pub(crate) fn too_large(cap: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the request's body is over {cap} bytes"))
    }

    /// 422: the documents have problems; `details` lists them.
    pub(crate) fn problems(message: impl Into<Sentence>, details: Value) -> Self {
        Self { details, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "problems", message) }
    }

    /// 429: too much at once; worth another try after `wait`.
    pub(crate) fn too_many(message: impl Into<Sentence>, wait: std::time::Duration) -> Self {
        let retry_after_s = Some(whole_seconds(wait));
        Self { retry_after_s, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message) }
    }

    /// 503: not now.
    pub(crate) fn unavailable(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "not ready");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "not ready; the log says why")
    }

    /// 503: the disk is nearly full, and what is left is for work in progress.
    pub(crate) fn no_room() -> Self {
        let full = Self::new(StatusCode::SERVICE_UNAVAILABLE, "disk_full", "the disk is full");
        Self { retry_after_s: Some(NO_ROOM_S), ..full }
    }

    /// 500: a handler panicked; the panic itself is in the log already.
    pub(crate) fn panicked() -> Response {
        Self::internal("a handler panicked").into_response()
    }

    /// 500: our fault. The cause goes to the log, not to the caller.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong here; the log says what")
    }
}

/// Rounded up: 0 would ask for an immediate repeat.
fn whole_seconds(wait: std::time::Duration) -> u64 {
    wait.as_secs() + 1
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy { retry_after } => Self {
                retry_after_s: Some(whole_seconds(retry_after)),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", "the writer is behind; come again")
            },
            store::Error::Full => {
                tracing::error!("the disk is full: nothing is taken in until there is space in the data folder");
                Self::no_room()
            }
            other => Self::internal(other),
        }
    }
}

impl From<erasures::Error> for ApiError {
    fn from(error: erasures::Error) -> Self {
        tracing::error!(%error, "a list of erasures cannot be written: a backup of before would bring back who was erased");
        let message =
            format!("all of it is erased, but it could not be noted for the restoring of older backups: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "not_noted", message)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Changed => return Self::changed(Value::Null),
            Refusal::Gone => return Self::not_found("what this is about"),
            Refusal::Taken => "taken",
            Refusal::LastAdmin => "last_admin",
        };
        Self::new(StatusCode::CONFLICT, code, refusal.to_string())
    }
}

impl From<flows::Error> for ApiError {
    fn from(error: flows::Error) -> Self {
        match error {
            flows::Error::Problems(problems) => Self::problems("the flows have problems", json!(problems)),
            flows::Error::Choice(why) => Self::bad_request(why),
            flows::Error::Store(error) => error.into(),
        }
    }
}

impl From<flows::publish::Error> for ApiError {
    fn from(error: flows::publish::Error) -> Self {
        match error {
            flows::publish::Error::Flows(error) => error.into(),
            flows::publish::Error::ReadOnly { ref file, .. } => {
                Self::conflict_of("read_only", error.to_string(), &json!({ "file": file }))
            }
            flows::publish::Error::File { ref file, .. } => {
                Self::conflict_of("file_not_written", error.to_string(), &json!({ "file": file }))
            }
        }
    }
}

impl From<backtest::Error> for ApiError {
    fn from(error: backtest::Error) -> Self {
        match error {
            backtest::Error::Store(error) => error.into(),
            other @ backtest::Error::Broken => Self::internal(other),
        }
    }
}

impl From<order::Error> for ApiError {
    fn from(error: order::Error) -> Self {
        let words = error.sentence();
        match error {
            order::Error::Gone(_) => Self::new(StatusCode::CONFLICT, "gone", words),
            order::Error::Taken { .. } => Self::new(StatusCode::CONFLICT, "taken", words),
            order::Error::Refused(_) => Self::new(StatusCode::CONFLICT, "refused", words),
            order::Error::Hindered { code, details, .. } => Self::conflict_of(code, words, &details),
            order::Error::Changed => Self::new(StatusCode::CONFLICT, "changed", words),
            order::Error::Store(error) => error.into(),
        }
    }
}

impl From<DoorError> for ApiError {
    fn from(error: DoorError) -> Self {
        let (status, code) = match error {
            DoorError::Unsigned(_) => (StatusCode::UNAUTHORIZED, "unsigned"),
            DoorError::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            DoorError::Unreadable(_) => (StatusCode::BAD_REQUEST, "unreadable"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message.fmt(f)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = self.message.to_string();
        let error = Shown { code: self.code, message, said: self.message, details: self.details };
        let mut response = (self.status, Json(Envelope { error })).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shown(error: impl Into<ApiError>) -> (StatusCode, Value, Option<String>) {
        let response = error.into().into_response();
        let retry = response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap(), retry)
    }

    #[tokio::test]
    async fn an_error_has_a_code_and_a_message_and_details_only_when_there_are_any() {
        let (status, body, _) = shown(ApiError::not_found("run run_1")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let said = json!({"form": "{what} is not there", "with": {"what": "run run_1"}});
        assert_eq!(body, json!({"error": {"code": "not_found", "message": "run run_1 is not there", "said": said}}));
        let (_, body, _) = shown(ApiError::problems("bad flow", json!([1]))).await;
        assert_eq!(body["error"]["details"], json!([1]));
    }

    #[tokio::test]
    async fn a_busy_writer_says_when_to_come_again() {
        let (status, _, retry) = shown(store::Error::Busy { retry_after: Duration::from_millis(300) }).await;
        assert_eq!((status, retry.as_deref()), (StatusCode::TOO_MANY_REQUESTS, Some("1")));
    }

    #[tokio::test]
    async fn the_cause_of_a_failure_of_ours_is_not_shown() {
        let (status, body, _) = shown(store::Error::Broken("no such table: secrets".into())).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body.to_string().contains("secrets"));
    }

    #[tokio::test]
    async fn a_refused_webhook_keeps_its_status() {
        assert_eq!(shown(DoorError::Unsigned("no header")).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(shown(DoorError::Forbidden("wrong token")).await.0, StatusCode::FORBIDDEN);
        assert_eq!(shown(DoorError::Unreadable("not JSON".into())).await.0, StatusCode::BAD_REQUEST);
    }
}
