//! Waits: armed, and closed once. A close is compare-and-set: of a timer and an answer that race, the first one wins.

use engine::ids::WaitId;
use engine::store::{WaitOp, WaitRow, WaitState};
use rusqlite::{Connection, params};

use super::error::Error;

/// "Or replace" removes an armed wait with the same key: the unique index holds armed ones only.
const ARM: &str = "insert or replace into wait (id, shard, mailbox, run_id, cursor, kind, state, on_kind, key, since, \
     due_at, data) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) const CLOSE: &str = "update wait set state = ?2 where id = ?1 and state = 0";

/// Carries out what the turns of one mailbox want of waits.
pub(super) fn apply(conn: &Connection, ops: &[WaitOp]) -> Result<(), Error> {
    let armed_here = |id: WaitId| ops.iter().any(|op| matches!(op, WaitOp::Arm(row) if row.id == id));
    let closes = || ops.iter().filter_map(|op| if let WaitOp::Close { id, to } = op { Some((*id, *to)) } else { None });
    // One armed before is closed before another takes its key; one armed here can only be closed afterwards.
    for (id, to) in closes().filter(|(id, _)| !armed_here(*id)) {
        close(conn, id, to)?;
    }
    for op in ops {
        if let WaitOp::Arm(row) = op {
            arm(conn, row)?;
        }
    }
    for (id, to) in closes().filter(|(id, _)| armed_here(*id)) {
        close(conn, id, to)?;
    }
    Ok(())
}

fn close(conn: &Connection, id: WaitId, to: WaitState) -> Result<(), Error> {
    conn.prepare_cached(CLOSE)?.execute([id.0, to as i64])?;
    Ok(())
}

fn arm(conn: &Connection, row: &WaitRow) -> Result<(), Error> {
    conn.prepare_cached(ARM)?.execute(params![
        row.id.0,
        row.shard,
        row.mailbox.0,
        row.run_id.map(|id| id.0),
        row.cursor,
        row.kind as i64,
        row.state as i64,
        row.on_kind,
        row.key,
        row.since.0,
        row.due_at.0,
        row.data,
    ])?;
    Ok(())
}
