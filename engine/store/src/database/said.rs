//! What people here said in conversations, and what customers answered about them.

use engine::inbox::{RatingRow, Said, SaidKind, SaidOp, SaidRow};

use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

const PUT: &str = "insert into said (id, conversation_id, kind, by, at, key, text, body, state, error) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// What was erased stays so: its words are gone, and so are those of its failure.
pub(crate) const MOVE: &str =
    "update said set state = ?2, error = case when text is null then null else ?3 end where id = ?1 and kind > 0";

const NAME: &str = "insert into mention (said_id, agent, conversation_id, seen) values (?, ?, ?, 0)";

pub(crate) const SEE: &str = "update mention set seen = 1 where agent = ?1 and seen = 0 and conversation_id = ?2";

const RATE: &str = "insert into rating (id, conversation_id, at, agent, team, stars, best) values (?, ?, ?, ?, ?, ?, ?) \
     on conflict do nothing";

/// Carries out what a turn wants of something said.
pub(crate) fn apply(session: &dyn Session, op: &SaidOp) -> Result<(), Error> {
    match op {
        SaidOp::Put(row) => put(session, row),
        SaidOp::Move { id, state, error } => session.put(MOVE, Key::of(id.0), values![id.0, *state as i64, error]),
        SaidOp::Seen { conversation, agent } => session.execute(SEE, values![agent.0, conversation.0]).map(drop),
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
    )?;
    let body: Said = row.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    let named = if row.kind == SaidKind::Note { body.mentions } else { Vec::new() };
    named.iter().try_for_each(|agent| {
        let key = Key::named(format!("{}/{}", row.id, agent).as_bytes());
        session.put(NAME, key, values![row.id.0, agent.0, row.conversation_id.0])
    })
}

/// Stores an answer.
pub(crate) fn rate(session: &dyn Session, row: &RatingRow) -> Result<(), Error> {
    session.put(
        RATE,
        Key::of(row.id.0),
        values![row.id.0, row.conversation_id.0, row.at.0, row.agent.map(|user| user.0), row.team, row.stars, row.of,],
    )
}
