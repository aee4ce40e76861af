//! What came in through the doors: **webhook in -> event -> contact and conversation** -> …

use std::collections::{BTreeMap, HashSet};

use engine::clock::At;
use engine::connector::{Status, StatusReport};
use engine::ids::{MailboxId, MessageId};
use engine::inbox::Inbox;
use engine::store::{
    Arrival, BadItemRow, ContactRow, ConversationRow, EventArrival, EventRow, InputKind, InputRow, MessageRow, Receipt,
    Stored,
};

use super::error::Error;
use super::parties::{self, Place};
use super::session::{Key, Session};
use super::value::{Param, Value, values};
use super::{events, evidence, inputs, messages};

/// How a door's event body is encoded: JSON.
const JSON: i64 = 1;

/// Stores what came in, in its order.
pub(crate) fn store_all(session: &dyn Session, arrivals: &[&Arrival]) -> Result<Vec<Receipt>, Error> {
    if !session.is_far() {
        return arrivals.iter().map(|arrival| store(session, arrival)).collect();
    }
    let mut receipts: Vec<Option<Receipt>> = vec![None; arrivals.len()];
    for round in rounds(arrivals) {
        session.foresee(&questions(round.iter().map(|place| arrivals[*place])))?;
        for place in round {
            receipts[place] = Some(store(session, arrivals[place])?);
        }
    }
    session.foresee(&[])?;
    // Every arrival is in one round.
    Ok(receipts.into_iter().flatten().collect())
}

/// Arrivals in rounds, by their places: those of one round have nothing to do with each other, and every one comes in a later
/// round than those before it that it has something to do with.
fn rounds(arrivals: &[&Arrival]) -> Vec<Vec<usize>> {
    let (mut rounds, mut left): (Vec<Vec<usize>>, Vec<usize>) = (Vec::new(), (0..arrivals.len()).collect());
    while !left.is_empty() {
        let mut seen = HashSet::new();
        let (round, later) = left.into_iter().partition(|place| {
            let things = things(arrivals[*place]);
            let free = things.iter().all(|thing| !seen.contains(thing));
            // Also what has to wait is in the way of what comes after it.
            seen.extend(things);
            free
        });
        rounds.push(round);
        left = later;
    }
    rounds
}

/// What an arrival looks at and changes.
#[derive(PartialEq, Eq, Hash)]
enum Thing<'a> {
    Event([u8; 16]),
    Conversation(&'a str, &'a str),
    Phone(&'a str),
    Message([u8; 16]),
    Effect(&'a str),
}

fn things(arrival: &Arrival) -> Vec<Thing<'_>> {
    let of_event = |event: &EventArrival| Thing::Event(event.key.0);
    match arrival {
        Arrival::Event(event) => {
            let party = event.party.as_ref().map(|new| &new.party);
            let conversation = party.map(|party| Thing::Conversation(&party.address, &party.number));
            let phone = party.and_then(|party| party.phone.as_deref()).map(Thing::Phone);
            let message = event.message.as_ref().map(|message| Thing::Message(message.external_key));
            [Some(of_event(event)), conversation, phone, message].into_iter().flatten().collect()
        }
        Arrival::Status { external_key, report, event, .. } => {
            let effect = report.key.as_deref().map(Thing::Effect);
            [Some(Thing::Message(*external_key)), effect, event.as_deref().map(of_event)]
                .into_iter()
                .flatten()
                .collect()
        }
        Arrival::Own(own) => vec![Thing::Event(own.event.key.0)],
        Arrival::Bad(_) => Vec::new(),
    }
}

/// What storing these will ask.
fn questions<'a>(arrivals: impl Iterator<Item = &'a Arrival>) -> Vec<(&'static str, Vec<Vec<Value>>)> {
    let mut asked: BTreeMap<&'static str, Vec<Vec<Value>>> = BTreeMap::new();
    let mut ask = |text, values: &[Param<'_>]| {
        asked.entry(text).or_default().push(values.iter().map(|value| (*value).into()).collect());
    };
    for arrival in arrivals {
        match arrival {
            Arrival::Event(event) => {
                ask(events::KNOWN, values![event.key.0]);
                if let Some(party) = event.party.as_ref().map(|new| &new.party) {
                    ask(parties::FIND, values![party.address, party.number]);
                    if party.phone.is_some() {
                        ask(parties::FIND_PHONE, values![party.phone]);
                    }
                }
            }
            Arrival::Status { report, event, .. } => {
                if let Some((run, n)) = report.key.as_deref().and_then(evidence::parse_key) {
                    ask(evidence::UNPROVED, values![run.0, n]);
                    if let Some(event) = event {
                        ask(evidence::SENDER, values![run.0]);
                        ask(events::KNOWN, values![event.key.0]);
                    }
                }
            }
            Arrival::Own(own) => ask(events::KNOWN, values![own.event.key.0]),
            Arrival::Bad(_) => {}
        }
    }
    asked.into_iter().collect()
}

