//! Coexistence: what people write in the WhatsApp Business app on the same number, and what it remembers.
//!
//! Fields `smb_message_echoes`, `history` and `smb_app_state_sync`. None of it is the customer acting now: echoes
//! count as ours, history and the address book start nothing.

use engine::connector::{Incoming, Item, ObjectRef, Party};
use engine::event::{self, Origin};
use serde_json::{Value, json};

use super::message::{self, Writer};
use super::{CONTACT_SYNCED, Change, account, read};

/// A message typed in the app: outgoing, so the customer is in `to`.
pub(super) fn echo(change: &Change<'_>, message: Value) -> Result<Item, String> {
    let party = addressee(change, &message).ok_or("an echo without `to`")?;
    let event = message::read(message, Writer::Us, party, Origin::AppEcho)?;
    Ok(Item::Event(Box::new(event)))
}

/// One chunk of history: many threads of many messages, or the news that the owner declined to share it.
pub(super) fn chunk(change: &Change<'_>, chunk: &Value, items: &mut Vec<Item>) -> Result<(), String> {
    if let Some(Value::Array(errors)) = chunk.get("errors") {
        items.extend(errors.iter().map(|error| account::told(change, error.clone())));
    }
    if !chunk.is_object() {
        return Err("a chunk that is no object".into());
    }
    // A chunk may only tell how far the transfer is.
    let Some(threads) = chunk.get("threads") else { return Ok(()) };
    for thread in threads.as_array().ok_or("`threads` is no list")? {
        let customer = read::text(thread, "id");
        let messages = thread.get("messages").and_then(Value::as_array);
        let (Some(customer), Some(messages)) = (customer, messages) else {
            items.push(bad(thread, "a thread without `id` or `messages`"));
            continue;
        };
        for message in messages {
            items.push(past(change, &customer, message).unwrap_or_else(|why| bad(message, &why)));
        }
    }
    Ok(())
}

/// A message of the past. The same message may also have come live: kind and id are the same then, so it is one
/// event.
fn past(change: &Change<'_>, customer: &str, message: &Value) -> Result<Item, String> {
    let party = change.party(Some(customer.to_owned()), None).ok_or("a thread without a customer")?;
    let event = message::read(message.clone(), change.writer(message), party, Origin::History)?;
    Ok(Item::Event(Box::new(event)))
}

/// The content of a past message that came as a placeholder: it arrives later, under the same id, so it is a change
/// of it.
pub(super) fn late_media(change: &Change<'_>, message: Value) -> Result<Item, String> {
    let writer = change.writer(&message);
    let party = match writer {
        Writer::Us => addressee(change, &message),
        Writer::Customer => change.sender(&message),
    };
    let party = party.ok_or("a message of nobody")?;
    let event = message::read(message, writer, party, Origin::History)?;
    Ok(Item::Event(Box::new(Incoming { kind: event::MESSAGE_CHANGED, ..event })))
}

/// An entry of the app's address book. No party: an address book is no reason to open conversations with everybody in
/// it.
pub(super) fn contact(change: &Change<'_>, entry: Value) -> Result<Item, String> {
    let contact = entry.get("contact").ok_or("an entry without `contact`")?;
    let phone = read::text(contact, "phone_number").ok_or("a contact without `phone_number`")?;
    Ok(Item::Event(Box::new(Incoming {
        external_id: change.digest(&entry),
        kind: CONTACT_SYNCED,
        origin: Origin::Import,
        provider_at: entry.get("metadata").and_then(|metadata| read::at(metadata, "timestamp")),
        party: None,
        object: Some(ObjectRef { kind: "contact".into(), external_id: read::digits(&phone) }),
        body: json!({ "entry": entry }),
    })))
}

/// The customer an outgoing message went to.
fn addressee(change: &Change<'_>, message: &Value) -> Option<Party> {
    change.party(read::text(message, "to"), read::text(message, "to_user_id"))
}

fn bad(item: &Value, why: &str) -> Item {
    Item::Bad { raw: item.to_string(), why: why.to_owned() }
}
