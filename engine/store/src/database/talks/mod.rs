//! The inbox: conversations by box ([`page`](mod@page)), what a list shows of them ([`listed`](mod@listed)), what was said in one
//! ([`heard`](mod@heard)), and notes that name somebody ([`mentions`](mod@mentions)).

pub(crate) mod heard;
pub(crate) mod listed;
pub(crate) mod mentions;
pub(crate) mod page;

use engine::clock::At;
use engine::event::MESSAGE_CHANGED;
use engine::ids::{ContactId, ConversationId, EventId, MailboxId, MessageId, UserId};
use engine::inbox::RatingRow;
use engine::store::{
    Error, HeardMessage, HeardSaid, HeldTalk, ListedTalk, MOST_COUNTED, Mention, MentionPlace, MessageRow, Sight,
    TalkKey, TalkQuery, TalkWay, Talks,
};

use super::columns::Columns;
use super::query::{all, one, query as statement};
use super::rows::{self, columns};
use super::value::Row;
use super::{Database, error};
use heard::{heard, people_keys, with_messages};
use listed::listed;
use page::{count, page};

/// Most rows of a page.
const PAGE: u32 = 500;

pub(crate) const HEARD_IN: &str = concat!(
    "select ",
    columns!(message),
    " from message where conversation_id = ?1 and id < ?2 \
     and (effect_key is null or effect_key < ?4 or effect_key >= ?5) order by id desc limit ?3"
);
pub(crate) const SAID_IN: &str =
    concat!("select ", columns!(said), " from said where conversation_id = ? and id < ? order by id desc limit ?");
pub(crate) const SAID_BY_KEY: &str =
    concat!("select ", columns!(said), " from said where conversation_id = ? and key = ?");
pub(crate) const BY_EXTERNAL: &str = concat!("select ", columns!(message), " from message where external_key = ?");
pub(crate) const CHANGES: &str = concat!(
    "select ",
    columns!(event),
    " from event where mailbox = ? and id >= ? and kind = ? order by id desc limit 500"
);
pub(crate) const HELD: &str = "select id, contact_id, assignee, team from conversation \
     where assignee is not null order by assignee limit 10000";
pub(crate) const RATINGS: &str = "select id, conversation_id, at, agent, team, stars, best from rating \
     where at >= ? and at < ? order by at limit 10000";

fn rating(row: Row) -> Result<RatingRow, error::Error> {
    let mut c = Columns::of(row);
    Ok(RatingRow {
        id: c.id(EventId)?,
        conversation_id: c.id(ConversationId)?,
        at: c.id(At)?,
        agent: c.maybe(UserId)?,
        team: c.take()?,
        stars: c.take()?,
        of: c.take()?,
    })
}

impl Talks for Database {
    async fn talk_page(&self, query: TalkQuery) -> Result<(Vec<ListedTalk>, Option<TalkKey>), Error> {
        Ok(page(&mut self.reader().await?.conn(), &query).await?)
    }

    async fn talk_count(&self, ways: Vec<TalkWay>, sight: Option<Sight>) -> Result<u32, Error> {
        let mut reader = self.reader().await?;
        let mut counted = 0;
        for way in &ways {
            counted += count(&mut reader.conn(), way, sight.as_ref(), MOST_COUNTED - counted).await?;
            if counted == MOST_COUNTED {
                break;
            }
        }
        Ok(counted)
    }

    async fn talk(&self, id: ConversationId) -> Result<Option<ListedTalk>, Error> {
        let found = listed(&mut self.reader().await?.conn(), &[id.0]).await?;
        Ok(found.into_iter().next().filter(|talk| talk.contact.erased_at.is_none()))
    }

