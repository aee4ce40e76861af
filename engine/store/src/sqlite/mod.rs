//! The engine's store on SQLite: one file, one writer, readers beside it.
//!
//! Requests wait in [`queue`]; the [`writer`], a thread, takes all that wait and writes them as one [`group`], whose tables
//! are in the modules named after them; [`read`] and [`people`] read on connections that cannot write. Writing and
//! the long reading of [`history`] are rusqlite, everything else sqlx (`DECISIONS/0010`).

mod accounts;
mod accounts_read;
mod arrivals;
mod backup;
mod chain;
mod checkpoint;
mod columns;
mod contacts;
mod count;
mod editing;
mod effects;
mod erase;
mod error;
mod events;
mod evidence;
mod group;
mod history;
mod hits;
mod inputs;
mod life;
mod members;
mod messages;
mod migrate;
mod open;
mod pages;
#[cfg(test)]
mod pages_tests;
mod parties;
mod people;
#[cfg(test)]
mod plans;
mod queue;
mod read;
mod records;
mod retags;
mod rows;
mod runs;
mod said;
mod staff;
mod talks;
#[cfg(test)]
mod tests;
mod traces;
mod unmatched;
mod waits;
mod works;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use engine::account::StaffRows;
use engine::audit::Anchor;
use engine::clock::At;
use engine::event::EventKey;
use engine::first_hour::HourRow;
use engine::ids::{EffectId, EventId, InputId, MailboxId, RunId, VersionId, WaitId};
use engine::publication::Publication;
use engine::stops::Stop;
use engine::store::{
    Arrival, DispatchOp, DueRow, EffectRow, EffectState, Error, EventRow, Evidence, InputRow, MailboxRows, Receipt,
    RunRow, Store, VersionRow, Work,
};
use sqlx::sqlite::SqlitePool;
use tokio::sync::{oneshot, watch};

use self::queue::{Answer, Ask, Queue, Taker};
use self::writer::Writer;

/// How the file is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The strand of the audit chain that this process writes: greater than 0, and one for each process start.
    pub strand: i64,
    /// Bytes waiting for the writer from which on doors are told to come later. Default 32 MB.
    pub max_waiting_bytes: usize,
    /// How long the oldest request may wait before doors are told to come later. Default 250 ms.
    pub max_wait: Duration,
}

impl Options {
    /// The defaults, writing `strand`.
    #[must_use]
    pub fn new(strand: i64) -> Self {
        Self { strand, max_waiting_bytes: 32 << 20, max_wait: Duration::from_millis(250) }
    }
}

/// When a door that was told to come later may come.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The engine's database in one SQLite file. Clones share it; when the last one is dropped, what waits is still written.
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    readers: SqlitePool,
    history: history::Reader,
    /// `None` when opened for reading only.
    queue: Option<Arc<Queue>>,
    options: Options,
    /// The writer and the checkpoints, until they are closed.
    tasks: Mutex<Option<Tasks>>,
}

struct Tasks {
    writer: thread::JoinHandle<()>,
    checkpoints: tokio::task::JoinHandle<()>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            queue.close();
        }
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.shared.path).finish_non_exhaustive()
    }
}

/// Names the file in an error.
fn at_path(path: &Path, error: error::Error) -> Error {
    match Error::from(error) {
        Error::Broken(why) => Error::Broken(format!("{}: {why}", path.display())),
        other => other,
    }
}

impl Sqlite {
    /// Opens the file at `path`, makes it if there is none, and brings its schema up to date. Only one process may have it
    /// open for writing: the caller holds a lock on the folder.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database of ours, or was written by a newer build.
    pub async fn open(path: &Path, options: Options) -> Result<Self, Error> {
        if options.strand <= 0 {
            return Err(Error::Broken("strand must be greater than 0: strand 0 holds the anchors".into()));
        }
        Self::open_all(path, options).await.map_err(|error| at_path(path, error))
    }

    async fn open_all(path: &Path, options: Options) -> Result<Self, error::Error> {
        open::up_to_date(path).await?;
        let queue = Arc::new(Queue::default());
        let (checkpointer, readers) = (open::checkpointer(path).await?, open::readers(path).await?);
        let (wrote, written) = watch::channel(());
        let writer = Writer::open(path, options.strand, Taker(Arc::clone(&queue)), wrote)?;
        let tasks =
            Tasks { writer: writer.start()?, checkpoints: tokio::spawn(checkpoint::run(checkpointer, written)) };
        let (tasks, history) = (Mutex::new(Some(tasks)), history::Reader::default());
        Ok(Self {
            shared: Arc::new(Shared { path: path.into(), readers, history, queue: Some(queue), options, tasks }),
        })
    }

