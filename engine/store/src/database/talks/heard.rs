//! Messages and what people said, each with what became of it and where it came from.

use std::collections::HashMap;

use engine::ids::{EventId, MessageId, RunId};
use engine::inbox::SaidRow;
use engine::store::{HeardMessage, HeardSaid, MessageRow};

use crate::database::columns::Columns;
use crate::database::query::{Conn, all, query as statement};
use crate::database::rows::{self, columns};
use crate::database::value::Row;
use crate::database::{erase, error, evidence};

pub(crate) const BY_EFFECT: &str = concat!(
    "select ",
    columns!(message),
    " from json_each(?) as wanted cross join message on message.effect_key = wanted.value"
);

pub(crate) const EVENTS: &str =
    concat!("select ", columns!(event), " from json_each(?) as wanted cross join event on event.id = wanted.value");

pub(crate) const FLOWS: &str = "select run.id, version.flow from json_each(?) as wanted \
     cross join run on run.id = wanted.value cross join version on version.id = run.version_id";

/// The first and the last possible key of calls that send what people here said.
pub(super) fn people_keys() -> (String, String) {
    erase::key_range(RunId::NONE)
}

/// Messages with the events that brought them and the flows that sent them.
pub(super) async fn heard(conn: &mut Conn<'_>, messages: Vec<MessageRow>) -> Result<Vec<HeardMessage>, error::Error> {
    let events: Vec<i64> = messages.iter().filter_map(|row| Some(row.event_id?.0)).collect();
    let events = all(conn, statement(EVENTS).bind(events), rows::event).await?;
    let mut events: HashMap<EventId, _> = events.into_iter().map(|row| (row.id, row)).collect();
    let run_of = |row: &MessageRow| evidence::parse_key(row.effect_key.as_deref()?).map(|(run, _)| run.0);
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
pub(super) async fn with_messages(conn: &mut Conn<'_>, said: Vec<SaidRow>) -> Result<Vec<HeardSaid>, error::Error> {
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
