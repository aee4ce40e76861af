//! What came in through the doors: **webhook in -> event -> contact and conversation** -> …

use engine::clock::At;
use engine::connector::{Status, StatusReport};
use engine::ids::{MailboxId, MessageId};
use engine::inbox::Inbox;
use engine::store::{
    Arrival, BadItemRow, ContactRow, ConversationRow, EventArrival, EventRow, InputKind, InputRow, MessageRow, Receipt,
    Stored,
};
use rusqlite::{Connection, params};

use super::error::Error;
use super::parties::{self, Place};
use super::{events, evidence, inputs, messages};

/// How a door's event body is encoded: JSON.
const JSON: i64 = 1;

/// Stores one arrival.
pub(super) fn store(conn: &Connection, arrival: &Arrival) -> Result<Receipt, Error> {
    match arrival {
        Arrival::Event(event) => store_event(conn, event),
        Arrival::Status { external_key, report, id, at, event, .. } => {
            let proof = evidence::proof(conn, report, *id)?;
            let mut message = status_message(*external_key, report, *id, *at);
            if message.error.is_some() && evidence::is_hushed(conn, external_key, report.key.as_deref())? {
                message.error = None;
            }
            messages::note(conn, &message)?;
            if let Some(input) = &proof {
                inputs::insert(conn, input)?;
            }
            let event = event.as_deref().map(|event| store_status_event(conn, event, report)).transpose()?.flatten();
            Ok(match event {
                Some(stored) => Receipt::Told(Box::new(stored), proof),
                None => Receipt::Noted(proof),
            })
        }
        Arrival::Own(own) if events::known(conn, &own.event.key)? => Ok(Receipt::Seen),
        Arrival::Own(own) => {
            events::insert(conn, &own.event)?;
            inputs::insert(conn, &own.input)?;
            Ok(Receipt::New(own.clone()))
        }
        Arrival::Bad(item) => {
            store_bad(conn, item)?;
            Ok(Receipt::Kept)
        }
    }
}

fn store_event(conn: &Connection, arrival: &EventArrival) -> Result<Receipt, Error> {
    // Asked first: whose it is must be known to insert it, and a repeated one creates nobody.
    if events::known(conn, &arrival.key)? {
        return Ok(Receipt::Seen);
    }
    let party = arrival.party.as_ref();
    let place = party.map(|party| parties::settle(conn, party, &arrival.connection)).transpose()?;
    let (event, input) = rows_of(arrival, place);
    events::insert(conn, &event)?;
    if let Some(message) = arrival.message.clone() {
        let conversation_id = event.conversation_id.or(message.conversation_id);
        messages::upsert(conn, &MessageRow { conversation_id, event_id: Some(event.id), ..message })?;
    }
    inputs::insert(conn, &input)?;
    let fresh = place.filter(|place| place.fresh).and_then(|place| created(arrival, place));
    Ok(Receipt::New(Box::new(Stored { event, input, fresh })))
}

/// A status as an event: it belongs to the run that sent the message. What no run of ours sent, or one that was erased, is
/// none, and neither is one that came before.
fn store_status_event(conn: &Connection, event: &EventArrival, report: &StatusReport) -> Result<Option<Stored>, Error> {
    let sent = report.key.as_deref().map(|key| evidence::sender(conn, key)).transpose()?.flatten();
    let Some(sent) = sent else { return Ok(None) };
    if events::known(conn, &event.key)? {
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
    events::insert(conn, &row)?;
    inputs::insert(conn, &input)?;
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

fn store_bad(conn: &Connection, item: &BadItemRow) -> Result<(), Error> {
    let mut insert =
        conn.prepare_cached("insert into bad_item (id, connection, at, raw, why) values (?1, ?2, ?3, ?4, ?5)")?;
    insert.execute(params![item.id.0, item.connection, item.at.0, item.raw, item.why])?;
    Ok(())
}
