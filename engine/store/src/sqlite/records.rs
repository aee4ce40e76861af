//! What changes seldom: escalations and versions of flows.

use engine::store::{EscalationRow, VersionRow, VersionState};
use sqlx::sqlite::SqliteConnection;

use super::error::Error;
use super::values::{Many, Values};

static UPSERT_ESCALATION: Many = Many::new(
    "insert into escalation (id, mailbox, run_id, contact_id, conversation_id, team, reason, received_at, offered_at, \
     deadline, accepted_at, accepted_by, missed) values",
    13,
    "on conflict (id) do update set team = excluded.team, reason = excluded.reason, deadline = excluded.deadline, \
       accepted_at = excluded.accepted_at, accepted_by = excluded.accepted_by, missed = excluded.missed",
);

static UPSERT_VERSION: Many = Many::new(
    "insert into version (id, flow, meaning, text_no, language, source, state, owner, by, at, kind) values",
    11,
    "on conflict (id) do update set state = excluded.state, owner = excluded.owner, by = excluded.by, at = excluded.at",
);

/// Stores escalations, new or changed.
pub(super) async fn upsert_escalations(
    conn: &mut SqliteConnection,
    escalations: &[&EscalationRow],
) -> Result<(), Error> {
    let bind = |values: Values, row: &&EscalationRow| {
        values
            .push(row.id.0)
            .push(row.mailbox.0)
            .push(row.run_id.0)
            .push(row.contact_id.map(|id| id.0))
            .push(row.conversation_id.map(|id| id.0))
            .push(row.team.as_str())
            .push(row.reason.as_str())
            .push(row.received_at.0)
            .push(row.offered_at.0)
            .push(row.deadline.0)
            .push(row.accepted_at.map(|at| at.0))
            .push(row.accepted_by.as_deref())
            .push(i64::from(row.missed))
    };
    UPSERT_ESCALATION.execute(conn, escalations, bind).await?;
    Ok(())
}

/// Stores versions one after the other: making one live makes the live one before it old.
pub(super) async fn upsert_versions(conn: &mut SqliteConnection, versions: &[&VersionRow]) -> Result<(), Error> {
    for version in versions {
        if version.state == VersionState::Live {
            let retire = "update version set state = 2 where flow = ? and state = 1 and id <> ?";
            sqlx::query(retire).bind(&version.flow).bind(version.id.0).execute(&mut *conn).await?;
        }
        UPSERT_VERSION.execute(conn, &[*version], bind_version).await?;
    }
    Ok(())
}

fn bind_version(values: Values, row: &&VersionRow) -> Values {
    values
        .push(row.id.0)
        .push(row.flow.as_str())
        .push(&row.meaning[..])
        .push(row.text_no)
        .push(row.language)
        .push(row.source.as_str())
        .push(row.state as i64)
        .push(row.owner.as_str())
        .push(row.by.as_str())
        .push(row.at.0)
        .push(row.kind as i64)
}
