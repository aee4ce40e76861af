//! Looking for a person in what is nobody's. Page by page, so that no view stays open for long.

use std::collections::BTreeSet;

use engine::erasure::{Family, Names, Traces, is_of_one_person};
use engine::ids::{BadItemId, EventId, MailboxId, RunId};
use engine::store::BadItemRow;

use super::error::Error;
use super::query::{Conn, all, query};
use super::read;
use super::rows::{self, columns};

/// Rows read at a time.
const PAGE: i64 = 500;
/// Unreadable items read at a time: each may be as large as a request.
const ITEMS: i64 = 20;

pub(crate) const EVENTS: &str = concat!(
    "select ",
    columns!(event),
    " from event where contact_id is null and body is not null and id > ? order by id limit ?"
);
pub(crate) const JOURNAL: &str = concat!(
    "select ",
    columns!(journal),
    " from journal where contact_id is null and data is not null and id > ? order by id limit ?"
);
const BAD_ITEMS: &str = concat!("select ", columns!(bad_item), " from bad_item where id > ? order by id limit ?");
/// The event that a journal row's subject is, or whose run it is.
const EVENT_OF: &str = "select event_id from run where id = ?1 and contact_id is null \
     union all select id from event where id = ?1 and contact_id is null";
pub(crate) const RUNS_OF: &str = "select id from run where event_id = ? and contact_id is null order by id";
const EVENTS_IN: &str = "select id from event where mailbox = ? and contact_id is null and body is not null";

/// Everything of nobody's that holds one of `names`.
pub(crate) async fn find(conn: &mut Conn<'_>, names: &Names) -> Result<Traces, Error> {
    if names.is_empty() {
        return Ok(Traces::default());
    }
    let mut found = in_events(conn, names).await?;
    for subject in in_journal(conn, names).await? {
        found.extend(all(conn, query(EVENT_OF).bind(subject), rows::number).await?);
    }
    Ok(Traces { families: families(conn, found).await?, bad_items: in_bad_items(conn, names).await? })
}

async fn in_events(conn: &mut Conn<'_>, names: &Names) -> Result<BTreeSet<i64>, Error> {
    let (mut found, mut after) = (BTreeSet::new(), i64::MIN);
    loop {
        let page = all(conn, query(EVENTS).bind(after).bind(PAGE), rows::event).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.id.0;
        let tells = page.iter().filter(|event| event.body.as_deref().is_some_and(|body| names.are_in(body)));
        found.extend(tells.map(|event| event.id.0));
    }
}

async fn in_journal(conn: &mut Conn<'_>, names: &Names) -> Result<BTreeSet<i64>, Error> {
    let (mut found, mut after) = (BTreeSet::new(), i64::MIN);
    loop {
        let page = all(conn, query(JOURNAL).bind(after).bind(PAGE), rows::journal).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.id.0;
        found.extend(page.iter().filter(|row| names.are_in_journal(row)).map(|row| row.subject));
    }
}

async fn in_bad_items(conn: &mut Conn<'_>, names: &Names) -> Result<Vec<BadItemId>, Error> {
    let (mut found, mut after) = (Vec::new(), i64::MIN);
    loop {
        let page: Vec<BadItemRow> = all(conn, query(BAD_ITEMS).bind(after).bind(ITEMS), rows::bad_item).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.id.0;
        let tells = |item: &&BadItemRow| names.are_in(item.raw.as_bytes()) || names.are_in(item.why.as_bytes());
        found.extend(page.iter().filter(tells).map(|item| item.id));
    }
}

/// The events with their runs; with one that is about a CRM contact come all others about the same.
pub(crate) async fn families(conn: &mut Conn<'_>, mut events: BTreeSet<i64>) -> Result<Vec<Family>, Error> {
    let (mut families, mut seen) = (Vec::new(), BTreeSet::<MailboxId>::new());
    let mut done = BTreeSet::new();
    while let Some(id) = events.pop_first() {
        let Some(event) = read::event(conn, EventId(id)).await? else { continue };
        done.insert(id);
        if is_of_one_person(&event) && seen.insert(event.mailbox) {
            let others = all(conn, query(EVENTS_IN).bind(event.mailbox.0), rows::number).await?;
            events.extend(others.into_iter().filter(|other| !done.contains(other)));
        }
        let runs = all(conn, query(RUNS_OF).bind(id), rows::number).await?;
        let runs = runs.into_iter().map(RunId).collect();
        families.push(Family { mailbox: event.mailbox, event: event.id, runs });
    }
    Ok(families)
}
