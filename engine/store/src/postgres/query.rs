//! Values to the server and rows from it.

use std::borrow::Cow;

use sqlx::postgres::{PgArguments, PgConnection, PgRow, Postgres};
use sqlx::query::Query as Bound;
use sqlx::{AssertSqlSafe, Column, Row as _, TypeInfo, ValueRef};

use super::dialect;
use crate::database::error::Error;
use crate::database::query::Query;
use crate::database::value::{Row, Value};

/// Begins a view of one moment.
pub(crate) const VIEW: &str = "begin isolation level repeatable read read only";

/// PostgreSQL's texts hold everything but this character.
const NUL: char = '\0';
/// What it is written as: this character and a 0; this character itself is written as itself and a 1.
const STANDS_FOR: char = '\u{1a}';

/// A text as the server can hold it.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains([NUL, STANDS_FOR]) {
        return Cow::Borrowed(text);
    }
    text.replace(STANDS_FOR, "\u{1a}1").replace(NUL, "\u{1a}0").into()
}

/// The text that [`escaped`] made `text` of.
fn unescaped(text: String) -> String {
    if text.contains(STANDS_FOR) { text.replace("\u{1a}0", "\0").replace("\u{1a}1", "\u{1a}") } else { text }
}

/// A statement with its values.
pub(super) fn bound(text: &'static str, values: Vec<Value>) -> Bound<'static, Postgres, PgArguments> {
    values.into_iter().fold(sqlx::query(AssertSqlSafe(dialect::one(text))), |bound, value| match value {
        Value::Number(number) => bound.bind(number),
        Value::Text(text) => bound.bind(text.map(|text| escaped(&text).into_owned())),
        Value::Bytes(bytes) => bound.bind(bytes),
        Value::Numbers(numbers) => bound.bind(numbers),
        Value::Texts(texts) => bound.bind(texts.iter().map(|text| escaped(text).into_owned()).collect::<Vec<_>>()),
    })
}

/// Every row of `query`.
pub(crate) async fn rows(conn: &mut PgConnection, query: Query) -> Result<Vec<Row>, Error> {
    bound(query.text, query.values).fetch_all(conn).await?.iter().map(row).collect()
}

/// A row that was read.
pub(super) fn row(row: &PgRow) -> Result<Row, Error> {
    let value = |column: usize| {
        if row.try_get_raw(column)?.is_null() {
            return Ok(Value::NULL);
        }
        Ok(match row.column(column).type_info().name() {
            "TEXT" | "VARCHAR" | "NAME" => Value::Text(Some(unescaped(row.try_get_unchecked(column)?))),
            "BYTEA" => Value::Bytes(Some(row.try_get_unchecked(column)?)),
            "INT8" => Value::Number(Some(row.try_get_unchecked(column)?)),
            "INT4" => Value::Number(Some(i64::from(row.try_get_unchecked::<i32, _>(column)?))),
            "BOOL" => Value::Number(Some(i64::from(row.try_get_unchecked::<bool, _>(column)?))),
            other => {
                return Err(Error::Unfit(format!("column {column} of a row is {other}, which is not stored here")));
            }
        })
    };
    Ok(Row((0..row.len()).map(value).collect::<Result<_, Error>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_any_character_comes_back_as_it_was() {
        for text in ["", "Li Wei", "\0", "a\0b\u{1a}c\u{1a}0", "\u{1a}\0\u{1a}1"] {
            let stored = escaped(text);
            assert!(!stored.contains('\0'));
            assert_eq!(unescaped(stored.into_owned()), text);
        }
    }
}
