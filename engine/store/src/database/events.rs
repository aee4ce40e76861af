//! Events. The unique key makes a repeated delivery one event.

use engine::event::EventKey;
use engine::store::EventRow;

use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

pub(crate) const KNOWN: &str = "select 1 from event where key = ?";

const INSERT: &str = "insert into event (id, key, mailbox, contact_id, conversation_id, connection, kind, origin, at, \
     provider_at, depth, format, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do nothing";

/// Whether this key is stored already.
pub(crate) fn known(session: &dyn Session, key: &EventKey) -> Result<bool, Error> {
    session.exists(KNOWN, values![key.0])
}

/// Stores an event; one whose key is stored already is dropped.
pub(crate) fn insert(session: &dyn Session, row: &EventRow) -> Result<(), Error> {
    session.put(
        INSERT,
        Key::of(row.id.0),
        values![
            row.id.0,
            row.key.0,
            row.mailbox.0,
            row.contact_id.map(|id| id.0),
            row.conversation_id.map(|id| id.0),
            row.connection,
            row.kind,
            row.origin as i64,
            row.at.0,
            row.provider_at.map(|at| at.0),
            row.depth,
            row.format,
            row.body,
        ],
    )
}
