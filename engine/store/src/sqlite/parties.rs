//! Whose an event is: finds or creates the conversation of a party, and its contact.
//!
//! Looked up anew for every event: the pages are in the cache, and a memory of our own could only be wrong.

use engine::ids::{ContactId, ConversationId};
use engine::store::NewParty;
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Error;

pub(super) const FIND: &str = "select id, contact_id from conversation where address = ? and number = ?";

/// The oldest one wins.
pub(super) const FIND_PHONE: &str = "select id from contact where phone = ? order by id limit 1";

const NEW_CONTACT: &str = "insert into contact (id, salt, name, phone, language, priority, order_status, fields, unread, \
     rev) values (?, ?, ?, ?, '', 1, '', '{}', 0, 0)";

const NEW_CONVERSATION: &str = "insert into conversation (id, contact_id, number, address, connection, \
     session_messages, rev) values (?, ?, ?, ?, ?, 0, 0)";

/// Where an event belongs.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) contact: ContactId,
    pub(super) conversation: ConversationId,
    /// Whether this event created both.
    pub(super) fresh: bool,
}

/// The place of an event with this party. What is new is created; what is there is not changed, as only a turn of its
/// mailbox may do that.
pub(super) fn settle(conn: &Connection, new: &NewParty, connection: &str) -> Result<Place, Error> {
    if let Some(place) = find(conn, new)? {
        return Ok(place);
    }
    let known = match &new.party.phone {
        Some(phone) => conn.prepare_cached(FIND_PHONE)?.query_row([phone], |row| row.get(0)).optional()?,
        None => None,
    };
    if known.is_none() {
        let name = new.party.name.as_deref().unwrap_or_default();
        conn.prepare_cached(NEW_CONTACT)?.execute(params![new.contact.0, new.salt, name, new.party.phone])?;
    }
    let contact = known.map_or(new.contact, ContactId);
    let values = params![new.conversation.0, contact.0, new.party.number, new.party.address, connection];
    conn.prepare_cached(NEW_CONVERSATION)?.execute(values)?;
    Ok(Place { contact, conversation: new.conversation, fresh: known.is_none() })
}

fn find(conn: &Connection, new: &NewParty) -> Result<Option<Place>, Error> {
    let mut find = conn.prepare_cached(FIND)?;
    let place = |row: &rusqlite::Row<'_>| {
        let (conversation, contact) = (ConversationId(row.get(0)?), ContactId(row.get(1)?));
        Ok(Place { contact, conversation, fresh: false })
    };
    Ok(find.query_row([&new.party.address, &new.party.number], place).optional()?)
}
