//! PostgreSQL: one process writes, any number read. What is particular to it; all else is in [`crate::database`].
//!
//! [`dialect`] lists the words in which statements differ, [`session`] gathers what is put into statements for many rows, and
//! [`lease`] sees to it that of two processes only one writes.

mod batch;
pub(crate) mod copy;
mod dialect;
pub(crate) mod lease;
mod migrate;
#[cfg(test)]
mod plans;
pub(crate) mod query;
// The fixture of the tests that span crates, which this crate cannot depend on.
#[cfg(test)]
#[allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "it is written for another crate")]
#[path = "../../../../tests/postgres.rs"]
mod server;
mod session;
#[cfg(test)]
mod tests;
mod vacuum;

use std::sync::Arc;
use std::time::Duration;

use engine::store;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::watch;

use crate::database::error::Error;
use crate::database::queue::{Queue, Taker};
use crate::database::writer::Writer;
use crate::database::{Backend, Shared, Tasks, query as statement, rows};

/// Connections that read.
const READERS: u32 = 8;
/// How long somebody waits for a connection that reads.
const WAIT: Duration = Duration::from_secs(5);
/// Statements a connection keeps prepared: more than there are.
const STATEMENTS: usize = 300;
/// What a session that writes is set to. One that stands still within a transaction is ended by the server, so that nobody waits
/// long for the rows it holds; a commit is on disk. Every statement finds its rows by an index (`plans.rs`): tables of what is under
/// way look empty to the planner, and it would read through all that was deleted from them, which took half of the server's time.
const SETTINGS: [(&str, &str); 8] = [
    ("idle_in_transaction_session_timeout", "1s"),
    ("lock_timeout", "2s"),
    ("statement_timeout", "5s"),
    ("synchronous_commit", "on"),
    ("jit", "off"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];
/// The same for one that reads: a list over much may take its time.
const READING: [(&str, &str); 3] =
    [("idle_in_transaction_session_timeout", "5s"), ("statement_timeout", "60s"), ("jit", "off")];

/// Rows are counted by the server, their width is that of a sample, and indexes take of it what they take of the tables now. A table of a
/// few pages may have no sample, and counts for nothing.
const USED: &str = "select cast(coalesce(sum(live.n_live_tup * (width.bytes + 28) \
       * (1 + pg_indexes_size(live.relid)::float8 / greatest(pg_table_size(live.relid), 1))), 0) as bigint) \
     from pg_stat_user_tables as live join ( \
       select 'journal', (select avg(pg_column_size(sample.*)) from (select * from journal tablesample system (1) limit 2000) as sample) \
       union all select 'event', (select avg(pg_column_size(sample.*)) from (select * from event tablesample system (1) limit 2000) as sample) \
       union all select 'message', (select avg(pg_column_size(sample.*)) from (select * from message tablesample system (1) limit 2000) as sample) \
       union all select 'run', (select avg(pg_column_size(sample.*)) from (select * from run tablesample system (1) limit 2000) as sample) \
       union all select 'block', (select avg(pg_column_size(sample.*)) from (select * from block tablesample system (1) limit 2000) as sample) \
       union all select 'said', (select avg(pg_column_size(sample.*)) from (select * from said tablesample system (1) limit 2000) as sample)) as width (name, bytes) on width.name = live.relname \
     where live.schemaname = current_schema() and width.bytes is not null";

/// Which database of which server.
#[derive(Clone)]
pub(crate) struct Place {
    options: PgConnectOptions,
    /// How it is told of: without the password.
    pub(crate) name: String,
}

impl Place {
    /// Reads an address.
    pub(crate) fn parse(url: &str) -> Result<Self, store::Error> {
        let options: PgConnectOptions = url.parse().map_err(|error| {
            store::Error::Broken(format!(
                "the database's address is wrong ({error}): write postgres://user:password@host/database"
            ))
        })?;
        let database = options.get_database().unwrap_or(options.get_username());
        let name = format!("postgres://{}:{}/{database}", options.get_host(), options.get_port());
        let options = options.application_name("switchboard").statement_cache_capacity(STATEMENTS);
        Ok(Self { options: options.disable_statement_logging(), name })
    }

    /// For a session that writes.
    fn writing(&self) -> PgConnectOptions {
        self.options.clone().options(SETTINGS)
    }
}

/// A database that is open.
pub(crate) struct Server {
    name: String,
    pub(crate) readers: PgPool,
}

impl Server {
    /// How it is told of.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of the database.
    pub(crate) async fn bytes(&self) -> Result<u64, Error> {
        let query = statement::query("select pg_database_size(current_database())");
        let mut reader = self.readers.acquire().await?;
        let bytes = statement::one(&mut statement::Conn::Postgres(&mut reader), query, rows::number).await?;
        Ok(bytes.unwrap_or_default().unsigned_abs())
    }

    /// Bytes that hold something, by the server's count of live rows: space that dead ones left is of use again, and stays.
    pub(crate) async fn used(&self) -> Result<u64, Error> {
        let query = statement::query(USED);
        let mut reader = self.readers.acquire().await?;
        let bytes = statement::one(&mut statement::Conn::Postgres(&mut reader), query, rows::number).await?;
        Ok(bytes.unwrap_or_default().unsigned_abs())
    }

    /// Ends the connections that read.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
    }
}

async fn server(place: &Place) -> Result<Server, Error> {
    let options = place.options.clone().options(READING);
    let pool = PgPoolOptions::new().max_connections(READERS).acquire_timeout(WAIT);
    Ok(Server { name: place.name.clone(), readers: pool.connect_with(options).await? })
}

/// Opens the database for writing: see [`crate::Database::connect`].
pub(crate) async fn open(place: Place, options: crate::Options) -> Result<Shared, Error> {
    migrate::up(&place).await?;
    let holder = lease::take(&place, options.reach.as_ref()).await?;
    let server = server(&place).await?;
    let queue = Arc::new(Queue::default());
    let (wrote, written) = watch::channel(());
    let (strand, boot, taker) = (options.strand, holder.boot, Taker(Arc::clone(&queue)));
    // Its connection has a runtime of its own, which is not made or waited for on a thread of ours.
    let started = tokio::task::spawn_blocking(move || {
        let session = session::Session::open(place, boot)?;
        Writer::open(Box::new(session), strand, taker, wrote)?.start()
    });
    let writer = started.await.map_err(|error| Error::Unfit(format!("no writer: {error}")))??;
    let tasks = Tasks { writer, beside: tokio::spawn(holder.hold(Arc::clone(&queue), written)) };
    Ok(Shared::new(Backend::Postgres(server), Some(queue), options, Some(tasks)))
}

/// Whether the database has tables of ours.
pub(crate) async fn begun(place: &Place) -> Result<bool, Error> {
    migrate::begun(place).await
}

/// Opens the database for reading only: see [`crate::Database::connect_read_only`].
pub(crate) async fn read_only(place: Place) -> Result<Shared, Error> {
    let server = server(&place).await?;
    migrate::expect_newest(&mut *server.readers.acquire().await?).await?;
    Ok(Shared::new(Backend::Postgres(server), None, crate::Options::new(1), None))
}
