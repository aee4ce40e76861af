//! What was handled, oldest first: for back-tests. Pages by key, so that no reading holds the log up.

use engine::ids::EventId;
use engine::store::{HistoryRow, Past};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::columns::Columns;
use super::error::Error;
use super::read::{all, one};
use super::rows::{self, columns};

/// Most rows of one page.
const PAGE: u32 = 5_000;

/// Events of contacts by id, from one to another.
pub(super) const EVENTS: &str = concat!(
    "select ",
    columns!(event),
    " from event where event.id > ? and event.id <= ? and event.contact_id is not null order by event.id limit ?"
);
/// The same with what the journal tells of their handling, and with the contact as it is now.
pub(super) const WITH_FACTS: &str = concat!(
    "select ",
    columns!(event),
    ", journal.format, journal.data, contact.phone, contact.name, contact.language from event \
     left join journal on journal.subject = event.id and journal.kind = 1 \
     left join contact on contact.id = event.contact_id \
     where event.id > ? and event.id <= ? and event.contact_id is not null order by event.id limit ?"
);

pub(super) async fn page(
    conn: &mut SqliteConnection,
    (after, until): (EventId, EventId),
    facts: bool,
    limit: u32,
) -> Result<Vec<HistoryRow>, Error> {
    let limit = limit.clamp(1, PAGE);
    if !facts {
        let query = sqlx::query(EVENTS).bind(after.0).bind(until.0).bind(limit);
        return all(conn, query, |row| Ok(HistoryRow { event: rows::event(row)?, past: None })).await;
    }
    let read = |row: &SqliteRow| {
        let event = rows::event(row)?;
        let mut c = Columns::behind(row, rows::EVENT_COLUMNS);
        let past = Past { handled: handled(&mut c)?, phone: c.take()?, name: c.take()?, language: c.take()? };
        Ok(HistoryRow { event, past: Some(past) })
    };
    all(conn, sqlx::query(WITH_FACTS).bind(after.0).bind(until.0).bind(limit), read).await
}

/// The handling's journal data with its format, where there are any.
fn handled(c: &mut Columns<'_>) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let (format, data): (Option<i64>, Option<Vec<u8>>) = (c.take()?, c.take()?);
    Ok(format.zip(data))
}

/// The first and the last event stored; `None` when there is none.
pub(super) async fn range(conn: &mut SqliteConnection) -> Result<Option<(EventId, EventId)>, Error> {
    let text = "select (select min(id) from event), (select max(id) from event)";
    let read = |row: &SqliteRow| {
        let mut c = Columns::of(row);
        Ok(c.maybe(EventId)?.zip(c.maybe(EventId)?))
    };
    Ok(one(conn, sqlx::query(text), read).await?.flatten())
}
