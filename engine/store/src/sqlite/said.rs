//! What people here said in conversations, and what customers answered about them.

use engine::inbox::{RatingRow, SaidOp, SaidRow};
use rusqlite::{Connection, params};

use super::error::Error;

const PUT: &str = "insert into said (id, conversation_id, kind, by, at, key, text, body, state, error) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// What was erased stays so: its words are gone, and so are those of its failure.
pub(super) const MOVE: &str =
    "update said set state = ?2, error = iif(text is null, null, ?3) where id = ?1 and kind > 0";

const RATE: &str = "insert into rating (id, conversation_id, at, agent, team, stars, best) values (?, ?, ?, ?, ?, ?, ?) \
     on conflict do nothing";

/// Carries out what a turn wants of something said.
pub(super) fn apply(conn: &Connection, op: &SaidOp) -> Result<(), Error> {
    match op {
        SaidOp::Put(row) => put(conn, row),
        SaidOp::Move { id, state, error } => {
            conn.prepare_cached(MOVE)?.execute(params![id.0, *state as i64, error])?;
            Ok(())
        }
    }
}

fn put(conn: &Connection, row: &SaidRow) -> Result<(), Error> {
    conn.prepare_cached(PUT)?.execute(params![
        row.id.0,
        row.conversation_id.0,
        row.kind as i64,
        row.by.map(|user| user.0),
        row.at.0,
        row.key,
        row.text,
        row.body,
        row.state as i64,
        row.error,
    ])?;
    Ok(())
}

/// Stores an answer.
pub(super) fn rate(conn: &Connection, row: &RatingRow) -> Result<(), Error> {
    conn.prepare_cached(RATE)?.execute(params![
        row.id.0,
        row.conversation_id.0,
        row.at.0,
        row.agent.map(|user| user.0),
        row.team,
        row.stars,
        row.of,
    ])?;
    Ok(())
}
