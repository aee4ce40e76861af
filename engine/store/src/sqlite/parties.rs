//! Whose an event is: finds or creates the conversation of a party, and its contact.
//!
//! Looked up anew for every group: the pages are in the cache, and a memory of our own could only be wrong.

use std::collections::{HashMap, HashSet};

use engine::ids::{ContactId, ConversationId};
use engine::store::{EventArrival, NewParty};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::columns::Columns;
use super::error::Error;
use super::values::{Many, Values};

pub(super) static FIND: Many = Many::new(
    "with wanted (address, number) as (values",
    2,
    ") select conversation.address, conversation.number, conversation.id, conversation.contact_id from wanted \
     cross join conversation on conversation.address = wanted.address and conversation.number = wanted.number",
);

pub(super) static FIND_PHONE: Many = Many::new(
    "with wanted (phone) as (values",
    1,
    ") select contact.phone, contact.id from wanted cross join contact on contact.phone = wanted.phone \
     order by contact.id desc",
);

static NEW_CONTACT: Many = Many::new(
    "insert into contact (id, salt, name, phone, language, priority, order_status, fields, unread, rev) \
     select column1, column2, column3, column4, '', 1, '', '{}', 0, 0 from (values",
    4,
    ")",
);

static NEW_CONVERSATION: Many = Many::new(
    "insert into conversation (id, contact_id, number, address, connection, session_messages, rev) \
     select column1, column2, column3, column4, column5, 0, 0 from (values",
    5,
    ")",
);

/// A conversation's address and number: what makes it the same.
type Ends = (String, String);

/// Where an event belongs.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) contact: ContactId,
    pub(super) conversation: ConversationId,
    /// Whether this event created both.
    pub(super) fresh: bool,
}

/// What is known of the parties of one group.
#[derive(Default)]
struct Known {
    places: HashMap<Ends, Place>,
    phones: HashMap<String, ContactId>,
}

/// The place of each event, in order; `None` for those without a party. What is new is created; what is there is not
/// changed, as only a turn of its mailbox may do that.
pub(super) async fn settle(conn: &mut SqliteConnection, events: &[&EventArrival]) -> Result<Vec<Option<Place>>, Error> {
    let mut known = Known::default();
    known.find(conn, events).await?;
    known.find_phones(conn, events).await?;
    let (mut contacts, mut conversations) = (Vec::new(), Vec::new());
    let mut places = Vec::with_capacity(events.len());
    for event in events {
        let place = |party| known.place(party, &event.connection, &mut contacts, &mut conversations);
        places.push(event.party.as_ref().map(place));
    }
    create(conn, &contacts, &conversations).await?;
    Ok(places)
}

fn ends(party: &NewParty) -> Ends {
    (party.party.address.clone(), party.party.number.clone())
}

impl Known {
    async fn find(&mut self, conn: &mut SqliteConnection, events: &[&EventArrival]) -> Result<(), Error> {
        let wanted: HashSet<Ends> = events.iter().filter_map(|event| event.party.as_ref()).map(ends).collect();
        let wanted: Vec<Ends> = wanted.into_iter().collect();
        let bind = |values: Values, ends: &Ends| values.push(ends.0.as_str()).push(ends.1.as_str());
        let read = |row: &SqliteRow| {
            let mut c = Columns::of(row);
            let ends = (c.take::<String>()?, c.take::<String>()?);
            let (conversation, contact) = (ConversationId(c.take()?), ContactId(c.take()?));
            Ok((ends, Place { contact, conversation, fresh: false }))
        };
        self.places.extend(FIND.fetch(conn, &wanted, bind, read).await?);
        Ok(())
    }

    /// Looks for contacts of the parties that have no conversation yet.
    async fn find_phones(&mut self, conn: &mut SqliteConnection, events: &[&EventArrival]) -> Result<(), Error> {
        let strangers = events.iter().filter_map(|event| event.party.as_ref());
        let strangers = strangers.filter(|party| !self.places.contains_key(&ends(party)));
        let phones: HashSet<&str> = strangers.filter_map(|party| party.party.phone.as_deref()).collect();
        let phones: Vec<&str> = phones.into_iter().collect();
        let read = |row: &SqliteRow| {
            let mut c = Columns::of(row);
            Ok((c.take::<String>()?, ContactId(c.take()?)))
        };
        // The oldest comes last and stays.
        self.phones.extend(FIND_PHONE.fetch(conn, &phones, |values, phone| values.push(*phone), read).await?);
        Ok(())
    }

    fn place<'e>(
        &mut self,
        party: &'e NewParty,
        connection: &'e str,
        contacts: &mut Vec<&'e NewParty>,
        conversations: &mut Vec<(Place, &'e NewParty, &'e str)>,
    ) -> Place {
        if let Some(place) = self.places.get(&ends(party)) {
            return *place;
        }
        let phone = party.party.phone.as_deref();
        let known = phone.and_then(|phone| self.phones.get(phone).copied());
        if known.is_none() {
            contacts.push(party);
            self.phones.extend(phone.map(|phone| (phone.to_owned(), party.contact)));
        }
        let contact = known.unwrap_or(party.contact);
        let place = Place { contact, conversation: party.conversation, fresh: false };
        conversations.push((place, party, connection));
        self.places.insert(ends(party), place);
        Place { fresh: known.is_none(), ..place }
    }
}

async fn create(
    conn: &mut SqliteConnection,
    contacts: &[&NewParty],
    conversations: &[(Place, &NewParty, &str)],
) -> Result<(), Error> {
    let contact = |values: Values, new: &&NewParty| {
        let name = new.party.name.as_deref().unwrap_or_default();
        values.push(new.contact.0).push(&new.salt[..]).push(name).push(new.party.phone.as_deref())
    };
    NEW_CONTACT.execute(conn, contacts, contact).await?;
    let conversation = |values: Values, (place, new, connection): &(Place, &NewParty, &str)| {
        let party = &new.party;
        let values = values.push(place.conversation.0).push(place.contact.0);
        values.push(party.number.as_str()).push(party.address.as_str()).push(*connection)
    };
    NEW_CONVERSATION.execute(conn, conversations, conversation).await?;
    Ok(())
}
