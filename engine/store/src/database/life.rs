//! What happens to runs from outside their flows: publications that they are told of, and the first hour of triggers.

use engine::clock::At;
use engine::first_hour::{HourRow, Phase};
use engine::ids::{MailboxId, VersionId};
use engine::publication::{Publication, PublicationOp};
use engine::store::{WaitRow, WaitingRow, WaitingRows};

use super::columns::Columns;
use super::error::Error;
use super::query::{Conn, all, one, query};
use super::rows::{self, columns};
use super::session::{Key, Session};
use super::value::{Row, values};

/// Carries out what a work wants of publications.
pub(crate) fn publish(session: &dyn Session, op: &PublicationOp) -> Result<(), Error> {
    match op {
        PublicationOp::Begin(new) => {
            let choices = serde_json::to_string(&new.choices).map_err(|error| Error::Unfit(error.to_string()))?;
            let text = "insert into publication (flow, version_id, removed, choices, by, at) \
                        values (?, ?, ?, ?, ?, ?) on conflict (flow) do update set version_id = excluded.version_id, \
                          removed = excluded.removed, choices = excluded.choices, by = excluded.by, at = excluded.at";
            session.execute(text, values![new.flow, new.version.0, new.removed, choices, new.by, new.at.0])?;
        }
        PublicationOp::Done { flow, version } => {
            let text = "delete from publication where flow = ? and version_id = ?";
            session.execute(text, values![flow, version.0])?;
        }
    }
    Ok(())
}

/// Publications that are not over.
pub(crate) async fn publications(conn: &mut Conn<'_>) -> Result<Vec<Publication>, Error> {
    let text = "select flow, version_id, removed, choices, by, at from publication order by flow";
    all(conn, query(text), |row: Row| {
        let mut c = Columns::of(row);
        let (flow, version, removed) = (c.take()?, c.id(VersionId)?, c.id(|removed| removed != 0)?);
        let choices: String = c.take()?;
        let choices = serde_json::from_str(&choices).map_err(|error| Error::Unfit(format!("choices: {error}")))?;
        Ok(Publication { flow, version, removed, choices, by: c.take()?, at: c.id(At)? })
    })
    .await
}

/// Read in the order of the index of open runs, which holds all that is asked: a version has many more runs that are over.
pub(crate) const MAILBOXES_OF: &str = "select distinct run.mailbox from run \
     where run.status < 10 and run.mailbox > ?2 and +run.version_id in (select id from version where flow = ?1) \
     order by run.mailbox limit ?3";

pub(crate) async fn mailboxes_of(
    conn: &mut Conn<'_>,
    flow: &str,
    after: MailboxId,
    limit: u32,
) -> Result<Vec<MailboxId>, Error> {
    let query = query(MAILBOXES_OF).bind(flow).bind(after.0).bind(limit);
    all(conn, query, |row| rows::number(row).map(MailboxId)).await
}

pub(crate) const OPEN_OF: &str = "select count(*) from run where run.status < 10 and run.mailbox > ?2 \
     and run.mailbox <= ?3 and +run.version_id in (select id from version where flow = ?1)";
/// Timers and awaited events only: a deadline is nothing that a run waits for.
pub(crate) const WAITING: &str = "select run.version_id, wait.cursor, count(*), min(wait.due_at) from run \
     cross join wait on wait.mailbox = run.mailbox and wait.state = 0 and wait.run_id = run.id and wait.kind in (0, 1) \
     where run.status < 10 and run.mailbox > ?2 and run.mailbox <= ?3 \
       and +run.version_id in (select id from version where flow = ?1) group by run.version_id, wait.cursor";

pub(crate) async fn waiting(
    conn: &mut Conn<'_>,
    flow: &str,
    (after, until): (MailboxId, MailboxId),
) -> Result<WaitingRows, Error> {
    let of = |text: &'static str| query(text).bind(flow).bind(after.0).bind(until.0);
    let runs = one(conn, of(OPEN_OF), rows::number).await?.unwrap_or_default();
    let places = all(conn, of(WAITING), |row: Row| {
        let mut c = Columns::of(row);
        let (version, cursor, count) = (c.id(VersionId)?, c.take()?, c.small("wait", "count")?);
        Ok(WaitingRow { version, cursor, count, next_due: c.id(At)? })
    });
    Ok(WaitingRows { runs: runs.unsigned_abs(), places: places.await? })
}

const COUNT: &str = "insert into first_hour (flow, trigger_id, meaning, since, matches, state) values (?, ?, ?, ?, ?, ?) \
     on conflict (flow, trigger_id) do update set \
       since = case when first_hour.meaning = excluded.meaning then first_hour.since else excluded.since end, \
       matches = case when first_hour.meaning = excluded.meaning and first_hour.matches > excluded.matches \
         then first_hour.matches else excluded.matches end, \
       state = case when first_hour.meaning = excluded.meaning and first_hour.state > excluded.state \
         then first_hour.state else excluded.state end, \
       meaning = excluded.meaning";

/// Stores how far a trigger's first hour is.
pub(crate) fn count(session: &dyn Session, row: &HourRow) -> Result<(), Error> {
    let key = Key::named(format!("{}/{}", row.flow, row.trigger).as_bytes());
    session.put(COUNT, key, values![row.flow, row.trigger, row.meaning, row.since.0, row.matches, row.phase as i64])
}

/// The first hours of triggers.
pub(crate) async fn hours(conn: &mut Conn<'_>) -> Result<Vec<HourRow>, Error> {
    let text = "select flow, trigger_id, meaning, since, matches, state from first_hour order by flow, trigger_id";
    all(conn, query(text), |row: Row| {
        let mut c = Columns::of(row);
        let (flow, trigger, meaning, since) = (c.take()?, c.take()?, c.bytes()?, c.id(At)?);
        let (matches, phase) = (c.small("first_hour", "matches")?, c.id(Phase::from_code)?);
        Ok(HourRow { flow, trigger, meaning, since, matches, phase })
    })
    .await
}

pub(crate) const HELD: &str = concat!(
    "select ",
    columns!(wait),
    " from wait where kind = 13 and key is not null and state = 0 and key > ?1 and key < ?2 order by key limit ?3"
);

/// Held starts whose key begins with `prefix`, behind `after`.
pub(crate) async fn held(conn: &mut Conn<'_>, prefix: &str, after: &str, limit: u32) -> Result<Vec<WaitRow>, Error> {
    // `~` is greater than everything a key is made of.
    let query = query(HELD).bind(prefix.max(after)).bind(format!("{prefix}~")).bind(limit);
    all(conn, query, rows::wait).await
}
