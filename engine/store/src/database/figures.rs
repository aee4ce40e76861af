//! What figures about people are counted from. Ids are in order of time, so a time is a range of ids.

use engine::clock::At;
use engine::event::Origin;
use engine::ids::{ConversationId, EventId, Ids, MessageId, RunId, UserId};
use engine::store::{ClosingRow, Error, FIGURES_PAGE, HeardOf, JournalRow, PeopleFigures, RanIn, Spoken};

use super::columns::Columns;
use super::query::{Query, all, query};
use super::rows::{self, columns};
use super::session::{Key, Session};
use super::value::{Row, values};
use super::{Database, error};

const CLOSE: &str = "insert into closing (id, conversation_id, opened_at, at, agent, team) values (?, ?, ?, ?, ?, ?) on conflict do nothing";

pub(crate) const CLOSINGS: &str = "select id, conversation_id, opened_at, at, agent, team from closing \
     where at >= ? and at < ? order by at limit 20000";
pub(crate) const HEARD: &str =
    "select id, conversation_id, origin from event where id > ? and id <= ? order by id limit ?";
pub(crate) const SPOKEN: &str =
    "select id, conversation_id, by from said where id > ? and id <= ? and kind > 0 order by id limit ?";
pub(crate) const RAN: &str = "select run.id, run.conversation_id, version.flow from run \
     cross join version on version.id = run.version_id where run.id > ? and run.id <= ? order by run.id limit ?";
pub(crate) const JOURNAL: &str =
    concat!("select ", columns!(journal), " from journal where subject = ? and id > ? order by seq limit 20000");

/// Stores a closed session.
pub(crate) fn close(session: &dyn Session, row: &ClosingRow) -> Result<(), error::Error> {
    session.put(
        CLOSE,
        Key::of(row.id),
        values![row.id, row.conversation_id.0, row.opened_at.0, row.at.0, row.agent.map(|user| user.0), row.team,],
    )
}

fn closing(row: Row) -> Result<ClosingRow, error::Error> {
    let mut c = Columns::of(row);
    Ok(ClosingRow {
        id: c.take()?,
        conversation_id: c.id(ConversationId)?,
        opened_at: c.id(At)?,
        at: c.id(At)?,
        agent: c.maybe(UserId)?,
        team: c.take()?,
    })
}

/// A page of rows behind `after` whose ids were made before `until`.
fn page(text: &'static str, after: i64, until: At) -> Query {
    query(text).bind(after).bind(Ids::floor(until)).bind(u32::try_from(FIGURES_PAGE).unwrap_or(u32::MAX))
}

impl PeopleFigures for Database {
    async fn closings(&self, from: At, until: At) -> Result<Vec<ClosingRow>, Error> {
        let asked = query(CLOSINGS).bind(from.0).bind(until.0);
        Ok(all(&mut self.reader().await?.conn(), asked, closing).await?)
    }

    async fn heard_page(&self, after: EventId, until: At) -> Result<Vec<HeardOf>, Error> {
        let read = |row: Row| {
            let mut c = Columns::of(row);
            let (event, conversation) = (c.id(EventId)?, c.maybe(ConversationId)?);
            Ok(HeardOf { event, conversation, origin: Origin::from_code(c.take()?) })
        };
        Ok(all(&mut self.reader().await?.conn(), page(HEARD, after.0, until), read).await?)
    }

    async fn spoken_page(&self, after: MessageId, until: At) -> Result<Vec<Spoken>, Error> {
        let read = |row: Row| {
            let mut c = Columns::of(row);
            Ok(Spoken { message: c.id(MessageId)?, conversation: c.id(ConversationId)?, by: c.maybe(UserId)? })
        };
        Ok(all(&mut self.reader().await?.conn(), page(SPOKEN, after.0, until), read).await?)
    }

    async fn run_page(&self, after: RunId, until: At) -> Result<Vec<RanIn>, Error> {
        let read = |row: Row| {
            let mut c = Columns::of(row);
            Ok(RanIn { run: c.id(RunId)?, conversation: c.maybe(ConversationId)?, flow: c.take()? })
        };
        Ok(all(&mut self.reader().await?.conn(), page(RAN, after.0, until), read).await?)
    }

    async fn journal_since(&self, subject: i64, from: At) -> Result<Vec<JournalRow>, Error> {
        let asked = query(JOURNAL).bind(subject).bind(Ids::floor(from));
        Ok(all(&mut self.reader().await?.conn(), asked, rows::journal).await?)
    }
}
