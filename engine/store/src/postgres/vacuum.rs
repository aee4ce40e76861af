//! Removing for good what was deleted: tables with something of people in them are written anew.
//!
//! A rewriting keeps deleted rows that some session may still see, so such sessions are waited for. It does not reach copies in the
//! server's own log, in replicas and in backups: those go when the server lets them go.

use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::PgConnection;
use tokio::time::{Instant, sleep};

use crate::database::error::Error;

/// Tables whose columns `database/erase.rs` empties.
const TABLES: [&str; 13] = [
    "vacuum (full) contact",
    "vacuum (full) conversation",
    "vacuum (full) contact_tag",
    "vacuum (full) event",
    "vacuum (full) message",
    "vacuum (full) input",
    "vacuum (full) run",
    "vacuum (full) journal",
    "vacuum (full) effect",
    "vacuum (full) wait",
    "vacuum (full) escalation",
    "vacuum (full) bad_item",
    "vacuum (full) unmatched",
];

/// How long sessions that began earlier are waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often is looked whether they are gone.
const LOOK: Duration = Duration::from_millis(20);

/// A number between those of transactions before and after now.
const NOW: &str = "select pg_current_xact_id()::xid::text";
/// Sessions of this database that see what was deleted before.
const SEEING: &str = "select count(*) from pg_stat_activity where datname = current_database() \
     and pid <> pg_backend_pid() and greatest(age(backend_xmin), age(backend_xid)) >= age($1::text::xid)";

/// Writes all tables anew.
pub(super) async fn all(conn: &mut PgConnection) -> Result<(), Error> {
    let now: String = sqlx::query(NOW).fetch_one(&mut *conn).await?.try_get(0)?;
    for text in TABLES {
        let until = Instant::now() + PATIENCE;
        while sqlx::query(SEEING).bind(&now).fetch_one(&mut *conn).await?.try_get::<i64, _>(0)? > 0 {
            if Instant::now() > until {
                return Err(Error::Unfit("a session holds deleted rows: vacuum again when it is done".into()));
            }
            sleep(LOOK).await;
        }
        sqlx::raw_sql(text).execute(&mut *conn).await?;
    }
    Ok(())
}
