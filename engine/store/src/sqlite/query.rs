//! Reading through sqlx.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row as _, TypeInfo, ValueRef};

use crate::database::error::Error;
use crate::database::query::Query;
use crate::database::value::{Row, Value};

/// Every row of `query`.
pub(crate) async fn rows(conn: &mut SqliteConnection, query: Query) -> Result<Vec<Row>, Error> {
    let bound = query.values.into_iter().fold(sqlx::query(query.text), |bound, value| match value {
        Value::Number(number) => bound.bind(number),
        Value::Text(text) => bound.bind(text),
        Value::Bytes(bytes) => bound.bind(bytes),
        Value::Numbers(numbers) => bound.bind(serde_json::Value::from(numbers).to_string()),
        Value::Texts(texts) => bound.bind(serde_json::Value::from(texts).to_string()),
    });
    bound.fetch_all(conn).await?.iter().map(row).collect()
}

fn row(row: &SqliteRow) -> Result<Row, Error> {
    let value = |column: usize| {
        let raw = row.try_get_raw(column)?;
        if raw.is_null() {
            return Ok(Value::NULL);
        }
        Ok(match raw.type_info().name() {
            "TEXT" => Value::Text(Some(row.try_get_unchecked(column)?)),
            "BLOB" => Value::Bytes(Some(row.try_get_unchecked(column)?)),
            _ => Value::Number(Some(row.try_get_unchecked(column)?)),
        })
    };
    Ok(Row((0..row.len()).map(value).collect::<Result<_, Error>>()?))
}
