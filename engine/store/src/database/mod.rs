//! The engine's store, whatever the database: what is read and written, row by row.
//!
//! Requests wait in [`queue`]; the [`writer`], a thread, takes all that wait and writes them as one [`group`], whose tables
//! are in the modules named after them, through a [`session`]; [`read`] and [`people`] read through a [`query`]. What the two
//! databases do differently is in [`crate::sqlite`] and [`crate::postgres`].

pub(crate) mod accounts;
pub(crate) mod accounts_read;
pub(crate) mod arrivals;
pub(crate) mod board;
pub(crate) mod chain;
pub(crate) mod collections;
pub(crate) mod columns;
pub(crate) mod contacts;
pub(crate) mod count;
pub(crate) mod editing;
pub(crate) mod effects;
pub(crate) mod erase;
mod erased;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod evidence;
pub(crate) mod figures;
pub(crate) mod group;
pub(crate) mod hits;
pub(crate) mod inputs;
pub(crate) mod life;
pub(crate) mod members;
pub(crate) mod merges;
pub(crate) mod messages;
pub(crate) mod pages;
pub(crate) mod parties;
pub(crate) mod past;
pub(crate) mod people;
pub(crate) mod push;
pub(crate) mod query;
pub(crate) mod queue;
pub(crate) mod read;
pub(crate) mod records;
pub(crate) mod retags;
pub(crate) mod retention;
pub(crate) mod rows;
pub(crate) mod runs;
pub(crate) mod said;
pub(crate) mod session;
pub(crate) mod staff;
pub(crate) mod talks;
pub(crate) mod traces;
pub(crate) mod unmatched;
pub(crate) mod value;
pub(crate) mod waits;
pub(crate) mod works;
pub(crate) mod writer;

use std::path::Path;
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
use engine::secret::Secret;
use engine::stops::Stop;
use engine::store::{
    Arrival, DispatchOp, DueRow, EffectRow, EffectState, Error, EventRow, Evidence, InputRow, MailboxRows, Receipt,
    RunRow, Store, VersionRow, Work,
};
use tokio::sync::{oneshot, watch};

use self::query::Reader;
use self::queue::{Answer, Ask, Queue};
use crate::{postgres, sqlite};

/// How processes that stand by reach the one that writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Where it listens: a host, or an address, and a port.
    pub address: String,
    /// By which it knows that a connection is passed on by one of them: only who may read the database knows it. Without blanks.
    pub word: Secret,
    /// What tells its keys from others: whoever takes its place needs the same. Without blanks.
    pub keys: String,
}

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The strand of the audit chain that this process writes: greater than 0, and one for each process start.
    pub strand: i64,
    /// Bytes waiting for the writer from which on doors are told to come later. Default 32 MB.
    pub max_waiting_bytes: usize,
    /// How long the oldest request may wait before doors are told to come later. Default 250 ms.
    pub max_wait: Duration,
    /// Told to those that stand by, on PostgreSQL. Default: nothing, so they only wait.
    pub reach: Option<Reach>,
}

impl Options {
    /// The defaults, writing `strand`.
    #[must_use]
    pub fn new(strand: i64) -> Self {
        Self { strand, max_waiting_bytes: 32 << 20, max_wait: Duration::from_millis(250), reach: None }
    }
}

/// When a door that was told to come later may come.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The engine's database: one SQLite file, or a PostgreSQL database. Clones share it; when the last one is dropped, what waits is
/// still written.
#[derive(Clone)]
pub struct Database {
    pub(crate) shared: Arc<Shared>,
}

/// Which database it is.
pub(crate) enum Backend {
    Sqlite(sqlite::File),
    Postgres(postgres::Server),
}

/// What clones share.
pub(crate) struct Shared {
    pub(crate) backend: Backend,
    /// `None` when opened for reading only.
    pub(crate) queue: Option<Arc<Queue>>,
    options: Options,
    /// Until they are closed.
    tasks: Mutex<Option<Tasks>>,
}

