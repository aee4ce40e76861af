//! What the turns of one mailbox changed, table by table.

use engine::store::Work;
use rusqlite::Connection;

use super::error::Error;
use super::{
    contacts, editing, effects, erase, events, hits, inputs, life, messages, records, runs, said, unmatched, waits,
};

/// Stores a work; its journal rows go into `block`.
///
/// The order is that of a work's meaning: what is planned can be withdrawn, what is armed can be closed, and erasing
/// comes last.
pub(super) fn store(conn: &Connection, work: &Work, block: (i64, i64)) -> Result<(), Error> {
    work.consumed.iter().try_for_each(|input| inputs::consume(conn, *input))?;
    work.events.iter().try_for_each(|event| events::insert(conn, event))?;
    work.runs.iter().try_for_each(|run| runs::upsert(conn, run))?;
    work.journal.iter().try_for_each(|row| runs::append(conn, row, block))?;
    work.effects.iter().try_for_each(|op| effects::apply(conn, op))?;
    waits::apply(conn, &work.waits)?;
    work.contact.iter().try_for_each(|contact| contacts::upsert(conn, contact))?;
    work.conversations.iter().try_for_each(|row| contacts::upsert_conversation(conn, row))?;
    work.tags.iter().try_for_each(|op| contacts::apply_tag(conn, op))?;
    work.said.iter().try_for_each(|op| said::apply(conn, op))?;
    work.ratings.iter().try_for_each(|row| said::rate(conn, row))?;
    work.messages.iter().try_for_each(|message| messages::upsert(conn, message))?;
    work.unmatched.iter().try_for_each(|row| unmatched::insert(conn, row))?;
    work.hits.iter().try_for_each(|hit| hits::count(conn, hit, block.0))?;
    work.escalations.iter().try_for_each(|row| records::upsert_escalation(conn, row))?;
    work.letters.iter().try_for_each(|row| inputs::insert(conn, row))?;
    work.stops.iter().try_for_each(|op| records::apply_stop(conn, op))?;
    work.hours.iter().try_for_each(|row| life::count(conn, row))?;
    work.publications.iter().try_for_each(|op| life::publish(conn, op))?;
    work.versions.iter().try_for_each(|version| records::upsert_version(conn, version))?;
    work.edits.iter().try_for_each(|op| editing::apply(conn, op))?;
    erase::all_of(conn, work)
}
