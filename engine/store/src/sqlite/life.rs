//! What happens to runs from outside their flows: publications that they are told of, and the first hour of triggers.

use engine::clock::At;
use engine::first_hour::{HourRow, Phase};
use engine::ids::{MailboxId, VersionId};
use engine::publication::{Publication, PublicationOp};
use engine::store::{WaitRow, WaitingRow, WaitingRows};
use rusqlite::params;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::columns::Columns;
use super::error::Error;
use super::read::all;
use super::rows::{self, columns};

/// Carries out what a work wants of publications.
pub(super) fn publish(conn: &rusqlite::Connection, op: &PublicationOp) -> Result<(), Error> {
    match op {
        PublicationOp::Begin(new) => {
            let choices = serde_json::to_string(&new.choices).map_err(|error| Error::Unfit(error.to_string()))?;
            let text = "insert or replace into publication (flow, version_id, removed, choices, by, at) \
                        values (?, ?, ?, ?, ?, ?)";
            let values = params![new.flow, new.version.0, new.removed, choices, new.by, new.at.0];
            conn.prepare_cached(text)?.execute(values)?;
        }
        PublicationOp::Done { flow, version } => {
            let text = "delete from publication where flow = ? and version_id = ?";
            conn.prepare_cached(text)?.execute(params![flow, version.0])?;
        }
    }
    Ok(())
}

/// Publications that are not over.
pub(super) async fn publications(conn: &mut SqliteConnection) -> Result<Vec<Publication>, Error> {
    let text = "select flow, version_id, removed, choices, by, at from publication order by flow";
    all(conn, sqlx::query(text), |row: &SqliteRow| {
        let mut c = Columns::of(row);
        let (flow, version, removed) = (c.take()?, c.id(VersionId)?, c.id(|removed| removed != 0)?);
        let choices: String = c.take()?;
        let choices = serde_json::from_str(&choices).map_err(|error| Error::Unfit(format!("choices: {error}")))?;
        Ok(Publication { flow, version, removed, choices, by: c.take()?, at: c.id(At)? })
    })
    .await
}

/// Read in the order of the index of open runs, which holds all that is asked: a version has many more runs that are over.
pub(super) const MAILBOXES_OF: &str = "select distinct run.mailbox from run \
     where run.status < 10 and run.mailbox > ?2 and +run.version_id in (select id from version where flow = ?1) \
     order by run.mailbox limit ?3";

pub(super) async fn mailboxes_of(
    conn: &mut SqliteConnection,
    flow: &str,
    after: MailboxId,
    limit: u32,
) -> Result<Vec<MailboxId>, Error> {
    let query = sqlx::query(MAILBOXES_OF).bind(flow).bind(after.0).bind(limit);
    all(conn, query, |row| rows::number(row).map(MailboxId)).await
}

pub(super) const OPEN_OF: &str = "select count(*) from run where run.status < 10 and run.mailbox > ?2 \
     and run.mailbox <= ?3 and +run.version_id in (select id from version where flow = ?1)";
/// Timers and awaited events only: a deadline is nothing that a run waits for.
pub(super) const WAITING: &str = "select run.version_id, wait.cursor, count(*), min(wait.due_at) from run \
     cross join wait on wait.mailbox = run.mailbox and wait.state = 0 and wait.run_id = run.id and wait.kind in (0, 1) \
     where run.status < 10 and run.mailbox > ?2 and run.mailbox <= ?3 \
       and +run.version_id in (select id from version where flow = ?1) group by run.version_id, wait.cursor";

pub(super) async fn waiting(
    conn: &mut SqliteConnection,
    flow: &str,
    (after, until): (MailboxId, MailboxId),
) -> Result<WaitingRows, Error> {
    let of = |text: &'static str| sqlx::query(text).bind(flow).bind(after.0).bind(until.0);
    let runs: i64 = of(OPEN_OF).fetch_one(&mut *conn).await?.try_get(0)?;
    let places = all(conn, of(WAITING), |row: &SqliteRow| {
        let mut c = Columns::of(row);
        let (version, cursor, count) = (c.id(VersionId)?, c.take()?, c.small("wait", "count")?);
        Ok(WaitingRow { version, cursor, count, next_due: c.id(At)? })
    });
    Ok(WaitingRows { runs: runs.unsigned_abs(), places: places.await? })
}

const COUNT: &str = "insert into first_hour (flow, trigger_id, meaning, since, matches, state) values (?, ?, ?, ?, ?, ?) \
     on conflict (flow, trigger_id) do update set \
       since = iif(meaning = excluded.meaning, since, excluded.since), \
       matches = iif(meaning = excluded.meaning, max(matches, excluded.matches), excluded.matches), \
       state = iif(meaning = excluded.meaning, max(state, excluded.state), excluded.state), meaning = excluded.meaning";

/// Stores how far a trigger's first hour is.
pub(super) fn count(conn: &rusqlite::Connection, row: &HourRow) -> Result<(), Error> {
    let values = params![row.flow, row.trigger, row.meaning, row.since.0, row.matches, row.phase as i64];
    conn.prepare_cached(COUNT)?.execute(values)?;
    Ok(())
}

/// The first hours of triggers.
pub(super) async fn hours(conn: &mut SqliteConnection) -> Result<Vec<HourRow>, Error> {
    let text = "select flow, trigger_id, meaning, since, matches, state from first_hour order by flow, trigger_id";
    all(conn, sqlx::query(text), |row: &SqliteRow| {
        let mut c = Columns::of(row);
        let (flow, trigger, meaning, since) = (c.take()?, c.take()?, c.bytes()?, c.id(At)?);
        let (matches, phase) = (c.small("first_hour", "matches")?, c.id(Phase::from_code)?);
        Ok(HourRow { flow, trigger, meaning, since, matches, phase })
    })
    .await
}

pub(super) const HELD: &str = concat!(
    "select ",
    columns!(wait),
    " from wait where kind = 13 and key is not null and state = 0 and key > ?1 and key < ?2 order by key limit ?3"
);

/// Held starts whose key begins with `prefix`, behind `after`.
pub(super) async fn held(
    conn: &mut SqliteConnection,
    prefix: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<WaitRow>, Error> {
    // `~` is greater than everything a key is made of.
    let query = sqlx::query(HELD).bind(prefix.max(after)).bind(format!("{prefix}~")).bind(limit);
    all(conn, query, rows::wait).await
}
