//! Brings the schema up to date: forward only, all missing steps in one transaction.
//!
//! Steps have the numbers and names of SQLite's, so that one number says what a schema can hold.

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection, Row};

use super::Place;
use crate::database::error::Error;

/// All steps, in order. A released one is never changed.
const STEPS: &[&str] = &[
    include_str!("../../migrations/postgres/0001_core.sql"),
    include_str!("../../migrations/postgres/0002_erasure.sql"),
    include_str!("../../migrations/postgres/0003_rules.sql"),
    include_str!("../../migrations/postgres/0004_stops.sql"),
    include_str!("../../migrations/postgres/0005_consent.sql"),
    include_str!("../../migrations/postgres/0006_life.sql"),
    include_str!("../../migrations/postgres/0007_accounts.sql"),
    include_str!("../../migrations/postgres/0008_studio.sql"),
    include_str!("../../migrations/postgres/0009_desk.sql"),
    include_str!("../../migrations/postgres/0010_inbox.sql"),
    include_str!("../../migrations/postgres/0011_rules.sql"),
    include_str!("../../migrations/postgres/0012_authors.sql"),
    include_str!("../../migrations/postgres/0013_contacts.sql"),
    include_str!("../../migrations/postgres/0014_push.sql"),
    include_str!("../../migrations/postgres/0015_closings.sql"),
    include_str!("../../migrations/postgres/0016_retention.sql"),
    include_str!("../../migrations/postgres/0017_mentions.sql"),
];

/// The version of the schema this build writes.
pub(super) const NEWEST: i64 = STEPS.len() as i64;

/// Nobody else brings the schema up to date meanwhile.
const ALONE: &str = "select pg_advisory_xact_lock(5318008, 1)";
const BEGIN: &str = "create table if not exists schema_version (version bigint not null)";

/// The version of the schema; 0 for an empty database.
async fn version(conn: &mut PgConnection) -> Result<i64, Error> {
    let known: bool =
        sqlx::query("select to_regclass('schema_version') is not null").fetch_one(&mut *conn).await?.try_get(0)?;
    if !known {
        return Ok(0);
    }
    let row = sqlx::query("select version from schema_version").fetch_optional(conn).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
}

/// Takes all steps that are missing. A database from a newer build is refused.
pub(super) async fn up(place: &Place) -> Result<(), Error> {
    let mut conn = place.options.clone().connect().await?;
    if version(&mut conn).await? == NEWEST {
        return Ok(conn.close().await?);
    }
    let mut change = conn.begin().await?;
    sqlx::query(ALONE).execute(&mut *change).await?;
    let found = version(&mut change).await?;
    if found > NEWEST {
        return Err(Error::Unfit(format!(
            "its schema is version {found}, newer than the {NEWEST} this build knows: use the newer build, or restore a backup"
        )));
    }
    let missing = usize::try_from(found).map_err(|_| Error::Unfit(format!("its schema is version {found}")))?;
    for step in STEPS.iter().skip(missing) {
        sqlx::raw_sql(*step).execute(&mut *change).await?;
    }
    sqlx::query(BEGIN).execute(&mut *change).await?;
    sqlx::query("delete from schema_version").execute(&mut *change).await?;
    sqlx::query("insert into schema_version (version) values ($1)").bind(NEWEST).execute(&mut *change).await?;
    change.commit().await?;
    Ok(conn.close().await?)
}

/// Whether there is a schema of ours, of any version.
pub(super) async fn begun(place: &Place) -> Result<bool, Error> {
    let mut conn = place.options.clone().connect().await?;
    let version = version(&mut conn).await?;
    conn.close().await?;
    Ok(version > 0)
}

/// Refuses a database whose schema is not exactly ours: for those who only read.
pub(super) async fn expect_newest(conn: &mut PgConnection) -> Result<(), Error> {
    let found = version(conn).await?;
    if found == NEWEST {
        return Ok(());
    }
    Err(Error::Unfit(format!(
        "its schema is version {found} and this build reads {NEWEST}: start the server of this build once, it brings it up to date"
    )))
}
