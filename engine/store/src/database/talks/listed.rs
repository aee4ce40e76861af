//! What a list shows of each conversation.

use std::collections::HashMap;

use engine::ids::{ConversationId, EscalationId, RunId};
use engine::store::{HeardMessage, ListedTalk, TalkRun};

use super::heard::{heard, people_keys, with_messages};
use crate::database::columns::Columns;
use crate::database::error;
use crate::database::pages::CHOSEN_TAGS;
use crate::database::query::{Conn, all, query as statement};
use crate::database::rows::{self, columns};
use crate::database::value::Row;

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

/// The conversations with these ids, in this order, each with what a list shows.
pub(super) async fn listed(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Vec<ListedTalk>, error::Error> {
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
