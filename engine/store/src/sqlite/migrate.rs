//! Brings the schema up to date: forward only, each step in a transaction of its own.
//!
//! `pragma user_version` counts the steps taken; it changes in the same transaction as the tables.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};

use crate::database::error::Error;

/// All steps, in order. A released one is never changed.
const STEPS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_core.sql"),
    include_str!("../../migrations/sqlite/0002_erasure.sql"),
    include_str!("../../migrations/sqlite/0003_rules.sql"),
    include_str!("../../migrations/sqlite/0004_stops.sql"),
    include_str!("../../migrations/sqlite/0005_consent.sql"),
    include_str!("../../migrations/sqlite/0006_life.sql"),
    include_str!("../../migrations/sqlite/0007_accounts.sql"),
    include_str!("../../migrations/sqlite/0008_studio.sql"),
    include_str!("../../migrations/sqlite/0009_desk.sql"),
    include_str!("../../migrations/sqlite/0010_inbox.sql"),
    include_str!("../../migrations/sqlite/0011_rules.sql"),
    include_str!("../../migrations/sqlite/0012_authors.sql"),
    include_str!("../../migrations/sqlite/0013_contacts.sql"),
    include_str!("../../migrations/sqlite/0014_push.sql"),
    include_str!("../../migrations/sqlite/0015_closings.sql"),
    include_str!("../../migrations/sqlite/0016_retention.sql"),
    include_str!("../../migrations/sqlite/0017_mentions.sql"),
];

/// The version of the schema this build writes.
pub(crate) const NEWEST: i64 = STEPS.len() as i64;

/// The version of the schema in the file; 0 for an empty one.
pub(crate) async fn version(conn: &mut SqliteConnection) -> Result<i64, Error> {
    Ok(sqlx::query("pragma user_version").fetch_one(conn).await?.try_get(0)?)
}

/// Takes all steps that are missing. A file from a newer build is refused.
pub(crate) async fn up(conn: &mut SqliteConnection) -> Result<(), Error> {
    let found = version(conn).await?;
    if found > NEWEST {
        return Err(Error::Unfit(format!(
            "its schema is version {found}, newer than the {NEWEST} this build knows: use the newer build, or restore a backup"
        )));
    }
    let missing = usize::try_from(found).map_err(|_| Error::Unfit(format!("its schema is version {found}")))?;
    for (taken, step) in STEPS.iter().enumerate().skip(missing) {
        let text = format!("begin immediate; {step} pragma user_version = {}; commit", taken + 1);
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *conn).await {
            sqlx::query("rollback").execute(&mut *conn).await.ok();
            return Err(error.into());
        }
    }
    Ok(())
}

/// Refuses a file whose schema is not exactly ours: for those who only read.
pub(crate) async fn expect_newest(conn: &mut SqliteConnection) -> Result<(), Error> {
    let found = version(conn).await?;
    if found == NEWEST {
        return Ok(());
    }
    Err(Error::Unfit(format!(
        "its schema is version {found} and this build reads {NEWEST}: start the server of this build once, it brings it up to date"
    )))
}
