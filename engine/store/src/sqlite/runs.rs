//! Runs, and the journal that explains them.

use engine::store::{JournalRow, RunRow};
use sqlx::sqlite::SqliteConnection;

use super::error::Error;
use super::values::{Many, Values};

static UPSERT: Many = Many::new(
    "insert into run (id, version_id, mailbox, shard, contact_id, conversation_id, event_id, status, format, state, \
     turns, effects, started_at, ended_at, error) values",
    15,
    "on conflict (id) do update set version_id = excluded.version_id, contact_id = excluded.contact_id, \
       conversation_id = excluded.conversation_id, status = excluded.status, format = excluded.format, \
       state = excluded.state, turns = excluded.turns, effects = excluded.effects, ended_at = excluded.ended_at, \
       error = excluded.error",
);

static APPEND: Many = Many::new(
    "insert into journal (id, subject, seq, kind, by, contact_id, at, format, body, data, data_digest, strand, block) \
     values",
    13,
    "",
);

/// Stores runs begun or changed.
pub(super) async fn upsert(conn: &mut SqliteConnection, runs: &[&RunRow]) -> Result<(), Error> {
    let bind = |values: Values, row: &&RunRow| {
        values
            .push(row.id.0)
            .push(row.version_id.0)
            .push(row.mailbox.0)
            .push(i64::from(row.shard))
            .push(row.contact_id.map(|id| id.0))
            .push(row.conversation_id.map(|id| id.0))
            .push(row.event_id.0)
            .push(row.status as i64)
            .push(row.format)
            .push(&row.state[..])
            .push(row.turns)
            .push(row.effects)
            .push(row.started_at.0)
            .push(row.ended_at.map(|at| at.0))
            .push(row.error.as_deref())
    };
    UPSERT.execute(conn, runs, bind).await?;
    Ok(())
}

/// Appends journal rows to block `n` of `strand`.
pub(super) async fn append(
    conn: &mut SqliteConnection,
    journal: &[&JournalRow],
    (strand, n): (i64, i64),
) -> Result<(), Error> {
    let bind = |values: Values, row: &&JournalRow| {
        values
            .push(row.id.0)
            .push(row.subject)
            .push(row.seq)
            .push(row.kind as i64)
            .push(row.by.as_str())
            .push(row.contact_id.map(|id| id.0))
            .push(row.at.0)
            .push(row.format)
            .push(&row.body[..])
            .push(row.data.as_deref())
            .push(&row.data_digest[..])
            .push(strand)
            .push(n)
    };
    APPEND.execute(conn, journal, bind).await?;
    Ok(())
}
