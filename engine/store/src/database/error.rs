//! What goes wrong inside the driver, and what the engine is told of it.

use engine::store;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// SQLite's primary result code for a full disk. Source: sqlite.org/rescode.html, `SQLITE_FULL`.
const SQLITE_FULL: i32 = 13;
/// SQLite's extended code for a second row with the same unique value. Source: sqlite.org/rescode.html.
const SQLITE_CONSTRAINT_UNIQUE: i32 = 2067;
/// PostgreSQL's code for the same. Source: postgresql.org/docs/15/errcodes-appendix.html, as those below.
const UNIQUE_VIOLATION: &str = "23505";
/// PostgreSQL's code for a full disk.
const DISK_FULL: &str = "53100";
/// PostgreSQL's codes for somebody else being in the way: serialization failure, deadlock, lock not available.
const IN_THE_WAY: [&str; 3] = ["40001", "40P01", "55P03"];
/// PostgreSQL's classes of codes for a request that cannot be stored: data exceptions, violated constraints.
const REFUSED_CLASSES: [&str; 2] = ["22", "23"];
/// Primary result codes for a request that cannot be stored, however often it is repeated: `SQLITE_TOOBIG`,
/// `SQLITE_CONSTRAINT` (a `STRICT` column's type is one), `SQLITE_MISMATCH`. Source: sqlite.org/rescode.html.
const REFUSALS: [i32; 3] = [18, 19, 20];

/// Something that kept the driver from doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database said no to a reader.
    #[error(transparent)]
    Read(#[from] sqlx::Error),
    /// The database said no to the writer.
    #[error(transparent)]
    Write(#[from] rusqlite::Error),
    /// A stored code that this version does not know.
    #[error("table {table} holds {column} = {code}, which this version does not know: a newer one wrote it")]
    Code {
        /// Where.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// What is there.
        code: i64,
    },
    /// Another process writes the database.
    #[error("{0}")]
    Taken(String),
    /// The database cannot be used as it is.
    #[error("{0}")]
    Unfit(String),
}

/// What an error means for the request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Full,
    Refused,
    Trouble,
}

impl Error {
    /// SQLite's extended result code, if it is an error of SQLite.
    fn sqlite(&self) -> Option<i32> {
        match self {
            Self::Read(sqlx::Error::Database(error)) if error.try_downcast_ref::<SqliteError>().is_some() => {
                error.code()?.parse().ok()
            }
            Self::Write(rusqlite::Error::SqliteFailure(error, _)) => Some(error.extended_code),
            _ => None,
        }
    }

    /// PostgreSQL's code, if it is an error of PostgreSQL.
    fn postgres(&self) -> Option<&str> {
        let Self::Read(sqlx::Error::Database(error)) = self else { return None };
        error.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::code)
    }

    fn meaning(&self) -> Meaning {
        if let Some(code) = self.postgres() {
            return match code {
                DISK_FULL => Meaning::Full,
                code if REFUSED_CLASSES.iter().any(|class| code.starts_with(class)) => Meaning::Refused,
                _ => Meaning::Trouble,
            };
        }
        // The low byte is the primary one.
        match self.sqlite().map(|extended| extended & 0xff) {
            Some(SQLITE_FULL) => Meaning::Full,
            Some(code) if REFUSALS.contains(&code) => Meaning::Refused,
            _ => Meaning::Trouble,
        }
    }

    /// Whether the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        self.meaning() == Meaning::Full
    }

    /// Whether a unique value is there already.
    pub(crate) fn is_taken(&self) -> bool {
        self.sqlite() == Some(SQLITE_CONSTRAINT_UNIQUE) || self.postgres() == Some(UNIQUE_VIOLATION)
    }

    /// Whether the same again may succeed at once, as somebody else was in the way.
    pub(crate) fn is_in_the_way(&self) -> bool {
        self.postgres().is_some_and(|code| IN_THE_WAY.contains(&code))
    }

    /// Whether the server did not answer, or ended the session: what was asked may or may not have been done.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            // Class 57: the operator intervened; class 08: the connection; 25P03: a transaction was idle for too long.
            Self::Read(sqlx::Error::Database(_)) => {
                self.postgres().is_some_and(|code| code.starts_with("57P") || code.starts_with("08") || code == "25P03")
            }
            Self::Read(error) => !matches!(error, sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. }),
            _ => false,
        }
    }
}

impl From<Error> for store::Error {
    fn from(error: Error) -> Self {
        if let Error::Taken(who) = error {
            return Self::Taken(who);
        }
        match error.meaning() {
            Meaning::Full => Self::Full,
            Meaning::Refused => Self::Refused(error.to_string()),
            Meaning::Trouble => Self::Broken(error.to_string()),
        }
    }
}