/// Stores one arrival.
fn store(session: &dyn Session, arrival: &Arrival) -> Result<Receipt, Error> {
    match arrival {
        Arrival::Event(event) => store_event(session, event),
        Arrival::Status { external_key, report, id, at, event, .. } => {
            let proof = evidence::proof(session, report, *id)?;
            let mut message = status_message(*external_key, report, *id, *at);
            if message.error.is_some() && evidence::is_hushed(session, external_key, report.key.as_deref())? {
                message.error = None;
            }
            messages::note(session, &message)?;
            if let Some(input) = &proof {
                inputs::insert(session, input)?;
            }
            let event = event.as_deref().map(|event| store_status_event(session, event, report)).transpose()?.flatten();
            Ok(match event {
                Some(stored) => Receipt::Told(Box::new(stored), proof),
                None => Receipt::Noted(proof),
            })
        }
        Arrival::Own(own) if events::known(session, &own.event.key)? => Ok(Receipt::Seen),
        Arrival::Own(own) => {
            events::insert(session, &own.event)?;
            inputs::insert(session, &own.input)?;
            Ok(Receipt::New(own.clone()))
        }
        Arrival::Bad(item) => {
            store_bad(session, item)?;
            Ok(Receipt::Kept)
        }
    }
}

fn store_event(session: &dyn Session, arrival: &EventArrival) -> Result<Receipt, Error> {
    // Asked first: whose it is must be known to insert it, and a repeated one creates nobody.
    if events::known(session, &arrival.key)? {
        return Ok(Receipt::Seen);
    }
    let party = arrival.party.as_ref();
    let place = party.map(|party| parties::settle(session, party, &arrival.connection)).transpose()?;
    let (event, input) = rows_of(arrival, place);
    events::insert(session, &event)?;
    if let Some(message) = arrival.message.clone() {
        let conversation_id = event.conversation_id.or(message.conversation_id);
        messages::upsert(session, &MessageRow { conversation_id, event_id: Some(event.id), ..message })?;
    }
    inputs::insert(session, &input)?;
    let fresh = place.filter(|place| place.fresh).and_then(|place| created(arrival, place));
    Ok(Receipt::New(Box::new(Stored { event, input, fresh })))
}

/// A status as an event: it belongs to the run that sent the message. What no run of ours sent, or one that was erased, is
/// none, and neither is one that came before.
fn store_status_event(
    session: &dyn Session,
    event: &EventArrival,
    report: &StatusReport,
) -> Result<Option<Stored>, Error> {
    let sent = report.key.as_deref().map(|key| evidence::sender(session, key)).transpose()?.flatten();
    let Some(sent) = sent else { return Ok(None) };
    if events::known(session, &event.key)? {
        return Ok(None);
    }
    let (row, input) = rows_of(event, None);
    let row = EventRow {
        mailbox: sent.mailbox,
        contact_id: sent.contact,
        conversation_id: sent.conversation,
        depth: sent.depth.saturating_add(1),
        ..row
    };
    let input = InputRow { mailbox: sent.mailbox, shard: sent.mailbox.shard(), ..input };
    events::insert(session, &row)?;
    inputs::insert(session, &input)?;
    Ok(Some(Stored { event: row, input, fresh: None }))
}

fn rows_of(event: &EventArrival, place: Option<Place>) -> (EventRow, InputRow) {
    let mailbox = place.map_or(event.mailbox, |place| MailboxId::of_contact(place.contact));
    let row = EventRow {
        id: event.id,
        key: event.key,
        mailbox,
        contact_id: place.map(|place| place.contact),
        conversation_id: place.map(|place| place.conversation),
        connection: event.connection.clone(),
        kind: event.kind.clone(),
        origin: event.origin,
        at: event.at,
        provider_at: event.provider_at,
        depth: 0,
        format: JSON,
        body: Some(event.body.clone()),
    };
    let input = InputRow {
        id: event.input,
        shard: mailbox.shard(),
        mailbox,
        lane: event.lane,
        kind: InputKind::Event,
        reference: event.id.0,
        body: None,
    };
    (row, input)
}

/// The rows of a contact and a conversation that this event created, as they were inserted.
fn created(arrival: &EventArrival, place: Place) -> Option<(ContactRow, ConversationRow)> {
    let new = arrival.party.as_ref()?;
    let contact = ContactRow {
        id: place.contact,
        salt: Some(new.salt.to_vec()),
        name: new.party.name.clone().unwrap_or_default(),
        phone: new.party.phone.clone(),
        language: String::new(),
        priority: 1,
        order_status: String::new(),
        fields: "{}".into(),
        consent: "{}".into(),
        last_at: None,
        unread: 0,
        rev: 0,
        erased_at: None,
    };
    let conversation = ConversationRow {
        id: place.conversation,
        contact_id: place.contact,
        number: new.party.number.clone(),
        address: new.party.address.clone(),
        connection: arrival.connection.clone(),
        window_closes_at: None,
        session_messages: 0,
        session_opened_at: None,
        last_in_at: None,
        last_out_at: None,
        inbox: Inbox::default(),
        rev: 0,
    };
    Some((contact, conversation))
}

/// The row that a status makes, if there is none for its message.
fn status_message(external_key: [u8; 16], report: &StatusReport, id: i64, at: At) -> MessageRow {
    MessageRow {
        id: MessageId(id),
        conversation_id: None,
        inbound: report.status == Status::Received,
        event_id: None,
        // Only a key of ours: whatever else a provider puts there is not for us to keep.
        effect_key: report.key.clone().filter(|key| evidence::parse_key(key).is_some()),
        external_key,
        status: report.status,
        status_at: Some(report.at.unwrap_or(at)),
        error: report.error.clone(),
        text: None,
        norm: None,
        cost: report.cost.as_ref().map(ToString::to_string),
    }
}

fn store_bad(session: &dyn Session, item: &BadItemRow) -> Result<(), Error> {
    let text = "insert into bad_item (id, connection, at, raw, why) values (?, ?, ?, ?, ?)";
    session.put(text, Key::of(item.id.0), values![item.id.0, item.connection, item.at.0, item.raw, item.why])
}
