//! Events. The unique key makes a repeated delivery one event.

use std::collections::HashSet;

use engine::event::EventKey;
use engine::store::EventRow;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::columns::Columns;
use super::error::Error;
use super::values::{Many, Values};

pub(super) static KNOWN: Many = Many::new(
    "with wanted (key) as (values",
    1,
    ") select event.key from wanted cross join event on event.key = wanted.key",
);

static INSERT: Many = Many::new(
    "insert into event (id, key, mailbox, contact_id, conversation_id, connection, kind, origin, at, provider_at, \
     depth, format, body) values",
    13,
    "on conflict (key) do nothing",
);

/// Which of these keys are stored already.
pub(super) async fn known(conn: &mut SqliteConnection, keys: &[EventKey]) -> Result<HashSet<EventKey>, Error> {
    let read = |row: &SqliteRow| Columns::of(row).bytes().map(EventKey);
    let found = KNOWN.fetch(conn, keys, |values, key| values.push(&key.0[..]), read).await?;
    Ok(found.into_iter().collect())
}

/// Stores events; one whose key is stored already is dropped.
pub(super) async fn insert(conn: &mut SqliteConnection, events: &[&EventRow]) -> Result<(), Error> {
    let bind = |values: Values, row: &&EventRow| {
        values
            .push(row.id.0)
            .push(&row.key.0[..])
            .push(row.mailbox.0)
            .push(row.contact_id.map(|id| id.0))
            .push(row.conversation_id.map(|id| id.0))
            .push(row.connection.as_str())
            .push(row.kind.as_str())
            .push(row.origin as i64)
            .push(row.at.0)
            .push(row.provider_at.map(|at| at.0))
            .push(i64::from(row.depth))
            .push(row.format)
            .push(row.body.as_deref())
    };
    INSERT.execute(conn, events, bind).await?;
    Ok(())
}
