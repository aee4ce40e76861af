//! The Graph API's error envelope (Meta, "Cloud API error codes").

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    pub(super) status: StatusCode,
    pub(crate) code: u32,
    pub(super) subcode: Option<u32>,
    pub(super) message: String,
    pub(super) details: String,
}

impl Error {
    pub(super) fn new(status: StatusCode, code: u32, message: &str, details: impl Into<String>) -> Self {
        Self { status, code, subcode: None, message: message.into(), details: details.into() }
    }

    fn bad(code: u32, message: &str, details: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message, details)
    }

    /// 131008: a parameter is missing.
    pub(super) fn missing(param: &str) -> Self {
        Self::bad(131_008, "Required parameter is missing", format!("The parameter {param} is required."))
    }

    /// 131009: a parameter has a value it cannot have.
    pub(super) fn invalid(param: &str, why: &str) -> Self {
        Self::bad(131_009, "Parameter value is not valid", format!("{param}: {why}"))
    }

    /// 100: a parameter that does not exist or is too long.
    pub(super) fn parameter(details: impl Into<String>) -> Self {
        Self::bad(100, "Invalid parameter", details)
    }

    /// 100 for a text over its limit.
    pub(super) fn too_long(param: &str, most: usize) -> Self {
        Self::parameter(format!("Param {param} must be at most {most} characters long."))
    }

    /// 100/33: no such object, or none that the token may see.
    pub(super) fn no_object(id: &str) -> Self {
        let details = format!(
            "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, \
             or does not support this operation."
        );
        Self { subcode: Some(33), ..Self::parameter(details) }
    }

    /// 131047: free text outside the customer service window.
    pub(super) fn window_closed() -> Self {
        let details = "Message failed to send because more than 24 hours have passed since the customer last replied to \
                       this number.";
        Self::bad(131_047, "Re-engagement message", details)
    }

    /// 132xxx: what is wrong with a template.
    pub(super) fn template(code: u32, details: impl Into<String>) -> Self {
        let (status, message) = match code {
            132_000 => (StatusCode::BAD_REQUEST, "Number of parameters does not match the expected number of params"),
            132_001 => (StatusCode::NOT_FOUND, "Template name does not exist in the translation"),
            132_005 => (StatusCode::BAD_REQUEST, "Translated text too long"),
            132_012 => (StatusCode::BAD_REQUEST, "Parameter format does not match format in the created template"),
            132_015 => (StatusCode::BAD_REQUEST, "Template is paused"),
            132_016 => (StatusCode::BAD_REQUEST, "Template is disabled"),
            _ => (StatusCode::BAD_REQUEST, "Template parameters are invalid"),
        };
        Self::new(status, code, message, details)
    }

    /// The error of a fault: the usual code of this HTTP status, unless one is given.
    pub(crate) fn of_status(status: StatusCode, code: Option<u32>) -> Self {
        let (usual, message) = match status.as_u16() {
            401 => (190, "Access token could not be decrypted"),
            403 => (131_005, "Access denied"),
            429 => (130_429, "Rate limit hit"),
            503 => (131_016, "Service unavailable"),
            500.. => (131_000, "Something went wrong"),
            _ => (100, "Invalid parameter"),
        };
        Self::new(status, code.unwrap_or(usual), message, "the sandbox was told to answer so")
    }

    /// As an element of `errors[]` in a failed status.
    pub(super) fn in_status(&self) -> serde_json::Value {
        json!({"code": self.code, "title": self.message, "message": self.message,
            "error_data": {"details": self.details},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"})
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        static TRACE: AtomicU64 = AtomicU64::new(1);
        let mut error = json!({"message": format!("(#{}) {}", self.code, self.message), "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": format!("ASandbox{:08x}", TRACE.fetch_add(1, Relaxed))});
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
            error["type"] = "GraphMethodException".into();
        }
        (self.status, Json(json!({"error": error}))).into_response()
    }
}
