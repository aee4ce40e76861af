//! The inbox: conversations by box, and what was said in one. Indexes find the candidates, the most recent first; what they do not
//! decide is looked at here.

use std::collections::HashMap;

use engine::clock::At;
use engine::event::MESSAGE_CHANGED;
use engine::expr::text::normalise;
use engine::ids::{ContactId, ConversationId, EscalationId, EventId, MailboxId, MessageId, RunId, UserId};
use engine::inbox::{RatingRow, SaidRow};
use engine::store::{
    Error, HeardMessage, HeardSaid, HeldTalk, ListedTalk, MOST_COUNTED, MessageRow, Sight, TalkKey, TalkQuery, TalkRun,
    TalkWay, Talks,
};

use super::columns::Columns;
use super::pages::CHOSEN_TAGS;
use super::query::{Conn, Query, all, one, query as statement};
use super::rows::{self, columns};
use super::value::{Row, Value};
use super::{Database, error};

/// Candidates read at a time where each is looked at.
const CHUNK: usize = 1_000;
/// Most candidates of one page: about 50 ms.
const MOST: usize = 20_000;
/// Most rows of a page.
const PAGE: u32 = 500;

/// Candidates among the conversations, with what filters look at. `?1` is what the index knows, `?2` and `?3` the place behind
/// which the page begins, `?4` the earliest time.
macro_rules! candidates {
    ($condition:literal) => {
        concat!(
            "select conversation.id, conversation.active_at, conversation.assignee, conversation.team, contact.name, \
             contact.phone, ?6 is null or exists (select 1 from contact_tag where contact_tag.contact_id = contact.id \
               and contact_tag.tag = ?6 and contact_tag.source <> 5) \
             from conversation cross join contact on contact.id = conversation.contact_id where ",
            $condition,
            " and conversation.active_at <= ?2 and (conversation.active_at < ?2 or conversation.id < ?3) \
             and conversation.active_at >= ?4 and contact.erased_at is null \
             order by conversation.active_at desc, conversation.id desc limit ?5"
        )
    };
}

pub(crate) const IN_PLACE: &str = candidates!("conversation.place = ?1");
pub(crate) const OF_ASSIGNEE: &str = candidates!("conversation.assignee = ?1");
pub(crate) const OF_TEAM: &str = candidates!("conversation.team = ?1");

/// The ids come as one JSON list.
pub(crate) const CHOSEN: &str = concat!(
    "select ",
    columns!(conversation),
    " from json_each(?) as wanted cross join conversation on conversation.id = wanted.value"
);
pub(crate) const CHOSEN_CONTACTS: &str = concat!(
    "select ",
    columns!(contact),
    " from json_each(?) as wanted cross join contact on contact.id = wanted.value"
);

/// The newest message of each conversation but those of people here, whose keys lie between the other two.
pub(crate) const LAST: &str = concat!(
    "select ",
    columns!(message),
    " from json_each(?) as wanted cross join message on message.id = (select latest.id from message as latest \
       where latest.conversation_id = wanted.value \
       and (latest.effect_key is null or latest.effect_key < ? or latest.effect_key >= ?) \
       order by latest.id desc limit 1)"
);
pub(crate) const LAST_SAID: &str = concat!(
    "select ",
    columns!(said),
    " from json_each(?) as wanted cross join said on said.id = (select latest.id from said as latest \
       where latest.conversation_id = wanted.value and latest.kind > 0 order by latest.id desc limit 1)"
);
pub(crate) const ESCALATIONS: &str = "select escalation.contact_id, max(escalation.id) from json_each(?) as wanted \
     cross join escalation on escalation.contact_id = wanted.value where escalation.accepted_at is null \
     group by escalation.contact_id";

