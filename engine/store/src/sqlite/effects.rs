//! Outgoing calls: planned, withdrawn, parked and finished by turns; started, repeated and doubted by the owner of their
//! connection. Each move names the state it starts from, so of two that race one wins and the other touches nothing.

use std::collections::HashSet;

use engine::ids::EffectId;
use engine::store::{DispatchOp, EffectOp, EffectRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::error::Error;
use super::rows;
use super::values::{Many, Values};

static PLAN: Many = Many::new(
    "insert into effect (id, run_id, n, key, mailbox, shard, connection, lane, action, window_id, state, attempt, \
     not_before, deadline, settle_until, planned_at, sent_at, input, attempts, error) values",
    20,
    "",
);

pub(super) static WITHDRAW: Many = Many::new("delete from effect where id in (values", 1, ") and +state in (0, 2, 3)");

pub(super) static FINISH: Many = Many::new("delete from effect where id in (values", 1, ")");

pub(super) static START: Many = Many::new(
    "update effect set state = 1, sent_at = op.column2 from (values",
    2,
    ") as op where effect.id = op.column1 and +effect.state = 0 and effect.deadline >= op.column2 \
     and (effect.window_id is null or exists (select 1 from conversation \
       where conversation.id = effect.window_id and conversation.window_closes_at > op.column2)) \
     returning effect.id",
);

pub(super) static AGAIN: Many = Many::new(
    "update effect set state = 0, attempt = op.column2, not_before = op.column3, attempts = op.column4, \
     settle_until = null from (values",
    4,
    ") as op where effect.id = op.column1 and +effect.state in (1, 2) returning effect.id",
);

pub(super) static DOUBT: Many = Many::new(
    "update effect set state = 2, settle_until = op.column2, attempts = op.column3 from (values",
    3,
    ") as op where effect.id = op.column1 and +effect.state = 1 returning effect.id",
);

pub(super) static PARK: Many = Many::new(
    "update effect set state = 3, error = op.column2, deadline = op.column3, attempts = op.column4, \
     settle_until = null from (values",
    4,
    ") as op where effect.id = op.column1",
);

/// Carries out what turns want of effects. Ids are never used twice, so planning before deleting is any order they came in.
pub(super) async fn apply(conn: &mut SqliteConnection, ops: &[&EffectOp]) -> Result<(), Error> {
    let planned: Vec<&EffectRow> =
        ops.iter().filter_map(|op| if let EffectOp::Plan(row) = op { Some(&**row) } else { None }).collect();
    PLAN.execute(conn, &planned, bind_row).await?;
    let withdrawn: Vec<EffectId> =
        ops.iter().filter_map(|op| if let EffectOp::Withdraw(id) = op { Some(*id) } else { None }).collect();
    WITHDRAW.execute(conn, &withdrawn, |values, id| values.push(id.0)).await?;
    let finished: Vec<EffectId> =
        ops.iter().filter_map(|op| if let EffectOp::Finish(id) = op { Some(*id) } else { None }).collect();
    FINISH.execute(conn, &finished, |values, id| values.push(id.0)).await?;
    let parked: Vec<(i64, &str, i64, &[u8])> = ops.iter().filter_map(|op| parked(op)).collect();
    let bind = |values: Values, (id, why, deadline, attempts): &(i64, &str, i64, &[u8])| {
        values.push(*id).push(*why).push(*deadline).push(*attempts)
    };
    PARK.execute(conn, &parked, bind).await?;
    Ok(())
}

fn parked(op: &EffectOp) -> Option<(i64, &str, i64, &[u8])> {
    match op {
        EffectOp::Park { id, why, deadline, attempts } => Some((id.0, why, deadline.0, attempts)),
        _ => None,
    }
}

fn bind_row(values: Values, row: &&EffectRow) -> Values {
    values
        .push(row.id.0)
        .push(row.run_id.0)
        .push(row.n)
        .push(row.key.as_str())
        .push(row.mailbox.0)
        .push(i64::from(row.shard))
        .push(row.connection.as_str())
        .push(row.lane as i64)
        .push(row.action.as_str())
        .push(row.window.map(|id| id.0))
        .push(row.state as i64)
        .push(i64::from(row.attempt))
        .push(row.not_before.0)
        .push(row.deadline.0)
        .push(row.settle_until.map(|at| at.0))
        .push(row.planned_at.0)
        .push(row.sent_at.map(|at| at.0))
        .push(&row.input[..])
        .push(&row.attempts[..])
        .push(row.error.as_str())
}

/// Which effect an operation is about.
pub(super) fn subject(op: &DispatchOp) -> EffectId {
    match op {
        DispatchOp::Start { id, .. } | DispatchOp::Again { id, .. } | DispatchOp::Doubt { id, .. } => *id,
    }
}

/// Moves effects; says for each operation, at its place, whether it did.
pub(super) async fn dispatch(conn: &mut SqliteConnection, ops: &[&DispatchOp]) -> Result<Vec<bool>, Error> {
    let mut moved = Vec::with_capacity(ops.len());
    let mut rest = ops;
    while !rest.is_empty() {
        // Operations on the same effect take turns; the others need no order.
        let mut seen = HashSet::new();
        let stretch = rest.iter().take_while(|op| seen.insert(subject(op))).count();
        let (now, later) = rest.split_at(stretch);
        let did = dispatch_stretch(conn, now).await?;
        moved.extend(now.iter().map(|op| did.contains(&subject(op))));
        rest = later;
    }
    Ok(moved)
}

/// Carries out operations on different effects; answers those that moved.
async fn dispatch_stretch(conn: &mut SqliteConnection, ops: &[&DispatchOp]) -> Result<HashSet<EffectId>, Error> {
    let (mut starts, mut agains, mut doubts) = (Vec::new(), Vec::new(), Vec::new());
    for op in ops {
        match op {
            DispatchOp::Start { id, at } => starts.push((id.0, at.0)),
            DispatchOp::Again { id, attempt, not_before, attempts } => {
                agains.push((id.0, *attempt, not_before.0, &attempts[..]));
            }
            DispatchOp::Doubt { id, until, attempts } => doubts.push((id.0, until.0, &attempts[..])),
        }
    }
    let read = |row: &SqliteRow| rows::number(row).map(EffectId);
    let mut moved = START.fetch(conn, &starts, |values, op| values.push(op.0).push(op.1), read).await?;
    let bind =
        |values: Values, op: &(i64, u16, i64, &[u8])| values.push(op.0).push(i64::from(op.1)).push(op.2).push(op.3);
    moved.extend(AGAIN.fetch(conn, &agains, bind, read).await?);
    let bind = |values: Values, op: &(i64, i64, &[u8])| values.push(op.0).push(op.1).push(op.2);
    moved.extend(DOUBT.fetch(conn, &doubts, bind, read).await?);
    Ok(moved.into_iter().collect())
}
