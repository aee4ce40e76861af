//! What is put, gathered: one statement for many rows.
//!
//! Statements of one table that touch different rows may change places, so a row joins the last statement of the same text,
//! unless a later one of its table is about something it depends on.

use std::collections::HashSet;

use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;

use super::dialect;
use super::query::escaped;
use crate::database::error::Error;
use crate::database::session::Key;
use crate::database::value::{Param, Value};

/// One statement and its rows.
pub(super) struct Batch {
    /// Its number within the transaction.
    pub(super) number: usize,
    text: &'static str,
    table: &'static str,
    rows: Vec<(i64, Vec<Value>)>,
    /// Rows it has already: none twice, as PostgreSQL changes a row once a statement.
    keys: HashSet<i64>,
    orders: HashSet<i64>,
}

/// What waits to be executed, in order.
#[derive(Default)]
pub(super) struct Batches {
    waiting: Vec<Batch>,
    next: usize,
}

impl Batches {
    /// Adds a row; the number of the statement that it joins.
    pub(super) fn put(&mut self, text: &'static str, key: Key, values: &[Param<'_>]) -> usize {
        let at = self.place(text, key);
        let batch = &mut self.waiting[at];
        batch.rows.push((key.row, values.iter().map(|value| Value::from(*value)).collect()));
        batch.keys.insert(key.row);
        batch.orders.insert(key.order);
        batch.number
    }

    fn place(&mut self, text: &'static str, key: Key) -> usize {
        let table = dialect::table(text);
        for (at, batch) in self.waiting.iter().enumerate().rev() {
            if batch.table != table {
                continue;
            }
            if std::ptr::eq(batch.text, text) && !batch.keys.contains(&key.row) {
                return at;
            }
            if batch.orders.contains(&key.order) {
                break;
            }
        }
        let (rows, keys, orders) = (Vec::new(), HashSet::new(), HashSet::new());
        self.waiting.push(Batch { number: self.next, text, table, rows, keys, orders });
        self.next += 1;
        self.waiting.len() - 1
    }

    /// Takes everything that waits.
    pub(super) fn take(&mut self) -> Vec<Batch> {
        std::mem::take(&mut self.waiting)
    }

    /// Begins anew.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A column of values of one type.
pub(super) enum List {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Batch {
    /// The statement with its values. Rows are in order of their keys: whoever locks several does it in this order.
    pub(super) fn query(mut self) -> Result<Query<'static, Postgres, PgArguments>, Error> {
        self.rows.sort_by_key(|(key, _)| *key);
        let query = sqlx::query(AssertSqlSafe(dialect::many(self.text)));
        Ok(bind(query, lists(self.text, self.rows.into_iter().map(|(_, values)| values))?))
    }
}

/// One question that is asked many times, with the number of each before its answers.
pub(super) fn question(
    text: &'static str,
    asked: &[Vec<Value>],
) -> Result<Query<'static, Postgres, PgArguments>, Error> {
    let query = sqlx::query(AssertSqlSafe(dialect::question(text)));
    let numbers: Vec<i64> = (0..).take(asked.len()).collect();
    Ok(bind(query.bind(numbers), lists(text, asked.iter().cloned())?))
}

/// Rows as columns.
pub(super) fn lists(text: &str, rows: impl Iterator<Item = Vec<Value>>) -> Result<Vec<List>, Error> {
    let mut columns: Vec<List> = Vec::new();
    for (column, value) in rows.flat_map(|values| values.into_iter().enumerate()) {
        if columns.len() == column {
            columns.push(match value {
                Value::Text(_) => List::Texts(Vec::new()),
                Value::Bytes(_) => List::Bytes(Vec::new()),
                _ => List::Numbers(Vec::new()),
            });
        }
        match (&mut columns[column], value) {
            (List::Numbers(list), Value::Number(number)) => list.push(number),
            (List::Texts(list), Value::Text(text)) => list.push(text.map(|text| escaped(&text).into_owned())),
            (List::Bytes(list), Value::Bytes(bytes)) => list.push(bytes),
            _ => return Err(Error::Unfit(format!("values of two types for one column of `{text}`"))),
        }
    }
    Ok(columns)
}

/// Gives a statement its columns.
pub(super) fn bind(
    query: Query<'static, Postgres, PgArguments>,
    columns: Vec<List>,
) -> Query<'static, Postgres, PgArguments> {
    columns.into_iter().fold(query, |query, list| match list {
        List::Numbers(list) => query.bind(list),
        List::Texts(list) => query.bind(list),
        List::Bytes(list) => query.bind(list),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::value::values;

    const INSERT: &str = "insert into a (id) values (?)";
    const CLOSE: &str = "update a set b = 1 where id = ?";
    const OTHER: &str = "insert into c (id) values (?)";

    fn texts(puts: &[(&'static str, i64)]) -> Vec<(&'static str, usize)> {
        let mut batches = Batches::default();
        for (text, row) in puts {
            batches.put(text, Key::of(*row), values![row]);
        }
        batches.take().into_iter().map(|batch| (batch.text, batch.rows.len())).collect()
    }

    #[test]
    fn rows_of_many_works_join_one_statement() {
        let puts = [(INSERT, 1), (OTHER, 1), (CLOSE, 7), (INSERT, 2), (OTHER, 2), (CLOSE, 8)];
        assert_eq!(texts(&puts), [(INSERT, 2), (OTHER, 2), (CLOSE, 2)]);
    }

    #[test]
    fn what_is_done_to_one_row_keeps_its_order() {
        assert_eq!(texts(&[(INSERT, 1), (CLOSE, 1), (INSERT, 1)]), [(INSERT, 1), (CLOSE, 1), (INSERT, 1)]);
        assert_eq!(texts(&[(CLOSE, 1), (INSERT, 1), (CLOSE, 2), (CLOSE, 1)]), [(CLOSE, 2), (INSERT, 1), (CLOSE, 1)]);
        assert_eq!(texts(&[(CLOSE, 1), (CLOSE, 1)]), [(CLOSE, 1), (CLOSE, 1)], "once a statement");
    }
}
