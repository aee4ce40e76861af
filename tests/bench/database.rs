//! A look into a database: what the books of the sandbox are compared with, how large tables are, what is due when.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// Where a server keeps what it knows.
pub(crate) enum Database {
    /// A SQLite file.
    File(PathBuf),
    /// A database of a PostgreSQL server, by its address.
    Server(String),
}

impl Database {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub(crate) fn read(text: &str) -> Self {
        if text.starts_with("postgres://") { Self::Server(text.to_owned()) } else { Self::File(text.into()) }
    }

    /// One number that `sql` asks for, without changing anything.
    pub(crate) async fn number(&self, sql: &str) -> Result<f64> {
        // What both databases understand as 64 bits.
        let ask = AssertSqlSafe(format!("select cast(({sql}) as double precision)"));
        let found = match self {
            Self::File(file) => {
                let mut conn = open(file).await?;
                let found = sqlx::query_scalar(ask).fetch_one(&mut conn).await;
                conn.close().await?;
                found
            }
            Self::Server(url) => {
                let mut conn = PgConnection::connect(url).await?;
                let found = sqlx::query_scalar(ask).fetch_one(&mut conn).await;
                conn.close().await?;
                found
            }
        };
        found.with_context(|| format!("cannot ask: {sql}"))
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Server(url) => f.write_str(url),
        }
    }
}

/// All numbers that `sql` asks for.
pub(crate) async fn numbers(file: &Path, sql: &str) -> Result<Vec<f64>> {
    let mut conn = open(file).await?;
    let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut conn).await;
    let found = found.with_context(|| format!("cannot ask: {sql}"))?;
    conn.close().await?;
    Ok(found)
}

/// Changes a database that no server has open.
pub(crate) async fn change(file: &Path, sql: &str) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(file).disable_statement_logging();
    let mut conn = options.connect().await?;
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.with_context(|| format!("cannot do: {sql}"))?;
    conn.close().await?;
    Ok(())
}

async fn open(file: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).disable_statement_logging();
    options.connect().await.with_context(|| format!("cannot open {}", file.display()))
}

/// Bytes of `tables` with their indexes, after a vacuum into a copy.
pub(crate) async fn bytes_of(file: &Path, tables: &[&str]) -> Result<f64> {
    let copy = file.with_extension("vacuumed");
    let mut conn = open(file).await?;
    sqlx::query("vacuum into ?").bind(copy.display().to_string()).execute(&mut conn).await?;
    conn.close().await?;
    let names: Vec<String> = tables.iter().map(|table| format!("'{table}'")).collect();
    let sql = format!(
        "select sum(pgsize) from dbstat where name in (select name from sqlite_schema where tbl_name in ({}))",
        names.join(",")
    );
    let bytes = Database::File(copy.clone()).number(&sql).await;
    std::fs::remove_file(copy)?;
    bytes
}
