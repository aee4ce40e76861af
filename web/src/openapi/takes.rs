//! What a handler takes, by its arguments.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;
use schemars::JsonSchema;

use super::Operation;
use crate::api::extract::{Agent, Body, Id, IfMatch, Params, RawFile, Visitor};

/// An argument of a handler.
pub(crate) trait Takes {
    /// Notes what the request must hold for it.
    fn describe(operation: &mut Operation<'_>);
}

/// Ours, and none of the request's.
impl<T> Takes for State<T> {
    fn describe(_: &mut Operation<'_>) {}
}

/// Put in by a layer.
impl<T> Takes for Extension<T> {
    fn describe(_: &mut Operation<'_>) {}
}

impl Takes for HeaderMap {
    fn describe(_: &mut Operation<'_>) {}
}

impl Takes for IfMatch {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_revision();
    }
}

impl Takes for Agent {
    fn describe(_: &mut Operation<'_>) {}
}

impl Takes for Visitor {
    fn describe(_: &mut Operation<'_>) {}
}

impl<T> Takes for Id<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_parts();
    }
}

impl<T> Takes for Path<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_parts();
    }
}

impl<T: JsonSchema> Takes for Params<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_query::<T>();
    }
}

impl<T: JsonSchema> Takes for Body<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_body::<T>();
    }
}

impl Takes for RawFile {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_file();
    }
}

impl<T: JsonSchema> Takes for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_body::<T>();
    }
}
