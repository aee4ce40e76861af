//! Contacts, their conversations and their tags, as the turns of their mailboxes leave them.

use std::collections::BTreeMap;

use engine::store::{ContactRow, ConversationRow, TagOp, TagRow};
use sqlx::sqlite::SqliteConnection;

use super::error::Error;
use super::values::{Many, Values};

/// The salt is written once. An erased contact stays as it is: a mailbox that was in memory must not bring it back.
static UPSERT: Many = Many::new(
    "insert into contact (id, salt, name, phone, language, priority, order_status, fields, last_at, unread, rev, \
     erased_at) values",
    12,
    "on conflict (id) do update set name = excluded.name, phone = excluded.phone, language = excluded.language, \
       priority = excluded.priority, order_status = excluded.order_status, fields = excluded.fields, \
       last_at = excluded.last_at, unread = excluded.unread, rev = excluded.rev where contact.erased_at is null",
);

/// Number and address are written once, so an erased address stays erased.
static UPSERT_CONVERSATION: Many = Many::new(
    "insert into conversation (id, contact_id, number, address, connection, window_closes_at, session_messages, \
     session_opened_at, last_in_at, last_out_at, rev) values",
    11,
    "on conflict (id) do update set contact_id = excluded.contact_id, connection = excluded.connection, \
       window_closes_at = excluded.window_closes_at, session_messages = excluded.session_messages, \
       session_opened_at = excluded.session_opened_at, last_in_at = excluded.last_in_at, \
       last_out_at = excluded.last_out_at, rev = excluded.rev",
);

static TAG: Many = Many::new(
    "insert into contact_tag (contact_id, tag, source, source_id, event_id, at) values",
    6,
    "on conflict do nothing",
);

pub(super) static UNTAG: Many =
    Many::new("delete from contact_tag where (contact_id, tag, source, source_id) in (values", 4, ")");

/// Stores contacts changed or new.
pub(super) async fn upsert(conn: &mut SqliteConnection, contacts: &[&ContactRow]) -> Result<(), Error> {
    let bind = |values: Values, row: &&ContactRow| {
        values
            .push(row.id.0)
            .push(row.salt.as_deref())
            .push(row.name.as_str())
            .push(row.phone.as_deref())
            .push(row.language.as_str())
            .push(row.priority)
            .push(row.order_status.as_str())
            .push(row.fields.as_str())
            .push(row.last_at.map(|at| at.0))
            .push(row.unread)
            .push(row.rev)
            .push(row.erased_at.map(|at| at.0))
    };
    UPSERT.execute(conn, contacts, bind).await?;
    Ok(())
}

/// Stores conversations changed or new.
pub(super) async fn upsert_conversations(
    conn: &mut SqliteConnection,
    conversations: &[&ConversationRow],
) -> Result<(), Error> {
    let bind = |values: Values, row: &&ConversationRow| {
        values
            .push(row.id.0)
            .push(row.contact_id.0)
            .push(row.number.as_str())
            .push(row.address.as_str())
            .push(row.connection.as_str())
            .push(row.window_closes_at.map(|at| at.0))
            .push(row.session_messages)
            .push(row.session_opened_at.map(|at| at.0))
            .push(row.last_in_at.map(|at| at.0))
            .push(row.last_out_at.map(|at| at.0))
            .push(row.rev)
    };
    UPSERT_CONVERSATION.execute(conn, conversations, bind).await?;
    Ok(())
}

/// What makes a tag's source the same source.
fn key(row: &TagRow) -> (i64, &str, i64, &str) {
    (row.contact_id.0, &row.tag, row.source, &row.source_id)
}

/// Carries out what turns want of tags: the last word on each source counts.
pub(super) async fn apply_tags(conn: &mut SqliteConnection, ops: &[&TagOp]) -> Result<(), Error> {
    let mut removed: BTreeMap<_, &TagRow> = BTreeMap::new();
    let mut added: BTreeMap<_, &TagRow> = BTreeMap::new();
    for op in ops {
        match op {
            TagOp::Add(row) => {
                added.entry(key(row)).or_insert(row);
            }
            TagOp::Remove(row) => {
                added.remove(&key(row));
                removed.insert(key(row), row);
            }
        }
    }
    let removed: Vec<&TagRow> = removed.into_values().collect();
    UNTAG.execute(conn, &removed, |values, row| bind_key(values, row)).await?;
    let added: Vec<&TagRow> = added.into_values().collect();
    let bind = |values: Values, row: &&TagRow| bind_key(values, row).push(row.event_id.map(|id| id.0)).push(row.at.0);
    TAG.execute(conn, &added, bind).await?;
    Ok(())
}

fn bind_key(values: Values, row: &TagRow) -> Values {
    values.push(row.contact_id.0).push(row.tag.as_str()).push(row.source).push(row.source_id.as_str())
}
