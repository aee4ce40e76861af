//! The writer's connection: every statement at once, in a transaction that may write from its beginning.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::store;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use super::open;
use crate::database::error::Error;
use crate::database::session::{self, Failure, Key, Tried};
use crate::database::value::{Param, Row, Value};

/// How often a truncating checkpoint after a vacuum is tried while readers are in the way; each try waits 5 s at most.
const TRUNCATE_TRIES: u32 = 3;

/// How long a log that begins anew waits for readers: the writer writes nothing meanwhile.
const ANEW_BUSY: Duration = Duration::from_millis(5);

/// The only connection that writes the file.
pub(super) struct Session {
    conn: Connection,
    /// Set by the checkpoints when the log is to begin anew.
    anew: Arc<AtomicBool>,
}

impl Session {
    /// Opens a file that is up to date.
    pub(super) fn open(path: &Path, anew: Arc<AtomicBool>) -> Result<Self, Error> {
        Ok(Self { conn: open::writer(path)?, anew })
    }

    /// Moves the little that is not in the database yet and waits for whoever still reads the log, a moment at most: then the next
    /// group begins at its start. With a reader in the way the log is tried again when the checkpoints say so.
    fn begin_log_anew(&self) -> rusqlite::Result<()> {
        self.conn.busy_timeout(ANEW_BUSY)?;
        let done = self.conn.query_row("pragma wal_checkpoint(restart)", [], |_| Ok(()));
        self.conn.busy_timeout(open::BUSY)?;
        done
    }

    #[cfg(test)]
    pub(super) fn conn(&self) -> &Connection {
        &self.conn
    }

    fn run(&self, text: &str, values: &[Param<'_>]) -> Result<usize, Error> {
        Ok(self.conn.prepare_cached(text)?.execute(rusqlite::params_from_iter(values))?)
    }

    fn roll_back(&self, error: Error) -> Failure {
        // SQLite rolls back by itself after some errors (a full disk is one).
        if !self.conn.is_autocommit()
            && let Err(refused) = self.run("rollback", &[])
        {
            return Failure::Final(store::Error::InDoubt(refused.to_string()));
        }
        if error.is_full() { Failure::Nothing(error.into()) } else { Failure::Guilty(error.into()) }
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let json = |list: serde_json::Value| ToSqlOutput::from(list.to_string());
        Ok(match *self {
            Self::Number(Some(number)) => ToSqlOutput::Borrowed(ValueRef::Integer(number)),
            Self::Text(Some(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(Some(bytes)) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Number(None) | Self::Text(None) | Self::Bytes(None) => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Numbers(numbers) => json(numbers.into()),
            Self::Texts(texts) => json(texts.into()),
        })
    }
}

impl session::Session for Session {
    fn transact(&self, fill: &mut dyn FnMut() -> Result<(), Error>) -> Result<(), Failure> {
        self.run("begin immediate", &[]).map_err(|error| Failure::Nothing(error.into()))?;
        fill().map_err(|error| self.roll_back(error))?;
        match self.run("commit", &[]) {
            Ok(_) => Ok(()),
            Err(error) if error.is_full() => Err(self.roll_back(error)),
            // A failed sync is never retried: what the disk holds is not known any more.
            Err(error) => Err(Failure::Final(store::Error::InDoubt(error.to_string()))),
        }
    }

    fn execute(&self, text: &'static str, values: &[Param<'_>]) -> Result<usize, Error> {
        self.run(text, values)
    }

    fn rows(&self, text: &'static str, values: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        let mut statement = self.conn.prepare_cached(text)?;
        let columns = statement.column_count();
        let mut found = statement.query(rusqlite::params_from_iter(values))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let value = |column| {
                Ok(match row.get_ref(column)? {
                    ValueRef::Null => Value::NULL,
                    ValueRef::Text(text) => Value::Text(Some(std::str::from_utf8(text)?.to_owned())),
                    ValueRef::Blob(bytes) => Value::Bytes(Some(bytes.to_vec())),
                    ValueRef::Integer(_) | ValueRef::Real(_) => Value::Number(Some(row.get(column)?)),
                })
            };
            rows.push(Row((0..columns).map(value).collect::<rusqlite::Result<_>>()?));
        }
        Ok(rows)
    }

    fn is_far(&self) -> bool {
        false
    }

    fn foresee(&self, _: &[(&'static str, Vec<Vec<Value>>)]) -> Result<(), Error> {
        Ok(())
    }

    fn put(&self, text: &'static str, _: Key, values: &[Param<'_>]) -> Result<(), Error> {
        self.run(text, values)?;
        Ok(())
    }

    fn try_put(&self, text: &'static str, values: &[Param<'_>]) -> Result<Tried, Error> {
        Ok(Tried::Done(self.run(text, values)? > 0))
    }

    fn changed(&self, tried: Tried) -> Result<bool, Error> {
        Ok(tried == Tried::Done(true))
    }

    fn upsert(
        &self,
        change: (&'static str, &[Param<'_>]),
        put: (&'static str, &[Param<'_>]),
        _: Key,
    ) -> Result<(), Error> {
        if self.run(change.0, change.1)? == 0 {
            self.run(put.0, put.1)?;
        }
        Ok(())
    }

    fn mark(&self) -> Result<(), Error> {
        self.run("savepoint mark", &[])?;
        Ok(())
    }

    fn undo(&self) -> Result<(), Error> {
        self.run("rollback to mark", &[])?;
        self.keep()
    }

    fn keep(&self) -> Result<(), Error> {
        self.run("release mark", &[])?;
        Ok(())
    }

    fn after_group(&self) {
        if self.anew.swap(false, Ordering::Relaxed)
            && let Err(error) = self.begin_log_anew()
        {
            tracing::warn!(%error, "the log could not begin anew; it grows until this succeeds");
        }
    }

    fn vacuum(&self) -> Result<(), Error> {
        self.conn.execute_batch("vacuum")?;
        for _ in 0..TRUNCATE_TRIES {
            let busy: i64 = self.conn.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))?;
            if busy == 0 {
                return Ok(());
            }
        }
        Err(Error::Unfit("a reader held the log open: vacuum again when it is done".into()))
    }

    fn give_back(&self, pages: u32) -> Result<u64, Error> {
        // To SQLite, none is all of them.
        if pages > 0 {
            self.conn.execute_batch(&format!("pragma incremental_vacuum({pages})"))?;
        }
        let left: i64 = self.conn.query_row("pragma freelist_count", [], |row| row.get(0))?;
        Ok(left.unsigned_abs())
    }

    fn close(self: Box<Self>) {
        if let Err((_, error)) = self.conn.close() {
            tracing::warn!(%error, "the database did not close cleanly; nothing is lost, the next start takes longer");
        }
    }
}
