//! What a handler gives, by what it returns.

use axum::Json;
use schemars::JsonSchema;

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

impl<T: Gives> Gives for Result<T, ApiError> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}
