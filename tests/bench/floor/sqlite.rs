//! The floor's rows in a SQLite file.

use std::path::Path;

use anyhow::{Result, anyhow};
use sqlx::sqlite::{
    SqliteArguments, SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions};

use super::writer::{Ops, Row};

/// Most rows of one statement, as in the engine's store.
const CHUNK: usize = 64;

/// The settings of the engine's writer (`engine/store/src/sqlite/open.rs`); checkpoints are SQLite's own, every 64 MB.
pub(super) async fn open(database: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(true)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "on")
        .pragma("wal_autocheckpoint", "16384")
        .pragma("cache_size", "-65536")
        .statement_cache_capacity(512)
        .disable_statement_logging();
    let mut conn = options.connect().await?;
    let table = "create table row (id integer primary key, run integer not null, body blob not null) strict";
    sqlx::query(table).execute(&mut conn).await?;
    sqlx::query("create index row_run on row (run)").execute(&mut conn).await?;
    Ok(conn)
}

pub(super) async fn commit(conn: &mut SqliteConnection, all: &Ops) -> Result<()> {
    sqlx::query("begin immediate").execute(&mut *conn).await?;
    each(conn, "insert into row (id, run, body) values", "(?,?,?)", "", &all.adds, bind_row).await?;
    let tail = ") as op where row.id = op.column1";
    let head = "update row set body = op.column2 from (values";
    each(conn, head, "(?,?)", tail, &all.changes, bind_change).await?;
    each(conn, "delete from row where id in (values", "(?)", ")", &all.removes, bind_id).await?;
    sqlx::query("commit").execute(conn).await?;
    Ok(())
}

/// Carries a statement out over all `items`: 64 at once, then 32, and so on, so that few texts are prepared.
async fn each<T>(
    conn: &mut SqliteConnection,
    head: &str,
    row: &str,
    tail: &str,
    mut items: &[T],
    bind: fn(&mut SqliteArguments, &T) -> Result<(), sqlx::error::BoxDynError>,
) -> Result<()> {
    while let Some(power) = items.len().min(CHUNK).checked_ilog2() {
        let (now, later) = items.split_at(1 << power);
        let text = format!("{head} {} {tail}", vec![row; now.len()].join(","));
        let mut arguments = SqliteArguments::default();
        now.iter().try_for_each(|item| bind(&mut arguments, item)).map_err(|error| anyhow!(error))?;
        sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut *conn).await?;
        items = later;
    }
    Ok(())
}

fn bind_row(arguments: &mut SqliteArguments, row: &Row) -> Result<(), sqlx::error::BoxDynError> {
    arguments.add(row.id)?;
    arguments.add(row.run)?;
    arguments.add(vec![b'x'; row.bytes])
}

fn bind_change(arguments: &mut SqliteArguments, row: &Row) -> Result<(), sqlx::error::BoxDynError> {
    arguments.add(row.id)?;
    arguments.add(vec![b'y'; row.bytes])
}

fn bind_id(arguments: &mut SqliteArguments, id: &i64) -> Result<(), sqlx::error::BoxDynError> {
    arguments.add(*id)
}
