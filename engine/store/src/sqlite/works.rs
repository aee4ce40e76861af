//! What the turns of some mailboxes changed, written with one statement a table.

use engine::store::{EffectOp, JournalRow, TagOp, WaitOp, Work};
use sqlx::sqlite::SqliteConnection;

use super::error::Error;
use super::{contacts, effects, erase, events, inputs, messages, records, runs, unmatched, waits};

/// All the rows of one kind in `works`, in their order.
fn all<'w, T>(works: &[&'w Work], rows: impl Fn(&'w Work) -> &'w [T]) -> Vec<&'w T> {
    works.iter().flat_map(|work| rows(work)).collect()
}

/// Stores works of different mailboxes; their journal rows go into `block`.
///
/// The order of the statements is that of a single work's meaning: what is planned can be withdrawn, what is armed can be
/// closed, and erasing comes last.
pub(super) async fn store(conn: &mut SqliteConnection, works: &[&Work], block: (i64, i64)) -> Result<(), Error> {
    let consumed: Vec<_> = works.iter().flat_map(|work| work.consumed.iter().copied()).collect();
    inputs::consume(conn, &consumed).await?;
    events::insert(conn, &all(works, |work| &work.events)).await?;
    runs::upsert(conn, &all(works, |work| &work.runs)).await?;
    let journal: Vec<&JournalRow> = all(works, |work| &work.journal);
    runs::append(conn, &journal, block).await?;
    let effect_ops: Vec<&EffectOp> = all(works, |work| &work.effects);
    effects::apply(conn, &effect_ops).await?;
    let wait_ops: Vec<&WaitOp> = all(works, |work| &work.waits);
    waits::apply(conn, &wait_ops).await?;
    let changed: Vec<_> = works.iter().filter_map(|work| work.contact.as_ref()).collect();
    contacts::upsert(conn, &changed).await?;
    contacts::upsert_conversations(conn, &all(works, |work| &work.conversations)).await?;
    let tag_ops: Vec<&TagOp> = all(works, |work| &work.tags);
    contacts::apply_tags(conn, &tag_ops).await?;
    messages::upsert(conn, &all(works, |work| &work.messages)).await?;
    unmatched::insert(conn, &all(works, |work| &work.unmatched)).await?;
    records::upsert_escalations(conn, &all(works, |work| &work.escalations)).await?;
    records::upsert_versions(conn, &all(works, |work| &work.versions)).await?;
    for work in works {
        if let Some(contact) = work.erase {
            erase::person(conn, contact, work.at).await?;
        }
    }
    Ok(())
}
