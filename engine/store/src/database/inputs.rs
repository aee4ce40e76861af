//! What waits in mailboxes: written with the event or letter it is about, deleted by the work that handled it.

use engine::ids::InputId;
use engine::store::InputRow;

use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

const INSERT: &str = "insert into input (id, shard, mailbox, lane, kind, reference, body) values (?, ?, ?, ?, ?, ?, ?)";

pub(crate) const CONSUME: &str = "delete from input where id = ?";

/// Stores an input.
pub(crate) fn insert(session: &dyn Session, row: &InputRow) -> Result<(), Error> {
    session.put(
        INSERT,
        Key::of(row.id.0),
        values![row.id.0, row.shard, row.mailbox.0, row.lane as i64, row.kind as i64, row.reference, row.body,],
    )
}

/// Deletes an input that was handled; one that is gone already is no trouble.
pub(crate) fn consume(session: &dyn Session, id: InputId) -> Result<(), Error> {
    session.put(CONSUME, Key::of(id.0), values![id.0])
}
