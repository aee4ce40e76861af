//! What came in through the doors: **webhook in -> event -> contact and conversation** -> …
//!
//! First which events are new, then whose they are, then one statement a table.

use std::collections::{HashMap, HashSet};

use engine::clock::At;
use engine::connector::{Status, StatusReport};
use engine::event::EventKey;
use engine::ids::{MailboxId, MessageId};
use engine::store::{
    Arrival, BadItemRow, ContactRow, ConversationRow, EventArrival, EventRow, InputKind, InputRow, MessageRow, Receipt,
    Stored,
};
use sqlx::sqlite::SqliteConnection;

use super::error::Error;
use super::parties::{self, Place};
use super::values::{Many, Values};
use super::{events, evidence, inputs, messages};

static INSERT_BAD: Many = Many::new("insert into bad_item (id, connection, at, raw, why) values", 5, "");

/// How a door's event body is encoded: JSON.
const JSON: i64 = 1;

/// Stores arrivals; receipts are in their order.
pub(super) async fn store(conn: &mut SqliteConnection, arrivals: &[&Arrival]) -> Result<Vec<Receipt>, Error> {
    if arrivals.is_empty() {
        return Ok(Vec::new());
    }
    let fresh = fresh(conn, arrivals).await?;
    let new: Vec<&EventArrival> = fresh.iter().map(|(_, event)| *event).collect();
    let places = parties::settle(conn, &new).await?;
    let rows: Vec<(EventRow, InputRow)> =
        new.iter().zip(&places).map(|(event, place)| rows_of(event, *place)).collect();
    events::insert(conn, &rows.iter().map(|(event, _)| event).collect::<Vec<_>>()).await?;

    let statuses: Vec<(usize, StatusOf<'_>)> =
        arrivals.iter().enumerate().filter_map(|(place, arrival)| Some((place, status(arrival)?))).collect();
    let reports: Vec<(&StatusReport, i64)> = statuses.iter().map(|(_, status)| (status.report, status.id)).collect();
    let proofs = evidence::proofs(conn, &reports).await?;
    let hushed = evidence::hushed(conn, &reported(&statuses)).await?;
    store_messages(conn, &new, &places, &statuses, &hushed).await?;
    let all_inputs: Vec<&InputRow> = rows.iter().map(|(_, input)| input).chain(proofs.iter().flatten()).collect();
    inputs::insert(conn, &all_inputs).await?;
    store_bad(conn, arrivals).await?;

    let mut receipts: HashMap<usize, Receipt> = HashMap::with_capacity(arrivals.len());
    let stored = fresh.iter().zip(rows).zip(&places).map(|(((at, arrival), (event, input)), place)| {
        let fresh = place.filter(|place| place.fresh).and_then(|place| created(arrival, place));
        (*at, Receipt::New(Box::new(Stored { event, input, fresh })))
    });
    receipts.extend(stored);
    receipts.extend(statuses.iter().zip(proofs).map(|((place, _), proof)| (*place, Receipt::Noted(proof))));
    let receipt = |(place, arrival): (usize, &&Arrival)| match arrival {
        Arrival::Bad(_) => Receipt::Kept,
        _ => receipts.remove(&place).unwrap_or(Receipt::Seen),
    };
    Ok(arrivals.iter().enumerate().map(receipt).collect())
}

/// The events whose key is neither stored nor earlier in this group, with their places.
async fn fresh<'a>(
    conn: &mut SqliteConnection,
    arrivals: &[&'a Arrival],
) -> Result<Vec<(usize, &'a EventArrival)>, Error> {
    let mut events: Vec<(usize, &EventArrival)> = Vec::new();
    for (place, arrival) in arrivals.iter().enumerate() {
        if let Arrival::Event(event) = arrival {
            events.push((place, event));
        }
    }
    let keys: Vec<EventKey> = events.iter().map(|(_, event)| event.key).collect();
    let mut seen: HashSet<EventKey> = events::known(conn, &keys).await?;
    events.retain(|(_, event)| seen.insert(event.key));
    Ok(events)
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
        rev: 0,
    };
    Some((contact, conversation))
}

/// A status among the arrivals.
struct StatusOf<'a> {
    external_key: [u8; 16],
    report: &'a StatusReport,
    id: i64,
    at: At,
}

fn status(arrival: &Arrival) -> Option<StatusOf<'_>> {
    let Arrival::Status { external_key, report, id, at, .. } = arrival else { return None };
    Some(StatusOf { external_key: *external_key, report, id: *id, at: *at })
}

/// Those with words, by what says whose they are: the message's key and ours.
fn reported<'a>(statuses: &[(usize, StatusOf<'a>)]) -> Vec<([u8; 16], Option<&'a str>)> {
    let statuses = statuses.iter().map(|(_, status)| status).filter(|status| status.report.error.is_some());
    statuses.map(|status| (status.external_key, status.report.key.as_deref())).collect()
}

impl StatusOf<'_> {
    /// The row it makes, if there is none for its message; without its words if it is among those `hushed`.
    fn message(&self, hushed: &HashSet<[u8; 16]>) -> MessageRow {
        let report = self.report;
        MessageRow {
            id: MessageId(self.id),
            conversation_id: None,
            inbound: report.status == Status::Received,
            event_id: None,
            // Only a key of ours: whatever else a provider puts there is not for us to keep.
            effect_key: report.key.clone().filter(|key| evidence::parse_key(key).is_some()),
            external_key: self.external_key,
            status: report.status,
            status_at: Some(report.at.unwrap_or(self.at)),
            error: report.error.clone().filter(|_| !hushed.contains(&self.external_key)),
            text: None,
            norm: None,
            cost: report.cost.as_ref().map(ToString::to_string),
        }
    }
}

async fn store_messages(
    conn: &mut SqliteConnection,
    new: &[&EventArrival],
    places: &[Option<Place>],
    statuses: &[(usize, StatusOf<'_>)],
    hushed: &HashSet<[u8; 16]>,
) -> Result<(), Error> {
    let brought = new.iter().zip(places).filter_map(|(event, place)| {
        let message = event.message.clone()?;
        let conversation_id = place.map(|place| place.conversation).or(message.conversation_id);
        Some(MessageRow { conversation_id, event_id: Some(event.id), ..message })
    });
    let all: Vec<MessageRow> = brought.chain(statuses.iter().map(|(_, status)| status.message(hushed))).collect();
    messages::upsert(conn, &all.iter().collect::<Vec<_>>()).await
}

async fn store_bad(conn: &mut SqliteConnection, arrivals: &[&Arrival]) -> Result<(), Error> {
    let bad: Vec<&BadItemRow> = arrivals
        .iter()
        .filter_map(|arrival| if let Arrival::Bad(item) = arrival { Some(item) } else { None })
        .collect();
    let bind = |values: Values, item: &&BadItemRow| {
        let values = values.push(item.id.0).push(item.connection.as_str()).push(item.at.0);
        values.push(item.raw.as_str()).push(item.why.as_str())
    };
    INSERT_BAD.execute(conn, &bad, bind).await?;
    Ok(())
}
