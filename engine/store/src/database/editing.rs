//! Drafts, publications, labels and reviews: what the editor keeps of documents.

use engine::clock::At;
use engine::flow::Kind;
use engine::ids::{ContactId, RetagId, VersionId};
use engine::store::{
    DraftRow, EditOp, Editing, Error as StoreError, MetaRow, PublicationRow, RetagRow, ReviewRow, ReviewState,
    VersionRow,
};

use super::Database;
use super::columns::Columns;
use super::error::Error;
use super::query::{all, one, query};
use super::session::Session;
use super::value::{Row, values};
use super::{collections, retags};

pub(crate) const CHANGE_DRAFT: &str = "insert into draft (flow, kind, text, revision, based_on, by, at, authors) \
     values (?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (flow) do update set kind = excluded.kind, text = excluded.text, revision = excluded.revision, \
       based_on = excluded.based_on, by = excluded.by, at = excluded.at, authors = excluded.authors \
     where draft.revision = excluded.revision - 1";
/// Whoever edits without a draft edits the text in force: when another one takes its place, what they read is not the newest any
/// more.
const IN_FORCE_CHANGED: &str = "insert into draft (flow, kind, text, revision, based_on, by, at) values (?, ?, null, 1, null, ?, ?) \
     on conflict (flow) do update set revision = draft.revision + 1 where draft.text is null";
const PUBLISHED: &str =
    "insert into published (flow, version_id, at, by, comment, rollback, authors) values (?, ?, ?, ?, ?, ?, ?)";
const META: &str = "insert into flow_meta (flow, labels, folder, rev) values (?, ?, ?, ?) \
     on conflict (flow) do update set labels = excluded.labels, folder = excluded.folder, rev = excluded.rev \
     where flow_meta.rev = excluded.rev - 1";
const REVIEW: &str = "insert into review (flow, revision, asked_by, asked_at, comment, state, answered_by, answered_at, answer) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (flow) do update set revision = excluded.revision, asked_by = excluded.asked_by, \
       asked_at = excluded.asked_at, comment = excluded.comment, state = excluded.state, \
       answered_by = excluded.answered_by, answered_at = excluded.answered_at, answer = excluded.answer";

const DRAFT: &str = "select flow, kind, text, revision, based_on, by, at, authors from draft where flow = ?";
const DRAFTS: &str =
    "select flow, kind, text, revision, based_on, by, at, authors from draft where text is not null order by flow";
pub(crate) const PUBLICATIONS: &str =
    "select flow, version_id, at, by, comment, rollback, authors from published where flow = ? order by id desc";
const METAS: &str = "select flow, labels, folder, rev from flow_meta order by flow";
const LAST_REVIEW: &str = "select flow, revision, asked_by, asked_at, comment, state, answered_by, answered_at, answer \
     from review where flow = ?";
const REVIEWS: &str = "select flow, revision, asked_by, asked_at, comment, state, answered_by, answered_at, answer \
     from review order by flow";

const REVIEW_STATES: [ReviewState; 3] = [ReviewState::Asked, ReviewState::Approved, ReviewState::Declined];

/// Notes that another version than before is in force.
pub(crate) fn in_force_changed(session: &dyn Session, row: &VersionRow) -> Result<(), Error> {
    session.execute(IN_FORCE_CHANGED, values![row.flow, row.kind as i64, row.by, row.at.0])?;
    Ok(())
}

/// Carries out one change.
pub(crate) fn apply(session: &dyn Session, op: &EditOp) -> Result<(), Error> {
    match op {
        EditOp::Draft(row) => {
            let changed = session.execute(
                CHANGE_DRAFT,
                values![
                    row.flow,
                    row.kind as i64,
                    row.text,
                    row.revision,
                    row.based_on.map(|version| version.0),
                    row.by,
                    row.at.0,
                    listed(&row.authors),
                ],
            )?;
            expect_over(changed, "draft", &row.flow)?;
        }
        EditOp::Published(row) => {
            let authors = listed(&row.authors);
            session.execute(
                PUBLISHED,
                values![row.flow, row.version.0, row.at.0, row.by, row.comment, row.rollback, authors],
            )?;
        }
        EditOp::Retag(op) => retags::apply(session, op)?,
        EditOp::Contacts(op) => collections::apply(session, op)?,
        EditOp::Meta(row) => {
            let changed = session.execute(META, values![row.flow, listed(&row.labels), row.folder, row.rev])?;
            expect_over(changed, "place", &row.flow)?;
        }
        EditOp::Review(row) => {
            session.execute(
                REVIEW,
                values![
                    row.flow,
                    row.revision,
                    row.asked_by,
                    row.asked_at.0,
                    row.comment,
                    row.state as i64,
                    row.answered_by,
                    row.answered_at.map(|at| at.0),
                    row.answer,
                ],
            )?;
        }
        EditOp::Deleted(flow) => {
            session.execute("delete from flow_meta where flow = ?", values![flow])?;
            session.execute("delete from review where flow = ?", values![flow])?;
        }
    }
    Ok(())
}

