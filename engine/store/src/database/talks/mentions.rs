//! Notes that name somebody.

use engine::ids::{ContactId, ConversationId, MessageId, UserId};
use engine::store::{MOST_COUNTED, Mention, MentionPlace};

use super::PAGE;
use crate::database::columns::Columns;
use crate::database::error;
use crate::database::query::{Conn, all, one, query as statement};
use crate::database::rows;
use crate::database::value::Row;

/// `?2` and `?3` are the place behind which it goes on. What was erased has no text.
pub(crate) const NAMED: &str = "select mention.seen, said.id, said.conversation_id, conversation.assignee, conversation.team, contact.id, \
     contact.name, contact.phone, said.by, said.text \
     from mention cross join said on said.id = mention.said_id \
     cross join conversation on conversation.id = said.conversation_id \
     cross join contact on contact.id = conversation.contact_id \
     where mention.agent = ?1 and mention.seen >= ?2 and (mention.seen > ?2 or mention.said_id < ?3) \
     and said.text is not null and contact.erased_at is null \
     order by mention.seen, mention.said_id desc limit ?4";

/// `?2` is a conversation; all where there is none. Counting ends at `?3`.
pub(crate) const UNSEEN: &str = "select count(*) from (select 1 from mention cross join said on said.id = mention.said_id \
     where mention.agent = ?1 and mention.seen = 0 and (?2 is null or mention.conversation_id = ?2) \
     and said.text is not null limit ?3) as unseen";

fn mention(row: Row) -> Result<Mention, error::Error> {
    let mut c = Columns::of(row);
    Ok(Mention {
        seen: c.take::<i64>()? != 0,
        note: c.id(MessageId)?,
        conversation: c.id(ConversationId)?,
        assignee: c.maybe(UserId)?,
        team: c.take()?,
        contact: c.id(ContactId)?,
        name: c.take()?,
        phone: c.take()?,
        by: c.maybe(UserId)?,
        text: c.take()?,
    })
}

pub(super) async fn page(
    conn: &mut Conn<'_>,
    agent: UserId,
    after: Option<MentionPlace>,
    limit: u32,
) -> Result<Vec<Mention>, error::Error> {
    let (seen, note) = after.unwrap_or((false, MessageId(i64::MAX)));
    let query = statement(NAMED).bind(agent.0).bind(i64::from(seen)).bind(note.0).bind(limit.clamp(1, PAGE));
    all(conn, query, mention).await
}

pub(super) async fn unseen(
    conn: &mut Conn<'_>,
    agent: UserId,
    conversation: Option<ConversationId>,
) -> Result<u32, error::Error> {
    let query = statement(UNSEEN).bind(agent.0).bind(conversation.map(|id| id.0)).bind(MOST_COUNTED);
    let found = one(conn, query, rows::number).await?;
    Ok(found.and_then(|count| u32::try_from(count).ok()).unwrap_or(0))
}
