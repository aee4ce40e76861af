//! Waits: armed, and closed once. A close is compare-and-set: of a timer and an answer that race, the first one wins.

use engine::ids::{MailboxId, WaitId};
use engine::store::{WaitOp, WaitRow, WaitState};

use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

/// An armed wait gives way to another one with the same key.
pub(crate) const DISARM: &str = "delete from wait where kind = ?1 and key = ?2 and state = 0 and id <> ?3";

const ARM: &str = "insert into wait (id, shard, mailbox, run_id, cursor, kind, state, on_kind, key, since, due_at, data) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (id) do update set shard = excluded.shard, mailbox = excluded.mailbox, run_id = excluded.run_id, \
       cursor = excluded.cursor, kind = excluded.kind, state = excluded.state, on_kind = excluded.on_kind, \
       key = excluded.key, since = excluded.since, due_at = excluded.due_at, data = excluded.data";

pub(crate) const CLOSE: &str = "update wait set state = ?2 where id = ?1 and state = 0";

/// Carries out what the turns of one mailbox want of waits.
pub(crate) fn apply(session: &dyn Session, mailbox: MailboxId, ops: &[WaitOp]) -> Result<(), Error> {
    let armed_here = |id: WaitId| ops.iter().any(|op| matches!(op, WaitOp::Arm(row) if row.id == id));
    let closes = || ops.iter().filter_map(|op| if let WaitOp::Close { id, to } = op { Some((*id, *to)) } else { None });
    // One armed before is closed before another takes its key; one armed here can only be closed afterwards.
    for (id, to) in closes().filter(|(id, _)| !armed_here(*id)) {
        close(session, mailbox, id, to)?;
    }
    for op in ops {
        if let WaitOp::Arm(row) = op {
            arm(session, mailbox, row)?;
        }
    }
    for (id, to) in closes().filter(|(id, _)| armed_here(*id)) {
        close(session, mailbox, id, to)?;
    }
    Ok(())
}

fn close(session: &dyn Session, mailbox: MailboxId, id: WaitId, to: WaitState) -> Result<(), Error> {
    session.put(CLOSE, Key::within(mailbox.0, id.0), values![id.0, to as i64])
}

fn arm(session: &dyn Session, mailbox: MailboxId, row: &WaitRow) -> Result<(), Error> {
    let key = Key::within(mailbox.0, row.id.0);
    if row.key.is_some() {
        session.put(DISARM, key, values![row.kind as i64, row.key, row.id.0])?;
    }
    session.put(
        ARM,
        key,
        values![
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
        ],
    )
}
