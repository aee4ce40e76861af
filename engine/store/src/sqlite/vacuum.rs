//! Leaving little behind of what was deleted: `secure_delete` overwrites it with zeros, free pages are given back in short
//! steps between the writer's groups, and then the log is emptied, as it still holds what the pages were before.
//!
//! What this does not reach: when SQLite moves rows between pages, as trees are balanced, copies of them may stay in the
//! unused middle of a page, where no later deletion overwrites them. Only a whole `vacuum` leaves none.

use std::path::Path;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};

use super::error::Error;
use super::{open, rows};

/// How often emptying the log is tried while readers are in the way. Each try keeps the writer out for 100 ms at most.
const TRIES: u32 = 60;
/// The pause between tries, in which the writer goes on.
const PAUSE: Duration = Duration::from_millis(150);

/// Moves pages from the end of the file into at most `pages` free ones and cuts it. Answers how many free ones are left.
pub(super) async fn step(conn: &mut SqliteConnection, pages: i64) -> Result<i64, Error> {
    let text = format!("pragma incremental_vacuum({pages})");
    sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *conn).await?;
    Ok(sqlx::query("pragma freelist_count").fetch_one(conn).await?.try_get(0)?)
}

/// Moves the whole log into the file at `path` and cuts it to nothing. Answers whether readers let it.
pub(super) async fn empty_log(path: &Path) -> Result<bool, Error> {
    let mut conn = open::checkpointer(path).await?;
    let emptied = try_empty(&mut conn).await;
    conn.close().await?;
    emptied
}

async fn try_empty(conn: &mut SqliteConnection) -> Result<bool, Error> {
    for _ in 0..TRIES {
        // Most of the work, without keeping anybody out.
        sqlx::query("pragma wal_checkpoint(passive)").fetch_one(&mut *conn).await?;
        let row = sqlx::query("pragma wal_checkpoint(truncate)").fetch_one(&mut *conn).await?;
        if rows::number(&row)? == 0 {
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}
