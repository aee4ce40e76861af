//! What a copy of the database that is older than an erasure must be told.

use engine::erasure::{Erased, Family};
use engine::ids::{BadItemId, ContactId, EventId};
use engine::store::Error;

use super::query::{Conn, all, query};
use super::{Database, error, rows, traces};

const CONTACTS: &str = "select id from contact where erased_at is not null";
const EVENTS: &str = "select id from event where body is null and contact_id is null";
const ITEMS: &str = "select id from bad_item where raw = '' and why like 'erased %'";

impl Database {
    /// What was erased from this database so far.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn erased(&self) -> Result<Erased, Error> {
        async fn ids(conn: &mut Conn<'_>, text: &'static str) -> Result<Vec<i64>, error::Error> {
            all(conn, query(text), rows::number).await
        }
        let mut reader = self.reader().await?;
        let mut conn = reader.conn();
        Ok(Erased {
            contacts: ids(&mut conn, CONTACTS).await?.into_iter().map(ContactId).collect(),
            events: ids(&mut conn, EVENTS).await?.into_iter().map(EventId).collect(),
            items: ids(&mut conn, ITEMS).await?.into_iter().map(BadItemId).collect(),
        })
    }

    /// Those of `events` that are nobody's, each with the runs it started.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn families(&self, events: impl IntoIterator<Item = EventId>) -> Result<Vec<Family>, Error> {
        let events = events.into_iter().map(|event| event.0).collect();
        Ok(traces::families(&mut self.reader().await?.conn(), events).await?)
    }
}
