//! What changes seldom: escalations and versions of flows.

use engine::stops::StopOp;
use engine::store::{EscalationRow, VersionRow, VersionState};
use rusqlite::{Connection, params};

use super::editing;
use super::error::Error;

const UPSERT_ESCALATION: &str = "insert into escalation (id, mailbox, run_id, contact_id, conversation_id, team, reason, \
     received_at, offered_at, deadline, accepted_at, accepted_by, missed, kind, stage, customer, provider_at, \
     accepted_user, answered_at, fallback_at, told_at, out_of_hours, done) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (id) do update set team = excluded.team, reason = excluded.reason, offered_at = excluded.offered_at, \
       deadline = excluded.deadline, accepted_at = excluded.accepted_at, accepted_by = excluded.accepted_by, \
       missed = excluded.missed, stage = excluded.stage, customer = excluded.customer, \
       accepted_user = excluded.accepted_user, answered_at = excluded.answered_at, fallback_at = excluded.fallback_at, \
       told_at = excluded.told_at, out_of_hours = excluded.out_of_hours, done = excluded.done";

const UPSERT_VERSION: &str = "insert into version (id, flow, meaning, text_no, language, source, state, owner, by, at, kind) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (id) do update set state = excluded.state, owner = excluded.owner, by = excluded.by, at = excluded.at";

const RETIRE: &str = "update version set state = 2 where flow = ? and state in (1, 3) and id <> ?";

/// Stops or releases.
pub(super) fn apply_stop(conn: &Connection, op: &StopOp) -> Result<(), Error> {
    match op {
        StopOp::Set(stop) => {
            let text = "insert into stop (scope, by, at) values (?, ?, ?) on conflict (scope) do nothing";
            conn.prepare_cached(text)?.execute(params![stop.scope.to_string(), stop.by, stop.at.0])?;
        }
        StopOp::Lift(scope) => {
            conn.prepare_cached("delete from stop where scope = ?")?.execute([scope.to_string()])?;
        }
    }
    Ok(())
}

/// Stores an escalation, new or changed.
pub(super) fn upsert_escalation(conn: &Connection, row: &EscalationRow) -> Result<(), Error> {
    conn.prepare_cached(UPSERT_ESCALATION)?.execute(params![
        row.id.0,
        row.mailbox.0,
        row.run_id.0,
        row.contact_id.map(|id| id.0),
        row.conversation_id.map(|id| id.0),
        row.team,
        row.reason,
        row.received_at.0,
        row.offered_at.0,
        row.deadline.0,
        row.accepted_at.map(|at| at.0),
        row.accepted_by,
        row.missed,
        row.kind as i64,
        row.stage as i64,
        row.customer,
        row.provider_at.map(|at| at.0),
        row.accepted_user.map(|user| user.0),
        row.answered_at.map(|at| at.0),
        row.fallback_at.map(|at| at.0),
        row.told_at.map(|at| at.0),
        row.out_of_hours,
        row.done,
    ])?;
    Ok(())
}

/// Stores a version: the one in force, live or switched off, makes the one before it old.
pub(super) fn upsert_version(conn: &Connection, row: &VersionRow) -> Result<(), Error> {
    if matches!(row.state, VersionState::Live | VersionState::Off) {
        let retired = conn.prepare_cached(RETIRE)?.execute(params![row.flow, row.id.0])?;
        if retired > 0 {
            editing::in_force_changed(conn, row)?;
        }
    }
    conn.prepare_cached(UPSERT_VERSION)?.execute(params![
        row.id.0,
        row.flow,
        row.meaning,
        row.text_no,
        row.language,
        row.source,
        row.state as i64,
        row.owner,
        row.by,
        row.at.0,
        row.kind as i64,
    ])?;
    Ok(())
}
