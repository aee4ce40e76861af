//! Outgoing calls: planned, withdrawn, parked and finished by turns; started, repeated and doubted by the owner of their
//! connection. Each move names the state it starts from, so of two that race one wins and the other touches nothing.

use engine::ids::EffectId;
use engine::store::{DispatchOp, EffectOp, EffectRow};
use rusqlite::{Connection, params};

use super::error::Error;

const PLAN: &str = "insert into effect (id, run_id, n, key, mailbox, shard, connection, lane, action, window_id, state, \
     attempt, not_before, deadline, settle_until, planned_at, sent_at, input, attempts, error, yields) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) const WITHDRAW: &str = "delete from effect where id = ?1 and state in (0, 2, 3)";

pub(super) const FINISH: &str = "delete from effect where id = ?1";

pub(super) const START: &str = "update effect set state = 1, sent_at = ?2 \
     where id = ?1 and state = 0 and deadline >= ?2 and (window_id is null or exists (select 1 from conversation \
       where conversation.id = effect.window_id and conversation.window_closes_at > ?2)) \
     and (yields = 0 or not exists (select 1 from conversation \
       where conversation.contact_id = effect.mailbox and conversation.paused_until > ?2))";

pub(super) const AGAIN: &str = "update effect set state = 0, attempt = ?2, not_before = ?3, attempts = ?4, \
     settle_until = null where id = ?1 and state in (1, 2)";

pub(super) const DOUBT: &str =
    "update effect set state = 2, settle_until = ?2, attempts = ?3 where id = ?1 and state = 1";

pub(super) const PARK: &str = "update effect set state = 3, error = ?2, deadline = ?3, attempts = ?4, \
     settle_until = null where id = ?1";

/// Carries out what a turn wants of an effect.
pub(super) fn apply(conn: &Connection, op: &EffectOp) -> Result<(), Error> {
    match op {
        EffectOp::Plan(row) => plan(conn, row)?,
        EffectOp::Withdraw(id) => drop(conn.prepare_cached(WITHDRAW)?.execute([id.0])?),
        EffectOp::Finish(id) => drop(conn.prepare_cached(FINISH)?.execute([id.0])?),
        EffectOp::Park { id, why, deadline, attempts } => {
            conn.prepare_cached(PARK)?.execute(params![id.0, why, deadline.0, attempts])?;
        }
    }
    Ok(())
}

fn plan(conn: &Connection, row: &EffectRow) -> Result<(), Error> {
    conn.prepare_cached(PLAN)?.execute(params![
        row.id.0,
        row.run_id.0,
        row.n,
        row.key,
        row.mailbox.0,
        row.shard,
        row.connection,
        row.lane as i64,
        row.action,
        row.window.map(|id| id.0),
        row.state as i64,
        row.attempt,
        row.not_before.0,
        row.deadline.0,
        row.settle_until.map(|at| at.0),
        row.planned_at.0,
        row.sent_at.map(|at| at.0),
        row.input,
        row.attempts,
        row.error,
        row.yields,
    ])?;
    Ok(())
}

/// Moves an effect; answers its id if it did move.
pub(super) fn dispatch(conn: &Connection, op: &DispatchOp) -> Result<Option<EffectId>, Error> {
    let (id, touched) = match op {
        DispatchOp::Start { id, at } => (id, conn.prepare_cached(START)?.execute([id.0, at.0])?),
        DispatchOp::Again { id, attempt, not_before, attempts } => {
            let values = params![id.0, attempt, not_before.0, attempts];
            (id, conn.prepare_cached(AGAIN)?.execute(values)?)
        }
        DispatchOp::Doubt { id, until, attempts } => {
            (id, conn.prepare_cached(DOUBT)?.execute(params![id.0, until.0, attempts])?)
        }
    };
    Ok((touched > 0).then_some(*id))
}
