//! Writing: what the one writer of a process asks of its database.
//!
//! Statements have one text for both databases, the one SQLite takes; `postgres::dialect` lists the few words in which
//! PostgreSQL's differs. What is done to single rows is *put*: SQLite does it at once, PostgreSQL, for which every statement is
//! a way to the server and back, gathers what is put and does it with one statement for many rows.

use engine::store;

use super::columns::Columns;
use super::error::Error;
use super::value::{Param, Row, Value};

/// Which row something is put to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// The row: a statement changes it once.
    pub(crate) row: i64,
    /// Statements about rows with the same one are executed in the order in which they were put, others of a table in any.
    pub(crate) order: i64,
}

impl Key {
    /// A row that depends on no other of its table.
    pub(crate) fn of(row: i64) -> Self {
        Self { row, order: row }
    }

    /// A row that depends on others which have the same `order`.
    pub(crate) fn within(order: i64, row: i64) -> Self {
        Self { row, order }
    }

    /// A row that is known by bytes.
    pub(crate) fn named(name: &[u8]) -> Self {
        use std::hash::{DefaultHasher, Hasher};
        let mut hasher = DefaultHasher::new();
        hasher.write(name);
        // Two names with one hash are only executed one after the other.
        Self::of(hasher.finish().cast_signed())
    }
}

/// What became of a change that was put, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// Whether it changed its row.
    Done(bool),
    /// It waits: its statement's number, and the row's id.
    Waits(usize, i64),
}

/// Why a transaction is not on disk, or may not be.
pub(crate) enum Failure {
    /// Nothing of it is, because of the disk or the database: each request alone would fare the same.
    Nothing(store::Error),
    /// Nothing of it is, because one of the requests is bad.
    Guilty(store::Error),
    /// It is not known, or nothing may be written any more: the process must start anew.
    Final(store::Error),
}

/// The writer's connection. It belongs to one thread, which waits for what it asks.
pub(crate) trait Session: Send {
    /// Executes `fill` in one transaction and commits it. It may be called again, when the first try was in somebody's way.
    fn transact(&self, fill: &mut dyn FnMut() -> Result<(), Error>) -> Result<(), Failure>;

    /// Executes a statement now; how many rows it changed.
    fn execute(&self, text: &'static str, values: &[Param<'_>]) -> Result<usize, Error>;

    /// The rows of a statement, now.
    fn rows(&self, text: &'static str, values: &[Param<'_>]) -> Result<Vec<Row>, Error>;

    /// Whether every statement is a way to a server, so that it pays to ask for many rows at once: see [`Session::foresee`].
    fn is_far(&self) -> bool;

    /// Asks now what [`Session::rows`] will ask of `text`, with each of these values, until it is called again. Whoever calls this
    /// changes nothing meanwhile that would change an answer.
    fn foresee(&self, questions: &[(&'static str, Vec<Vec<Value>>)]) -> Result<(), Error>;

    /// Changes a row, at the latest when the transaction is committed.
    fn put(&self, text: &'static str, key: Key, values: &[Param<'_>]) -> Result<(), Error>;

    /// The same for an update of the row whose id is the first value; see [`Session::changed`].
    fn try_put(&self, text: &'static str, values: &[Param<'_>]) -> Result<Tried, Error>;

    /// Whether it changed its row.
    fn changed(&self, tried: Tried) -> Result<bool, Error>;

    /// Stores a row, new or changed: `put` does both. Where it costs less, `change` is tried first: an update of the columns that
    /// no index needs, which touches the row only if nothing else of it changes.
    fn upsert(
        &self,
        change: (&'static str, &[Param<'_>]),
        put: (&'static str, &[Param<'_>]),
        key: Key,
    ) -> Result<(), Error>;

    /// Begins what [`Session::undo`] takes back or [`Session::keep`] keeps, within the transaction. One at a time.
    fn mark(&self) -> Result<(), Error>;

    /// Takes back everything since [`Session::mark`], also after a statement failed.
    fn undo(&self) -> Result<(), Error>;

    /// Keeps everything since [`Session::mark`].
    fn keep(&self) -> Result<(), Error>;

    /// What the database wants done between two groups.
    fn after_group(&self) {}

    /// Removes for good what was deleted, as far as the database can.
    fn vacuum(&self) -> Result<(), Error>;

    /// Gives at most `pages` free pages back to the system; how many are left.
    fn give_back(&self, pages: u32) -> Result<u64, Error>;

    /// Ends the connection.
    fn close(self: Box<Self>);
}

impl dyn Session + '_ {
    /// Whether the statement has a row.
    pub(crate) fn exists(&self, text: &'static str, values: &[Param<'_>]) -> Result<bool, Error> {
        Ok(!self.rows(text, values)?.is_empty())
    }

    /// The first row of a statement, if there is one.
    pub(crate) fn row<T>(
        &self,
        text: &'static str,
        values: &[Param<'_>],
        read: impl FnOnce(&mut Columns) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.rows(text, values)?.into_iter().next().map(|row| read(&mut Columns::of(row))).transpose()
    }
}
