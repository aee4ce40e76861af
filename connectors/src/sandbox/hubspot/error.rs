//! HubSpot's error envelope (HubSpot, "Handling errors").

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    pub(super) status: StatusCode,
    pub(super) category: &'static str,
    pub(crate) message: String,
    /// Elements of `errors[]`.
    pub(super) errors: Vec<Value>,
}

impl Error {
    pub(super) fn new(status: StatusCode, category: &'static str, message: impl Into<String>) -> Self {
        Self { status, category, message: message.into(), errors: Vec::new() }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND", message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", message)
    }

    /// 400 for property values, one entry each: (property, code, message).
    pub(super) fn properties(problems: &[(String, &'static str, String)]) -> Self {
        let told: Vec<Value> = problems
            .iter()
            .map(|(name, code, why)| json!({"isValid": false, "message": why, "error": code, "name": name}))
            .collect();
        let errors = problems
            .iter()
            .map(|(name, code, why)| json!({"message": why, "code": code, "context": {"propertyName": [name]}}))
            .collect();
        let message = format!("Property values were not valid: {}", Value::Array(told));
        Self { errors, ..Self::validation(message) }
    }

    /// The error of a fault.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (category, message) = match status.as_u16() {
            401 => ("EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired"),
            403 => ("MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call"),
            409 => ("CONFLICT", "the sandbox was told to answer so"),
            429 => ("RATE_LIMITS", "You have reached your ten_secondly_rolling limit."),
            500.. => ("INTERNAL_ERROR", "internal error"),
            _ => ("VALIDATION_ERROR", "the sandbox was told to answer so"),
        };
        Self::new(status, category, message)
    }

    /// As an element of `errors[]` in a batch that went partly well.
    pub(super) fn in_batch(&self, trace_id: &str) -> Value {
        json!({"status": "error", "category": self.category, "message": self.message, "errors": self.errors,
            "context": {"objectWriteTraceId": [trace_id]}})
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        static CORRELATION: AtomicU64 = AtomicU64::new(1);
        let id = format!("5a4db000-0000-4000-8000-{:012x}", CORRELATION.fetch_add(1, Relaxed));
        let mut body = json!({"status": "error", "message": self.message, "correlationId": id});
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            body["errorType"] = "RATE_LIMIT".into();
            body["policyName"] = "TEN_SECONDLY_ROLLING".into();
            body["requestId"] = id.into();
        } else {
            body["category"] = self.category.into();
        }
        if !self.errors.is_empty() {
            body["errors"] = self.errors.into();
        }
        (self.status, Json(body)).into_response()
    }
}
