//! Moves the log into the database file beside the writer, so that no commit pays for it.
//!
//! Every 32 MB without disturbing anybody. Under steady writing that never reaches the log's end, so the writer then moves the
//! rest itself, between two groups, and begins the log anew: otherwise it would grow for as long as the load lasts. When
//! nothing was written for a second the log is emptied. While nothing happens this sleeps without a timer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};
use tokio::sync::watch;

use crate::database::error::Error;

/// How often the log's length is looked at while there is writing.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Looks without any writing after which the log is emptied.
const IDLE_LOOKS: u32 = 4;
/// Pages of 4 KB after which the log is moved: 32 MB.
const PAGES: i64 = 8_192;

/// Runs until the writer, which holds the other end of `wrote`, has ended. With `anew` it is asked to begin the log anew.
pub(super) async fn run(mut conn: SqliteConnection, mut wrote: watch::Receiver<()>, anew: Arc<AtomicBool>) {
    while wrote.changed().await.is_ok() {
        if let Err(error) = until_idle(&mut conn, &mut wrote, &anew).await {
            tracing::warn!(%error, "the log could not be moved into the database; it grows until this succeeds");
        }
    }
    if let Err(error) = conn.close().await {
        tracing::warn!(%error, "the connection of the checkpoints did not close cleanly");
    }
}

/// Keeps the log short until nothing is written any more, then empties it.
async fn until_idle(
    conn: &mut SqliteConnection,
    wrote: &mut watch::Receiver<()>,
    anew: &AtomicBool,
) -> Result<(), Error> {
    let mut idle = 0;
    while idle < IDLE_LOOKS {
        tokio::time::sleep(LOOK_EVERY).await;
        match wrote.has_changed() {
            Ok(true) => {
                wrote.mark_unchanged();
                idle = 0;
            }
            Ok(false) => idle += 1,
            // The last connection that closes moves the log by itself.
            Err(_) => return Ok(()),
        }
        // `noop` only reports.
        let log = checkpoint(conn, "pragma wal_checkpoint(noop)").await?;
        if log.pages > PAGES {
            let log = checkpoint(conn, "pragma wal_checkpoint(passive)").await?;
            // With a reader in the way much is left, which no group shall wait for: it is looked at again.
            if log.moved == log.pages {
                anew.store(true, Ordering::Relaxed);
            }
        }
    }
    checkpoint(conn, "pragma wal_checkpoint(truncate)").await?;
    Ok(())
}

/// The state of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Log {
    /// Pages in it.
    pub(super) pages: i64,
    /// How many of them are in the database already.
    pub(super) moved: i64,
}

/// Carries out a checkpoint and reports the log afterwards.
pub(super) async fn checkpoint(conn: &mut SqliteConnection, pragma: &'static str) -> Result<Log, Error> {
    let row = sqlx::query(pragma).fetch_one(conn).await?;
    // The first column is whether somebody was in the way.
    Ok(Log { pages: row.try_get(1)?, moved: row.try_get(2)? })
}
