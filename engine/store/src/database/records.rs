//! What changes seldom: escalations and versions of flows.

use engine::stops::StopOp;
use engine::store::{EscalationRow, VersionRow, VersionState};

use super::editing;
use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

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
pub(crate) fn apply_stop(session: &dyn Session, op: &StopOp) -> Result<(), Error> {
    match op {
        StopOp::Set(stop) => {
            let text = "insert into stop (scope, by, at) values (?, ?, ?) on conflict (scope) do nothing";
            session.execute(text, values![stop.scope.to_string(), stop.by, stop.at.0])?;
        }
        StopOp::Lift(scope) => {
            session.execute("delete from stop where scope = ?", values![scope.to_string()])?;
        }
    }
    Ok(())
}

/// Stores an escalation, new or changed.
pub(crate) fn upsert_escalation(session: &dyn Session, row: &EscalationRow) -> Result<(), Error> {
    session.put(
        UPSERT_ESCALATION,
        Key::of(row.id.0),
        values![
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
        ],
    )
}

/// Stores a version: the one in force, live or switched off, makes the one before it old.
pub(crate) fn upsert_version(session: &dyn Session, row: &VersionRow) -> Result<(), Error> {
    if matches!(row.state, VersionState::Live | VersionState::Off) {
        let retired = session.execute(RETIRE, values![row.flow, row.id.0])?;
        if retired > 0 {
            editing::in_force_changed(session, row)?;
        }
    }
    session.execute(
        UPSERT_VERSION,
        values![
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
        ],
    )?;
    Ok(())
}
