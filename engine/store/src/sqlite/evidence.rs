//! Proof that a call happened: our key that came back in a status.

use std::collections::{HashMap, HashSet};

use engine::connector::StatusReport;
use engine::ids::{EffectId, InputId, MailboxId, RunId};
use engine::store::{InputKind, InputRow, Lane};
use sqlx::sqlite::SqliteConnection;

use super::columns::Columns;
use super::error::Error;
use super::values::{Many, Values};

/// Effects that may have happened, unless proof of them waits already.
pub(super) static UNPROVED: Many = Many::new(
    "with report (run_id, n) as (values",
    2,
    ") select effect.id, effect.run_id, effect.n, effect.mailbox, effect.lane from report \
     cross join effect on effect.run_id = report.run_id and effect.n = report.n \
     where (effect.state = 2 or (effect.state = 3 and effect.error = 'may_have_happened')) \
     and not exists (select 1 from input where input.kind = 1 and input.reference = effect.id)",
);

/// Statuses whose words are nobody's business: of an erased run, or of a message that we know nothing of, which an erased
/// one is as well.
pub(super) static HUSHED: Many = Many::new(
    "with report (external_key, run_id) as (values",
    2,
    ") select report.external_key from report where iif(report.run_id is null, \
       not exists (select 1 from message where message.external_key = report.external_key \
                   and (message.conversation_id is not null or message.effect_key is not null)), \
       exists (select 1 from run where run.id = report.run_id and run.erased_at is not null))",
);

/// Which of these reports of failures, each with the key of its message and ours, must leave no words.
pub(super) async fn hushed(
    conn: &mut SqliteConnection,
    reports: &[([u8; 16], Option<&str>)],
) -> Result<HashSet<[u8; 16]>, Error> {
    let bind = |values: Values, (external, key): &([u8; 16], Option<&str>)| {
        let run = key.and_then(parse_key).map(|(run, _)| run.0);
        values.push(&external[..]).push(run)
    };
    let read = |row: &sqlx::sqlite::SqliteRow| Columns::of(row).bytes();
    Ok(HUSHED.fetch(conn, reports, bind, read).await?.into_iter().collect())
}

/// The run and number in an effect's key, `<run>/<n>`; `None` for a text that is no key of ours.
pub(super) fn parse_key(key: &str) -> Option<(RunId, i64)> {
    let (run, n) = key.split_once('/')?;
    let n: i64 = n.parse().ok()?;
    Some((run.parse().ok()?, n))
}

/// An effect that may have happened.
struct Unproved {
    id: EffectId,
    key: (RunId, i64),
    mailbox: MailboxId,
    lane: Lane,
}

/// The inputs that these reports (each with the id its input would get) make, at their places; one an effect.
pub(super) async fn proofs(
    conn: &mut SqliteConnection,
    reports: &[(&StatusReport, i64)],
) -> Result<Vec<Option<InputRow>>, Error> {
    let keys: Vec<_> = reports.iter().map(|(report, _)| report.key.as_deref().and_then(parse_key)).collect();
    let asked: Vec<(RunId, i64)> = keys.iter().flatten().copied().collect::<HashSet<_>>().into_iter().collect();
    let bind = |values: Values, key: &(RunId, i64)| values.push(key.0.0).push(key.1);
    let found = UNPROVED.fetch(conn, &asked, bind, unproved).await?;
    let mut effects: HashMap<(RunId, i64), Unproved> = found.into_iter().map(|effect| (effect.key, effect)).collect();
    let proof = |(key, (report, id)): (&Option<(RunId, i64)>, &(&StatusReport, i64))| {
        let effect = effects.remove(&(*key)?)?;
        Some(InputRow {
            id: InputId(*id),
            shard: effect.mailbox.shard(),
            mailbox: effect.mailbox,
            lane: effect.lane,
            kind: InputKind::Evidence,
            reference: effect.id.0,
            body: Some(report.external_id.clone().into_bytes()),
        })
    };
    Ok(keys.iter().zip(reports).map(proof).collect())
}

fn unproved(row: &sqlx::sqlite::SqliteRow) -> Result<Unproved, Error> {
    let mut c = Columns::of(row);
    Ok(Unproved {
        id: EffectId(c.take()?),
        key: (RunId(c.take()?), c.take()?),
        mailbox: MailboxId(c.take()?),
        lane: c.lane("effect")?,
    })
}
