//! Which conversations a page of a box holds, and how many a box has. Indexes find the candidates, the most recent first; what
//! they do not decide is looked at here.

use engine::clock::At;
use engine::expr::text::normalise;
use engine::ids::{ConversationId, UserId};
use engine::store::{ListedTalk, Sight, TalkKey, TalkQuery, TalkWay};

use super::PAGE;
use super::listed::listed;
use crate::database::columns::Columns;
use crate::database::error;
use crate::database::query::{Conn, Query, all};
use crate::database::value::{Row, Value};

/// Candidates read at a time where each is looked at.
const CHUNK: usize = 1_000;

/// Most candidates of one page: about 50 ms.
const MOST: usize = 20_000;

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

pub(super) async fn page(
    conn: &mut Conn<'_>,
    query: &TalkQuery,
) -> Result<(Vec<ListedTalk>, Option<TalkKey>), error::Error> {
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

/// How many a way finds, up to `most`, as far as they may be seen.
pub(super) async fn count(
    conn: &mut Conn<'_>,
    way: &TalkWay,
    sight: Option<&Sight>,
    most: u32,
) -> Result<u32, error::Error> {
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
