//! What the turns of one mailbox changed, table by table.

use engine::store::Work;

use super::error::Error;
use super::session::Session;
use super::{
    contacts, editing, effects, erase, events, figures, hits, inputs, life, merges, messages, records, runs, said,
    unmatched, waits,
};

/// Stores a work; its journal rows go into `block`.
///
/// The order is that of a work's meaning: what is planned can be withdrawn, what is armed can be closed, and erasing
/// comes last.
pub(crate) fn store(session: &dyn Session, work: &Work, block: (i64, i64)) -> Result<(), Error> {
    work.consumed.iter().try_for_each(|input| inputs::consume(session, *input))?;
    work.events.iter().try_for_each(|event| events::insert(session, event))?;
    work.runs.iter().try_for_each(|run| runs::upsert(session, run))?;
    work.journal.iter().try_for_each(|row| runs::append(session, row, block))?;
    work.effects.iter().try_for_each(|op| effects::apply(session, op))?;
    waits::apply(session, work.mailbox, &work.waits)?;
    work.contact.iter().try_for_each(|contact| contacts::upsert(session, contact))?;
    work.conversations.iter().try_for_each(|row| contacts::upsert_conversation(session, row))?;
    work.tags.iter().try_for_each(|op| contacts::apply_tag(session, op))?;
    work.merges.iter().try_for_each(|op| merges::apply(session, op))?;
    work.said.iter().try_for_each(|op| said::apply(session, op))?;
    work.ratings.iter().try_for_each(|row| said::rate(session, row))?;
    work.closings.iter().try_for_each(|row| figures::close(session, row))?;
    work.messages.iter().try_for_each(|message| messages::upsert(session, message))?;
    work.unmatched.iter().try_for_each(|row| unmatched::insert(session, row))?;
    work.hits.iter().try_for_each(|hit| hits::count(session, hit, block.0))?;
    work.escalations.iter().try_for_each(|row| records::upsert_escalation(session, row))?;
    work.letters.iter().try_for_each(|row| inputs::insert(session, row))?;
    work.stops.iter().try_for_each(|op| records::apply_stop(session, op))?;
    work.hours.iter().try_for_each(|row| life::count(session, row))?;
    work.publications.iter().try_for_each(|op| life::publish(session, op))?;
    work.versions.iter().try_for_each(|version| records::upsert_version(session, version))?;
    work.edits.iter().try_for_each(|op| editing::apply(session, op))?;
    erase::all_of(session, work)
}
