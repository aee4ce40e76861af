//! Twilio's error envelope (Twilio, "Error and warning dictionary").

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    status: StatusCode,
    pub(super) code: u32,
    pub(super) message: String,
}

impl Error {
    pub(super) fn new(status: StatusCode, code: u32, message: &str) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn bad(code: u32, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, 20_404, message)
    }

    /// The error of a fault: the usual code of this HTTP status, unless one is given.
    pub(crate) fn of_status(status: StatusCode, code: Option<u32>) -> Self {
        let (usual, message) = match status.as_u16() {
            401 => (20_003, "Authenticate"),
            404 => (20_404, "The requested resource was not found"),
            429 => (20_429, "Too Many Requests"),
            503 => (20_503, "Service unavailable"),
            500.. => (20_500, "Internal server error"),
            _ => (20_422, "Invalid parameter"),
        };
        Self::new(status, code.unwrap_or(usual), message)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = json!({"code": self.code, "message": self.message, "status": self.status.as_u16(),
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code)});
        (self.status, Json(body)).into_response()
    }
}
