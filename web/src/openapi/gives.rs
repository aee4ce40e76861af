//! What a handler gives, by what it returns.

use axum::Json;
use axum::response::Response;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::Operation;
use crate::error::ApiError;

/// An answer of a handler.
pub(crate) trait Gives {
    /// Notes what a good answer holds.
    fn describe(operation: &mut Operation<'_>);
}

impl<T: JsonSchema> Gives for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.gives_json::<T>();
    }
}

/// With a status or headers of its own.
impl<With, T: Gives> Gives for (With, T) {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

/// Plain text.
impl Gives for String {
    fn describe(operation: &mut Operation<'_>) {
        operation.gives("text/plain", &json!({ "type": "string" }), None);
    }
}

/// Anything.
impl Gives for Response {
    fn describe(operation: &mut Operation<'_>) {
        operation.gives("*/*", &Value::Bool(true), None);
    }
}

impl<T: Gives> Gives for Result<T, ApiError> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}
