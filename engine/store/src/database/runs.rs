//! Runs, and the journal that explains them.

use engine::store::{JournalRow, RunRow};

use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

const UPSERT: &str = "insert into run (id, version_id, mailbox, shard, contact_id, conversation_id, event_id, status, \
     format, state, turns, effects, started_at, ended_at, error) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (id) do update set version_id = excluded.version_id, contact_id = excluded.contact_id, \
       conversation_id = excluded.conversation_id, status = excluded.status, format = excluded.format, \
       state = excluded.state, turns = excluded.turns, effects = excluded.effects, ended_at = excluded.ended_at, \
       error = excluded.error";

/// What a turn changes of a run that stays where it is: what [`UPSERT`] would do, without touching most indexes.
pub(crate) const CHANGE: &str = "update run set status = ?2, format = ?3, state = ?4, turns = ?5, effects = ?6, ended_at = ?7, \
     error = ?8 where id = ?1 and version_id = ?9 and contact_id is not distinct from ?10 \
     and conversation_id is not distinct from ?11";

const APPEND: &str = "insert into journal (id, subject, seq, kind, by, contact_id, at, format, body, data, data_digest, \
     strand, block) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Stores a run begun or changed.
pub(crate) fn upsert(session: &dyn Session, row: &RunRow) -> Result<(), Error> {
    session.upsert(
        (
            CHANGE,
            values![
                row.id.0,
                row.status as i64,
                row.format,
                row.state,
                row.turns,
                row.effects,
                row.ended_at.map(|at| at.0),
                row.error,
                row.version_id.0,
                row.contact_id.map(|id| id.0),
                row.conversation_id.map(|id| id.0),
            ],
        ),
        (
            UPSERT,
            values![
                row.id.0,
                row.version_id.0,
                row.mailbox.0,
                row.shard,
                row.contact_id.map(|id| id.0),
                row.conversation_id.map(|id| id.0),
                row.event_id.0,
                row.status as i64,
                row.format,
                row.state,
                row.turns,
                row.effects,
                row.started_at.0,
                row.ended_at.map(|at| at.0),
                row.error,
            ],
        ),
        Key::of(row.id.0),
    )
}

/// Appends a journal row to block `n` of `strand`.
pub(crate) fn append(session: &dyn Session, row: &JournalRow, (strand, n): (i64, i64)) -> Result<(), Error> {
    session.put(
        APPEND,
        Key::of(row.id.0),
        values![
            row.id.0,
            row.subject,
            row.seq,
            row.kind as i64,
            row.by,
            row.contact_id.map(|id| id.0),
            row.at.0,
            row.format,
            row.body,
            row.data,
            row.data_digest,
            strand,
            n,
        ],
    )
}
