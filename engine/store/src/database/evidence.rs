//! Proof that a call happened: our key that came back in a status.

use engine::connector::StatusReport;
use engine::ids::{ContactId, ConversationId, EffectId, InputId, MailboxId, RunId};
use engine::store::{InputKind, InputRow, Lane};

use super::error::Error;
use super::session::Session;
use super::value::values;

/// An effect that may have happened, unless proof of it waits already.
pub(crate) const UNPROVED: &str = "select effect.id, effect.mailbox, effect.lane from effect \
     where effect.run_id = ? and effect.n = ? \
     and (effect.state = 2 or (effect.state = 3 and effect.error = 'may_have_happened')) \
     and not exists (select 1 from input where input.kind = 1 and input.reference = effect.id)";

/// A message that we know something of.
pub(crate) const HUSHED_UNKNOWN: &str = "select 1 from message where message.external_key = ?1 \
     and (message.conversation_id is not null or message.effect_key is not null)";
/// A run that was erased.
pub(crate) const HUSHED_RUN: &str = "select 1 from run where run.id = ?1 and run.erased_at is not null";

/// The run that sent a message, unless it was erased, and how deep the event lies that started it.
pub(crate) const SENDER: &str = "select run.mailbox, run.contact_id, run.conversation_id, event.depth from run \
     left join event on event.id = run.event_id where run.id = ? and run.erased_at is null";

/// Who sent a message.
pub(crate) struct Sender {
    pub(crate) mailbox: MailboxId,
    pub(crate) contact: Option<ContactId>,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) depth: u8,
}

/// The sender of the message with our `key`.
pub(crate) fn sender(session: &dyn Session, key: &str) -> Result<Option<Sender>, Error> {
    let Some((run, _)) = parse_key(key) else { return Ok(None) };
    session.row(SENDER, values![run.0], |c| {
        let (mailbox, contact, conversation) = (c.id(MailboxId)?, c.maybe(ContactId)?, c.maybe(ConversationId)?);
        let depth: Option<i64> = c.take()?;
        let depth = depth.unwrap_or(0);
        let depth = depth.try_into().map_err(|_| Error::Code { table: "event", column: "depth", code: depth })?;
        Ok(Sender { mailbox, contact, conversation, depth })
    })
}

/// Whether a report of a failure must leave no words, as they are nobody's business: of an erased run, or of a message that
/// we know nothing of, which an erased one is as well. What people here sent belongs to no run. `external_key` is the message's key, `key` ours.
pub(crate) fn is_hushed(session: &dyn Session, external_key: &[u8; 16], key: Option<&str>) -> Result<bool, Error> {
    match key.and_then(parse_key).filter(|(run, _)| *run != RunId::NONE) {
        Some((run, _)) => session.exists(HUSHED_RUN, values![run.0]),
        None => Ok(!session.exists(HUSHED_UNKNOWN, values![external_key])?),
    }
}

/// The run and number in an effect's key, `<run>/<n>`; `None` for a text that is no key of ours.
pub(crate) fn parse_key(key: &str) -> Option<(RunId, i64)> {
    let (run, n) = key.split_once('/')?;
    let n: i64 = n.parse().ok()?;
    Some((run.parse().ok()?, n))
}

/// The input that `report` makes, with the id it would get; one an effect.
pub(crate) fn proof(session: &dyn Session, report: &StatusReport, id: i64) -> Result<Option<InputRow>, Error> {
    let Some((run, n)) = report.key.as_deref().and_then(parse_key) else { return Ok(None) };
    let Some((effect, mailbox, lane)) = unproved(session, run, n)? else { return Ok(None) };
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

fn unproved(session: &dyn Session, run: RunId, n: i64) -> Result<Option<(EffectId, MailboxId, Lane)>, Error> {
    session.row(UNPROVED, values![run.0, n], |c| Ok((c.id(EffectId)?, c.id(MailboxId)?, c.lane("effect")?)))
}
