//! Contacts, their conversations and their tags, as the turns of their mailboxes leave them.

use engine::store::{ContactRow, ConversationRow, TagOp};

use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

/// The salt is written once. An erased contact stays as it is: a mailbox that was in memory must not bring it back.
const UPSERT: &str = "insert into contact (id, salt, name, phone, language, priority, order_status, fields, consent, last_at, \
     unread, rev, erased_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (id) do update set name = excluded.name, phone = excluded.phone, language = excluded.language, \
       priority = excluded.priority, order_status = excluded.order_status, fields = excluded.fields, \
       consent = excluded.consent, last_at = excluded.last_at, unread = excluded.unread, rev = excluded.rev where contact.erased_at is null";

/// A contact whose phone stays: what [`UPSERT`] would do, without touching an index.
pub(crate) const CHANGE: &str = "update contact set name = ?3, language = ?4, priority = ?5, order_status = ?6, fields = ?7, \
     last_at = ?8, unread = ?9, rev = ?10, consent = ?11 where id = ?1 and phone is not distinct from ?2 and erased_at is null";

/// Number and address are written once, so an erased address stays erased.
const UPSERT_CONVERSATION: &str = "insert into conversation (id, contact_id, number, address, connection, \
     window_closes_at, session_messages, session_opened_at, last_in_at, last_out_at, rev, place, assignee, team, \
     last_agent, unread, active_at, closed_at, paused_until) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (id) do update set contact_id = excluded.contact_id, connection = excluded.connection, \
       window_closes_at = excluded.window_closes_at, session_messages = excluded.session_messages, \
       session_opened_at = excluded.session_opened_at, last_in_at = excluded.last_in_at, \
       last_out_at = excluded.last_out_at, rev = excluded.rev, place = excluded.place, assignee = excluded.assignee, \
       team = excluded.team, last_agent = excluded.last_agent, unread = excluded.unread, active_at = excluded.active_at, \
       closed_at = excluded.closed_at, paused_until = excluded.paused_until";

/// A conversation that stays its contact's: what [`UPSERT_CONVERSATION`] would do, touching only the indexes whose lists it moves
/// in.
pub(crate) const CHANGE_CONVERSATION: &str = "update conversation set connection = ?3, window_closes_at = ?4, \
     session_messages = ?5, session_opened_at = ?6, last_in_at = ?7, last_out_at = ?8, rev = ?9, place = ?10, \
     assignee = ?11, team = ?12, last_agent = ?13, unread = ?14, active_at = ?15, closed_at = ?16, paused_until = ?17 \
     where id = ?1 and contact_id = ?2";

const TAG: &str = "insert into contact_tag (contact_id, tag, source, source_id, event_id, at) \
     values (?, ?, ?, ?, ?, ?) on conflict do nothing";

pub(crate) const UNTAG: &str =
    "delete from contact_tag where contact_id = ? and tag = ? and source = ? and source_id = ?";

/// Stores a contact changed or new.
pub(crate) fn upsert(session: &dyn Session, row: &ContactRow) -> Result<(), Error> {
    session.upsert(
        (
            CHANGE,
            values![
                row.id.0,
                row.phone,
                row.name,
                row.language,
                row.priority,
                row.order_status,
                row.fields,
                row.last_at.map(|at| at.0),
                row.unread,
                row.rev,
                row.consent,
            ],
        ),
        (
            UPSERT,
            values![
                row.id.0,
                row.salt,
                row.name,
                row.phone,
                row.language,
                row.priority,
                row.order_status,
                row.fields,
                row.consent,
                row.last_at.map(|at| at.0),
                row.unread,
                row.rev,
                row.erased_at.map(|at| at.0),
            ],
        ),
        Key::of(row.id.0),
    )
}

/// Stores a conversation changed or new.
pub(crate) fn upsert_conversation(session: &dyn Session, row: &ConversationRow) -> Result<(), Error> {
    session.upsert(
        (
            CHANGE_CONVERSATION,
            values![
                row.id.0,
                row.contact_id.0,
                row.connection,
                row.window_closes_at.map(|at| at.0),
                row.session_messages,
                row.session_opened_at.map(|at| at.0),
                row.last_in_at.map(|at| at.0),
                row.last_out_at.map(|at| at.0),
                row.rev,
                row.inbox.place as i64,
                row.inbox.assignee.map(|user| user.0),
                row.inbox.team,
                row.inbox.last_agent.map(|user| user.0),
                row.inbox.unread,
                row.inbox.active_at.map(|at| at.0),
                row.inbox.closed_at.map(|at| at.0),
                row.inbox.paused_until.map(|at| at.0),
            ],
        ),
        (
            UPSERT_CONVERSATION,
            values![
                row.id.0,
                row.contact_id.0,
                row.number,
                row.address,
                row.connection,
                row.window_closes_at.map(|at| at.0),
                row.session_messages,
                row.session_opened_at.map(|at| at.0),
                row.last_in_at.map(|at| at.0),
                row.last_out_at.map(|at| at.0),
                row.rev,
                row.inbox.place as i64,
                row.inbox.assignee.map(|user| user.0),
                row.inbox.team,
                row.inbox.last_agent.map(|user| user.0),
                row.inbox.unread,
                row.inbox.active_at.map(|at| at.0),
                row.inbox.closed_at.map(|at| at.0),
                row.inbox.paused_until.map(|at| at.0),
            ],
        ),
        Key::of(row.id.0),
    )
}

/// Carries out what a turn wants of a tag. A source that has it already keeps the event it has it from.
pub(crate) fn apply_tag(session: &dyn Session, op: &TagOp) -> Result<(), Error> {
    // In order for each person, as a tag may go and come back. Neither statement minds the same row twice.
    match op {
        TagOp::Add(row) => {
            let key = Key::within(row.contact_id.0, row.contact_id.0);
            let event = row.event_id.map(|id| id.0);
            session.put(TAG, key, values![row.contact_id.0, row.tag, row.source, row.source_id, event, row.at.0])
        }
        TagOp::Remove(row) => {
            let key = Key::within(row.contact_id.0, row.contact_id.0);
            session.put(UNTAG, key, values![row.contact_id.0, row.tag, row.source, row.source_id])
        }
    }
}
