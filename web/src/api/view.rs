//! Stored rows as the API shows them: ids and times as text, blobs as the JSON they are.

use engine::clock::At;
use engine::contact::TagSourceKind;
use engine::ids::RunId;
use engine::run::journal;
use engine::store::{
    ContactRow, ConversationRow, EffectRow, EscalationRow, EventRow, JournalRow, MessageRow, RunRow, TagRow,
};
use serde_json::{Value, json};

pub(super) fn time(at: At) -> Value {
    if at == At::NEVER { Value::Null } else { at.to_string().into() }
}

/// A time as text, for typed answers.
pub(super) fn text(at: Option<At>) -> Option<String> {
    at.filter(|at| *at != At::NEVER).map(|at| at.to_string())
}

pub(super) fn maybe(at: Option<At>) -> Value {
    at.map_or(Value::Null, time)
}

/// A journal row with its entries: structure and, unless erased, values.
pub(super) fn journal(row: &JournalRow) -> Value {
    let entries: Vec<Value> = match journal::decode(row) {
        Ok(entries) => entries.iter().map(|entry| json!({ "what": entry.what, "data": entry.data })).collect(),
        Err(error) => vec![json!({ "unreadable": error.to_string() })],
    };
    json!({
        "id": row.id, "seq": row.seq, "kind": row.kind, "by": row.by, "at": time(row.at), "entries": entries,
        "erased": row.data.is_none() && !row.data_digest.is_empty(),
    })
}

/// A blob of ours; `null` when it is empty or was erased.
pub(super) fn blob(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

pub(super) fn run(row: &RunRow) -> Value {
    json!({
        "id": row.id, "flow": row.flow, "version": row.version_id, "status": row.status, "error": row.error,
        "contact": row.contact_id, "conversation": row.conversation_id, "event": row.event_id,
        "turns": row.turns, "calls": row.effects, "started_at": time(row.started_at), "ended_at": maybe(row.ended_at),
    })
}

pub(super) fn effect(row: &EffectRow) -> Value {
    json!({
        "id": row.id, "run": row.run_id, "key": row.key, "connection": row.connection, "action": row.action,
        "state": row.state, "lane": row.lane, "failed_attempts": row.attempt, "why": row.error,
        "planned_at": time(row.planned_at), "sent_at": maybe(row.sent_at), "not_before": time(row.not_before),
        "deadline": time(row.deadline), "settle_until": maybe(row.settle_until),
        "plan": blob(&row.input), "attempts": blob(&row.attempts),
    })
}

pub(super) fn escalation(row: &EscalationRow) -> Value {
    json!({
        "id": row.id, "run": Some(row.run_id).filter(|run| *run != RunId::NONE), "contact": row.contact_id,
        "conversation": row.conversation_id, "team": row.team, "reason": row.reason, "received_at": time(row.received_at),
        "offered_at": time(row.offered_at), "deadline": time(row.deadline), "accepted_at": maybe(row.accepted_at), "accepted_by": row.accepted_by,
        "missed": row.missed,
    })
}

pub(super) fn contact(row: &ContactRow) -> Value {
    json!({
        "id": row.id, "name": row.name, "phone": row.phone, "language": row.language,
        "priority": engine::contact::Priority::from_code(row.priority), "order_status": row.order_status,
        "fields": blob(row.fields.as_bytes()), "consent": blob(row.consent.as_bytes()), "last_interaction_at": maybe(row.last_at), "unread_count": row.unread,
        "erased_at": maybe(row.erased_at),
    })
}

pub(super) fn conversation(row: &ConversationRow) -> Value {
    json!({
        "id": row.id, "connection": row.connection, "number": row.number, "address": row.address,
        "window_closes_at": maybe(row.window_closes_at), "last_inbound_at": maybe(row.last_in_at),
        "last_outbound_at": maybe(row.last_out_at),
    })
}

pub(super) fn tag(row: &TagRow) -> Value {
    let source = TagSourceKind::from_code(row.source);
    json!({ "tag": row.tag, "source": source, "from": row.source_id, "event": row.event_id, "since": time(row.at) })
}

pub(super) fn event(row: &EventRow) -> Value {
    json!({
        "id": row.id, "type": row.kind, "connection": row.connection, "origin": row.origin, "at": time(row.at),
        "provider_at": maybe(row.provider_at), "body": row.body.as_deref().map_or(Value::Null, blob),
    })
}

pub(super) fn message(row: &MessageRow) -> Value {
    json!({
        "id": row.id, "conversation": row.conversation_id, "inbound": row.inbound, "event": row.event_id,
        "call": row.effect_key, "status": row.status, "status_at": maybe(row.status_at), "error": row.error,
        "text": row.text,
    })
}