/// Refuses a change that is not over the revision before.
fn expect_over(changed: usize, what: &str, flow: &str) -> Result<(), Error> {
    if changed == 0 {
        return Err(Error::Unfit(format!("the {what} of `{flow}` is not at the revision before")));
    }
    Ok(())
}

/// A list of words as it is stored.
fn listed(words: &[String]) -> String {
    serde_json::Value::from(words).to_string()
}

fn list(c: &mut Columns) -> Result<Vec<String>, Error> {
    let text: String = c.take()?;
    serde_json::from_str(&text).map_err(|error| Error::Unfit(format!("a list of words: {error}")))
}

fn draft(row: Row) -> Result<DraftRow, Error> {
    let mut c = Columns::of(row);
    Ok(DraftRow {
        flow: c.take()?,
        kind: c.id(Kind::from_code)?,
        text: c.take()?,
        revision: c.take()?,
        based_on: c.maybe(VersionId)?,
        by: c.take()?,
        at: c.id(At)?,
        authors: list(&mut c)?,
    })
}

fn publication(row: Row) -> Result<PublicationRow, Error> {
    let mut c = Columns::of(row);
    Ok(PublicationRow {
        flow: c.take()?,
        version: c.id(VersionId)?,
        at: c.id(At)?,
        by: c.take()?,
        comment: c.take()?,
        rollback: c.take()?,
        authors: list(&mut c)?,
    })
}

fn meta(row: Row) -> Result<MetaRow, Error> {
    let mut c = Columns::of(row);
    Ok(MetaRow { flow: c.take()?, labels: list(&mut c)?, folder: c.take()?, rev: c.take()? })
}

fn review(row: Row) -> Result<ReviewRow, Error> {
    let mut c = Columns::of(row);
    Ok(ReviewRow {
        flow: c.take()?,
        revision: c.take()?,
        asked_by: c.take()?,
        asked_at: c.id(At)?,
        comment: c.take()?,
        state: c.code("review", "state", &REVIEW_STATES, |state| state as i64)?,
        answered_by: c.take()?,
        answered_at: c.maybe(At)?,
        answer: c.take()?,
    })
}

impl Editing for Database {
    async fn draft(&self, flow: &str) -> Result<Option<DraftRow>, StoreError> {
        Ok(one(&mut self.reader().await?.conn(), query(DRAFT).bind(flow), draft).await?)
    }

    async fn drafts(&self) -> Result<Vec<DraftRow>, StoreError> {
        Ok(all(&mut self.reader().await?.conn(), query(DRAFTS), draft).await?)
    }

    async fn published(&self, flow: &str) -> Result<Vec<PublicationRow>, StoreError> {
        Ok(all(&mut self.reader().await?.conn(), query(PUBLICATIONS).bind(flow), publication).await?)
    }

    async fn metas(&self) -> Result<Vec<MetaRow>, StoreError> {
        Ok(all(&mut self.reader().await?.conn(), query(METAS), meta).await?)
    }

    async fn retags(&self, limit: u32) -> Result<Vec<RetagRow>, StoreError> {
        Ok(retags::last(&mut self.reader().await?.conn(), limit).await?)
    }

    async fn tag_renamings(&self) -> Result<Vec<(String, String)>, StoreError> {
        Ok(retags::renamings(&mut self.reader().await?.conn()).await?)
    }

    async fn retag_contacts(&self, id: RetagId, limit: u32) -> Result<Vec<ContactId>, StoreError> {
        Ok(retags::left(&mut self.reader().await?.conn(), id, limit).await?)
    }

    async fn review(&self, flow: &str) -> Result<Option<ReviewRow>, StoreError> {
        Ok(one(&mut self.reader().await?.conn(), query(LAST_REVIEW).bind(flow), review).await?)
    }

    async fn reviews(&self) -> Result<Vec<ReviewRow>, StoreError> {
        Ok(all(&mut self.reader().await?.conn(), query(REVIEWS), review).await?)
    }
}
