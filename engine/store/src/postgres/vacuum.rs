//! Removing for good what was deleted: tables with something of people in them are written anew.
//!
//! A rewriting keeps deleted rows that some session may still see, so such transactions, of any database of the server, are waited for. It does not reach copies in the
//! server's own log, in replicas and in backups: those go when the server lets them go.

use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::PgConnection;
use tokio::time::{Instant, sleep};

use crate::database::error::Error;

/// Tables whose columns `database/erase.rs` empties.
const TABLES: [&str; 16] = [
    "vacuum (full) contact",
    "vacuum (full) conversation",
    "vacuum (full) contact_tag",
    "vacuum (full) event",
    "vacuum (full) message",
    "vacuum (full) said",
    "vacuum (full) input",
    "vacuum (full) run",
    "vacuum (full) journal",
    "vacuum (full) effect",
    "vacuum (full) wait",
    "vacuum (full) escalation",
    "vacuum (full) bad_item",
    "vacuum (full) unmatched",
    "vacuum (full) merge",
    "vacuum (full) label",
];

/// How long transactions that began earlier are waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often is looked whether they are gone.
const LOOK: Duration = Duration::from_millis(20);

/// The number of a transaction that comes after all that deleted something until now.
const NOW: &str = "select pg_current_xact_id()::text";
/// Whether nobody sees any more what was deleted before that: no transaction of the server is older, which every later view would
/// allow for, and no session of this database has an older view.
const UNSEEN: &str = "select pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8 and not exists ( \
     select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() \
       and greatest(age(backend_xmin), age(backend_xid)) >= age($1::text::xid8::xid))";

/// Writes all tables anew.
pub(super) async fn all(conn: &mut PgConnection) -> Result<(), Error> {
    let now: String = sqlx::query(NOW).fetch_one(&mut *conn).await?.try_get(0)?;
    let until = Instant::now() + PATIENCE;
    while !sqlx::query(UNSEEN).bind(&now).fetch_one(&mut *conn).await?.try_get::<bool, _>(0)? {
        if Instant::now() > until {
            return Err(Error::Unfit("a transaction still sees deleted rows: vacuum again when it is done".into()));
        }
        sleep(LOOK).await;
    }
    for text in TABLES {
        sqlx::raw_sql(text).execute(&mut *conn).await?;
    }
    Ok(())
}
