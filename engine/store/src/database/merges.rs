//! Contacts that became one, and two again.
//!
//! `contact.merged_into` names the contact that stays at the end of the chain, so that one look finds it; `merge` remembers every
//! step, so that each can be taken back.

use engine::clock::At;
use engine::ids::{ContactId, MergeId};
use engine::store::{MergeOp, MergeRow};

use super::columns::Columns;
use super::error::Error;
use super::query::{Conn, all, one, query};
use super::rows;
use super::session::Session;
use super::value::{Row, values};

const JOIN: &str = "insert into merge (id, kept, joined, by, at, before) values (?, ?, ?, ?, ?, ?)";
/// Who was a part of the one that joins is a part of the one that stays.
const INTO: &str = "update contact set merged_into = ?1 where id = ?2 or merged_into = ?2";
const KEEP: &str = "update merge set before = ?2 where id = ?1 and parted_at is null";
const PART: &str = "update merge set parted_at = ?2, parted_by = ?3, before = null where id = ?1 and parted_at is null";
const PARTS_OF: &str = "select id from contact where merged_into = ?1";
const STEP: &str = "select kept from merge where joined = ?1 and parted_at is null order by id desc limit 1";
const POINT: &str = "update contact set merged_into = ?2 where id = ?1";

/// Longest chain that is followed: more would be a circle.
const LONGEST: usize = 1_000;

/// Carries out one change.
pub(crate) fn apply(session: &dyn Session, op: &MergeOp) -> Result<(), Error> {
    match op {
        MergeOp::Join(row) => {
            session.execute(JOIN, values![row.id.0, row.kept.0, row.joined.0, row.by, row.at.0, row.before])?;
            session.execute(INTO, values![row.kept.0, row.joined.0])?;
        }
        MergeOp::Keep(id, before) => {
            session.execute(KEEP, values![id.0, before])?;
        }
        MergeOp::Part { id, joined, at, by } => {
            session.execute(PART, values![id.0, at.0, by])?;
            part(session, *joined)?;
        }
    }
    Ok(())
}

/// Points the one that leaves, and everybody who came with it, to where their steps still lead.
fn part(session: &dyn Session, joined: ContactId) -> Result<(), Error> {
    let Some(stays) = session
        .row("select merged_into from contact where id = ?1", values![joined.0], |c| c.take::<Option<i64>>())?
        .flatten()
    else {
        return Ok(());
    };
    for row in session.rows(PARTS_OF, values![stays])? {
        let contact = rows::number(row)?;
        let end = end_of(session, contact)?;
        session.execute(POINT, values![contact, (end != contact).then_some(end)])?;
    }
    Ok(())
}

/// The contact at the end of the steps that were not taken back.
fn end_of(session: &dyn Session, contact: i64) -> Result<i64, Error> {
    let mut end = contact;
    for _ in 0..LONGEST {
        match session.row(STEP, values![end], |c| c.take())? {
            Some(next) => end = next,
            None => break,
        }
    }
    Ok(end)
}

const LAST: &str = "select id, kept, joined, by, at, before, parted_at, parted_by from merge \
     where parted_at is null order by id desc limit ?";
const ONE: &str = "select id, kept, joined, by, at, before, parted_at, parted_by from merge where id = ?";

fn merge(row: Row) -> Result<MergeRow, Error> {
    let mut c = Columns::of(row);
    Ok(MergeRow {
        id: c.id(MergeId)?,
        kept: c.id(ContactId)?,
        joined: c.id(ContactId)?,
        by: c.take()?,
        at: c.id(At)?,
        before: c.take()?,
        parted_at: c.maybe(At)?,
        parted_by: c.take()?,
    })
}

/// Those that were not taken back, newest first.
pub(crate) async fn last(conn: &mut Conn<'_>, limit: u32) -> Result<Vec<MergeRow>, Error> {
    all(conn, query(LAST).bind(limit), merge).await
}

/// One.
pub(crate) async fn find(conn: &mut Conn<'_>, id: MergeId) -> Result<Option<MergeRow>, Error> {
    one(conn, query(ONE).bind(id.0), merge).await
}

/// Everybody who is one person with `contact`, the one that stays first.
pub(crate) async fn same_person(conn: &mut Conn<'_>, contact: ContactId) -> Result<Vec<ContactId>, Error> {
    let text = "select coalesce(merged_into, id) from contact where id = ?";
    let Some(stays) = one(conn, query(text).bind(contact.0), rows::number).await? else {
        return Ok(vec![contact]);
    };
    let parts = all(conn, query("select id from contact where merged_into = ? order by id").bind(stays), rows::number);
    Ok(std::iter::once(stays).chain(parts.await?).map(ContactId).collect())
}
