//! Messages: those that came in, those that went out, and what became of them.
//!
//! All are written by one statement, because a status may come before the answer to the call that sent its message: rows
//! join on the provider's id, and a status never goes down.

use engine::store::MessageRow;

use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

pub(crate) const UPSERT: &str = "insert into message (id, conversation_id, inbound, event_id, effect_key, \
     external_key, status, status_at, error, text, norm, cost) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (external_key) do update set \
       conversation_id = coalesce(excluded.conversation_id, message.conversation_id), \
       inbound = case when excluded.inbound > message.inbound then excluded.inbound else message.inbound end, \
       event_id = coalesce(message.event_id, excluded.event_id), \
       effect_key = coalesce(message.effect_key, excluded.effect_key), \
       status = case when excluded.status > message.status then excluded.status else message.status end, \
       status_at = case when excluded.status > message.status then excluded.status_at else message.status_at end, \
       error = case when excluded.status > message.status then excluded.error else message.error end, \
       text = coalesce(excluded.text, message.text), \
       norm = coalesce(excluded.norm, message.norm), \
       cost = case when excluded.status > message.status then coalesce(excluded.cost, message.cost) \
         else coalesce(message.cost, excluded.cost) end";

/// A later status of a message that is stored: what [`UPSERT`] would do, without touching an index.
pub(crate) const RAISE: &str = "update message set status = ?2, status_at = ?3, error = ?4, cost = coalesce(?5, cost) \
     where external_key = ?1 and status < ?2 and inbound >= ?6 and (?7 is null or effect_key is not null)";

/// The values of [`UPSERT`].
macro_rules! whole {
    ($row:expr) => {
        values![
            $row.id.0,
            $row.conversation_id.map(|id| id.0),
            $row.inbound,
            $row.event_id.map(|id| id.0),
            $row.effect_key,
            $row.external_key,
            $row.status as i64,
            $row.status_at.map(|at| at.0),
            $row.error,
            $row.text,
            $row.norm,
            $row.cost,
        ]
    };
}

/// Stores a status, joining it with the message that has the same external key.
pub(crate) fn note(session: &dyn Session, row: &MessageRow) -> Result<(), Error> {
    let status = row.status as i64;
    let at = row.status_at.map(|at| at.0);
    session.upsert(
        (RAISE, values![row.external_key, status, at, row.error, row.cost, row.inbound, row.effect_key]),
        (UPSERT, whole!(row)),
        Key::named(&row.external_key),
    )
}

/// Stores a message, joining it with the row that has the same external key.
pub(crate) fn upsert(session: &dyn Session, row: &MessageRow) -> Result<(), Error> {
    session.put(UPSERT, Key::named(&row.external_key), whole!(row))
}
