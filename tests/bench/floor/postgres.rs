//! The floor's rows in PostgreSQL: a statement for each kind of change, with a list for each column.

use anyhow::Result;
use sqlx::{Connection, PgConnection};

use super::writer::{Ops, Row};

/// Connects as the engine's writer does, and makes the table.
pub(super) async fn open(url: &str) -> Result<PgConnection> {
    let mut conn = PgConnection::connect(url).await?;
    let table = "create table row (id bigint primary key, run bigint not null, body bytea not null)";
    sqlx::query(table).execute(&mut conn).await?;
    sqlx::query("create index row_run on row (run)").execute(&mut conn).await?;
    Ok(conn)
}

pub(super) async fn commit(conn: &mut PgConnection, all: &Ops) -> Result<()> {
    let mut work = conn.begin().await?;
    if !all.adds.is_empty() {
        let runs: Vec<i64> = all.adds.iter().map(|row| row.run).collect();
        sqlx::query("insert into row (id, run, body) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])")
            .bind(ids(&all.adds))
            .bind(runs)
            .bind(bodies(&all.adds, b'x'))
            .execute(&mut *work)
            .await?;
    }
    if !all.changes.is_empty() {
        let text = "update row set body = op.body from unnest($1::bigint[], $2::bytea[]) as op (id, body) where row.id = op.id";
        sqlx::query(text).bind(ids(&all.changes)).bind(bodies(&all.changes, b'y')).execute(&mut *work).await?;
    }
    if !all.removes.is_empty() {
        sqlx::query("delete from row where id = any($1)").bind(&all.removes).execute(&mut *work).await?;
    }
    work.commit().await?;
    Ok(())
}

fn ids(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}

fn bodies(rows: &[Row], byte: u8) -> Vec<Vec<u8>> {
    rows.iter().map(|row| vec![byte; row.bytes]).collect()
}
