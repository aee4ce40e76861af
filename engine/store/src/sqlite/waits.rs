//! Waits: armed, and closed once. A close is compare-and-set: of a timer and an answer that race, the first one wins.

use std::collections::HashSet;

use engine::ids::WaitId;
use engine::store::{WaitOp, WaitRow, WaitState};
use sqlx::sqlite::SqliteConnection;

use super::error::Error;
use super::values::{Many, Values};

/// "Or replace" removes an armed wait with the same key: the unique index holds armed ones only.
static ARM: Many = Many::new(
    "insert or replace into wait (id, shard, mailbox, run_id, cursor, kind, state, on_kind, key, since, due_at, data) \
     values",
    12,
    "",
);

pub(super) static CLOSE: Many = Many::new(
    "update wait set state = op.column2 from (values",
    2,
    ") as op where wait.id = op.column1 and +wait.state = 0",
);

/// Carries out what turns want of waits.
pub(super) async fn apply(conn: &mut SqliteConnection, ops: &[&WaitOp]) -> Result<(), Error> {
    let arms: Vec<&WaitRow> =
        ops.iter().filter_map(|op| if let WaitOp::Arm(row) = op { Some(&**row) } else { None }).collect();
    let new: HashSet<WaitId> = arms.iter().map(|row| row.id).collect();
    let closes = ops.iter().filter_map(|op| if let WaitOp::Close { id, to } = op { Some((*id, *to)) } else { None });
    // One armed before is closed before another takes its key; one armed here can only be closed afterwards.
    let (later, sooner): (Vec<_>, Vec<_>) = closes.partition(|(id, _)| new.contains(id));
    close(conn, &sooner).await?;
    ARM.execute(conn, &arms, bind_row).await?;
    close(conn, &later).await
}

async fn close(conn: &mut SqliteConnection, closes: &[(WaitId, WaitState)]) -> Result<(), Error> {
    CLOSE.execute(conn, closes, |values, (id, to)| values.push(id.0).push(*to as i64)).await?;
    Ok(())
}

fn bind_row(values: Values, row: &&WaitRow) -> Values {
    values
        .push(row.id.0)
        .push(i64::from(row.shard))
        .push(row.mailbox.0)
        .push(row.run_id.map(|id| id.0))
        .push(row.cursor)
        .push(row.kind as i64)
        .push(row.state as i64)
        .push(row.on_kind.as_deref())
        .push(row.key.as_deref())
        .push(row.since.0)
        .push(row.due_at.0)
        .push(&row.data[..])
}
