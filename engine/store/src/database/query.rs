//! Reading: a statement with its values, and the connection it is read on.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{Connection, Transaction};

use super::error::Error;
use super::value::{Row, ToParam, Value};
use crate::{postgres, sqlite};

/// A statement with its values.
pub(crate) struct Query {
    /// Its text, as SQLite takes it: see `postgres::dialect` for what PostgreSQL takes.
    pub(crate) text: &'static str,
    /// The values, in the order of its parameters.
    pub(crate) values: Vec<Value>,
}

/// A statement that takes no value yet.
pub(crate) fn query(text: &'static str) -> Query {
    Query { text, values: Vec::new() }
}

impl Query {
    /// Adds the value of the next parameter.
    pub(crate) fn bind(mut self, value: impl ToParam) -> Self {
        self.values.push(value.param().into());
        self
    }
}

/// A connection that reads, lent by a pool.
pub(crate) enum Reader {
    /// To a file.
    Sqlite(PoolConnection<Sqlite>),
    /// To a server.
    Postgres(PoolConnection<Postgres>),
}

impl Reader {
    /// The connection.
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }
}

/// A connection that reads.
pub(crate) enum Conn<'c> {
    /// To a file.
    Sqlite(&'c mut SqliteConnection),
    /// To a server.
    Postgres(&'c mut PgConnection),
}

impl Conn<'_> {
    /// Every row of `query`.
    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>, Error> {
        match self {
            Self::Sqlite(conn) => sqlite::query::rows(conn, query).await,
            Self::Postgres(conn) => postgres::query::rows(conn, query).await,
        }
    }

    /// Everything as of one moment. Ends with the view also when that is dropped half way: one left open would keep SQLite's log
    /// from being moved, and PostgreSQL's dead rows from being removed.
    pub(crate) async fn view(&mut self) -> Result<View<'_>, Error> {
        Ok(match self {
            Self::Sqlite(conn) => View::Sqlite(conn.begin().await?),
            Self::Postgres(conn) => View::Postgres(conn.begin_with(postgres::query::VIEW).await?),
        })
    }
}

/// A connection that sees everything as of one moment.
pub(crate) enum View<'c> {
    /// Of a file.
    Sqlite(Transaction<'c, Sqlite>),
    /// Of a server.
    Postgres(Transaction<'c, Postgres>),
}

impl View<'_> {
    /// The connection.
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(view) => Conn::Sqlite(view),
            Self::Postgres(view) => Conn::Postgres(view),
        }
    }

    /// Ends the view.
    pub(crate) async fn end(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(view) => view.rollback().await?,
            Self::Postgres(view) => view.rollback().await?,
        }
        Ok(())
    }
}

/// Every row of `query`.
pub(crate) async fn all<T>(
    conn: &mut Conn<'_>,
    query: Query,
    read: impl Fn(Row) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    conn.rows(query).await?.into_iter().map(read).collect()
}

/// The first row of `query`, if there is one.
pub(crate) async fn one<T>(
    conn: &mut Conn<'_>,
    query: Query,
    read: impl Fn(Row) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    conn.rows(query).await?.into_iter().next().map(read).transpose()
}
