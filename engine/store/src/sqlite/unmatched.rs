//! Messages that no rule, wait or flow understood: a list of the newest, shown in groups of the same text.

use engine::clock::At;
use engine::ids::EventId;
use engine::store::{UnmatchedGroup, UnmatchedRow};
use rusqlite::{Connection, params};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::columns::Columns;
use super::error::Error;
use super::read::all;

/// How many are kept.
const KEPT: u32 = 10_000;

const INSERT: &str = "insert or ignore into unmatched (event_id, contact_id, at, norm, text) values (?, ?, ?, ?, ?)";

/// The oldest beyond those kept.
pub(super) const TRIM: &str = "delete from unmatched where event_id <= \
     (select event_id from unmatched order by event_id desc limit 1 offset ?)";

/// Stores a message that nothing understood.
pub(super) fn insert(conn: &Connection, row: &UnmatchedRow) -> Result<(), Error> {
    let values = params![row.event_id.0, row.contact_id.0, row.at.0, row.norm, row.text];
    conn.prepare_cached(INSERT)?.execute(values)?;
    Ok(())
}

/// Forgets the oldest beyond those kept. It steps over all that are kept: once for a group of works, not for each message.
pub(super) fn trim(conn: &Connection) -> Result<(), Error> {
    conn.prepare_cached(TRIM)?.execute([KEPT])?;
    Ok(())
}

/// Groups of the same normalised text, the most frequent first.
const GROUPS: &str = "select a.norm, last.text, last.event_id, a.messages, a.people, a.first_at, a.last_at from \
     (select norm, count(*) as messages, count(distinct contact_id) as people, min(at) as first_at, max(at) as last_at, \
             max(event_id) as last from unmatched group by norm) as a \
     cross join unmatched as last on last.event_id = a.last order by a.messages desc, a.last desc limit ?";

pub(super) async fn groups(conn: &mut SqliteConnection, limit: u32) -> Result<Vec<UnmatchedGroup>, Error> {
    let read = |row: &SqliteRow| {
        let mut c = Columns::of(row);
        Ok(UnmatchedGroup {
            norm: c.take()?,
            text: c.take()?,
            event: c.id(EventId)?,
            messages: c.take::<i64>()?.unsigned_abs(),
            people: c.take::<i64>()?.unsigned_abs(),
            first_at: c.id(At)?,
            last_at: c.id(At)?,
        })
    };
    all(conn, sqlx::query(GROUPS).bind(limit), read).await
}
