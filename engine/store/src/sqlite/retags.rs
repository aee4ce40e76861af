//! Operations over many contacts that give or take a rule's tags.

use engine::clock::At;
use engine::ids::{ContactId, RetagId};
use engine::store::{RetagOp, RetagRow};
use rusqlite::{Connection, params};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::columns::Columns;
use super::error::Error;
use super::read::all;
use super::rows;

const BEGIN: &str = "insert into retag (id, rules, rule, what, by, at, total, done, changed, ended_at) \
     values (?, ?, ?, ?, ?, ?, ?, 0, 0, null)";
const FOR: &str = "insert or ignore into retag_contact (retag_id, contact_id) values (?, ?)";
const DONE: &str = "delete from retag_contact where retag_id = ? and contact_id = ?";
const COUNT: &str = "update retag set done = done + ?2, changed = changed + ?3 where id = ?1";
const END: &str = "update retag set ended_at = ?2 where id = ?1 and ended_at is null";
const LEAVE: &str = "delete from retag_contact where retag_id = ?";

/// Carries out one change.
pub(super) fn apply(conn: &Connection, op: &RetagOp) -> Result<(), Error> {
    match op {
        RetagOp::Begin(row, contacts) => {
            let what = serde_json::to_string(&row.what).unwrap_or_default();
            let total = i64::try_from(row.total).unwrap_or(i64::MAX);
            let values = params![row.id.0, row.rules, row.rule, what, row.by, row.at.0, total];
            conn.prepare_cached(BEGIN)?.execute(values)?;
            let mut add = conn.prepare_cached(FOR)?;
            for contact in contacts {
                add.execute([row.id.0, contact.0])?;
            }
        }
        RetagOp::Done { id, contacts, changed } => {
            let mut gone = 0_i64;
            let mut take = conn.prepare_cached(DONE)?;
            for contact in contacts {
                gone += i64::try_from(take.execute([id.0, contact.0])?).unwrap_or_default();
            }
            conn.prepare_cached(COUNT)?.execute(params![id.0, gone, i64::try_from(*changed).unwrap_or(i64::MAX)])?;
        }
        RetagOp::End(id, at) => {
            conn.prepare_cached(END)?.execute([id.0, at.0])?;
            conn.prepare_cached(LEAVE)?.execute([id.0])?;
        }
    }
    Ok(())
}

const LAST: &str =
    "select id, rules, rule, what, by, at, total, done, changed, ended_at from retag order by id desc limit ?";
pub(super) const LEFT: &str = "select contact_id from retag_contact where retag_id = ? order by contact_id limit ?";

/// The newest operations.
pub(super) async fn last(conn: &mut SqliteConnection, limit: u32) -> Result<Vec<RetagRow>, Error> {
    let read = |row: &SqliteRow| {
        let mut c = Columns::of(row);
        Ok(RetagRow {
            id: c.id(RetagId)?,
            rules: c.take()?,
            rule: c.take()?,
            what: {
                let text: String = c.take()?;
                serde_json::from_str(&text).map_err(|error| Error::Unfit(format!("an operation over tags: {error}")))?
            },
            by: c.take()?,
            at: c.id(At)?,
            total: c.take::<i64>()?.unsigned_abs(),
            done: c.take::<i64>()?.unsigned_abs(),
            changed: c.take::<i64>()?.unsigned_abs(),
            ended_at: c.take::<Option<i64>>()?.map(At),
        })
    };
    all(conn, sqlx::query(LAST).bind(limit), read).await
}

/// Contacts of one that are not done.
pub(super) async fn left(conn: &mut SqliteConnection, id: RetagId, limit: u32) -> Result<Vec<ContactId>, Error> {
    let found = all(conn, sqlx::query(LEFT).bind(id.0).bind(limit), rows::number).await?;
    Ok(found.into_iter().map(ContactId).collect())
}
