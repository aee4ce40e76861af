//! Erasing a person: all that is theirs, and what is nobody's and tells of them, goes; the structure stays, and the audit
//! chain remains valid, because it covers digests of what is deleted here and not the data.
//!
//! [`crate::Database::vacuum`] afterwards removes the bytes: SQLite overwrites them at once (`secure_delete`) and leaves copies of
//! moved rows in unused parts of pages, PostgreSQL keeps every row that was changed until it is cleaned away.

use engine::clock::At;
use engine::erasure::Family;
use engine::ids::{ContactId, RunId};
use engine::store::Work;

use super::error::Error;
use super::rows;
use super::session::Session;
use super::value::{Param, ToParam, values};

/// What is done to every table that is the person's; `?1` is the contact, `?2` the time.
const OF_PERSON: [&str; 18] = [
    "update event set body = null where mailbox = ?1",
    "update event set body = null where contact_id = ?1 and contact_id <> mailbox",
    // Provider's ids of messages hold phone numbers; without them the keys over them lead nowhere.
    "update message set text = null, norm = null, error = null, external_key = randomblob(16) \
       where conversation_id in (select id from conversation where contact_id = ?1)",
    "update journal set data = null where contact_id = ?1 and data is not null",
    "delete from contact_tag where contact_id = ?1",
    "delete from unmatched where contact_id = ?1",
    "delete from label where contact_id = ?1",
    "update merge set before = null where kept = ?1 or joined = ?1",
    "delete from input where mailbox = ?1",
    "delete from effect where mailbox = ?1",
    "delete from effect where run_id in (select id from run where contact_id = ?1)",
    "delete from wait where mailbox = ?1",
    "update run set state = x'', status = case when status < 10 then 12 else status end, ended_at = coalesce(ended_at, ?2), \
       erased_at = ?2 where contact_id = ?1",
    "update run set state = x'', status = 12, ended_at = ?2, erased_at = ?2 where mailbox = ?1 and status < 10",
    "update escalation set reason = '', customer = '' where contact_id = ?1",
    "update said set text = null, body = null, key = null, error = null \
       where conversation_id in (select id from conversation where contact_id = ?1)",
    "update conversation set address = 'erased:' || id, place = 0, assignee = null, team = null, paused_until = null, \
       unread = 0 where contact_id = ?1",
    "update contact set salt = null, name = '', phone = null, language = '', order_status = '', fields = '{}', \
       consent = '{}', last_at = null, rev = rev + 1, erased_at = ?2 where id = ?1",
];

/// What is done about an event that is nobody's; `?1` is the event.
const OF_EVENT: [&str; 4] = [
    "update event set body = null where id = ?1 and contact_id is null",
    "update journal set data = null where subject = ?1 and contact_id is null and data is not null",
    "update message set text = null, norm = null, error = null, external_key = randomblob(16) \
       where event_id = ?1 and conversation_id is null",
    "delete from input where reference = ?1 and kind = 0",
];

/// What is done about a run that such an event started; `?1` is the run, `?2` the time.
const OF_RUN: [&str; 6] = [
    "update journal set data = null where subject = ?1 and contact_id is null and data is not null",
    "delete from input where kind = 1 and reference in (select id from effect where run_id = ?1)",
    "delete from effect where run_id = ?1",
    "delete from wait where mailbox = (select mailbox from run where id = ?1) and run_id = ?1",
    "update escalation set reason = '', customer = '' where run_id = ?1 and contact_id is null",
    "update run set state = x'', status = case when status < 10 then 12 else status end, ended_at = coalesce(ended_at, ?2), \
       erased_at = ?2 where id = ?1 and contact_id is null",
];

const FORGET_ITEM: &str = "update bad_item set raw = '', why = 'erased with a person it mentioned' where id = ?1";

/// Carries out what a work wants erased, within the transaction that is open.
pub(crate) fn all_of(session: &dyn Session, work: &Work) -> Result<(), Error> {
    if let Some(contact) = work.erase {
        person(session, contact, work.at)?;
    }
    work.forget.iter().try_for_each(|family| forget(session, family, work.at))?;
    for item in &work.forget_items {
        session.execute(FORGET_ITEM, values![item.0])?;
    }
    Ok(())
}

fn person(session: &dyn Session, contact: ContactId, at: At) -> Result<(), Error> {
    for run in runs(session, contact)? {
        forget_messages(session, run)?;
    }
    OF_PERSON.iter().try_for_each(|text| change(session, text, [contact.0, at.0]))
}

