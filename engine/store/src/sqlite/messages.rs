//! Messages: those that came in, those that went out, and what became of them.
//!
//! All are written by one statement, because a status may come before the answer to the call that sent its message: rows
//! join on the provider's id, and a status never goes down.

use engine::store::MessageRow;
use rusqlite::{Connection, params};

use super::error::Error;

pub(super) const UPSERT: &str = "insert into message (id, conversation_id, inbound, event_id, effect_key, \
     external_key, status, status_at, error, text, norm, cost) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (external_key) do update set \
       conversation_id = coalesce(excluded.conversation_id, message.conversation_id), \
       inbound = max(message.inbound, excluded.inbound), \
       event_id = coalesce(message.event_id, excluded.event_id), \
       effect_key = coalesce(message.effect_key, excluded.effect_key), \
       status = max(message.status, excluded.status), \
       status_at = iif(excluded.status > message.status, excluded.status_at, message.status_at), \
       error = iif(excluded.status > message.status, excluded.error, message.error), \
       text = coalesce(excluded.text, message.text), \
       norm = coalesce(excluded.norm, message.norm), \
       cost = iif(excluded.status > message.status, coalesce(excluded.cost, message.cost), \
                  coalesce(message.cost, excluded.cost))";

/// A later status of a message that is stored: what [`UPSERT`] would do, without touching an index.
pub(super) const RAISE: &str = "update message set status = ?2, status_at = ?3, error = ?4, cost = coalesce(?5, cost) \
     where external_key = ?1 and status < ?2 and inbound >= ?6 and (?7 is null or effect_key is not null)";

/// Stores a status, joining it with the message that has the same external key.
pub(super) fn note(conn: &Connection, row: &MessageRow) -> Result<(), Error> {
    let status = row.status as i64;
    let at = row.status_at.map(|at| at.0);
    let values = params![row.external_key, status, at, row.error, row.cost, row.inbound, row.effect_key];
    if conn.prepare_cached(RAISE)?.execute(values)? == 0 {
        upsert(conn, row)?;
    }
    Ok(())
}

/// Stores a message, joining it with the row that has the same external key.
pub(super) fn upsert(conn: &Connection, row: &MessageRow) -> Result<(), Error> {
    conn.prepare_cached(UPSERT)?.execute(params![
        row.id.0,
        row.conversation_id.map(|id| id.0),
        row.inbound,
        row.event_id.map(|id| id.0),
        row.effect_key,
        row.external_key,
        row.status as i64,
        row.status_at.map(|at| at.0),
        row.error,
        row.text,
        row.norm,
        row.cost,
    ])?;
    Ok(())
}
