//! SQLite: one file, one writer, readers beside it. What is particular to it; all else is in [`crate::database`].
//!
//! The writer is rusqlite on a thread of its own, and so is the long reading of [`history`]; everything else is sqlx
//! (`DECISIONS/0010`).

mod backup;
mod checkpoint;
mod history;
pub(crate) mod migrate;
pub(crate) mod open;
#[cfg(test)]
mod pages_tests;
#[cfg(test)]
mod plans;
pub(crate) mod query;
mod session;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::ids::EventId;
use engine::store::HistoryRow;
use sqlx::sqlite::SqlitePool;
use tokio::sync::watch;

use crate::database::error::Error;
use crate::database::queue::{Queue, Taker};
use crate::database::writer::Writer;
use crate::database::{Backend, Shared, Tasks};

/// A file that is open.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) readers: SqlitePool,
    history: Arc<history::Reader>,
}

impl File {
    /// A page of what was handled, read on a thread that may block.
    pub(crate) async fn history(
        &self,
        range: (EventId, EventId),
        facts: bool,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, Error> {
        let (history, path) = (Arc::clone(&self.history), self.path.clone());
        let read = tokio::task::spawn_blocking(move || history.page(&path, range, facts, limit));
        read.await.map_err(|error| Error::Unfit(format!("a reading ended early: {error}")))?
    }

    /// Bytes of the file and its log.
    pub(crate) async fn bytes(&self) -> u64 {
        let mut bytes = 0;
        for suffix in ["", "-wal"] {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            bytes += tokio::fs::metadata(&name).await.map_or(0, |file| file.len());
        }
        bytes
    }

    /// Bytes of the pages that hold something.
    pub(crate) async fn used(&self) -> Result<u64, Error> {
        let text = "select (page_count - freelist_count) * page_size \
                    from pragma_page_count, pragma_freelist_count, pragma_page_size";
        let used: i64 = sqlx::query_scalar(text).fetch_one(&self.readers).await?;
        Ok(used.unsigned_abs())
    }

    /// Ends the connections that read.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.history.close();
    }
}

async fn file(path: &Path) -> Result<File, Error> {
    Ok(File { path: path.into(), readers: open::readers(path).await?, history: Arc::default() })
}

/// Opens the file for writing: see [`crate::Database::open`].
pub(crate) async fn open(path: &Path, options: crate::Options) -> Result<Shared, Error> {
    open::up_to_date(path).await?;
    let queue = Arc::new(Queue::default());
    let (checkpointer, file) = (open::checkpointer(path).await?, file(path).await?);
    let (wrote, written) = watch::channel(());
    let anew = Arc::default();
    let session = Box::new(session::Session::open(path, Arc::clone(&anew))?);
    let writer = Writer::open(session, options.strand, Taker(Arc::clone(&queue)), wrote)?.start()?;
    let tasks = Tasks { writer, beside: tokio::spawn(checkpoint::run(checkpointer, written, anew)) };
    Ok(Shared::new(Backend::Sqlite(file), Some(queue), options, Some(tasks)))
}

/// Opens the file for reading only: see [`crate::Database::read_only`].
pub(crate) async fn read_only(path: &Path) -> Result<Shared, Error> {
    let file = file(path).await?;
    migrate::expect_newest(&mut *file.readers.acquire().await?).await?;
    Ok(Shared::new(Backend::Sqlite(file), None, crate::Options::new(1), None))
}
