//! Telling people here when no page of theirs is open: browsers that asked for it get what is offered to them, and alarms.
//!
//! A browser gives the address of its push service and a key (RFC 8030, 8291); [`encrypt`] makes what only it can read, [`vapid`]
//! proves that we are who it gave them to, and [`tell`] hears what changes. An address is called under the same rules as any that a
//! flow names. What a service says is gone is forgotten.

mod encrypt;
mod tell;
#[cfg(test)]
mod tests;
mod vapid;
mod words;

use connectors::push::Pusher;
use engine::account::{Accounts, Op, PushRow, Told};
use engine::ids::UserId;
use serde_json::json;
use tokio::sync::{Notify, watch};

use crate::accounts::Seal;
use crate::app::{App, Store};
use crate::error::ApiError;

pub(crate) use encrypt::{AUTH_BYTES, PUBLIC_BYTES};
pub(crate) use tell::{run, trial};
use vapid::Vapid;

/// Most browsers of one person: the oldest goes.
const MOST: usize = 10;

/// Why browsers cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key that proves who we are cannot be made or read.
    #[error("the key for notifications of browsers: {0}")]
    Key(String),
    /// No calls can be made.
    #[error("notifications of browsers: {0}")]
    Net(String),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] engine::store::Error),
}

/// What telling browsers takes. Which there are stands in the database.
pub(crate) struct Devices {
    vapid: Vapid,
    pusher: Pusher,
    /// Told when there is a browser more.
    more: Notify,
    /// Whether it is watched what changes.
    watched: watch::Sender<bool>,
}

impl Devices {
    /// Reads our key; the first time it is made. `private_too`: whether services on the own network may be called.
    pub(crate) async fn open(store: &Store, seal: &Seal, private_too: bool) -> Result<Self, Error> {
        let vapid = vapid::open(store, seal).await?;
        Ok(Self {
            vapid,
            pusher: Pusher::open(private_too).map_err(Error::Net)?,
            more: Notify::new(),
            watched: watch::Sender::new(false),
        })
    }

    /// Our public key, as browsers want it.
    pub(crate) fn key(&self) -> String {
        self.vapid.public()
    }

    /// Waits until offers and alarms are watched for.
    #[cfg(test)]
    pub(crate) async fn watching(&self) {
        self.watched.subscribe().wait_for(|watched| *watched).await.expect("it lives as long as this");
    }

    /// Whether `endpoint` may be the address of a push service.
    pub(crate) fn may_call(&self, endpoint: &str) -> bool {
        self.pusher.may_call(endpoint)
    }
}

/// The browsers of `user`, oldest first.
pub(crate) async fn of(app: &App, user: UserId) -> Result<Vec<PushRow>, ApiError> {
    let mut all = app.engine.store().pushes().await?;
    all.retain(|row| row.user == user);
    Ok(all)
}

/// Stores a browser that is to be told.
pub(crate) async fn add(app: &App, by: &str, row: PushRow) -> Result<(), ApiError> {
    let mut others = of(app, row.user).await?;
    let known = others.iter().any(|old| old.endpoint == row.endpoint);
    others.retain(|old| old.endpoint != row.endpoint);
    let surplus = (others.len() + 1).saturating_sub(MOST);
    let mut ops: Vec<Op> = others.into_iter().take(surplus).map(|old| Op::EndPush(old.endpoint)).collect();
    let told = Told { what: "push.added", id: row.user.to_string(), data: json!({ "alarms": row.alarms }) };
    ops.push(Op::PutPush(row));
    // One that asks again, as each page does that is opened, is no news for the log.
    let told = if known { Vec::new() } else { vec![told] };
    app.engine.account(by, told, ops).await??;
    app.devices.more.notify_one();
    Ok(())
}

/// Forgets a browser.
pub(crate) async fn remove(app: &App, by: &str, user: UserId, endpoint: &str) -> Result<(), ApiError> {
    let told = Told { what: "push.removed", id: user.to_string(), data: json!({}) };
    app.engine.account(by, vec![told], vec![Op::EndPush(endpoint.to_owned())]).await??;
    Ok(())
}
