//! Statements over many rows: one text for 1, 2, 4 … 64 rows of `?`, prepared once and used again.
//!
//! Each statement costs a hop to the connection's thread, so a group of any size takes few of them; and as the texts are
//! few as well, all of them stay prepared.

use std::sync::{Arc, OnceLock};

use futures_util::TryStreamExt;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, Type};

use super::error::Error;

/// How many sizes there are: powers of two from 1 to 64.
const SIZES: usize = 7;

/// A statement with a place for many rows of values: `head (?,…),(?,…) tail`.
pub(crate) struct Many {
    head: &'static str,
    width: usize,
    tail: &'static str,
    texts: [OnceLock<Arc<str>>; SIZES],
}

impl Many {
    /// A statement whose rows are `width` values wide.
    pub(crate) const fn new(head: &'static str, width: usize, tail: &'static str) -> Self {
        Self { head, width, tail, texts: [const { OnceLock::new() }; SIZES] }
    }

    /// The text for `1 << power` rows.
    pub(crate) fn text(&self, power: usize) -> Arc<str> {
        let make = || {
            let row = format!("({})", vec!["?"; self.width].join(","));
            format!("{} {} {}", self.head, vec![row; 1 << power].join(","), self.tail).into()
        };
        Arc::clone(self.texts[power].get_or_init(make))
    }

    /// The next rows to take from `rows`, with the power of two they are.
    fn chunk<'r, T>(rows: &mut &'r [T]) -> Option<(usize, &'r [T])> {
        let power = (rows.len().checked_ilog2()? as usize).min(SIZES - 1);
        let (chunk, rest) = rows.split_at(1 << power);
        *rows = rest;
        Some((power, chunk))
    }

    fn bound<T>(&self, rows: &[T], bind: impl Fn(Values, &T) -> Values) -> SqliteArguments {
        let mut values = Values(SqliteArguments::default());
        values.0.reserve(rows.len() * self.width, 0);
        values = rows.iter().fold(values, bind);
        debug_assert_eq!(values.0.len(), rows.len() * self.width, "{}", self.head);
        values.0
    }

    /// Carries it out for all `rows`. Answers how many rows were touched.
    pub(crate) async fn execute<T: Sync>(
        &self,
        conn: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(Values, &T) -> Values + Copy + Send + Sync,
    ) -> Result<u64, Error> {
        let (mut rest, mut touched) = (rows, 0);
        while let Some((power, chunk)) = Self::chunk(&mut rest) {
            let query = sqlx::query_with(AssertSqlSafe(self.text(power)), self.bound(chunk, bind));
            touched += query.execute(&mut *conn).await?.rows_affected();
        }
        Ok(touched)
    }

    /// Carries it out for all `rows` and reads what it returns.
    pub(crate) async fn fetch<T: Sync, R: Send>(
        &self,
        conn: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(Values, &T) -> Values + Copy + Send + Sync,
        read: impl Fn(&SqliteRow) -> Result<R, Error> + Send + Sync,
    ) -> Result<Vec<R>, Error> {
        let (mut rest, mut found) = (rows, Vec::new());
        while let Some((power, chunk)) = Self::chunk(&mut rest) {
            let query = sqlx::query_with(AssertSqlSafe(self.text(power)), self.bound(chunk, bind));
            let mut answers = query.fetch(&mut *conn);
            while let Some(row) = answers.try_next().await? {
                found.push(read(&row)?);
            }
        }
        Ok(found)
    }
}

/// The values of a statement, in order.
pub(crate) struct Values(SqliteArguments);

impl Values {
    /// Adds one. What is bound here is integers, text and bytes, or their absence.
    pub(crate) fn push<'v, V: Encode<'v, Sqlite> + Type<Sqlite>>(mut self, value: V) -> Self {
        self.0.add(value).expect("integers, text and bytes always encode");
        self
    }
}
