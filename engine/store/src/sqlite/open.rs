//! Opening the file: how connections are set up, and what is refused.

use std::path::Path;
use std::time::Duration;

use rusqlite::OpenFlags;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row};

use super::migrate;
use crate::database::error::Error;

/// Connections that read.
const READERS: u32 = 4;
/// How long a connection waits for a lock: migrations and vacuums hold one.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// How long the emptying checkpoint waits for readers; it keeps the writer out meanwhile.
const CHECKPOINT_BUSY: Duration = Duration::from_millis(100);
/// Prepared statements the writer keeps: more than there are.
const WRITER_STATEMENTS: usize = 128;
/// Oldest SQLite without the race that corrupts a log with two connections. Source: sqlite.org/wal.html, "WAL-reset bug".
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

fn common(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).foreign_keys(false).disable_statement_logging()
}

/// Makes the file if there is none, and brings its schema up to date.
pub(crate) async fn up_to_date(path: &Path) -> Result<(), Error> {
    let options = common(path)
        .create_if_missing(true)
        // Only takes effect before the first table, and before the log is switched on.
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut conn = options.connect().await?;
    expect_sqlite(&mut conn).await?;
    migrate::up(&mut conn).await?;
    Ok(conn.close().await?)
}

/// The writer's connection to a file that is up to date. The log's file keeps up to 128 MB when it begins anew: what it writes over
/// costs half of what new room does. A larger cache would cost more than it saves: a commit after a
/// page was split looks at every slot of it.
pub(crate) fn writer(path: &Path) -> Result<rusqlite::Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = rusqlite::Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(WRITER_STATEMENTS);
    conn.execute_batch(
        "pragma synchronous = full; pragma foreign_keys = off; pragma secure_delete = on; \
         pragma wal_autocheckpoint = 0; pragma journal_size_limit = 134217728; pragma cache_size = -8192; \
         pragma temp_store = memory",
    )?;
    Ok(conn)
}

/// A connection for long reading in pages.
pub(crate) fn reader(path: &Path) -> Result<rusqlite::Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = rusqlite::Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    conn.execute_batch("pragma cache_size = -16384")?;
    Ok(conn)
}

/// One connection that reads a file as it is, whatever its schema.
pub(super) async fn alone(path: &Path) -> Result<SqliteConnection, Error> {
    Ok(common(path).read_only(true).connect().await?)
}

/// The connection of the checkpoints.
pub(super) async fn checkpointer(path: &Path) -> Result<SqliteConnection, Error> {
    let options = common(path).synchronous(SqliteSynchronous::Full).busy_timeout(CHECKPOINT_BUSY);
    Ok(options.connect().await?)
}

/// Connections that cannot write.
pub(super) async fn readers(path: &Path) -> Result<SqlitePool, Error> {
    let options = common(path).read_only(true).pragma("cache_size", "-16384").statement_cache_capacity(128);
    let pool = SqlitePoolOptions::new().max_connections(READERS).idle_timeout(None).max_lifetime(None);
    // A file does not hang up: asking before each reading whether it is there would only be one more wait for its thread.
    let pool = pool.test_before_acquire(false);
    Ok(pool.connect_with(options).await?)
}

/// Refuses a SQLite that is known to corrupt.
async fn expect_sqlite(conn: &mut SqliteConnection) -> Result<(), Error> {
    let version: String = sqlx::query("select sqlite_version()").fetch_one(conn).await?.try_get(0)?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let found: (u32, u32, u32) = (next(), next(), next());
    if found < OLDEST_SQLITE {
        return Err(Error::Unfit(format!("SQLite {version} can corrupt its log: build with 3.51.3 or newer")));
    }
    Ok(())
}
