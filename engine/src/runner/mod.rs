//! The loops that carry out what the pure part decided: mailboxes, timers, connections.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::clock::{At, Clock};
use crate::connector::{Catalog, Item, Open, Sender};
use crate::flow::Version;
use crate::ids::{EventId, Ids, MailboxId};
use crate::order::{self, Order};
use crate::store::{Reads, Store, VersionRow};

/// What an engine is started with.
pub struct Parts<S> {
    /// The database.
    pub store: S,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<Ids>,
    /// What flows may name.
    pub catalog: Arc<Catalog>,
    /// Opened connections.
    pub connections: Vec<Open>,
    /// The connection that tells teams about escalations, if any.
    pub notify: Option<String>,
    /// Seals the anchors; kept outside the database.
    pub audit_key: [u8; 32],
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Received {
    /// Events that are new.
    pub new: u32,
    /// Events that came before.
    pub seen: u32,
    /// Statuses noted.
    pub statuses: u32,
    /// Items kept because they could not be read.
    pub bad: u32,
}

/// How a connection is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The connection.
    pub connection: String,
    /// Its connector.
    pub connector: String,
    /// Since when it is down; `None` when it is up.
    pub down_since: Option<At>,
    /// Why it is down.
    pub reason: Option<String>,
    /// When it is tried next.
    pub probe_at: Option<At>,
    /// Calls waiting.
    pub waiting: u64,
    /// Calls under way.
    pub in_flight: u64,
}

/// The running engine. Cheap to clone.
pub struct Engine<S: Store + Reads> {
    parts: Arc<Parts<S>>,
}

impl<S: Store + Reads> Clone for Engine<S> {
    fn clone(&self) -> Self {
        Self { parts: Arc::clone(&self.parts) }
    }
}

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A stored version cannot be read by this build.
    #[error("flow `{flow}`: the stored text no longer passes its checks: {why}")]
    Version {
        /// The flow.
        flow: String,
        /// The first problem.
        why: String,
    },
}

impl<S: Store + Reads> Engine<S> {
    /// Loads what is stored, resolves what was under way when the last process ended, and starts working.
    ///
    /// # Errors
    /// When the store fails or a stored version is unreadable.
    pub async fn start(parts: Parts<S>) -> Result<Self, Error> {
        Ok(Self { parts: Arc::new(parts) })
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.parts.store
    }

    /// Stores what a door decoded, and wakes the mailboxes concerned. A 2xx may go out after this.
    /// A [`Sender::Retried`] is refused with `Busy` when the writer is behind; a [`Sender::OneShot`] is held up to 10 s.
    ///
    /// # Errors
    /// When the store fails; nothing was stored then.
    pub async fn receive(
        &self,
        connection: &str,
        items: Vec<Item>,
        sender: Sender,
    ) -> Result<Received, crate::store::Error> {
        let _ = (connection, items, sender);
        unimplemented!()
    }

    /// Starts a flow by hand (trigger `manual`); answers the event's id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start_by_hand(&self, flow: &str, by: &str, input: Value) -> Result<EventId, crate::store::Error> {
        let _ = (flow, by, input);
        unimplemented!()
    }

    /// Carries out a person's order; answers after the commit, with what there is to tell.
    ///
    /// # Errors
    /// When it cannot be done; nothing changed then.
    pub async fn order(&self, mailbox: MailboxId, by: &str, order: Order) -> Result<Value, order::Error> {
        let _ = (mailbox, by, order);
        unimplemented!()
    }

    /// Stores versions (new texts, new states) in one commit with an audit row each, and makes the live ones take effect.
    /// `versions` are compiled already, in step with `rows`.
    ///
    /// # Errors
    /// When the store fails; nothing changed then.
    pub async fn publish(
        &self,
        rows: Vec<VersionRow>,
        versions: Vec<Arc<Version>>,
        by: &str,
    ) -> Result<(), crate::store::Error> {
        let _ = (rows, versions, by);
        unimplemented!()
    }

    /// The live versions, by flow id.
    #[must_use]
    pub fn live(&self) -> Vec<Arc<Version>> {
        Vec::new()
    }

    /// How the connections are doing.
    #[must_use]
    pub fn health(&self) -> Vec<Health> {
        Vec::new()
    }

    /// Waits until nothing is queued and nothing is under way except what waits for a time, an event or a person.
    pub async fn idle(&self) {}

    /// Stops taking work and waits up to `within` for calls under way; what is not back stays in flight and is resolved at the
    /// next start.
    pub async fn drain(&self, within: Duration) {
        let _ = within;
    }
}
