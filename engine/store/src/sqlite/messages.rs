//! Messages: those that came in, those that went out, and what became of them.
//!
//! All are written by one statement, because a status may come before the answer to the call that sent its message: rows
//! join on the provider's id, and a status never goes down.

use engine::store::MessageRow;
use sqlx::sqlite::SqliteConnection;

use super::error::Error;
use super::values::{Many, Values};

pub(super) static UPSERT: Many = Many::new(
    "insert into message (id, conversation_id, inbound, event_id, effect_key, external_key, status, status_at, error, \
     text, norm, cost) values",
    12,
    "on conflict (external_key) do update set \
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
                  coalesce(message.cost, excluded.cost))",
);

/// Stores messages in this order, joining each with the row that has the same external key.
pub(super) async fn upsert(conn: &mut SqliteConnection, messages: &[&MessageRow]) -> Result<(), Error> {
    let bind = |values: Values, row: &&MessageRow| {
        values
            .push(row.id.0)
            .push(row.conversation_id.map(|id| id.0))
            .push(i64::from(row.inbound))
            .push(row.event_id.map(|id| id.0))
            .push(row.effect_key.as_deref())
            .push(&row.external_key[..])
            .push(row.status as i64)
            .push(row.status_at.map(|at| at.0))
            .push(row.error.as_deref())
            .push(row.text.as_deref())
            .push(row.norm.as_deref())
            .push(row.cost.as_deref())
    };
    UPSERT.execute(conn, messages, bind).await?;
    Ok(())
}
