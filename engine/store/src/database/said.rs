//! What people here said in conversations, and what customers answered about them.

use engine::inbox::{RatingRow, SaidOp, SaidRow};

use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

const PUT: &str = "insert into said (id, conversation_id, kind, by, at, key, text, body, state, error) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// What was erased stays so: its words are gone, and so are those of its failure.
pub(crate) const MOVE: &str =
    "update said set state = ?2, error = case when text is null then null else ?3 end where id = ?1 and kind > 0";

const RATE: &str = "insert into rating (id, conversation_id, at, agent, team, stars, best) values (?, ?, ?, ?, ?, ?, ?) \
     on conflict do nothing";

/// Carries out what a turn wants of something said.
pub(crate) fn apply(session: &dyn Session, op: &SaidOp) -> Result<(), Error> {
    match op {
        SaidOp::Put(row) => put(session, row),
        SaidOp::Move { id, state, error } => session.put(MOVE, Key::of(id.0), values![id.0, *state as i64, error]),
    }
}

fn put(session: &dyn Session, row: &SaidRow) -> Result<(), Error> {
    session.put(
        PUT,
        Key::of(row.id.0),
        values![
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
        ],
    )
}

/// Stores an answer.
pub(crate) fn rate(session: &dyn Session, row: &RatingRow) -> Result<(), Error> {
    session.put(
        RATE,
        Key::of(row.id.0),
        values![row.id.0, row.conversation_id.0, row.at.0, row.agent.map(|user| user.0), row.team, row.stars, row.of,],
    )
}
