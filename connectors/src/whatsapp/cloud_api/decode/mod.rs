//! From the body of a webhook to items. Pure.
//!
//! Meta batches at every level: several entries, changes and messages, of several numbers if the app serves several.
//! Each level is split while still raw text, and each item is read alone, so what is broken is kept as it came and
//! costs its neighbours nothing. Source of all shapes: Meta, "WhatsApp Cloud API webhooks" (v23 to v25).

mod account;
mod app;
mod message;
mod order;
mod people;
mod read;
mod status;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use engine::clock::At;
use engine::connector::{Item, Party};
use engine::event::Origin;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use message::Writer;
use people::People;

/// A message in a group. Recorded without a conversation: an answer to its writer would go to them alone.
pub(crate) const GROUP_MESSAGE: &str = "whatsapp.group_message";
/// Something about the account: template, quality, limit, error. Fields `field` and `value`. Starts nothing.
pub(crate) const ACCOUNT_CHANGED: &str = "whatsapp.account_changed";
/// An entry of the app's address book was added, edited or removed. Field `entry`. Starts nothing.
pub(crate) const CONTACT_SYNCED: &str = "whatsapp.contact_synced";

/// Whose webhooks these are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ours<'a> {
    /// Graph id of the number.
    pub(super) phone_number_id: &'a str,
    /// Id of the WhatsApp Business Account.
    pub(super) waba_id: &'a str,
}

/// Everything a body holds, in its order.
///
/// # Errors
/// When it is not JSON or has no list `entry`.
pub(super) fn decode(body: &[u8], ours: Ours<'_>) -> Result<Vec<Item>, String> {
    let body: &RawValue = serde_json::from_slice(body).map_err(|error| format!("not JSON: {error}"))?;
    let envelope = read::object(body).ok_or("not an object")?;
    let entries = envelope.get("entry").and_then(|raw| read::list(raw)).ok_or("no list `entry`")?;
    let mut items = Vec::new();
    for entry in entries {
        if let Err(why) = decode_entry(entry, ours, &mut items) {
            items.push(bad(entry, why));
        }
    }
    Ok(items)
}

fn decode_entry(raw: &RawValue, ours: Ours<'_>, items: &mut Vec<Item>) -> Result<(), &'static str> {
    let entry = read::object(raw).ok_or("an entry that is no object")?;
    let changes = entry.get("changes").and_then(|raw| read::list(raw)).ok_or("an entry without `changes`")?;
    let value_of = |key: &str| entry.get(key).and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
    let head = serde_json::json!({ "id": value_of("id"), "time": value_of("time") });
    let id = read::text(&head, "id").unwrap_or_default();
    for raw in changes {
        let change = read::object(raw);
        let field = change.as_ref().and_then(|change| serde_json::from_str::<String>(change.get("field")?.get()).ok());
        let value = change.as_ref().and_then(|change| change.get("value").copied());
        let (Some(field), Some(value)) = (field, value) else {
            items.push(bad(raw, "a change without `field` or `value`"));
            continue;
        };
        let Some(parts) = read::object(value) else {
            items.push(bad(raw, "a change whose `value` is no object"));
            continue;
        };
        let change = Change::new(&field, &id, &head, parts, ours);
        change.decode(value, items);
    }
    Ok(())
}

/// One change of one entry, with what its items have in common.
struct Change<'a> {
    field: &'a str,
    /// Id of the entry: the WhatsApp Business Account.
    entry: &'a str,
    /// When, on management fields.
    at: Option<At>,
    parts: BTreeMap<String, &'a RawValue>,
    people: People,
    /// Our number's Graph id.
    number: &'a str,
    /// Our number as digits, if told.
    displayed: Option<String>,
    /// Why its items are not for this connection, if they are not.
    foreign: Option<String>,
}

