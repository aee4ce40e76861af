//! Browsers that are told when no page is open: written as steps of accounts.

use engine::account::PushRow;
use engine::clock::At;
use engine::ids::UserId;

use super::columns::Columns;
use super::error::Error;
use super::session::Session;
use super::value::{Row, values};

/// A browser has one owner: whoever signed in there last.
pub(crate) fn put(session: &dyn Session, row: &PushRow) -> Result<(), Error> {
    let text = "insert into push (endpoint, user_id, p256dh, auth, alarms, agent, at) values (?, ?, ?, ?, ?, ?, ?) \
        on conflict (endpoint) do update set user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth, \
          alarms = excluded.alarms, agent = excluded.agent, at = excluded.at";
    let PushRow { endpoint, user, p256dh, auth, alarms, agent, at } = row;
    session.execute(text, values![endpoint, user.0, p256dh, auth, alarms, agent, at.0])?;
    Ok(())
}

pub(crate) fn end(session: &dyn Session, endpoint: &str) -> Result<(), Error> {
    session.execute("delete from push where endpoint = ?", values![endpoint])?;
    Ok(())
}

/// All browsers of somebody.
pub(crate) fn end_of(session: &dyn Session, user: UserId) -> Result<(), Error> {
    session.execute("delete from push where user_id = ?", values![user.0])?;
    Ok(())
}

/// The first key stays: browsers know it.
pub(crate) const PUT_KEY: &str = "insert into push_key (id, sealed) values (1, ?) on conflict (id) do nothing";
/// Browsers of everybody who may sign in, oldest first. 1 = active.
pub(crate) const PUSHES: &str = "select push.endpoint, push.user_id, push.p256dh, push.auth, push.alarms, push.agent, push.at \
    from push join app_user on app_user.id = push.user_id where app_user.state = 1 order by push.at, push.endpoint";
pub(crate) const KEY: &str = "select sealed from push_key where id = 1";

pub(crate) fn key(row: Row) -> Result<Vec<u8>, Error> {
    Columns::of(row).take()
}

pub(crate) fn push(row: Row) -> Result<PushRow, Error> {
    let mut c = Columns::of(row);
    Ok(PushRow {
        endpoint: c.take()?,
        user: c.id(UserId)?,
        p256dh: c.take()?,
        auth: c.take()?,
        alarms: c.take()?,
        agent: c.take()?,
        at: c.id(At)?,
    })
}