fn forget(session: &dyn Session, family: &Family, at: At) -> Result<(), Error> {
    OF_EVENT.iter().try_for_each(|text| change(session, text, [family.event.0, at.0]))?;
    for run in &family.runs {
        forget_messages(session, *run)?;
        OF_RUN.iter().try_for_each(|text| change(session, text, [run.0, at.0]))?;
    }
    Ok(())
}

/// Executes a statement with as many of `values` as it takes.
fn change(session: &dyn Session, text: &'static str, values: [i64; 2]) -> Result<(), Error> {
    let values: Vec<Param<'_>> = values.iter().map(ToParam::param).collect();
    let taken = if text.contains("?2") { 2 } else { 1 };
    session.execute(text, &values[..taken])?;
    Ok(())
}

fn runs(session: &dyn Session, contact: ContactId) -> Result<Vec<RunId>, Error> {
    let found = session.rows("select id from run where contact_id = ?1", values![contact.0])?;
    found.into_iter().map(|row| rows::number(row).map(RunId)).collect()
}

/// The first and the last possible key of a run's effects.
pub(crate) fn key_range(run: RunId) -> (String, String) {
    // `0` is the character after `/`.
    (format!("{run}/"), format!("{run}0"))
}

/// Messages that the run sent, and their statuses, also those that joined no conversation.
fn forget_messages(session: &dyn Session, run: RunId) -> Result<(), Error> {
    let (from, to) = key_range(run);
    let text = "update message set text = null, norm = null, error = null, external_key = randomblob(16) \
                where effect_key >= ?1 and effect_key < ?2";
    session.execute(text, values![from, to])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::sqlite::open;

    /// Columns of text and bytes that are emptied, or whose rows are deleted.
    const ERASED: [&str; 16] = [
        "said: key text body error",
        "unmatched: norm text",
        "label: text language tags by",
        "merge: before",
        "contact: salt name phone language order_status fields consent",
        "conversation: address",
        "contact_tag: tag source_id",
        "event: body",
        "message: external_key error text norm",
        "input: body",
        "run: state",
        "journal: data",
        "effect: key connection action input attempts error",
        "wait: on_kind key data",
        "escalation: reason customer",
        "bad_item: raw why",
    ];

    /// Those that stay, as they tell of flows, services and our own people: names, codes, keys made of ids, prices, digests.
    /// `event.key` is a digest that keeps a repeated delivery from bringing the person back.
    const KEPT: [&str; 35] = [
        "snippet: id title shortcut texts by",
        "rating: team",
        "closing: team",
        "import: name by refusals",
        "merge: by parted_by",
        "tag_meaning: tag family meaning colour crm_field by",
        "version: flow meaning source owner by",
        "conversation: number connection team",
        "event: key connection kind",
        "message: effect_key cost",
        "run: error",
        "journal: by body data_digest",
        "escalation: team accepted_by",
        "bad_item: connection",
        "block: prev hash leaves mac gone",
        "stop: scope by",
        "publication: flow choices by",
        "first_hour: flow trigger_id meaning",
        "app_user: email name language theme password totp issuer subject",
        "recovery_code: hash",
        "session: hash address agent",
        "link: hash",
        "token: name hash scopes by",
        "rule_hit: rules rule",
        "retag: rules rule what by",
        "setting: body by",
        "team: id body by",
        "agent_profile: body by",
        "push: endpoint p256dh auth agent",
        "push_key: sealed",
        "connection: id connector settings sealed secrets by",
        "draft: flow text by authors",
        "published: flow by comment authors",
        "flow_meta: flow labels folder",
        "review: flow asked_by comment answered_by answer",
    ];

    #[tokio::test]
    async fn of_every_column_it_is_decided_whether_it_is_erased() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        open::up_to_date(&path).await.unwrap();
        let conn = open::writer(&path).unwrap();
        let text = "select t.name || '.' || c.name from sqlite_master as t, pragma_table_info(t.name) as c \
                    where t.type = 'table' and c.type <> 'INTEGER'";
        let mut statement = conn.prepare(text).unwrap();
        let found: BTreeSet<String> =
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let decided: BTreeSet<String> = ERASED.iter().chain(&KEPT).flat_map(|line| columns(line)).collect();
        assert_eq!(found, decided);
    }

    fn columns(line: &str) -> Vec<String> {
        let (table, names) = line.split_once(": ").unwrap();
        names.split(' ').map(|name| format!("{table}.{name}")).collect()
    }
}