    /// Opens the file at `path` for reading only, also while another process writes it. Every writing method fails.
    ///
    /// # Errors
    /// When there is no such file, or its schema is not the one this build reads.
    pub async fn read_only(path: &Path) -> Result<Self, Error> {
        let open = async {
            let readers = open::readers(path).await?;
            migrate::expect_newest(&mut *readers.acquire().await?).await?;
            Ok(readers)
        };
        let readers = open.await.map_err(|error| at_path(path, error))?;
        let shared = Shared {
            path: path.into(),
            readers,
            history: history::Reader::default(),
            queue: None,
            options: Options::new(1),
            tasks: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Writes what still waits and closes the file. Requests made afterwards, also by clones, fail.
    pub async fn close(&self) {
        if let Some(queue) = &self.shared.queue {
            queue.close();
        }
        let tasks = self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.shared.readers.close().await;
        self.shared.history.close();
        let Some(Tasks { writer, checkpoints }) = tasks else { return };
        let ends = [tokio::task::spawn_blocking(|| writer.join().is_ok()).await, checkpoints.await.map(|()| true)];
        if !matches!(ends, [Ok(true), Ok(true)]) {
            tracing::error!("the writer or the checkpoints ended badly");
        }
    }

    /// Rewrites the file and empties the log, so that no deleted row is left in either. Used after [`Work::erase`]. Writing is
    /// held up meanwhile (about a second for 100 MB on a fast disk), and there must be room for two copies.
    ///
    /// # Errors
    /// When the disk is full, or a reader holds the log for over 15 s.
    pub async fn vacuum(&self) -> Result<(), Error> {
        self.ask(Ask::Vacuum).await
    }

    /// Puts a request in the queue and waits for its answer.
    async fn ask<T>(&self, make: impl FnOnce(Answer<T>) -> Ask) -> Result<T, Error> {
        let queue = self.shared.queue.as_ref().ok_or_else(|| Error::Broken("opened for reading only".into()))?;
        let (answer, answered) = oneshot::channel();
        queue.push(make(answer));
        // A writer that ended without answering may have committed.
        answered.await.unwrap_or_else(|_| Err(queue::ended()))
    }

    /// Whether doors have to come later.
    fn too_far_behind(&self) -> bool {
        let Some(queue) = &self.shared.queue else { return false };
        let (bytes, waited) = queue.behind();
        metrics::gauge!("switchboard_store_waiting_bytes").set(u32::try_from(bytes).unwrap_or(u32::MAX));
        bytes > self.shared.options.max_waiting_bytes || waited > self.shared.options.max_wait
    }

    /// A connection that reads.
    async fn reader(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>, error::Error> {
        Ok(self.shared.readers.acquire().await?)
    }
}

impl Store for Sqlite {
    async fn receive(&self, arrivals: Vec<Arrival>) -> Result<Vec<Receipt>, Error> {
        if self.too_far_behind() {
            metrics::counter!("switchboard_store_busy_total").increment(1);
            return Err(Error::Busy { retry_after: RETRY_AFTER });
        }
        self.ask(|answer| Ask::Receive(arrivals, answer)).await
    }

    async fn commit(&self, work: Work) -> Result<(), Error> {
        self.ask(|answer| Ask::Commit(Box::new(work), answer)).await
    }

    async fn dispatch(&self, ops: Vec<DispatchOp>) -> Result<Vec<EffectId>, Error> {
        self.ask(|answer| Ask::Dispatch(ops, answer)).await
    }

    async fn anchor(&self, at: At, key: [u8; 32]) -> Result<Option<Anchor>, Error> {
        self.ask(|answer| Ask::Anchor(at, key, answer)).await
    }

    async fn inputs(&self, after: InputId, limit: u32) -> Result<Vec<InputRow>, Error> {
        Ok(read::inputs(&mut *self.reader().await?, after, limit).await?)
    }

    async fn mailbox(&self, id: MailboxId) -> Result<MailboxRows, Error> {
        Ok(read::mailbox(&mut *self.reader().await?, id).await?)
    }

    async fn event(&self, id: EventId) -> Result<Option<EventRow>, Error> {
        Ok(read::event(&mut *self.reader().await?, id).await?)
    }

    async fn event_by_key(&self, key: EventKey) -> Result<Option<EventRow>, Error> {
        Ok(read::event_by_key(&mut *self.reader().await?, key).await?)
    }

    async fn due(&self, after: (At, WaitId), until: At, limit: u32) -> Result<Vec<DueRow>, Error> {
        Ok(read::due(&mut *self.reader().await?, after, until, limit).await?)
    }

    async fn effects(&self, state: EffectState, after: EffectId, limit: u32) -> Result<Vec<EffectRow>, Error> {
        Ok(read::effects(&mut *self.reader().await?, state, after, limit).await?)
    }

    async fn effect(&self, id: EffectId) -> Result<Option<EffectRow>, Error> {
        Ok(read::effect(&mut *self.reader().await?, id).await?)
    }

    async fn evidence(&self, keys: Vec<String>) -> Result<Vec<Evidence>, Error> {
        Ok(read::evidence(&mut *self.reader().await?, &keys).await?)
    }

    async fn versions(&self) -> Result<Vec<VersionRow>, Error> {
        Ok(read::versions(&mut *self.reader().await?).await?)
    }

    async fn version(&self, id: VersionId) -> Result<Option<VersionRow>, Error> {
        Ok(read::version(&mut *self.reader().await?, id).await?)
    }

    async fn stops(&self) -> Result<Vec<Stop>, Error> {
        Ok(read::stops(&mut *self.reader().await?).await?)
    }

    async fn publications(&self) -> Result<Vec<Publication>, Error> {
        Ok(life::publications(&mut *self.reader().await?).await?)
    }

    async fn hours(&self) -> Result<Vec<HourRow>, Error> {
        Ok(life::hours(&mut *self.reader().await?).await?)
    }

    async fn staff(&self) -> Result<StaffRows, Error> {
        Ok(staff::staff(&mut *self.reader().await?).await?)
    }

    async fn last_id(&self) -> Result<i64, Error> {
        Ok(read::last_id(&mut *self.reader().await?).await?)
    }

    async fn run(&self, id: RunId) -> Result<Option<RunRow>, Error> {
        Ok(read::run(&mut *self.reader().await?, id).await?)
    }
}
