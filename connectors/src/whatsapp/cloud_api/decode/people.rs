//! Who is at the other end: phone, user id and name, each of which may be absent, empty or something else.

use std::collections::HashMap;

use engine::connector::Party;
use serde_json::Value;
use serde_json::value::RawValue;

use super::read;
use crate::whatsapp::common::phone_of;

/// What `contacts[]` of a batch tells, found by WhatsApp id and by user id: never by place.
#[derive(Debug, Default)]
pub(super) struct People {
    /// (WhatsApp id, name) by either id.
    known: HashMap<String, (Option<String>, Option<String>)>,
}

impl People {
    /// Reads `contacts[]`; a contact that cannot be read costs a name, nothing else.
    pub(super) fn read(contacts: Option<&RawValue>) -> Self {
        let mut known = HashMap::new();
        let contacts = contacts.and_then(read::list).unwrap_or_default();
        for contact in contacts.iter().filter_map(|raw| serde_json::from_str::<Value>(raw.get()).ok()) {
            let profile = contact.get("profile").unwrap_or(&Value::Null);
            let name = read::text(profile, "name").or_else(|| read::text(profile, "username"));
            let wa_id = read::text(&contact, "wa_id");
            for id in [wa_id.clone(), read::text(&contact, "user_id")].into_iter().flatten() {
                known.insert(plain(&id).to_owned(), (wa_id.clone(), name.clone()));
            }
        }
        Self { known }
    }

    /// The conversation between our `number` and the person with these ids: the WhatsApp id names it if there is one,
    /// else the user id (people with a username may hide their number; Meta, "Business-scoped user ids").
    pub(super) fn party(&self, number: &str, wa_id: Option<String>, user_id: Option<String>) -> Option<Party> {
        let found = [&wa_id, &user_id].into_iter().flatten().find_map(|id| self.known.get(plain(id)));
        let (told, name) = found.cloned().unwrap_or_default();
        let address = wa_id.or(told).or(user_id)?;
        let address = plain(&address).to_owned();
        Some(Party { number: number.to_owned(), phone: phone_of(&address), address, name })
    }
}

/// An id as it names a conversation: some documents write numbers with `+`.
fn plain(id: &str) -> &str {
    id.strip_prefix('+').unwrap_or(id)
}
