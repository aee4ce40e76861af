//! What was handled, oldest first: for back-tests. Pages by key, so that no reading is in the way of anything.

use engine::ids::EventId;
use engine::store::{HistoryRow, Past};

use super::columns::Columns;
use super::error::Error;
use super::query::{Conn, all, one, query};
use super::rows::{self, columns};
use super::value::Row;

/// Most rows of one page.
pub(crate) const PAGE: u32 = 5_000;

/// Events of contacts by id, from one to another.
pub(crate) const EVENTS: &str = concat!(
    "select ",
    columns!(event),
    " from event where event.id > ? and event.id <= ? and event.contact_id is not null order by event.id limit ?"
);
/// The same with what the journal tells of their handling, and with the contact as it is now.
pub(crate) const WITH_FACTS: &str = concat!(
    "select ",
    columns!(event),
    ", journal.format, journal.data, contact.phone, contact.name, contact.language from event \
     left join journal on journal.subject = event.id and journal.kind = 1 \
     left join contact on contact.id = event.contact_id \
     where event.id > ? and event.id <= ? and event.contact_id is not null order by event.id limit ?"
);

/// One page.
pub(crate) async fn page(
    conn: &mut Conn<'_>,
    (after, until): (EventId, EventId),
    facts: bool,
    limit: u32,
) -> Result<Vec<HistoryRow>, Error> {
    let text = if facts { WITH_FACTS } else { EVENTS };
    all(conn, query(text).bind(after.0).bind(until.0).bind(limit.clamp(1, PAGE)), |row| {
        let mut c = Columns::of(row);
        let event = rows::take_event(&mut c)?;
        let past = if facts { Some(past(&mut c)?) } else { None };
        Ok(HistoryRow { event, past })
    })
    .await
}

fn past(c: &mut Columns) -> Result<Past, Error> {
    let (format, data): (Option<i64>, Option<Vec<u8>>) = (c.take()?, c.take()?);
    Ok(Past { handled: format.zip(data), phone: c.take()?, name: c.take()?, language: c.take()? })
}

/// The first and the last event stored; `None` when there is none.
pub(crate) async fn range(conn: &mut Conn<'_>) -> Result<Option<(EventId, EventId)>, Error> {
    let text = "select (select min(id) from event), (select max(id) from event)";
    let read = |row: Row| {
        let mut c = Columns::of(row);
        Ok(c.maybe(EventId)?.zip(c.maybe(EventId)?))
    };
    Ok(one(conn, query(text), read).await?.flatten())
}
