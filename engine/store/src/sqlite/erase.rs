//! Erasing a person: all that is theirs goes, the structure stays, and the audit chain remains valid, because it covers
//! digests of what is deleted here and not the data.
//!
//! `secure_delete` overwrites the bytes; [`super::Sqlite::vacuum`] afterwards rewrites the file, as SQLite
//! leaves copies of moved rows in unused parts of pages, and empties the log.

use engine::clock::At;
use engine::ids::{ContactId, RunId};
use rusqlite::Connection;

use super::error::Error;

/// A text with fewer digits than this is no number that could name one person.
const LEAST_DIGITS: usize = 7;

/// What is done to every table that is the person's; `?1` is the contact, `?2` the time.
const STATEMENTS: [&str; 14] = [
    "update event set body = null where mailbox = ?1",
    "update event set body = null where contact_id = ?1 and contact_id <> mailbox",
    // Provider's ids of messages hold phone numbers; without them the keys over them lead nowhere.
    "update message set text = null, norm = null, error = null, external_key = randomblob(16) \
       where conversation_id in (select id from conversation where contact_id = ?1)",
    "update journal set data = null where contact_id = ?1 and data is not null",
    "delete from contact_tag where contact_id = ?1",
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
pub(super) fn person(conn: &Connection, contact: ContactId, at: At) -> Result<(), Error> {
    let needles = needles(conn, contact)?;
    for run in ids(conn, "select id from run where contact_id = ?", contact.0)? {
        forget_statuses(conn, RunId(run))?;
    }
    for text in STATEMENTS {
        let mut statement = conn.prepare_cached(text)?;
        let values = [contact.0, at.0].into_iter().take(statement.parameter_count());
        statement.execute(rusqlite::params_from_iter(values))?;
    }
    for needle in needles {
        forget_mentions(conn, &needle)?;
    }
    Ok(())
}

/// What names the person in text that nobody could read: addresses and phone, and the digits of both.
fn needles(conn: &Connection, contact: ContactId) -> Result<Vec<String>, Error> {
    let text = "select phone from contact where id = ?1 and phone is not null \
                union select address from conversation where contact_id = ?1";
    let mut names = conn.prepare_cached(text)?;
    let mut needles = Vec::new();
    for name in names.query_map([contact.0], |row| row.get::<_, String>(0))? {
        let name = name?;
        let digits: String = name.chars().filter(char::is_ascii_digit).collect();
        needles.push(if digits.len() >= LEAST_DIGITS { digits } else { name });
    }
    needles.retain(|needle| !needle.is_empty());
    needles.sort_unstable();
    needles.dedup();
    Ok(needles)
}

/// The ids that a statement with one value answers with.
fn ids(conn: &Connection, text: &str, value: impl rusqlite::ToSql) -> Result<Vec<i64>, Error> {
    let mut statement = conn.prepare_cached(text)?;
    Ok(statement.query_map([value], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The first and the last possible key of a run's effects.
pub(super) fn key_range(run: RunId) -> (String, String) {
    // `0` is the character after `/`.
    (format!("{run}/"), format!("{run}0"))
}

/// Messages that the run sent, and their statuses, also those that joined no conversation.
fn forget_statuses(conn: &Connection, run: RunId) -> Result<(), Error> {
    let (from, to) = key_range(run);
    let text = "update message set text = null, norm = null, error = null, external_key = randomblob(16) \
                where effect_key >= ? and effect_key < ?";
    conn.prepare_cached(text)?.execute([from, to])?;
    Ok(())
}

/// Items that could not be read and events of nobody known, where they mention the person; and what runs of nobody that
/// such an event started wrote to them. Journal data of these runs stay: nothing in the chain would tell who erased them.
fn forget_mentions(conn: &Connection, needle: &str) -> Result<(), Error> {
    conn.prepare_cached(FORGET_ITEMS)?.execute([needle])?;
    for event in ids(conn, FORGET_EVENTS, needle)? {
        for run in ids(conn, RUNS_OF_NOBODY, event)? {
            forget_statuses(conn, RunId(run))?;
        }
    }
    Ok(())
}
