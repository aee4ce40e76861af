//! Proof that a call happened: our key that came back in a status.

use engine::connector::StatusReport;
use engine::ids::{ContactId, ConversationId, EffectId, InputId, MailboxId, RunId};
use engine::store::{InputKind, InputRow, Lane};
use rusqlite::{Connection, OptionalExtension};

use super::columns;
use super::error::Error;

/// An effect that may have happened, unless proof of it waits already.
pub(super) const UNPROVED: &str = "select effect.id, effect.mailbox, effect.lane from effect \
     where effect.run_id = ? and effect.n = ? \
     and (effect.state = 2 or (effect.state = 3 and effect.error = 'may_have_happened')) \
     and not exists (select 1 from input where input.kind = 1 and input.reference = effect.id)";

/// A message that we know something of.
pub(super) const HUSHED_UNKNOWN: &str = "select 1 from message where message.external_key = ?1 \
     and (message.conversation_id is not null or message.effect_key is not null)";
/// A run that was erased.
pub(super) const HUSHED_RUN: &str = "select 1 from run where run.id = ?1 and run.erased_at is not null";

/// The run that sent a message, unless it was erased, and how deep the event lies that started it.
pub(super) const SENDER: &str = "select run.mailbox, run.contact_id, run.conversation_id, event.depth from run \
     left join event on event.id = run.event_id where run.id = ? and run.erased_at is null";

/// Who sent a message.
pub(super) struct Sender {
    pub(super) mailbox: MailboxId,
    pub(super) contact: Option<ContactId>,
    pub(super) conversation: Option<ConversationId>,
    pub(super) depth: u8,
}

/// The sender of the message with our `key`.
pub(super) fn sender(conn: &Connection, key: &str) -> Result<Option<Sender>, Error> {
    let Some((run, _)) = parse_key(key) else { return Ok(None) };
    let mut statement = conn.prepare_cached(SENDER)?;
    let found = statement.query_row([run.0], |row| {
        Ok(Sender {
            mailbox: MailboxId(row.get(0)?),
            contact: row.get::<_, Option<i64>>(1)?.map(ContactId),
            conversation: row.get::<_, Option<i64>>(2)?.map(ConversationId),
            depth: row.get::<_, Option<u8>>(3)?.unwrap_or(0),
        })
    });
    Ok(found.optional()?)
}

/// Whether a report of a failure must leave no words, as they are nobody's business: of an erased run, or of a message that
/// we know nothing of, which an erased one is as well. What people here sent belongs to no run. `external_key` is the message's key, `key` ours.
pub(super) fn is_hushed(conn: &Connection, external_key: &[u8; 16], key: Option<&str>) -> Result<bool, Error> {
    match key.and_then(parse_key).filter(|(run, _)| *run != RunId::NONE) {
        Some((run, _)) => Ok(conn.prepare_cached(HUSHED_RUN)?.exists([run.0])?),
        None => Ok(!conn.prepare_cached(HUSHED_UNKNOWN)?.exists([&external_key[..]])?),
    }
}

/// The run and number in an effect's key, `<run>/<n>`; `None` for a text that is no key of ours.
pub(super) fn parse_key(key: &str) -> Option<(RunId, i64)> {
    let (run, n) = key.split_once('/')?;
    let n: i64 = n.parse().ok()?;
    Some((run.parse().ok()?, n))
}

/// The input that `report` makes, with the id it would get; one an effect.
pub(super) fn proof(conn: &Connection, report: &StatusReport, id: i64) -> Result<Option<InputRow>, Error> {
    let Some((run, n)) = report.key.as_deref().and_then(parse_key) else { return Ok(None) };
    let Some((effect, mailbox, lane)) = unproved(conn, run, n)? else { return Ok(None) };
    Ok(Some(InputRow {
        id: InputId(id),
        shard: mailbox.shard(),
        mailbox,
        lane,
        kind: InputKind::Evidence,
        reference: effect.0,
        body: Some(report.external_id.clone().into_bytes()),
    }))
}

fn unproved(conn: &Connection, run: RunId, n: i64) -> Result<Option<(EffectId, MailboxId, Lane)>, Error> {
    let mut statement = conn.prepare_cached(UNPROVED)?;
    let found = statement.query_row([run.0, n], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let Some((effect, mailbox, lane)) = found else { return Ok(None) };
    Ok(Some((EffectId(effect), MailboxId(mailbox), columns::lane("effect", lane)?)))
}
