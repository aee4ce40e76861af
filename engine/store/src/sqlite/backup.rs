//! Copies of the file while it is written to, and what a copy that is older than an erasure must be told.

use std::path::Path;

use engine::erasure::{Erased, Family};
use engine::ids::{BadItemId, ContactId, EventId};
use engine::store::Error;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::read::all;
use super::{Sqlite, at_path, open, rows, traces};

const CONTACTS: &str = "select id from contact where erased_at is not null";
pub(super) const EVENTS: &str = "select id from event where body is null and contact_id is null";
const ITEMS: &str = "select id from bad_item where raw = '' and why like 'erased %'";

impl Sqlite {
    /// Writes all that the file at `from` holds at one moment into `to`, which must be empty or not there. Nobody who works on it
    /// waits; its log grows meanwhile.
    ///
    /// # Errors
    /// When the disk is full or a file cannot be used. What was written of `to` is then of no use.
    pub async fn copy(from: &Path, to: &Path) -> Result<(), Error> {
        async fn copy(from: &Path, to: &str) -> Result<(), super::error::Error> {
            let mut conn = open::alone(from).await?;
            sqlx::query("vacuum into ?").bind(to).execute(&mut conn).await?;
            Ok(conn.close().await?)
        }
        let Some(name) = to.to_str() else {
            return Err(Error::Broken(format!("{}: SQLite takes names in UTF-8 only", to.display())));
        };
        copy(from, name).await.map_err(|error| at_path(from, error))
    }

    /// Looks whether the file at `path` is a database that was not damaged.
    ///
    /// # Errors
    /// When it is none, or is damaged: what was found, at most ten lines.
    pub async fn inspect(path: &Path) -> Result<(), Error> {
        async fn inspect(path: &Path) -> Result<Vec<String>, super::error::Error> {
            let mut conn = open::alone(path).await?;
            let found = sqlx::query_scalar("pragma quick_check(10)").fetch_all(&mut conn).await?;
            conn.close().await?;
            Ok(found)
        }
        match inspect(path).await.map_err(|error| at_path(path, error))? {
            found if found == ["ok"] => Ok(()),
            found => Err(Error::Broken(format!("{}: {}", path.display(), found.join("; ")))),
        }
    }

    /// What was erased from this database so far.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn erased(&self) -> Result<Erased, Error> {
        async fn ids(conn: &mut SqliteConnection, text: &'static str) -> Result<Vec<i64>, super::error::Error> {
            all(conn, sqlx::query(text), rows::number).await
        }
        let mut conn = self.reader().await?;
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
        Ok(traces::families(&mut *self.reader().await?, events).await?)
    }
}