pub(crate) const RUNS: &str = "select run.id, version.flow, run.status, run.conversation_id from json_each(?) as wanted \
     cross join run on run.mailbox = wanted.value and run.status < 10 \
     cross join version on version.id = run.version_id order by run.id";

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
pub(crate) const BY_EFFECT: &str = concat!(
    "select ",
    columns!(message),
    " from json_each(?) as wanted cross join message on message.effect_key = wanted.value"
);
pub(crate) const BY_EXTERNAL: &str = concat!("select ", columns!(message), " from message where external_key = ?");
pub(crate) const EVENTS: &str =
    concat!("select ", columns!(event), " from json_each(?) as wanted cross join event on event.id = wanted.value");
pub(crate) const FLOWS: &str = "select run.id, version.flow from json_each(?) as wanted \
     cross join run on run.id = wanted.value cross join version on version.id = run.version_id";
pub(crate) const CHANGES: &str = concat!(
    "select ",
    columns!(event),
    " from event where mailbox = ? and id >= ? and kind = ? order by id desc limit 500"
);
pub(crate) const HELD: &str = "select id, contact_id, assignee, team from conversation \
     where assignee is not null order by assignee limit 10000";
pub(crate) const RATINGS: &str = "select id, conversation_id, at, agent, team, stars, best from rating \
     where at >= ? and at < ? order by at limit 10000";

/// What a filter looks at of a candidate.
struct Candidate {
    id: i64,
    active_at: i64,
    assignee: Option<UserId>,
    team: Option<String>,
    name: String,
    phone: Option<String>,
    tagged: bool,
}

fn candidate(row: Row) -> Result<Candidate, error::Error> {
    let mut c = Columns::of(row);
    Ok(Candidate {
        id: c.take()?,
        active_at: c.take()?,
        assignee: c.maybe(UserId)?,
        team: c.take()?,
        name: c.take()?,
        phone: c.take()?,
        tagged: c.take()?,
    })
}

impl Candidate {
    fn key(&self) -> (i64, i64) {
        (self.active_at, self.id)
    }

    fn fits(&self, query: &TalkQuery) -> bool {
        let seen = query.sight.as_ref().is_none_or(|sight| sight.sees(self.assignee, self.team.as_deref()));
        let named = |text: &str| query.text.as_deref().is_none_or(|wanted| normalise(text).contains(wanted));
        self.tagged && seen && (named(&self.name) || self.phone.as_deref().is_some_and(named))
    }
}

/// The statement of a way, with what its index knows and the times between which something was said last.
fn index_of(way: &TalkWay) -> (&'static str, Value, i64, i64) {
    match way {
        TalkWay::Place(place, from, until) => (IN_PLACE, Value::Number(Some(*place as i64)), from.0, until.0),
        TalkWay::Assignee(user) => (OF_ASSIGNEE, Value::Number(Some(user.0)), i64::MIN, i64::MAX),
        TalkWay::Team(team) => (OF_TEAM, Value::Text(Some(team.clone())), i64::MIN, i64::MAX),
    }
}

async fn page(conn: &mut Conn<'_>, query: &TalkQuery) -> Result<(Vec<ListedTalk>, Option<TalkKey>), error::Error> {
    let limit = query.limit.clamp(1, PAGE) as usize;
    let picky = query.text.is_some() || query.tag.is_some() || query.sight.is_some();
    let chunk = if picky { CHUNK.max(limit) } else { limit };
    let mut before = query.before.map_or((i64::MAX, i64::MAX), |(at, id)| (at.0, id.0));
    let (mut ids, mut seen, mut more) = (Vec::new(), 0, true);
    while more && ids.len() < limit && seen < MOST {
        let found = next_candidates(conn, query, before, chunk).await?;
        more = found.len() == chunk;
        for one in found {
            seen += 1;
            before = one.key();
            if one.fits(query) {
                ids.push(one.id);
            }
            if ids.len() == limit {
                more = true;
                break;
            }
        }
    }
    let next = more.then_some((At(before.0), ConversationId(before.1)));
    Ok((listed(conn, &ids).await?, next))
}

