//! What goes wrong inside the driver, and what the engine is told of it.

use engine::store;

/// SQLite's primary result code for a full disk. Source: sqlite.org/rescode.html, `SQLITE_FULL`.
const SQLITE_FULL: i32 = 13;
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
    #[error(
        "table {table} holds {column} = {code}, which this version does not know: the file was written by a newer one"
    )]
    Code {
        /// Where.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// What is there.
        code: i64,
    },
    /// The file cannot be used as it is.
    #[error("{0}")]
    Unfit(String),
}

impl Error {
    /// SQLite's primary result code, if it is an error of SQLite.
    fn code(&self) -> Option<i32> {
        let extended = match self {
            Self::Read(sqlx::Error::Database(error)) => error.code()?.parse().ok()?,
            Self::Write(rusqlite::Error::SqliteFailure(error, _)) => error.extended_code,
            _ => return None,
        };
        // The low byte is the primary one.
        Some(extended & 0xff)
    }

    /// Whether the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        self.code() == Some(SQLITE_FULL)
    }
}

impl From<Error> for store::Error {
    fn from(error: Error) -> Self {
        match error.code() {
            Some(SQLITE_FULL) => Self::Full,
            Some(code) if REFUSALS.contains(&code) => Self::Refused(error.to_string()),
            _ => Self::Broken(error.to_string()),
        }
    }
}
