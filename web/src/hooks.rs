//! **webhook in** -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> log
//!
//! `/hooks/{connection}`: the connection's door verifies and decodes the raw bytes, the engine stores, and only then goes the
//! 200 out. Where a live flow can answer the caller (`answer_webhook`), the answer is the flow's, if it comes within 10 s.
//! Bodies are never logged.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::connector::{Door, DoorError, HookRequest, Intake};
use engine::run::Reply;
use engine::runner::{Answer, Caller};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::api::inbox;
use crate::app::{App, Store};
use crate::error::ApiError;

/// The largest webhook. Source: Meta, "Webhooks, getting started": payloads can be up to 3 MB.
pub(crate) const MAX_HOOK_BYTES: usize = 3 * 1024 * 1024;

/// Takes one webhook in.
pub(crate) async fn receive(State(app): State<Arc<App>>, path: RawPathParams, request: Request) -> Response {
    let connection = path.iter().find(|(name, _)| *name == "connection").map_or("", |(_, value)| value).to_owned();
    let started = tokio::time::Instant::now();
    let accounts = app.connections.all();
    let Some(open) = accounts.get(&*connection) else {
        return ApiError::not_found(format_args!("a connection `{connection}`")).into_response();
    };
    let (plain, caller) = match take(&app, open, request).await {
        Ok(taken) => taken,
        Err(error) => (error.into_response(), None),
    };
    // What a flow answers later takes as long as the flow does, and is no measure of the door.
    let labels = [("connection", connection), ("status", plain.status().as_u16().to_string())];
    metrics::histogram!("switchboard_hook_seconds", &labels).record(started.elapsed());
    match caller {
        None => plain,
        Some(caller) => caller.answer().await.map_or_else(
            |error| ApiError::from(error).into_response(),
            |answer| match answer {
                Answer::Nobody => plain,
                Answer::Reply(reply) => reply_of(reply),
                Answer::Later(runs) => {
                    (StatusCode::ACCEPTED, Json(json!({ "received": true, "runs": runs }))).into_response()
                }
            },
        ),
    }
}

/// What a flow answers, as HTTP: text as it is, nothing as nothing, anything else as JSON.
fn reply_of(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    match reply.body {
        Value::Null => status.into_response(),
        Value::String(text) => (status, text).into_response(),
        other => (status, Json(other)).into_response(),
    }
}

/// Stores a webhook: the door's own answer, and whom a flow may answer instead.
async fn take(
    app: &App,
    open: &engine::connector::Open,
    request: Request,
) -> Result<(Response, Option<Caller<Store>>), ApiError> {
    let id = &open.id;
    let door =
        open.connection.door().ok_or_else(|| ApiError::not_found(format_args!("a door at connection `{id}`")))?;
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let hook = HookRequest {
        method: head.method,
        url: format!("{}{path}", app.public_url),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.collect().await.map_err(ApiError::internal)?.to_bytes(),
    };
    let intake = open_door(app, door, &hook).inspect_err(|error| {
        // A parser's words may quote what it read.
        let why = if let DoorError::Unreadable(_) = error { "it cannot be read".into() } else { error.to_string() };
        tracing::warn!(connection = %id, why, "a webhook was refused");
    })?;
    let mut caller = None;
    let statuses = inbox::statuses(app, id, &intake.items);
    if !intake.items.is_empty() {
        app.reserve.expect()?;
        let (received, waits) = app.engine.receive_call(id, intake.items, door.sender()).await?;
        caller = waits;
        inbox::tell_statuses(app, statuses).await;
        if received.bad > 0 {
            tracing::warn!(connection = %id, bad = received.bad, "items of a webhook could not be read; see /api/v1/bad-items");
        }
        for (what, count) in
            [("new", received.new), ("seen", received.seen), ("status", received.statuses), ("bad", received.bad)]
        {
            metrics::counter!("switchboard_items_total", "connection" => id.to_string(), "what" => what)
                .increment(count.into());
        }
    }
    Ok((([(header::CONTENT_TYPE, intake.content_type)], intake.answer).into_response(), caller))
}

/// Decodes a webhook. While a jump of the machine's clock is not believed, a signature may be fresh by either time: a doubt
/// about the time refuses nobody.
fn open_door(app: &App, door: &dyn Door, hook: &HookRequest) -> Result<Intake, DoorError> {
    let now = app.clock.now();
    match (door.receive(hook, now), app.clock.doubted()) {
        (Err(DoorError::Unsigned(_)), Some(ahead)) => door.receive(hook, now.plus(ahead)),
        (intake, _) => intake,
    }
}
