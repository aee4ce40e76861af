//! Erasing a person: all that is theirs goes, the structure stays, and the audit chain remains valid, because it covers
//! digests of what is deleted here and not the data.
//!
//! `secure_delete` overwrites the bytes; [`super::Sqlite::vacuum`] afterwards rewrites the file, as SQLite
//! leaves copies of moved rows in unused parts of pages, and empties the log.

use engine::clock::At;
use engine::ids::{ContactId, RunId};
use sqlx::sqlite::SqliteConnection;

use super::columns::Columns;
use super::error::Error;
use super::rows;

/// A text with fewer digits than this is no number that could name one person.
const LEAST_DIGITS: usize = 7;

/// What is done to every table that is the person's; `?1` is the contact, `?2` the time.
const STATEMENTS: [&str; 15] = [
    "update event set body = null where mailbox = ?1",
    "update event set body = null where contact_id = ?1 and contact_id <> mailbox",
    // Provider's ids of messages hold phone numbers; without them the keys over them lead nowhere.
    "update message set text = null, norm = null, error = null, external_key = randomblob(16) \
       where conversation_id in (select id from conversation where contact_id = ?1)",
    "update journal set data = null where contact_id = ?1 and data is not null",
    "delete from contact_tag where contact_id = ?1",
    "delete from unmatched where contact_id = ?1",
    "delete from input where mailbox = ?1",
    "delete from effect where mailbox = ?1",
    "delete from effect where run_id in (select id from run where contact_id = ?1)",
    "delete from wait where mailbox = ?1",
    "update run set state = x'', status = iif(status < 10, 12, status), ended_at = coalesce(ended_at, ?2) \
       where contact_id = ?1",
    "update run set state = x'', status = 12, ended_at = ?2 where mailbox = ?1 and status < 10",
    "update escalation set reason = '' where contact_id = ?1 or (mailbox = ?1 and accepted_at is null)",
    "update conversation set address = 'erased:' || id where contact_id = ?1",
    "update contact set salt = null, name = '', phone = null, language = '', order_status = '', fields = '{}', \
       last_at = null, rev = rev + 1, erased_at = ?2 where id = ?1",
];

const FORGET_ITEMS: &str =
    "update bad_item set raw = '', why = 'erased with a person it mentioned' where instr(raw, ?1) or instr(why, ?1)";
const FORGET_EVENTS: &str =
    "update event set body = null where contact_id is null and instr(body, cast(?1 as blob)) returning id";
pub(super) const RUNS_OF_NOBODY: &str = "select id from run where contact_id is null and event_id = ?";

/// Erases a person within the transaction that is open.
pub(super) async fn person(conn: &mut SqliteConnection, contact: ContactId, at: At) -> Result<(), Error> {
    let needles = needles(conn, contact).await?;
    for run in runs(conn, contact).await? {
        forget_statuses(conn, run).await?;
    }
    for text in STATEMENTS {
        sqlx::query(text).bind(contact.0).bind(at.0).execute(&mut *conn).await?;
    }
    for needle in needles {
        forget_mentions(conn, &needle).await?;
    }
    Ok(())
}

/// What names the person in text that nobody could read: addresses and phone, and the digits of both.
async fn needles(conn: &mut SqliteConnection, contact: ContactId) -> Result<Vec<String>, Error> {
    let text = "select phone from contact where id = ?1 and phone is not null \
                union select address from conversation where contact_id = ?1";
    let found = sqlx::query(text).bind(contact.0).fetch_all(conn).await?;
    let mut needles = Vec::new();
    for row in &found {
        let name: String = Columns::of(row).take()?;
        let digits: String = name.chars().filter(char::is_ascii_digit).collect();
        needles.push(if digits.len() >= LEAST_DIGITS { digits } else { name });
    }
    needles.retain(|needle| !needle.is_empty());
    needles.sort_unstable();
    needles.dedup();
    Ok(needles)
}

async fn runs(conn: &mut SqliteConnection, contact: ContactId) -> Result<Vec<RunId>, Error> {
    let found = sqlx::query("select id from run where contact_id = ?").bind(contact.0).fetch_all(conn).await?;
    found.iter().map(|row| rows::number(row).map(RunId)).collect()
}

/// The first and the last possible key of a run's effects.
pub(super) fn key_range(run: RunId) -> (String, String) {
    // `0` is the character after `/`.
    (format!("{run}/"), format!("{run}0"))
}

/// Messages that the run sent, and their statuses, also those that joined no conversation.
async fn forget_statuses(conn: &mut SqliteConnection, run: RunId) -> Result<(), Error> {
    let (from, to) = key_range(run);
    let text = "update message set text = null, norm = null, error = null, external_key = randomblob(16) \
                where effect_key >= ? and effect_key < ?";
    sqlx::query(text).bind(from).bind(to).execute(conn).await?;
    Ok(())
}

/// Items that could not be read and events of nobody known, where they mention the person; and what runs of nobody that
/// such an event started wrote to them. Journal data of these runs stay: nothing in the chain would tell who erased them.
async fn forget_mentions(conn: &mut SqliteConnection, needle: &str) -> Result<(), Error> {
    sqlx::query(FORGET_ITEMS).bind(needle).execute(&mut *conn).await?;
    let events = sqlx::query(FORGET_EVENTS).bind(needle).fetch_all(&mut *conn).await?;
    for event in &events {
        let found = sqlx::query(RUNS_OF_NOBODY).bind(rows::number(event)?).fetch_all(&mut *conn).await?;
        for run in &found {
            forget_statuses(conn, RunId(rows::number(run)?)).await?;
        }
    }
    Ok(())
}
