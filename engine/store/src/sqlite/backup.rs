//! Copies of the file while it is written to.

use std::path::Path;

use engine::store::Error;
use sqlx::Connection;

use super::open;
use crate::database::{Database, at_place, error};

impl Database {
    /// Writes all that the SQLite file at `from` holds at one moment into `to`, which must be empty or not there. Nobody who works on it
    /// waits; its log grows meanwhile.
    ///
    /// # Errors
    /// When the disk is full or a file cannot be used. What was written of `to` is then of no use.
    pub async fn copy(from: &Path, to: &Path) -> Result<(), Error> {
        async fn copy(from: &Path, to: &str) -> Result<(), error::Error> {
            let mut conn = open::alone(from).await?;
            sqlx::query("vacuum into ?").bind(to).execute(&mut conn).await?;
            Ok(conn.close().await?)
        }
        let Some(name) = to.to_str() else {
            return Err(Error::Broken(format!("{}: SQLite takes names in UTF-8 only", to.display())));
        };
        copy(from, name).await.map_err(|error| at_place(from.display(), error))
    }

    /// Looks whether the SQLite file at `path` is a database that was not damaged.
    ///
    /// # Errors
    /// When it is none, or is damaged: what was found, at most ten lines.
    pub async fn inspect(path: &Path) -> Result<(), Error> {
        async fn inspect(path: &Path) -> Result<Vec<String>, error::Error> {
            let mut conn = open::alone(path).await?;
            let found = sqlx::query_scalar("pragma quick_check(10)").fetch_all(&mut conn).await?;
            conn.close().await?;
            Ok(found)
        }
        match inspect(path).await.map_err(|error| at_place(path.display(), error))? {
            found if found == ["ok"] => Ok(()),
            found => Err(Error::Broken(format!("{}: {}", path.display(), found.join("; ")))),
        }
    }
}
