//! Reading what was handled with a connection of its own: millions of rows, for back-tests.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use engine::clock::At;
use engine::event::{EventKey, Origin};
use engine::ids::{ContactId, ConversationId, EventId, MailboxId};
use engine::store::{EventRow, HistoryRow, Past};
use rusqlite::{Connection, Row, params};

use super::open;
use crate::database::error::Error;
use crate::database::past::{EVENTS, PAGE, WITH_FACTS};
use crate::database::rows;

/// The connection of back-tests, which read millions of rows: rusqlite hands each over in a fraction of what sqlx takes, which
/// passes it from thread to thread (1 000 000 events: 3 s instead of 10 s).
#[derive(Default)]
pub(super) struct Reader(Mutex<Option<Connection>>);

impl Reader {
    /// One page, on the calling thread, which must be one that may block. Who comes while another one reads opens a
    /// connection of his own; one is kept.
    pub(super) fn page(
        &self,
        path: &Path,
        (after, until): (EventId, EventId),
        facts: bool,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, Error> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let conn = kept.map_or_else(|| open::reader(path), Ok)?;
        let rows = page(&conn, (after, until), facts, limit.clamp(1, PAGE))?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(conn);
        Ok(rows)
    }

    /// Closes the connection that is kept.
    pub(super) fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

fn page(
    conn: &Connection,
    (after, until): (EventId, EventId),
    facts: bool,
    limit: u32,
) -> Result<Vec<HistoryRow>, Error> {
    let mut statement = conn.prepare_cached(if facts { WITH_FACTS } else { EVENTS })?;
    let mut found = statement.query(params![after.0, until.0, limit])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let past = if facts { Some(past(row)?) } else { None };
        rows.push(HistoryRow { event: event(row)?, past });
    }
    Ok(rows)
}

/// The columns that [`rows::event`] takes from a row of sqlx.
fn event(row: &Row<'_>) -> Result<EventRow, Error> {
    let depth: i64 = row.get(10)?;
    Ok(EventRow {
        id: EventId(row.get(0)?),
        key: EventKey(row.get(1)?),
        mailbox: MailboxId(row.get(2)?),
        contact_id: row.get::<_, Option<i64>>(3)?.map(ContactId),
        conversation_id: row.get::<_, Option<i64>>(4)?.map(ConversationId),
        connection: row.get(5)?,
        kind: row.get(6)?,
        origin: Origin::from_code(row.get(7)?),
        at: At(row.get(8)?),
        provider_at: row.get::<_, Option<i64>>(9)?.map(At),
        depth: depth.try_into().map_err(|_| Error::Code { table: "event", column: "depth", code: depth })?,
        format: row.get(11)?,
        body: row.get(12)?,
    })
}

fn past(row: &Row<'_>) -> Result<Past, Error> {
    let behind = |column: usize| rows::EVENT_COLUMNS + column;
    let (format, data): (Option<i64>, Option<Vec<u8>>) = (row.get(behind(0))?, row.get(behind(1))?);
    let (phone, name, language) = (row.get(behind(2))?, row.get(behind(3))?, row.get(behind(4))?);
    Ok(Past { handled: format.zip(data), phone, name, language })
}
