//! What those see who may not see personal data: the structure, and stars for everything else.
//!
//! What is shown is listed, and nothing else: a field that somebody adds tomorrow is masked until it is on the list.

use axum::Json;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::account::Permission;
use http_body_util::BodyExt;
use serde_json::Value;

use crate::error::ApiError;

/// What stands in the place of a text.
const STARS: &str = "•••";

/// Fields whose values tell nothing of a customer: ids, names of our own things, codes, times, counts.
const SHOWN: &[&str] = &[
    "id",
    "run",
    "flow",
    "version",
    "status",
    "kind",
    "type",
    "seq",
    "by",
    "at",
    "what",
    "step",
    "path",
    "contact",
    "conversation",
    "event",
    "last_event",
    "turns",
    "calls",
    "started_at",
    "ended_at",
    "planned_at",
    "sent_at",
    "not_before",
    "deadline",
    "settle_until",
    "entered_at",
    "left_at",
    "received_at",
    "offered_at",
    "accepted_at",
    "accepted_by",
    "since",
    "until",
    "first_at",
    "last_at",
    "provider_at",
    "status_at",
    "erased_at",
    "changed_at",
    "window_closes_at",
    "last_inbound_at",
    "last_outbound_at",
    "last_interaction_at",
    "connection",
    "action",
    "state",
    "lane",
    "failed_attempts",
    "key",
    "call",
    "inbound",
    "origin",
    "erased",
    "unread_count",
    "priority",
    "language",
    "order_status",
    "tag",
    "tags_off",
    "source",
    "team",
    "missed",
    "open",
    "trigger",
    "messages",
    "people",
    "next",
    "scope",
    "ms",
    "times",
    "verb",
    "code",
    "verdict",
    "holds",
    "n",
    "attempt",
    "offset",
    "end",
    "total",
    "count",
    "strand",
    "block",
    "hash",
    "waiting_for",
];

/// Fields below which nothing is shown, whatever it is called: what customers, flows and services put there.
const HIDDEN: &[&str] =
    &["fields", "data", "body", "input", "output", "plan", "attempts", "saw", "vars", "values", "raw"];

/// Fields below which everything is structure: what an entry of the journal is, without its values.
const STRUCTURE: &[&str] = &["what"];

/// The answer as it may be shown.
pub(super) async fn response(response: Response) -> Result<Response, ApiError> {
    let json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !response.status().is_success() {
        return Ok(response);
    }
    if !json {
        // What cannot be masked is not shown.
        return Err(ApiError::may_not(Permission::PersonalRead));
    }
    let (mut head, body) = response.into_parts();
    let bytes = body.collect().await.map_err(ApiError::internal)?.to_bytes();
    let mut value: Value = serde_json::from_slice(&bytes).map_err(ApiError::internal)?;
    mask(&mut value);
    head.headers.remove(header::CONTENT_LENGTH);
    let mut masked = Json(value).into_response();
    *masked.status_mut() = head.status;
    for (name, value) in &head.headers {
        masked.headers_mut().insert(name, value.clone());
    }
    let (head, body) = masked.into_parts();
    Ok(Response::from_parts(head, Body::new(body)))
}

/// Masks an answer.
fn mask(value: &mut Value) {
    below(value, false, false);
}

/// Masks what is not listed. `shown`: the value belongs to a field that is; `hidden`: nothing below may be.
fn below(value: &mut Value, shown: bool, hidden: bool) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let name = name.as_str();
                let hidden = hidden || HIDDEN.contains(&name);
                if hidden || !STRUCTURE.contains(&name) {
                    below(field, !hidden && SHOWN.contains(&name), hidden);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| below(item, shown, hidden)),
        Value::String(text) if !shown => STARS.clone_into(text),
        Value::Number(_) if !shown => *value = Value::Null,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_codes_and_times_stay_and_everything_else_is_masked() {
        let mut answer = json!({
            "id": "con_1", "name": "Li Wei", "phone": "+8613800138000", "last_at": "2026-01-01T00:00:00.000Z",
            "fields": { "vat": "IT123", "status": "gold" }, "tags": [ { "tag": "vip", "event": "evt_1" } ],
            "entries": [ { "what": { "kind": "decided", "holds": true }, "data": { "event.order.total": 12 } } ],
            "invented_tomorrow": "secret", "yes": true,
        });
        mask(&mut answer);
        assert_eq!(
            answer,
            json!({
                "id": "con_1", "name": STARS, "phone": STARS, "last_at": "2026-01-01T00:00:00.000Z",
                "fields": { "vat": STARS, "status": STARS }, "tags": [ { "tag": "vip", "event": "evt_1" } ],
                "entries": [ { "what": { "kind": "decided", "holds": true }, "data": { "event.order.total": null } } ],
                "invented_tomorrow": STARS, "yes": true,
            })
        );
    }
}
