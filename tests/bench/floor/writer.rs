//! The floor's writer: what waits becomes one transaction with few statements for each kind of change.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, anyhow};
use tokio::sync::{mpsc, oneshot};

use super::{postgres, sqlite};
use crate::database::Database;

/// Numbers kept for the rows of one run.
pub(super) const ROWS_OF_A_RUN: i64 = 16;
/// Most requests in one transaction, as in the engine's store.
const GROUP: usize = 256;

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
    pub(super) async fn start(database: &Database) -> Result<Self> {
        let conn = match database {
            Database::File(file) => Conn::File(sqlite::open(file).await?),
            Database::Server(url) => Conn::Server(postgres::open(url).await?),
        };
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

enum Conn {
    File(sqlx::SqliteConnection),
    Server(sqlx::PgConnection),
}

async fn write(mut conn: Conn, mut requests: mpsc::UnboundedReceiver<Request>) -> Result<()> {
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
        match &mut conn {
            Conn::File(conn) => sqlite::commit(conn, &all).await?,
            Conn::Server(conn) => postgres::commit(conn, &all).await?,
        }
        for answer in answers {
            // Whoever asked may be gone.
            answer.send(()).ok();
        }
    }
    Ok(())
}
