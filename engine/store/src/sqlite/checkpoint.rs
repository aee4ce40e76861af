//! Moves the log into the database file beside the writer, so that no commit pays for it.
//!
//! Every 64 MB without disturbing anybody, and when nothing was written for a second the log is emptied. While nothing
//! happens this sleeps without a timer.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use tokio::sync::Notify;

use super::error::Error;
use super::rows::Columns;

/// How often the log's length is looked at while there is writing.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Looks without any writing after which the log is emptied.
const IDLE_LOOKS: u32 = 4;
/// Pages of 4 KB after which the log is moved: 64 MB.
const PAGES: i64 = 16_384;

/// Runs until `wrote` has no other owner: the writer has ended.
pub(super) async fn run(mut conn: SqliteConnection, wrote: Arc<Notify>) {
    while Arc::strong_count(&wrote) > 1 {
        wrote.notified().await;
        if let Err(error) = until_idle(&mut conn, &wrote).await {
            tracing::warn!(%error, "the log could not be moved into the database; it grows until this succeeds");
        }
    }
}

/// Keeps the log short until nothing is written any more, then empties it.
async fn until_idle(conn: &mut SqliteConnection, wrote: &Notify) -> Result<(), Error> {
    let mut idle = 0;
    while idle < IDLE_LOOKS {
        idle = match tokio::time::timeout(LOOK_EVERY, wrote.notified()).await {
            Ok(()) => {
                tokio::time::sleep(LOOK_EVERY).await;
                0
            }
            Err(_) => idle + 1,
        };
        // `noop` only reports: pages in the log, and how many of them are in the database already.
        let (pages, moved) = checkpoint(conn, "pragma wal_checkpoint(noop)").await?;
        if pages - moved > PAGES {
            checkpoint(conn, "pragma wal_checkpoint(passive)").await?;
        }
    }
    checkpoint(conn, "pragma wal_checkpoint(truncate)").await?;
    Ok(())
}

async fn checkpoint(conn: &mut SqliteConnection, pragma: &'static str) -> Result<(i64, i64), Error> {
    let row = sqlx::query(pragma).fetch_one(conn).await?;
    let mut c = Columns::of(&row);
    let _busy: i64 = c.take()?;
    Ok((c.take()?, c.take()?))
}
