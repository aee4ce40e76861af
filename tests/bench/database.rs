//! A look into a database file: what the books of the sandbox are compared with, how large tables are, what is due when.

use std::path::Path;

use anyhow::{Context, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// One number that `sql` asks for, without changing anything.
pub(crate) async fn number(file: &Path, sql: &str) -> Result<f64> {
    let mut conn = open(file).await?;
    let found: f64 = sqlx::query_scalar(AssertSqlSafe(format!("select cast(({sql}) as real)")))
        .fetch_one(&mut conn)
        .await
        .with_context(|| format!("cannot ask: {sql}"))?;
    conn.close().await?;
    Ok(found)
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
    let bytes = number(&copy, &sql).await;
    std::fs::remove_file(copy)?;
    bytes
}
