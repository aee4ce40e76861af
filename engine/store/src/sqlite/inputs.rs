//! What waits in mailboxes: written with the event or letter it is about, deleted by the work that handled it.

use engine::ids::InputId;
use engine::store::InputRow;
use sqlx::sqlite::SqliteConnection;

use super::error::Error;
use super::values::{Many, Values};

static INSERT: Many = Many::new("insert into input (id, shard, mailbox, lane, kind, reference, body) values", 7, "");

pub(super) static CONSUME: Many = Many::new("delete from input where id in (values", 1, ")");

/// Stores inputs.
pub(super) async fn insert(conn: &mut SqliteConnection, inputs: &[&InputRow]) -> Result<(), Error> {
    let bind = |values: Values, row: &&InputRow| {
        values
            .push(row.id.0)
            .push(i64::from(row.shard))
            .push(row.mailbox.0)
            .push(row.lane as i64)
            .push(row.kind as i64)
            .push(row.reference)
            .push(row.body.as_deref())
    };
    INSERT.execute(conn, inputs, bind).await?;
    Ok(())
}

/// Deletes inputs that were handled; one that is gone already is no trouble.
pub(super) async fn consume(conn: &mut SqliteConnection, inputs: &[InputId]) -> Result<(), Error> {
    CONSUME.execute(conn, inputs, |values, id| values.push(id.0)).await?;
    Ok(())
}