/// What works while the database is open.
pub(crate) struct Tasks {
    /// The writer.
    pub(crate) writer: thread::JoinHandle<()>,
    /// SQLite's checkpoints, PostgreSQL's heartbeat. Ends with the writer.
    pub(crate) beside: tokio::task::JoinHandle<()>,
}

impl Shared {
    /// What was opened.
    pub(crate) fn new(backend: Backend, queue: Option<Arc<Queue>>, options: Options, tasks: Option<Tasks>) -> Self {
        Self { backend, queue, options, tasks: Mutex::new(tasks) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            queue.close();
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = match &self.shared.backend {
            Backend::Sqlite(file) => file.path.display().to_string(),
            Backend::Postgres(server) => server.name().to_owned(),
        };
        f.debug_struct("Database").field("place", &place).finish_non_exhaustive()
    }
}

/// Names the database in an error.
pub(crate) fn at_place(place: impl std::fmt::Display, error: error::Error) -> Error {
    match Error::from(error) {
        Error::Broken(why) => Error::Broken(format!("{place}: {why}")),
        other => other,
    }
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        if self.strand > 0 {
            return Ok(());
        }
        Err(Error::Broken("strand must be greater than 0: strand 0 holds the anchors".into()))
    }
}

impl Database {
    /// Opens the SQLite file at `path`, makes it if there is none, and brings its schema up to date. Only one process may have it
    /// open for writing: the caller holds a lock on the folder.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database of ours, or was written by a newer build.
    pub async fn open(path: &Path, options: Options) -> Result<Self, Error> {
        options.check()?;
        let shared = sqlite::open(path, options).await.map_err(|error| at_place(path.display(), error))?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Opens the SQLite file at `path` for reading only, also while another process writes it. Every writing method fails.
    ///
    /// # Errors
    /// When there is no such file, or its schema is not the one this build reads.
    pub async fn read_only(path: &Path) -> Result<Self, Error> {
        let shared = sqlite::read_only(path).await.map_err(|error| at_place(path.display(), error))?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Connects to the PostgreSQL database at `url` (`postgres://user:password@host/database`), and brings its schema up to date.
    /// Only one process writes it at a time: see `DECISIONS/0025`.
    ///
    /// # Errors
    /// When the server does not answer or refuses us, another process writes the database, or a newer build wrote it.
    pub async fn connect(url: &str, options: Options) -> Result<Self, Error> {
        options.check()?;
        let place = postgres::Place::parse(url)?;
        let name = place.name.clone();
        let shared = postgres::open(place, options).await.map_err(|error| at_place(name, error))?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Connects to the PostgreSQL database at `url` for reading only, also while another process writes it.
    ///
    /// # Errors
    /// When the server does not answer or refuses us, or the schema is not the one this build reads.
    pub async fn connect_read_only(url: &str) -> Result<Self, Error> {
        let place = postgres::Place::parse(url)?;
        let name = place.name.clone();
        let shared = postgres::read_only(place).await.map_err(|error| at_place(name, error))?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Whether the PostgreSQL database at `url` was ever worked on, or has a copy of one that was. Changes nothing.
    ///
    /// # Errors
    /// When the server does not answer or refuses us.
    pub async fn begun(url: &str) -> Result<bool, Error> {
        let place = postgres::Place::parse(url)?;
        postgres::begun(&place).await.map_err(|error| at_place(&place.name, error))
    }

    /// Waits until no process writes the PostgreSQL database at `url`: until the one that does has ended, or was not heard of for 3 s.
    /// Tells meanwhile how that one is reached, if it says so.
    ///
    /// # Errors
    /// When the server does not answer or refuses us.
    pub async fn until_free(url: &str, reach: &watch::Sender<Option<Reach>>) -> Result<(), Error> {
        let place = postgres::Place::parse(url)?;
        postgres::lease::until_free(&place, reach).await.map_err(|error| at_place(&place.name, error))
    }

    /// Writes what still waits and closes the database. Requests made afterwards, also by clones, fail.
    pub async fn close(&self) {
        if let Some(queue) = &self.shared.queue {
            queue.close();
        }
        let tasks = self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        match &self.shared.backend {
            Backend::Sqlite(file) => file.close().await,
            Backend::Postgres(server) => server.close().await,
        }
        let Some(Tasks { writer, beside }) = tasks else { return };
        let ends = [tokio::task::spawn_blocking(|| writer.join().is_ok()).await, beside.await.map(|()| true)];
        if !matches!(ends, [Ok(true), Ok(true)]) {
            tracing::error!("the writer, or what works beside it, ended badly");
        }
    }

    /// Removes for good what [`Work::erase`] deleted. Writing is held up meanwhile (about a second for 100 MB on a fast disk), and
    /// there must be room for two copies. SQLite rewrites the file and empties the log. PostgreSQL rewrites the tables, which keeps
    /// readers out too; copies in its own log, replicas and backups stay until the server lets them go.
    ///
    /// # Errors
    /// When the disk is full, a reader holds SQLite's log for over 15 s, or tables of PostgreSQL are not ours.
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
    async fn reader(&self) -> Result<Reader, error::Error> {
        Ok(match &self.shared.backend {
            Backend::Sqlite(file) => Reader::Sqlite(file.readers.acquire().await?),
            Backend::Postgres(server) => Reader::Postgres(server.readers.acquire().await?),
        })
    }
}

impl Store for Database {
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
        Ok(read::inputs(&mut self.reader().await?.conn(), after, limit).await?)
    }

    async fn mailbox(&self, id: MailboxId) -> Result<MailboxRows, Error> {
        Ok(read::mailbox(&mut self.reader().await?.conn(), id).await?)
    }

    async fn event(&self, id: EventId) -> Result<Option<EventRow>, Error> {
        Ok(read::event(&mut self.reader().await?.conn(), id).await?)
    }

    async fn event_by_key(&self, key: EventKey) -> Result<Option<EventRow>, Error> {
        Ok(read::event_by_key(&mut self.reader().await?.conn(), key).await?)
    }

    async fn due(&self, after: (At, WaitId), until: At, limit: u32) -> Result<Vec<DueRow>, Error> {
        Ok(read::due(&mut self.reader().await?.conn(), after, until, limit).await?)
    }

    async fn effects(&self, state: EffectState, after: EffectId, limit: u32) -> Result<Vec<EffectRow>, Error> {
        Ok(read::effects(&mut self.reader().await?.conn(), state, after, limit).await?)
    }

    async fn effect(&self, id: EffectId) -> Result<Option<EffectRow>, Error> {
        Ok(read::effect(&mut self.reader().await?.conn(), id).await?)
    }

    async fn evidence(&self, keys: Vec<String>) -> Result<Vec<Evidence>, Error> {
        Ok(read::evidence(&mut self.reader().await?.conn(), &keys).await?)
    }

    async fn versions(&self) -> Result<Vec<VersionRow>, Error> {
        Ok(read::versions(&mut self.reader().await?.conn()).await?)
    }

    async fn version(&self, id: VersionId) -> Result<Option<VersionRow>, Error> {
        Ok(read::version(&mut self.reader().await?.conn(), id).await?)
    }

    async fn stops(&self) -> Result<Vec<Stop>, Error> {
        Ok(read::stops(&mut self.reader().await?.conn()).await?)
    }

    async fn publications(&self) -> Result<Vec<Publication>, Error> {
        Ok(life::publications(&mut self.reader().await?.conn()).await?)
    }

    async fn hours(&self) -> Result<Vec<HourRow>, Error> {
        Ok(life::hours(&mut self.reader().await?.conn()).await?)
    }

    async fn staff(&self) -> Result<StaffRows, Error> {
        Ok(staff::staff(&mut self.reader().await?.conn()).await?)
    }

    async fn last_id(&self) -> Result<i64, Error> {
        Ok(read::last_id(&mut self.reader().await?.conn()).await?)
    }

    async fn run(&self, id: RunId) -> Result<Option<RunRow>, Error> {
        Ok(read::run(&mut self.reader().await?.conn(), id).await?)
    }
}
