//! Operations over many contacts that give or take a rule's tags.

use engine::clock::At;
use engine::ids::{ContactId, RetagId};
use engine::order::Retagging;
use engine::store::{RetagOp, RetagRow};

use super::columns::Columns;
use super::error::Error;
use super::query::{Conn, all, query};
use super::rows;
use super::session::Session;
use super::value::{Row, values};

const BEGIN: &str = "insert into retag (id, rules, rule, what, by, at, total, done, changed, ended_at) \
     values (?, ?, ?, ?, ?, ?, ?, 0, 0, null)";
const FOR: &str = "insert into retag_contact (retag_id, contact_id) values (?, ?) on conflict do nothing";
const DONE: &str = "delete from retag_contact where retag_id = ? and contact_id = ?";
const COUNT: &str = "update retag set done = done + ?2, changed = changed + ?3 where id = ?1";
const END: &str = "update retag set ended_at = ?2 where id = ?1 and ended_at is null";
const LEAVE: &str = "delete from retag_contact where retag_id = ?";

/// Carries out one change.
pub(crate) fn apply(session: &dyn Session, op: &RetagOp) -> Result<(), Error> {
    match op {
        RetagOp::Begin(row, contacts) => {
            let what = serde_json::to_string(&row.what).unwrap_or_default();
            let total = i64::try_from(row.total).unwrap_or(i64::MAX);
            session.execute(BEGIN, values![row.id.0, row.rules, row.rule, what, row.by, row.at.0, total])?;
            for contact in contacts {
                session.execute(FOR, values![row.id.0, contact.0])?;
            }
        }
        RetagOp::Done { id, contacts, changed } => {
            let mut gone = 0_i64;
            for contact in contacts {
                gone += i64::try_from(session.execute(DONE, values![id.0, contact.0])?).unwrap_or_default();
            }
            let changed = i64::try_from(*changed).unwrap_or(i64::MAX);
            session.execute(COUNT, values![id.0, gone, changed])?;
        }
        RetagOp::End(id, at) => {
            session.execute(END, values![id.0, at.0])?;
            session.execute(LEAVE, values![id.0])?;
        }
    }
    Ok(())
}

const LAST: &str =
    "select id, rules, rule, what, by, at, total, done, changed, ended_at from retag order by id desc limit ?";
/// Those that belong to no file of rules.
const RENAMINGS: &str = "select what from retag where rules = '' order by id";
pub(crate) const LEFT: &str = "select contact_id from retag_contact where retag_id = ? order by contact_id limit ?";

/// The newest operations.
pub(crate) async fn last(conn: &mut Conn<'_>, limit: u32) -> Result<Vec<RetagRow>, Error> {
    let read = |row: Row| {
        let mut c = Columns::of(row);
        Ok(RetagRow {
            id: c.id(RetagId)?,
            rules: c.take()?,
            rule: c.take()?,
            what: what(&c.take::<String>()?)?,
            by: c.take()?,
            at: c.id(At)?,
            total: c.take::<i64>()?.unsigned_abs(),
            done: c.take::<i64>()?.unsigned_abs(),
            changed: c.take::<i64>()?.unsigned_abs(),
            ended_at: c.take::<Option<i64>>()?.map(At),
        })
    };
    all(conn, query(LAST).bind(limit), read).await
}

fn what(text: &str) -> Result<Retagging, Error> {
    serde_json::from_str(text).map_err(|error| Error::Unfit(format!("an operation over tags: {error}")))
}

/// Tags that got another name, oldest first.
pub(crate) async fn renamings(conn: &mut Conn<'_>) -> Result<Vec<(String, String)>, Error> {
    let read = |row: Row| what(&Columns::of(row).take::<String>()?);
    let all = all(conn, query(RENAMINGS), read).await?;
    let names = all.into_iter().filter_map(|what| match what {
        Retagging::Rename { from, to } => Some((from, to)),
        Retagging::Give | Retagging::TakeBack { .. } => None,
    });
    Ok(names.collect())
}

/// Contacts of one that are not done.
pub(crate) async fn left(conn: &mut Conn<'_>, id: RetagId, limit: u32) -> Result<Vec<ContactId>, Error> {
    let found = all(conn, query(LEFT).bind(id.0).bind(limit), rows::number).await?;
    Ok(found.into_iter().map(ContactId).collect())
}
