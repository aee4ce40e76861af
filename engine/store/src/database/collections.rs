//! What is kept about contacts as a whole: files that were brought in, what tags mean, marked messages; and contacts by what tells
//! that two are one.

use std::collections::{BTreeMap, HashMap};

use engine::clock::At;
use engine::ids::{ContactId, EventId, ImportId, MergeId};
use engine::store::{
    ContactKeys, Contacts, ContactsOp, Error as StoreError, ImportRow, ImportState, LabelRow, ListedContact, MergeRow,
    TagMeaning, TagRow,
};

use super::Database;
use super::columns::Columns;
use super::error::Error;
use super::merges;
use super::pages::CHOSEN_TAGS;
use super::query::{Conn, all, query};
use super::rows::{self, columns};
use super::session::Session;
use super::value::{Row, values};

/// Most rows read at a time.
const MOST_KEYS: u32 = 5_000;

const IMPORT: &str = "insert into import (id, name, by, at, total, created, changed, same, refused, refusals, state, ended_at) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (id) do update set created = excluded.created, changed = excluded.changed, same = excluded.same, \
       refused = excluded.refused, refusals = excluded.refusals, state = excluded.state, ended_at = excluded.ended_at";
const INTERRUPT: &str = "update import set state = 3, ended_at = ?1 where state = 0";
const MEAN: &str = "insert into tag_meaning (tag, family, meaning, colour, crm_field, by, at) values (?, ?, ?, ?, ?, ?, ?) \
     on conflict (tag) do update set family = excluded.family, meaning = excluded.meaning, colour = excluded.colour, \
       crm_field = excluded.crm_field, by = excluded.by, at = excluded.at";
const LABEL: &str = "insert into label (event_id, contact_id, text, language, tags, by, at) values (?, ?, ?, ?, ?, ?, ?) \
     on conflict (event_id) do update set tags = excluded.tags, by = excluded.by, at = excluded.at";

const LABEL_TAGS: &str = "select event_id, tags from label order by event_id";

/// Carries out one change.
pub(crate) fn apply(session: &dyn Session, op: &ContactsOp) -> Result<(), Error> {
    match op {
        ContactsOp::Import(row) => put_import(session, row)?,
        ContactsOp::Interrupt(at) => {
            session.execute(INTERRUPT, values![at.0])?;
        }
        ContactsOp::Meaning(row) => {
            session.execute(
                MEAN,
                values![row.tag, row.family, row.meaning, row.colour, row.crm_field, row.by, row.at.0],
            )?;
        }
        ContactsOp::Forgotten(tag) => {
            session.execute("delete from tag_meaning where tag = ?", values![tag])?;
        }
        ContactsOp::Label(row) if row.tags.is_empty() => {
            session.execute("delete from label where event_id = ?", values![row.event.0])?;
        }
        ContactsOp::Label(row) => {
            let tags = serde_json::to_string(&row.tags).unwrap_or_default();
            session
                .execute(LABEL, values![row.event.0, row.contact.0, row.text, row.language, tags, row.by, row.at.0])?;
        }
        ContactsOp::Relabel { from, to } => relabel(session, from, to)?,
    }
    Ok(())
}

fn relabel(session: &dyn Session, from: &str, to: &str) -> Result<(), Error> {
    for row in session.rows(LABEL_TAGS, &[])? {
        let mut c = Columns::of(row);
        let (event, mut tags) = (c.take::<i64>()?, label_tags(&c.take::<String>()?));
        let Some(wanted) = tags.remove(from) else { continue };
        *tags.entry(to.to_owned()).or_default() |= wanted;
        let tags = serde_json::to_string(&tags).unwrap_or_default();
        session.execute("update label set tags = ?2 where event_id = ?1", values![event, tags])?;
    }
    Ok(())
}

fn put_import(session: &dyn Session, row: &ImportRow) -> Result<(), Error> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let refusals = serde_json::to_string(&row.refusals).unwrap_or_default();
    session.execute(
        IMPORT,
        values![
            row.id.0,
            row.name,
            row.by,
            row.at.0,
            number(row.total),
            number(row.created),
            number(row.changed),
            number(row.same),
            number(row.refused),
            refusals,
            row.state as i64,
            row.ended_at.map(|at| at.0),
        ],
    )?;
    Ok(())
}

/// Contacts by their numbers, as [`super::parties::FIND_PHONE`] finds one.
pub(crate) const BY_PHONE: &str = concat!(
    "select ",
    columns!(contact),
    ", known.phone from json_each(?) as wanted cross join contact as known on known.phone = wanted.value \
     cross join contact on contact.id = coalesce(known.merged_into, known.id) order by known.id"
);
pub(crate) const KEYS: &str = "select id, name, phone, fields from contact \
     where id > ? and erased_at is null and merged_into is null order by id limit ?";
const IMPORTS: &str = "select id, name, by, at, total, created, changed, same, refused, refusals, state, ended_at \
     from import order by id desc limit ?";
const MEANINGS: &str = "select tag, family, meaning, colour, crm_field, by, at from tag_meaning order by tag";
pub(crate) const COUNTS: &str =
    "select tag, count(distinct contact_id) from contact_tag where source <> 5 group by tag order by tag";
