//! The one shape of an API error: `{ "error": { "code", "message", "details" } }`. Codes are stable.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::connector::DoorError;
use engine::{order, store};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{backtest, flows};

/// An error as the caller sees it.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Value,
    retry_after_s: Option<u64>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Value::Null, retry_after_s: None }
    }

    /// 400: the request cannot be understood.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 401: no token, or not the right one.
    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "send `Authorization: Bearer` with the token of DIR/api-token",
        )
    }

    /// 403: not from there.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 404: `what` is not there.
    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("{what} is not there"))
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
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "refused", message)
    }

    /// 409 with a code of its own; `details` helps the caller to go on.
    pub(crate) fn conflict_of(code: &'static str, message: impl Into<String>, details: &impl Serialize) -> Self {
        Self { details: json!(details), ..Self::new(StatusCode::CONFLICT, code, message) }
    }

    /// 428: a change must say which revision it is made over.
    pub(crate) fn revision_needed() -> Self {
        let message = "send `If-Match: \"<revision>\"` with the revision that you read";
        Self::new(StatusCode::PRECONDITION_REQUIRED, "revision_needed", message)
    }

    /// 413: more than `cap` bytes.
    pub(crate) fn too_large(cap: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the request's body is over {cap} bytes"))
    }

    /// 422: the documents have problems; `details` lists them.
    pub(crate) fn problems(message: impl Into<String>, details: Value) -> Self {
        Self { details, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "problems", message) }
    }

    /// 503: not now.
    pub(crate) fn unavailable(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "not ready");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "not ready; the log says why")
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

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy { retry_after } => Self {
                // Whole seconds, rounded up: 0 would ask for an immediate repeat.
                retry_after_s: Some(retry_after.as_secs() + 1),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", "the writer is behind; come again")
            },
            store::Error::Full => {
                tracing::error!("the disk is full: nothing is taken in until there is space in the data folder");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "disk_full", "the disk is full")
            }
            other => Self::internal(other),
        }
    }
}

impl From<flows::Error> for ApiError {
    fn from(error: flows::Error) -> Self {
        match error {
            flows::Error::Problems(problems) => Self::problems("the flows have problems", json!(problems)),
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
        match error {
            order::Error::Gone(_) => Self::new(StatusCode::CONFLICT, "gone", error.to_string()),
            order::Error::Refused(why) => Self::new(StatusCode::CONFLICT, "refused", why),
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

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message });
        if !self.details.is_null() {
            error["details"] = self.details;
        }
        let mut response = (self.status, Json(json!({ "error": error }))).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        assert_eq!(body, json!({"error": {"code": "not_found", "message": "run run_1 is not there"}}));
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
