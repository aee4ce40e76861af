//! Bringing what a SQLite file holds to an empty PostgreSQL database: every row of every table as it is, all or nothing.

use std::path::{Path, PathBuf};

use engine::store;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Row};
use tokio::sync::mpsc;

use super::{Place, batch, lease, migrate};
use crate::database::error::Error;
use crate::database::value::Value;
use crate::sqlite;

/// Rows on their way at a time.
const PAGE: usize = 500;
/// Pages read ahead.
const AHEAD: usize = 4;
const TABLES: &str = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name";
const COLUMNS: &str = "select name, type from pragma_table_info(?) order by cid";
/// The one table whose ids the database makes.
const GO_ON: &str =
    "select setval(pg_get_serial_sequence('published', 'id'), max(id)) from published having max(id) is not null";

/// A few rows of a table.
struct Page {
    table: String,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// See [`crate::copy`].
pub(crate) async fn to(from: &Path, url: &str) -> Result<u64, store::Error> {
    let place = Place::parse(url)?;
    copy(from, &place).await.map_err(|error| crate::database::at_place(&place.name, error))
}

/// Copies the file at `from`, which nobody writes meanwhile; how many rows.
async fn copy(from: &Path, place: &Place) -> Result<u64, Error> {
    migrate::up(place).await?;
    let holder = lease::take(place, None).await?;
    let mut conn = place.options.clone().connect().await?;
    let mut change = conn.begin().await?;
    // Holds the row of the lease to the end: nobody takes the database meanwhile.
    if !lease::fence(&mut change, holder.boot, 1).await? {
        return Err(Error::Taken("it came first".to_owned()));
    }
    let (pages, mut read) = mpsc::channel(AHEAD);
    let path = from.to_path_buf();
    let reading = tokio::task::spawn_blocking(move || read_all(path, &pages));
    let mut copied = 0;
    while let Some(page) = read.recv().await {
        copied += u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
        write(&mut change, page).await?;
    }
    reading.await.map_err(|error| Error::Unfit(format!("the reading ended early: {error}")))??;
    sqlx::query(GO_ON).execute(&mut *change).await?;
    change.commit().await?;
    sqlx::raw_sql("analyze").execute(&mut conn).await?;
    lease::give_up(&mut conn, holder.boot).await?;
    conn.close().await?;
    Ok(copied)
}

async fn write(conn: &mut PgConnection, page: Page) -> Result<(), Error> {
    let Page { table, columns, rows } = page;
    if rows.is_empty() {
        // The first page of every table: there must be nothing yet.
        let text = format!("select exists (select 1 from {table})");
        if sqlx::query(AssertSqlSafe(text)).fetch_one(conn).await?.try_get(0)? {
            return Err(Error::Taken(format!("table {table} of the database is not empty; copy to a new database")));
        }
        return Ok(());
    }
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
    let text = format!("insert into {table} ({}) select * from unnest({})", columns.join(", "), places.join(", "));
    batch::bind(sqlx::query(AssertSqlSafe(text)), batch::lists(&table, rows.into_iter())?).execute(conn).await?;
    Ok(())
}

/// Reads every table, page by page, until nobody takes them any more.
fn read_all(path: PathBuf, pages: &mpsc::Sender<Page>) -> Result<(), Error> {
    let conn = sqlite::open::reader(&path)?;
    conn.execute_batch("begin")?;
    for table in names(&conn)? {
        let columns = columns(&conn, &table)?;
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let page = |rows| Page { table: table.clone(), columns: names.clone(), rows };
        let mut statement = conn.prepare(&format!("select {} from {table}", names.join(", ")))?;
        let (mut found, mut rows) = (statement.query([])?, Vec::new());
        if pages.blocking_send(page(Vec::new())).is_err() {
            return Ok(());
        }
        while let Some(row) = found.next()? {
            let value = |(at, (_, kind)): (usize, &(String, String))| Ok(value(row.get_ref(at)?, kind));
            rows.push(columns.iter().enumerate().map(value).collect::<rusqlite::Result<_>>()?);
            if rows.len() == PAGE && pages.blocking_send(page(std::mem::take(&mut rows))).is_err() {
                return Ok(());
            }
        }
        if !rows.is_empty() && pages.blocking_send(page(rows)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn names(conn: &Connection) -> Result<Vec<String>, Error> {
    Ok(conn.prepare(TABLES)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The columns of a table with their types.
fn columns(conn: &Connection, table: &str) -> Result<Vec<(String, String)>, Error> {
    let mut statement = conn.prepare(COLUMNS)?;
    let columns = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(columns.collect::<Result<_, _>>()?)
}

/// A value; a null has the type of its column.
fn value(value: ValueRef<'_>, kind: &str) -> Value {
    match (value, kind) {
        (ValueRef::Text(text), _) => Value::Text(Some(String::from_utf8_lossy(text).into_owned())),
        (ValueRef::Blob(bytes), _) => Value::Bytes(Some(bytes.to_vec())),
        (ValueRef::Integer(number), _) => Value::Number(Some(number)),
        (_, "TEXT") => Value::Text(None),
        (_, "BLOB") => Value::Bytes(None),
        _ => Value::NULL,
    }
}
