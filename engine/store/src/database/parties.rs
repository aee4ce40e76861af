//! Whose an event is: finds or creates the conversation of a party, and its contact.
//!
//! Looked up anew for every event: the pages are in the cache, and a memory of our own could only be wrong.

use engine::ids::{ContactId, ConversationId};
use engine::store::NewParty;

use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

pub(crate) const FIND: &str = "select id, contact_id from conversation where address = ? and number = ?";

/// The oldest one wins; one that became a part of another is that one.
pub(crate) const FIND_PHONE: &str = "select coalesce(merged_into, id) from contact where phone = ? order by id limit 1";

const NEW_CONTACT: &str = "insert into contact (id, salt, name, phone, language, priority, order_status, fields, unread, \
     rev) values (?, ?, ?, ?, '', 1, '', '{}', 0, 0)";

const NEW_CONVERSATION: &str = "insert into conversation (id, contact_id, number, address, connection, \
     session_messages, rev) values (?, ?, ?, ?, ?, 0, 0)";

/// Where an event belongs.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) contact: ContactId,
    pub(crate) conversation: ConversationId,
    /// Whether this event created both.
    pub(crate) fresh: bool,
}

/// The place of an event with this party. What is new is created; what is there is not changed, as only a turn of its
/// mailbox may do that.
pub(crate) fn settle(session: &dyn Session, new: &NewParty, connection: &str) -> Result<Place, Error> {
    if let Some(place) = find(session, new)? {
        return Ok(place);
    }
    let known = match &new.party.phone {
        Some(phone) => session.row(FIND_PHONE, values![phone], |c| c.take())?,
        None => None,
    };
    if known.is_none() {
        let name = new.party.name.as_deref().unwrap_or_default();
        session.put(NEW_CONTACT, Key::of(new.contact.0), values![new.contact.0, new.salt, name, new.party.phone])?;
    }
    let contact = known.map_or(new.contact, ContactId);
    session.put(
        NEW_CONVERSATION,
        Key::of(new.conversation.0),
        values![new.conversation.0, contact.0, new.party.number, new.party.address, connection],
    )?;
    Ok(Place { contact, conversation: new.conversation, fresh: known.is_none() })
}

fn find(session: &dyn Session, new: &NewParty) -> Result<Option<Place>, Error> {
    session.row(FIND, values![new.party.address, new.party.number], |c| {
        let (conversation, contact) = (c.id(ConversationId)?, c.id(ContactId)?);
        Ok(Place { contact, conversation, fresh: false })
    })
}
