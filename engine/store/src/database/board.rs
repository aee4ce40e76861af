//! What the desk's board shows: what is open, who the customers are and what they wrote last, and the figures of a day. Pages ask
//! for it at every change, so each question is one statement however many wait.

use std::collections::HashMap;

use engine::clock::At;
use engine::ids::{ContactId, ConversationId, MailboxId};
use engine::store::{DeskDay, ListedContact, MailboxRows, MessageRow, TagRow};

use super::columns::Columns;
use super::error::Error;
use super::pages::{CHOSEN_CONTACTS, CHOSEN_TAGS};
use super::query::{Conn, all, one, query};
use super::read::{ARMED, NOT_DONE};
use super::rows::{self, columns};
use super::value::Row;

/// The newest message of each customer, from the end of the conversation.
pub(crate) const LAST_INBOUND: &str = concat!(
    "select ",
    columns!(message),
    " from json_each(?) as wanted cross join message on message.id = (select latest.id from message as latest \
       where latest.conversation_id = wanted.value and latest.inbound = 1 order by latest.id desc limit 1)"
);

/// Outside working hours nothing is promised, so nothing is kept either.
pub(crate) const DAY: &str = "select count(accepted_at), \
     count(case when accepted_at <= deadline and missed = 0 and out_of_hours = 0 then 1 end), \
     count(case when missed = 1 and fallback_at is not null then 1 end), count(case when missed = 1 then 1 end), \
     count(case when out_of_hours = 1 then 1 end), \
     (select accepted_at - received_at from escalation where received_at >= ?1 and accepted_at is not null \
        order by accepted_at - received_at \
        limit 1 offset (select count(accepted_at) / 2 from escalation where received_at >= ?1)) \
     from escalation where received_at >= ?1";

pub(super) async fn last_inbound(
    conn: &mut Conn<'_>,
    conversations: &[ConversationId],
) -> Result<Vec<MessageRow>, Error> {
    let ids: Vec<i64> = conversations.iter().map(|id| id.0).collect();
    all(conn, query(LAST_INBOUND).bind(&ids), rows::message).await
}

pub(super) async fn contacts(conn: &mut Conn<'_>, ids: &[ContactId]) -> Result<Vec<ListedContact>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let contacts = all(conn, query(CHOSEN_CONTACTS).bind(&ids), rows::contact).await?;
    let mut tags: HashMap<ContactId, Vec<TagRow>> = HashMap::new();
    for tag in all(conn, query(CHOSEN_TAGS).bind(&ids), rows::tag).await? {
        tags.entry(tag.contact_id).or_default().push(tag);
    }
    let known = contacts.into_iter().filter(|contact| contact.erased_at.is_none());
    let listed = known.map(|contact| {
        let tags = tags.remove(&contact.id).unwrap_or_default();
        ListedContact { contact, tags }
    });
    Ok(listed.collect())
}

pub(super) async fn open(conn: &mut Conn<'_>) -> Result<MailboxRows, Error> {
    let mut view = conn.view().await?;
    let mut now = view.conn();
    let of_desk = |text: &'static str| query(text).bind(MailboxId::DESK.0);
    let found = MailboxRows {
        waits: all(&mut now, of_desk(ARMED), rows::wait).await?,
        escalations: all(&mut now, of_desk(NOT_DONE), rows::escalation).await?,
        ..MailboxRows::default()
    };
    view.end().await?;
    Ok(found)
}

pub(super) async fn day(conn: &mut Conn<'_>, since: At) -> Result<DeskDay, Error> {
    let read = |row: Row| {
        let mut c = Columns::of(row);
        let mut count = || c.take::<i64>().map(i64::unsigned_abs);
        Ok(DeskDay {
            taken: count()?,
            kept: count()?,
            fallback: count()?,
            missed: count()?,
            out_of_hours: count()?,
            median_ms: c.take::<Option<i64>>()?.map(|took| u64::try_from(took).unwrap_or(0)),
        })
    };
    Ok(one(conn, query(DAY).bind(since.0), read).await?.unwrap_or_default())
}