/// The next candidates of all ways together, the most recent first. A conversation that two ways find is one.
async fn next_candidates(
    conn: &mut Conn<'_>,
    query: &TalkQuery,
    before: (i64, i64),
    chunk: usize,
) -> Result<Vec<Candidate>, error::Error> {
    let most = i64::try_from(chunk).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    for way in &query.ways {
        let (text, value, from, until) = index_of(way);
        let start = if before.0 < until { before } else { (until.saturating_sub(1), i64::MAX) };
        let bound =
            Query { text, values: vec![value] }.bind(start.0).bind(start.1).bind(from).bind(most).bind(&query.tag);
        found.extend(all(conn, bound, candidate).await?);
    }
    found.sort_unstable_by_key(|one| std::cmp::Reverse(one.key()));
    found.dedup_by_key(|one| one.id);
    found.truncate(chunk);
    Ok(found)
}

/// The conversations with these ids, in this order, each with what a list shows.
async fn listed(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Vec<ListedTalk>, error::Error> {
    let wanted = ids.to_vec();
    let mut talks: HashMap<i64, _> = HashMap::new();
    for row in all(conn, statement(CHOSEN).bind(&wanted), rows::conversation).await? {
        talks.insert(row.id.0, row);
    }
    let of_contacts: Vec<i64> = talks.values().map(|row| row.contact_id.0).collect();
    let contacts = all(conn, statement(CHOSEN_CONTACTS).bind(&of_contacts), rows::contact).await?;
    let contacts: HashMap<_, _> = contacts.into_iter().map(|row| (row.id, row)).collect();
    let tags = all(conn, statement(CHOSEN_TAGS).bind(&of_contacts), rows::tag).await?;
    let escalation = |row: Row| {
        let mut c = Columns::of(row);
        Ok((c.take::<i64>()?, c.id(EscalationId)?))
    };
    let escalations: HashMap<i64, EscalationId> =
        all(conn, statement(ESCALATIONS).bind(&of_contacts), escalation).await?.into_iter().collect();
    let (from, to) = people_keys();
    let last = all(conn, statement(LAST).bind(&wanted).bind(from).bind(to), rows::message).await?;
    let mut last: HashMap<_, _> = heard(conn, last).await?.into_iter().map(of_talk).collect();
    let said = all(conn, statement(LAST_SAID).bind(&wanted), rows::said).await?;
    let mut said: HashMap<_, _> =
        with_messages(conn, said).await?.into_iter().map(|one| (one.said.conversation_id, one)).collect();
    let run = |row: Row| {
        let mut c = Columns::of(row);
        let run = TalkRun { id: c.id(RunId)?, flow: c.take()?, status: rows::run_status(&mut c)? };
        Ok((c.maybe(ConversationId)?, run))
    };
    let runs = all(conn, statement(RUNS).bind(&of_contacts), run).await?;
    let talk = |id: &i64| {
        let conversation = talks.remove(id)?;
        let contact = contacts.get(&conversation.contact_id)?.clone();
        Some(ListedTalk {
            tags: tags.iter().filter(|tag| tag.contact_id == contact.id).cloned().collect(),
            last_message: last.remove(&Some(conversation.id)),
            last_said: said.remove(&conversation.id),
            escalation: escalations.get(&contact.id.0).copied(),
            runs: runs.iter().filter(|(talk, _)| *talk == Some(conversation.id)).map(|(_, run)| run.clone()).collect(),
            conversation,
            contact,
        })
    };
    Ok(ids.iter().filter_map(talk).collect())
}

fn of_talk(heard: HeardMessage) -> (Option<ConversationId>, HeardMessage) {
    (heard.message.conversation_id, heard)
}

/// The first and the last possible key of calls that send what people here said.
fn people_keys() -> (String, String) {
    super::erase::key_range(engine::ids::RunId::NONE)
}

/// Messages with the events that brought them and the flows that sent them.
async fn heard(conn: &mut Conn<'_>, messages: Vec<MessageRow>) -> Result<Vec<HeardMessage>, error::Error> {
    let events: Vec<i64> = messages.iter().filter_map(|row| Some(row.event_id?.0)).collect();
    let events = all(conn, statement(EVENTS).bind(events), rows::event).await?;
    let mut events: HashMap<EventId, _> = events.into_iter().map(|row| (row.id, row)).collect();
    let run_of = |row: &MessageRow| super::evidence::parse_key(row.effect_key.as_deref()?).map(|(run, _)| run.0);
    let runs: Vec<i64> = messages.iter().filter_map(run_of).collect();
    let flow = |row: Row| {
        let mut c = Columns::of(row);
        Ok((c.take::<i64>()?, c.take::<String>()?))
    };
    let flows: HashMap<i64, String> = all(conn, statement(FLOWS).bind(runs), flow).await?.into_iter().collect();
    let heard = |message: MessageRow| HeardMessage {
        event: message.event_id.and_then(|id| events.remove(&id)),
        flow: run_of(&message).and_then(|run| flows.get(&run).cloned()),
        message,
    };
    Ok(messages.into_iter().map(heard).collect())
}

/// What people said, with the rows of the messages that it became.
async fn with_messages(conn: &mut Conn<'_>, said: Vec<SaidRow>) -> Result<Vec<HeardSaid>, error::Error> {
    let keys: Vec<String> = said.iter().map(|row| SaidRow::effect_key(row.id)).collect();
    let rows = all(conn, statement(BY_EFFECT).bind(&keys[..]), rows::message).await?;
    let mut messages: HashMap<MessageId, MessageRow> = HashMap::new();
    for row in rows {
        if let Some(id) = row.effect_key.as_deref().and_then(SaidRow::of_effect_key) {
            messages.insert(id, row);
        }
    }
    Ok(said.into_iter().map(|said| HeardSaid { message: messages.remove(&said.id), said }).collect())
}

/// How many a way finds, up to `most`, as far as they may be seen.
async fn count(conn: &mut Conn<'_>, way: &TalkWay, sight: Option<&Sight>, most: u32) -> Result<u32, error::Error> {
    let (text, value, from, until) = counting(way);
    let look_at = if sight.is_some() { MOST as i64 } else { i64::from(most) };
    let bound = Query { text, values: vec![value] }.bind(from).bind(until).bind(look_at);
    let holder = |row: Row| {
        let mut c = Columns::of(row);
        Ok((c.maybe(UserId)?, c.take::<Option<String>>()?))
    };
    let found = all(conn, bound, holder).await?;
    let sees =
        |(user, team): &&(Option<UserId>, Option<String>)| sight.is_none_or(|one| one.sees(*user, team.as_deref()));
    Ok(u32::try_from(found.iter().filter(sees).count()).unwrap_or(most).min(most))
}

pub(crate) const COUNT_IN_PLACE: &str =
    "select assignee, team from conversation where place = ? and active_at >= ? and active_at < ? limit ?";
pub(crate) const COUNT_OF_ASSIGNEE: &str =
    "select assignee, team from conversation where assignee = ? and active_at >= ? and active_at < ? limit ?";
pub(crate) const COUNT_OF_TEAM: &str =
    "select assignee, team from conversation where team = ? and active_at >= ? and active_at < ? limit ?";

fn counting(way: &TalkWay) -> (&'static str, Value, i64, i64) {
    let (text, value, from, until) = index_of(way);
    let text = match text {
        IN_PLACE => COUNT_IN_PLACE,
        OF_ASSIGNEE => COUNT_OF_ASSIGNEE,
        _ => COUNT_OF_TEAM,
    };
    (text, value, from, until)
}

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

    async fn ratings(&self, from: At, until: At) -> Result<Vec<RatingRow>, Error> {
        Ok(all(&mut self.reader().await?.conn(), statement(RATINGS).bind(from.0).bind(until.0), rating).await?)
    }
}