impl<'a> Change<'a> {
    fn new(
        field: &'a str,
        entry: &'a str,
        head: &Value,
        parts: BTreeMap<String, &'a RawValue>,
        ours: Ours<'a>,
    ) -> Self {
        let metadata = parts.get("metadata").and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
        let metadata = metadata.unwrap_or_default();
        let foreign = match read::text(&metadata, "phone_number_id") {
            Some(number) if number == ours.phone_number_id => None,
            Some(number) => Some(format!("for another number: phone_number_id {number}")),
            // Only what concerns the account as a whole may come without a number.
            None if parts.contains_key("messages") || parts.contains_key("statuses") => {
                Some("does not say for which phone_number_id it is".to_owned())
            }
            None if entry != ours.waba_id => Some(format!("for another WhatsApp Business Account: {entry}")),
            None => None,
        };
        Self {
            field,
            entry,
            at: read::at(head, "time"),
            people: People::read(parts.get("contacts").copied()),
            parts,
            number: ours.phone_number_id,
            displayed: read::text(&metadata, "display_phone_number").map(|number| read::digits(&number)),
            foreign,
        }
    }

    fn decode(&self, value: &RawValue, items: &mut Vec<Item>) {
        match self.field {
            "messages" => {
                self.each("messages", items, |message, _| self.received(message).map(Some));
                self.each("statuses", items, |status, _| status::read(&status).map(Item::Status).map(Some));
                self.each("errors", items, |error, _| Ok(Some(account::told(self, error))));
            }
            "smb_message_echoes" => self.each("message_echoes", items, |echo, _| app::echo(self, echo).map(Some)),
            "history" => {
                self.each("history", items, |chunk, items| app::chunk(self, &chunk, items).map(|()| None));
                self.each("messages", items, |message, _| app::late_media(self, message).map(Some));
            }
            "smb_app_state_sync" => self.each("state_sync", items, |entry, _| app::contact(self, entry).map(Some)),
            "user_preferences" => {
                self.each("user_preferences", items, |preference, _| account::preference(self, preference).map(Some));
            }
            _ => match (&self.foreign, serde_json::from_str(value.get())) {
                (Some(why), _) => items.push(bad(value, why)),
                (None, Ok(value)) => items.push(account::changed(self, value)),
                (None, Err(error)) => items.push(bad(value, error.to_string())),
            },
        }
    }

    /// Reads each item of list `key` alone; what cannot be read is kept as it came.
    fn each(
        &self,
        key: &str,
        items: &mut Vec<Item>,
        read: impl Fn(Value, &mut Vec<Item>) -> Result<Option<Item>, String>,
    ) {
        let Some(raw) = self.parts.get(key).filter(|raw| raw.get() != "null") else { return };
        let Some(list) = read::list(raw) else { return items.push(bad(raw, format!("`{key}` is no list"))) };
        for raw in list {
            let item = match &self.foreign {
                Some(why) => Err(why.clone()),
                None => serde_json::from_str(raw.get())
                    .map_err(|error| format!("not readable: {error}"))
                    .and_then(|value| read(value, items)),
            };
            match item {
                Ok(item) => items.extend(item),
                Err(why) => items.push(bad(raw, why)),
            }
        }
    }

    fn received(&self, message: Value) -> Result<Item, String> {
        let party = self.sender(&message).ok_or("a message of nobody: no `from`, no `from_user_id`")?;
        let event = message::read(message, Writer::Customer, party, Origin::Customer)?;
        Ok(Item::Event(Box::new(event)))
    }

    /// The customer who wrote a message.
    fn sender(&self, message: &Value) -> Option<Party> {
        self.party(read::text(message, "from"), read::text(message, "from_user_id"))
    }

    fn party(&self, wa_id: Option<String>, user_id: Option<String>) -> Option<Party> {
        self.people.party(self.number, wa_id, user_id)
    }

    /// Who wrote a message of the past: ours come from our own number.
    fn writer(&self, message: &Value) -> Writer {
        let from = read::text(message, "from").map(|from| read::digits(&from));
        if from.is_some() && from == self.displayed { Writer::Us } else { Writer::Customer }
    }

    /// Names an item that has no id: the same content at the same time in the same place is the same item. Keys are
    /// sorted by `serde_json`, so their order does not count.
    fn digest(&self, value: &Value) -> String {
        let content = serde_json::json!([self.entry, self.field, self.at, value]);
        hex::encode(Sha256::digest(content.to_string()))
    }
}

fn bad(raw: &RawValue, why: impl Into<String>) -> Item {
    Item::Bad { raw: raw.get().to_owned(), why: why.into() }
}