    async fn heard_in(
        &self,
        conversation: ConversationId,
        before: MessageId,
        limit: u32,
    ) -> Result<Vec<HeardMessage>, Error> {
        let mut reader = self.reader().await?;
        let (from, to) = people_keys();
        let query = statement(HEARD_IN).bind(conversation.0).bind(before.0).bind(limit.clamp(1, PAGE));
        let rows = all(&mut reader.conn(), query.bind(from).bind(to), rows::message).await?;
        Ok(heard(&mut reader.conn(), rows).await?)
    }

    async fn said_in(
        &self,
        conversation: ConversationId,
        before: MessageId,
        limit: u32,
    ) -> Result<Vec<HeardSaid>, Error> {
        let mut reader = self.reader().await?;
        let query = statement(SAID_IN).bind(conversation.0).bind(before.0).bind(limit.clamp(1, PAGE));
        let rows = all(&mut reader.conn(), query, rows::said).await?;
        Ok(with_messages(&mut reader.conn(), rows).await?)
    }

    async fn changes_since(&self, mailbox: MailboxId, since: EventId) -> Result<Vec<engine::store::EventRow>, Error> {
        let query = statement(CHANGES).bind(mailbox.0).bind(since.0).bind(MESSAGE_CHANGED);
        let mut found = all(&mut self.reader().await?.conn(), query, rows::event).await?;
        found.reverse();
        Ok(found)
    }

    async fn messages_by_key(&self, keys: Vec<[u8; 16]>) -> Result<Vec<MessageRow>, Error> {
        let mut found = Vec::new();
        let mut reader = self.reader().await?;
        for key in keys {
            found.extend(one(&mut reader.conn(), statement(BY_EXTERNAL).bind(key), rows::message).await?);
        }
        Ok(found)
    }

    async fn heard(&self, id: MessageId) -> Result<Option<HeardMessage>, Error> {
        let text = concat!("select ", columns!(message), " from message where id = ?");
        let mut reader = self.reader().await?;
        let rows = all(&mut reader.conn(), statement(text).bind(id.0), rows::message).await?;
        Ok(heard(&mut reader.conn(), rows).await?.into_iter().next())
    }

    async fn said(&self, id: MessageId) -> Result<Option<HeardSaid>, Error> {
        let text = concat!("select ", columns!(said), " from said where id = ?");
        let mut reader = self.reader().await?;
        let rows = all(&mut reader.conn(), statement(text).bind(id.0), rows::said).await?;
        Ok(with_messages(&mut reader.conn(), rows).await?.into_iter().next())
    }

    async fn said_by_key(&self, conversation: ConversationId, key: &str) -> Result<Option<HeardSaid>, Error> {
        let mut reader = self.reader().await?;
        let found = one(&mut reader.conn(), statement(SAID_BY_KEY).bind(conversation.0).bind(key), rows::said).await?;
        Ok(with_messages(&mut reader.conn(), found.into_iter().collect()).await?.into_iter().next())
    }

    async fn held_talks(&self) -> Result<Vec<HeldTalk>, Error> {
        let held = |row: Row| {
            let mut c = Columns::of(row);
            Ok(HeldTalk {
                conversation: c.id(ConversationId)?,
                contact: c.id(ContactId)?,
                agent: c.id(UserId)?,
                team: c.take()?,
            })
        };
        Ok(all(&mut self.reader().await?.conn(), statement(HELD), held).await?)
    }

    async fn mentions(&self, agent: UserId, after: Option<MentionPlace>, limit: u32) -> Result<Vec<Mention>, Error> {
        Ok(mentions::page(&mut self.reader().await?.conn(), agent, after, limit).await?)
    }

    async fn unseen_mentions(&self, agent: UserId, conversation: Option<ConversationId>) -> Result<u32, Error> {
        Ok(mentions::unseen(&mut self.reader().await?.conn(), agent, conversation).await?)
    }

    async fn ratings(&self, from: At, until: At) -> Result<Vec<RatingRow>, Error> {
        Ok(all(&mut self.reader().await?.conn(), statement(RATINGS).bind(from.0).bind(until.0), rating).await?)
    }
}
