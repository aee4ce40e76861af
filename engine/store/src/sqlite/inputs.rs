//! What waits in mailboxes: written with the event or letter it is about, deleted by the work that handled it.

use engine::ids::InputId;
use engine::store::InputRow;
use rusqlite::{Connection, params};

use super::error::Error;

const INSERT: &str = "insert into input (id, shard, mailbox, lane, kind, reference, body) values (?, ?, ?, ?, ?, ?, ?)";

pub(super) const CONSUME: &str = "delete from input where id = ?";

/// Stores an input.
pub(super) fn insert(conn: &Connection, row: &InputRow) -> Result<(), Error> {
    conn.prepare_cached(INSERT)?.execute(params![
        row.id.0,
        row.shard,
        row.mailbox.0,
        row.lane as i64,
        row.kind as i64,
        row.reference,
        row.body,
    ])?;
    Ok(())
}

/// Deletes an input that was handled; one that is gone already is no trouble.
pub(super) fn consume(conn: &Connection, id: InputId) -> Result<(), Error> {
    conn.prepare_cached(CONSUME)?.execute([id.0])?;
    Ok(())
}
