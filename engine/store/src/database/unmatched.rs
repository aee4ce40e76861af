//! Messages that no rule, wait or flow understood: a list of the newest, shown in groups of the same text.

use engine::clock::At;
use engine::ids::EventId;
use engine::store::{UnmatchedGroup, UnmatchedRow};

use super::columns::Columns;
use super::error::Error;
use super::query::{Conn, all, query};
use super::session::{Key, Session};
use super::value::{Row, values};

/// How many are kept.
const KEPT: u32 = 10_000;

const INSERT: &str =
    "insert into unmatched (event_id, contact_id, at, norm, text) values (?, ?, ?, ?, ?) on conflict do nothing";

/// The oldest beyond those kept.
pub(crate) const TRIM: &str = "delete from unmatched where event_id <= \
     (select event_id from unmatched order by event_id desc limit 1 offset ?)";

/// Stores a message that nothing understood.
pub(crate) fn insert(session: &dyn Session, row: &UnmatchedRow) -> Result<(), Error> {
    let key = Key::of(row.event_id.0);
    session.put(INSERT, key, values![row.event_id.0, row.contact_id.0, row.at.0, row.norm, row.text])
}

/// Forgets the oldest beyond those kept. It steps over all that are kept: once for a group of works, not for each message.
pub(crate) fn trim(session: &dyn Session) -> Result<(), Error> {
    session.execute(TRIM, values![KEPT])?;
    Ok(())
}

/// Groups of the same normalised text, the most frequent first.
const GROUPS: &str = "select a.norm, last.text, last.event_id, a.messages, a.people, a.first_at, a.last_at from \
     (select norm, count(*) as messages, count(distinct contact_id) as people, min(at) as first_at, max(at) as last_at, \
             max(event_id) as last from unmatched group by norm) as a \
     cross join unmatched as last on last.event_id = a.last order by a.messages desc, a.last desc limit ?";

pub(crate) async fn groups(conn: &mut Conn<'_>, limit: u32) -> Result<Vec<UnmatchedGroup>, Error> {
    let read = |row: Row| {
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
    all(conn, query(GROUPS).bind(limit), read).await
}
