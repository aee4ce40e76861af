//! The floor's writer: what waits becomes one transaction with one multi-row statement for each kind of change.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, anyhow};
use sqlx::sqlite::{
    SqliteArguments, SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions};
use tokio::sync::{mpsc, oneshot};

/// Numbers kept for the rows of one run.
pub(super) const ROWS_OF_A_RUN: i64 = 16;
/// Most requests in one transaction, as in the engine's store.
const GROUP: usize = 256;
/// Most rows of one statement, as in the engine's store.
const CHUNK: usize = 64;

/// One row to be added or changed.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) run: i64,
    /// Bytes of its body.
    pub(super) bytes: usize,
}

/// What one request writes.
#[derive(Default)]
pub(super) struct Ops {
    pub(super) adds: Vec<Row>,
    pub(super) changes: Vec<Row>,
    pub(super) removes: Vec<i64>,
}

type Request = (Ops, oneshot::Sender<()>);

/// The way to the writer.
pub(super) struct Writer {
    requests: mpsc::UnboundedSender<Request>,
    runs: AtomicI64,
}

impl Writer {
    /// Makes the database and starts writing.
    pub(super) async fn start(database: &Path) -> Result<Self> {
        let conn = open(database).await?;
        let (requests, received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            if let Err(error) = write(conn, received).await {
                crate::tell(format_args!("floor: the writer failed: {error:#}"));
            }
        });
        Ok(Self { requests, runs: AtomicI64::new(1) })
    }

    pub(super) fn new_run(&self) -> i64 {
        self.runs.fetch_add(1, Ordering::Relaxed)
    }

    /// Answers when it is on disk.
    pub(super) async fn commit(&self, ops: Ops) -> Result<()> {
        let (done, answer) = oneshot::channel();
        self.requests.send((ops, done)).map_err(|_| anyhow!("the writer has ended"))?;
        answer.await.context("the writer has ended")
    }
}

/// The settings of the engine's writer (`engine/store/src/sqlite/open.rs`); checkpoints are SQLite's own, every 64 MB.
async fn open(database: &Path) -> Result<SqliteConnection> {
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

async fn write(mut conn: SqliteConnection, mut requests: mpsc::UnboundedReceiver<Request>) -> Result<()> {
    let mut group = Vec::new();
    while requests.recv_many(&mut group, GROUP).await > 0 {
        let mut all = Ops::default();
        let mut answers = Vec::with_capacity(group.len());
        for (ops, answer) in group.drain(..) {
            all.adds.extend(ops.adds);
            all.changes.extend(ops.changes);
            all.removes.extend(ops.removes);
            answers.push(answer);
        }
        sqlx::query("begin immediate").execute(&mut conn).await?;
        each(&mut conn, "insert into row (id, run, body) values", "(?,?,?)", "", &all.adds, bind_row).await?;
        let tail = ") as op where row.id = op.column1";
        let head = "update row set body = op.column2 from (values";
        each(&mut conn, head, "(?,?)", tail, &all.changes, bind_change).await?;
        each(&mut conn, "delete from row where id in (values", "(?)", ")", &all.removes, bind_id).await?;
        sqlx::query("commit").execute(&mut conn).await?;
        for answer in answers {
            // Whoever asked may be gone.
            answer.send(()).ok();
        }
    }
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