pub(crate) const HOLDERS: &str = "select distinct contact_id from contact_tag where tag = ? order by contact_id";
const LABELS: &str = "select event_id, contact_id, text, language, tags, by, at from label order by event_id desc";

const STATES: [ImportState; 4] =
    [ImportState::Running, ImportState::Done, ImportState::Stopped, ImportState::Interrupted];

async fn by_phone(conn: &mut Conn<'_>, phones: Vec<String>) -> Result<Vec<(String, ListedContact)>, Error> {
    let mut numbers = Vec::new();
    let read = |mut row: Row| {
        let number = row.0.pop();
        Ok((rows::contact(row)?, Columns::of(Row(number.into_iter().collect())).take::<String>()?))
    };
    let contacts = all(conn, query(BY_PHONE).bind(&*phones), read).await?;
    numbers.extend(contacts.iter().map(|(contact, _)| contact.id.0));
    let mut tags: HashMap<ContactId, Vec<TagRow>> = HashMap::new();
    for tag in all(conn, query(CHOSEN_TAGS).bind(&numbers), rows::tag).await? {
        tags.entry(tag.contact_id).or_default().push(tag);
    }
    let listed = contacts.into_iter().map(|(contact, number)| {
        let tags = tags.get(&contact.id).cloned().unwrap_or_default();
        (number, ListedContact { contact, tags })
    });
    Ok(listed.collect())
}

fn import(row: Row) -> Result<ImportRow, Error> {
    let mut c = Columns::of(row);
    Ok(ImportRow {
        id: c.id(ImportId)?,
        name: c.take()?,
        by: c.take()?,
        at: c.id(At)?,
        total: c.take::<i64>()?.unsigned_abs(),
        created: c.take::<i64>()?.unsigned_abs(),
        changed: c.take::<i64>()?.unsigned_abs(),
        same: c.take::<i64>()?.unsigned_abs(),
        refused: c.take::<i64>()?.unsigned_abs(),
        refusals: serde_json::from_str(&c.take::<String>()?).unwrap_or_default(),
        state: c.code("import", "state", &STATES, |state| state as i64)?,
        ended_at: c.maybe(At)?,
    })
}

fn keys(row: Row) -> Result<ContactKeys, Error> {
    let mut c = Columns::of(row);
    Ok(ContactKeys { id: c.id(ContactId)?, name: c.take()?, phone: c.take()?, fields: c.take()? })
}

fn meaning(row: Row) -> Result<TagMeaning, Error> {
    let mut c = Columns::of(row);
    Ok(TagMeaning {
        tag: c.take()?,
        family: c.take()?,
        meaning: c.take()?,
        colour: c.take()?,
        crm_field: c.take()?,
        by: c.take()?,
        at: c.id(At)?,
    })
}

fn label(row: Row) -> Result<LabelRow, Error> {
    let mut c = Columns::of(row);
    Ok(LabelRow {
        event: c.id(EventId)?,
        contact: c.id(ContactId)?,
        text: c.take()?,
        language: c.take()?,
        tags: label_tags(&c.take::<String>()?),
        by: c.take()?,
        at: c.id(At)?,
    })
}

fn label_tags(text: &str) -> BTreeMap<String, bool> {
    serde_json::from_str(text).unwrap_or_default()
}

impl Contacts for Database {
    async fn by_phone(&self, phones: Vec<String>) -> Result<Vec<(String, ListedContact)>, StoreError> {
        Ok(by_phone(&mut self.reader().await?.conn(), phones).await?)
    }

    async fn contact_keys(&self, after: ContactId, limit: u32) -> Result<Vec<ContactKeys>, StoreError> {
        let query = query(KEYS).bind(after.0).bind(limit.clamp(1, MOST_KEYS));
        Ok(all(&mut self.reader().await?.conn(), query, keys).await?)
    }

    async fn imports(&self, limit: u32) -> Result<Vec<ImportRow>, StoreError> {
        Ok(all(&mut self.reader().await?.conn(), query(IMPORTS).bind(limit), import).await?)
    }

    async fn merges(&self, limit: u32) -> Result<Vec<MergeRow>, StoreError> {
        Ok(merges::last(&mut self.reader().await?.conn(), limit).await?)
    }

    async fn merge(&self, id: MergeId) -> Result<Option<MergeRow>, StoreError> {
        Ok(merges::find(&mut self.reader().await?.conn(), id).await?)
    }

    async fn tag_meanings(&self) -> Result<Vec<TagMeaning>, StoreError> {
        Ok(all(&mut self.reader().await?.conn(), query(MEANINGS), meaning).await?)
    }

    async fn tag_counts(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let read = |row: Row| {
            let mut c = Columns::of(row);
            Ok((c.take::<String>()?, c.take::<i64>()?.unsigned_abs()))
        };
        Ok(all(&mut self.reader().await?.conn(), query(COUNTS), read).await?)
    }

    async fn tag_holders(&self, tag: &str) -> Result<Vec<ContactId>, StoreError> {
        let read = |row: Row| rows::number(row).map(ContactId);
        Ok(all(&mut self.reader().await?.conn(), query(HOLDERS).bind(tag), read).await?)
    }

    async fn labels(&self) -> Result<Vec<LabelRow>, StoreError> {
        Ok(all(&mut self.reader().await?.conn(), query(LABELS), label).await?)
    }
}
