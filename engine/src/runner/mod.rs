//! The loops that carry out what the pure part decided.
//!
//! [`accounts`] journals changes of people who work here, [`alarms`] raises what loops notice, [`boxes`] runs mailboxes, [`memory`] holds those that are at work, [`line`](mod@line) makes the calls of one
//! connection, [`open`](mod@open) opens accounts meanwhile, [`timers`] wakes what falls due, [`intake`] is the one way in,
//! [`callers`] are those who wait for a flow's answer, [`chat`] starts a flow from a conversation, [`feed`] tells whoever watches what [`change`]d, [`find`] finds contacts for flows, [`publish`] swaps the book, [`erase`]
//! erases a person, [`misses`] remembers what started nothing, [`moves`] tells runs of publications, [`past`] reads back runs
//! that are over, [`desk`] knows whose pages are there, [`retain`] removes what is old enough, [`sending`] stops all sending, [`sweep`] goes over segments. [`core`] is what they share.

mod accounts;
mod activity;
mod alarms;
mod boxes;
mod callers;
mod change;
mod chat;
mod core;
mod desk;
mod editing;
mod erase;
mod feed;
mod find;
mod held;
pub(crate) mod hold;
mod intake;
mod line;
mod memory;
mod misses;
mod moves;
mod open;
mod past;
mod publish;
mod queue;
mod retain;
mod sending;
#[cfg(test)]
mod simulation;
mod start;
mod sweep;
mod timers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

pub use self::callers::{Answer, Caller};
use self::core::Core;
use crate::audit::Anchor;
use crate::book::Published;
use crate::calendar::Calendars;
use crate::capability::contact::OWN_CONNECTION;
use crate::clock::{At, Clock};
use crate::connector::{Item, Open, Sender};
use crate::crm::Crm;
use crate::erasure::{Erased, Traces};
use crate::first_hour::HourRow;
use crate::flow::{FirstHour, Version};
use crate::handle::sweep::Sweep;
use crate::ids::{EventId, Ids, MailboxId, VersionId};
use crate::mailbox::Missed;
use crate::order::{self, Order};
use crate::publication::Choices;
use crate::rules::RuleFile;
use crate::segment::Segment;
use crate::stops::Scope;
use crate::store::{ContactRow, ConversationRow, EditOp, EffectRow, Reads, Store, VersionRow};

pub use self::change::Change;
pub use self::desk::Board;
pub use self::feed::{News, Watcher};
pub use self::find::Count;
pub use self::held::{Decided, Held};
pub use self::moves::{Fate, Place, Waiting};

/// Takes each new anchor out of the engine: to the log, a file, another machine.
pub type AnchorSink = Arc<dyn Fn(&Anchor) + Send + Sync>;

/// What an engine is started with.
pub struct Parts<S> {
    /// The database.
    pub store: S,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<Ids>,
    /// Opened connections.
    pub connections: Vec<Open>,
    /// The connection that tells teams about escalations, if any.
    pub notify: Option<Arc<str>>,
    /// The CRM that the engine itself calls.
    pub crm: Crm,
    /// How many runs a trigger starts in the hour after it went live, where its flow does not say.
    pub first_hour: FirstHour,
    /// Only orders and publications are carried out: nothing stored is resumed, no timer runs, no schedule is looked after,
    /// no call goes out. For commands beside no server, which know nothing of connections.
    pub quiet: bool,
    /// Compiles a stored version; it passed its checks when it was stored.
    pub compile: Compile,
    /// Seals the anchors; kept outside the database.
    pub audit_key: [u8; 32],
    /// Where anchors go.
    pub on_anchor: AnchorSink,
}

/// Makes the runnable version of a stored row, or says in one line why it cannot.
pub type Compile = Arc<dyn Fn(&VersionRow) -> Result<Published, String> + Send + Sync>;

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
    core: Arc<Core<S>>,
    loops: Arc<Mutex<JoinSet<()>>>,
}

impl<S: Store + Reads> Clone for Engine<S> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), loops: Arc::clone(&self.loops) }
    }
}

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A stored version cannot be read by this build.
    #[error("`{flow}`: the stored text no longer passes its checks: {why}")]
    Version {
        /// The document.
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
        let (core, loops) = start::start(parts).await?;
        Ok(Self { core, loops: Arc::new(Mutex::new(loops)) })
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.core.parts.store
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
        Ok(self.core.receive(connection, items, sender).await?.0)
    }

    /// The same for a call whose caller a flow may answer (`answer_webhook`): whom to wait for, if so. Of several items, the
    /// first such counts.
    ///
    /// # Errors
    /// As [`Engine::receive`].
    pub async fn receive_call(
        &self,
        connection: &str,
        items: Vec<Item>,
        sender: Sender,
    ) -> Result<(Received, Option<Caller<S>>), crate::store::Error> {
        self.core.receive(connection, items, sender).await
    }

    /// Starts a flow by hand (trigger `manual`); answers the event's id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start_by_hand(&self, flow: &str, by: &str, input: Value) -> Result<EventId, crate::store::Error> {
        self.core.start_by_hand(flow, by, input).await
    }

    /// The same from a conversation: the run is about its contact, and what it sends there is not held while a person talks.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start_in(&self, flow: &str, by: &str, talk: &ConversationRow) -> Result<EventId, crate::store::Error> {
        self.core.start_in(flow, by, talk).await
    }

    /// Carries out a person's order; answers after the commit, with what there is to tell.
    ///
    /// # Errors
    /// When it cannot be done; nothing changed then.
    pub async fn order(&self, mailbox: MailboxId, by: &str, order: Order) -> Result<Value, order::Error> {
        let about = match &order {
            Order::RetryEffect { effect, .. } | Order::FailEffect { effect } | Order::SettleEffect { effect, .. } => {
                self.store().effect(*effect).await?.map(|row| order::About::Effect(Box::new(row)))
            }
            Order::RetryRun { run, .. } | Order::ReplayRun { run } => {
                self.core.told(*run).await?.map(|told| order::About::Run(Box::new(told)))
            }
            _ => None,
        };
        self.core.order(mailbox, by, order, about).await
    }

    /// The contact whose id, phone (E.164, in any of its spellings) or address `who` is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn whom(&self, who: &str) -> Result<Option<ContactRow>, crate::store::Error> {
        self.core.whom(who).await
    }

    /// Deletes all that is known of the person whose id, phone (E.164) or address `who` is; also of somebody who never was a
    /// contact, by their number. What happened stays, without who. Until the database is vacuumed, its file may hold
    /// remains of what was deleted.
    ///
    /// # Errors
    /// When the store fails. What was deleted until then stays deleted; asking again goes on.
    pub async fn erase(&self, who: &str, by: &str) -> Result<Erased, order::Error> {
        self.core.erase(who, by).await
    }

    /// Deletes what is nobody's and told of somebody, as it was found by [`Reads::traces`] or is known from before.
    ///
    /// # Errors
    /// As [`Engine::erase`].
    pub async fn forget(&self, traces: Traces, by: &str) -> Result<(), order::Error> {
        self.core.forget_traces(traces, by).await
    }

    /// Stores versions (new texts, new states) in one commit with an audit row each, and makes the live ones take effect.
    /// `versions` are those of `rows` that are live, compiled.
    ///
    /// # Errors
    /// When the store fails; nothing changed then.
    pub async fn publish(
        &self,
        rows: Vec<VersionRow>,
        versions: Vec<Published>,
        by: &str,
    ) -> Result<(), crate::store::Error> {
        self.core.publish(rows, versions, by, &BTreeMap::new(), Vec::new()).await
    }

    /// The same, with what becomes of runs that wait on other versions, by flow and step: it counts instead of what the steps say
    /// themselves. Runs hear of it after the commit, mailbox by mailbox, after a new start too. `edits` are changes of what the editor
    /// keeps, in the same commit.
    ///
    /// # Errors
    /// As [`Engine::publish`].
    pub async fn publish_with(
        &self,
        rows: Vec<VersionRow>,
        versions: Vec<Published>,
        by: &str,
        choices: &BTreeMap<String, Choices>,
        edits: Vec<EditOp>,
    ) -> Result<(), crate::store::Error> {
        self.core.publish(rows, versions, by, choices, edits).await
    }

    /// At which steps of which versions the runs of `flow` wait.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn waiting(&self, flow: &str) -> Result<Waiting, crate::store::Error> {
        self.core.waiting(flow).await
    }

    /// What it would mean for runs that wait that `to` is published with these choices, or, with `None`, that `flow` is removed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fates(
        &self,
        flow: &str,
        to: Option<&Version>,
        choices: &Choices,
    ) -> Result<Vec<Fate>, crate::store::Error> {
        self.core.fates(flow, to, choices).await
    }

    /// Stores a change of what the editor keeps. `told` says as what (`draft.created`), of which document and with which details
    /// it is journaled; `None` for the many small changes of a draft.
    ///
    /// # Errors
    /// When the store fails; nothing changed then.
    pub async fn edit(
        &self,
        ops: Vec<EditOp>,
        told: Option<(&str, &str, Value)>,
        by: &str,
    ) -> Result<(), crate::store::Error> {
        self.core.edit(ops, told, by).await
    }

    /// The live versions, by flow id.
    #[must_use]
    pub fn live(&self) -> Vec<Arc<Version>> {
        self.core.book.load().live.iter().map(|live| Arc::clone(&live.version)).collect()
    }

    /// Stops the sending of `scope` until it is released: its messages wait, planned and in order.
    ///
    /// # Errors
    /// When the store fails; nothing changed then.
    pub async fn stop_sending(&self, scope: Scope, by: &str) -> Result<(), crate::store::Error> {
        self.core.stop_sending(scope, by).await
    }

    /// Releases what a stop held, and says what it was: messages that were not too old meanwhile.
    ///
    /// # Errors
    /// When the store fails; nothing changed then.
    pub async fn release_sending(&self, scope: Scope, by: &str) -> Result<Vec<EffectRow>, crate::store::Error> {
        self.core.release_sending(scope, by).await
    }

    /// The messages that a stop holds, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn held(&self, scope: &Scope) -> Result<Vec<EffectRow>, crate::store::Error> {
        self.core.held_by(scope).await
    }

    /// Triggers that hold starts in their first hour, or were released by a person.
    #[must_use]
    pub fn holding(&self) -> Vec<HourRow> {
        self.core.holding()
    }

    /// Starts that are held: of a flow, or all of them, in order of [`Held::key`] after `after` (empty = from the first).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn held_starts(
        &self,
        flow: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Held>, crate::store::Error> {
        self.core.held_starts(flow.map(|flow| (flow, None)), after, limit).await
    }

    /// Releases what is held of a flow, or of one trigger of it: at most 1 000 starts at once. From now on these triggers start
    /// whatever matches.
    ///
    /// # Errors
    /// When the store fails. What was released until then stays so; asking again goes on.
    pub async fn release_starts(&self, flow: &str, trigger: Option<&str>, by: &str) -> Result<Decided, order::Error> {
        self.core.decide_starts(flow, trigger, held::Decision::Release, by).await
    }

    /// Drops what is held of a flow, or of one trigger of it: at most 1 000 starts at once. These triggers go on holding.
    ///
    /// # Errors
    /// As [`Engine::release_starts`].
    pub async fn drop_starts(&self, flow: &str, trigger: Option<&str>, by: &str) -> Result<Decided, order::Error> {
        self.core.decide_starts(flow, trigger, held::Decision::Drop, by).await
    }

    /// The last events that the triggers of `flow` heard and did not start on, newest first; since this process began, at most
    /// 100 of a trigger.
    #[must_use]
    pub fn misses(&self, flow: &str) -> Vec<Missed> {
        self.core.misses.of(flow)
    }

    /// A version that is live, or on which a run is that is not over.
    #[must_use]
    pub fn version(&self, id: VersionId) -> Option<Arc<Version>> {
        self.core.book.load().versions.get(&id).cloned()
    }

    /// The live tag rules, in the order in which they judge.
    #[must_use]
    pub fn live_rules(&self) -> Vec<Arc<RuleFile>> {
        self.core.book.load().rules.iter().map(|live| Arc::clone(&live.rules)).collect()
    }

    /// Business hours in force, by name.
    #[must_use]
    pub fn calendars(&self) -> Calendars {
        self.core.book.load().calendars.clone()
    }

    /// The segments in force, by name.
    #[must_use]
    pub fn segments(&self) -> Vec<Arc<Segment>> {
        self.core.book.load().segments.values().cloned().collect()
    }

    /// Counts the contacts of a segment; ends after `most` contacts were looked at.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count(&self, segment: &Segment, most: usize) -> Result<Count, crate::store::Error> {
        self.core.count(segment, most).await
    }

    /// The slots that are going over their segments now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweeps(&self) -> Result<Vec<Sweep>, crate::store::Error> {
        self.core.sweeps().await
    }

    /// How the connections are doing, by id.
    #[must_use]
    pub fn health(&self) -> Vec<Health> {
        let lines = self.core.lines.load();
        let all = lines.values().map(|line| line.health());
        let mut health: Vec<_> = all.filter(|health| health.connection != OWN_CONNECTION).collect();
        health.sort_by(|one, other| one.connection.cmp(&other.connection));
        health
    }

    /// Seals an anchor now instead of within a minute; `None` when nothing changed since the last one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn anchor(&self) -> Result<Option<Anchor>, crate::store::Error> {
        self.core.seal().await
    }

    /// Waits until the process must end and start anew (whether a commit is on disk is not known), and says why.
    pub async fn fatal(&self) -> String {
        let mut fatal = self.core.fatal.subscribe();
        let why = fatal.wait_for(Option::is_some).await.map(|why| why.clone());
        why.ok().flatten().unwrap_or_default()
    }

    /// Waits until nothing is queued and nothing is under way except what waits for a time, an event or a person.
    pub async fn idle(&self) {
        self.core.activity.idle().await;
    }

    /// Tells what changes from now on, or from `place` on ([`Watcher::place`] of an earlier one); `None` when too many watch.
    #[must_use]
    pub fn watch(&self, place: Option<u64>) -> Option<Watcher> {
        self.core.feed.watch(place)
    }

    /// Whether anybody watches what changes.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.core.feed.is_watched()
    }

    /// Tells whoever watches of something that no commit of a mailbox says: a status that came, somebody who writes.
    pub fn tell(&self, change: Change) {
        self.core.feed.tell(vec![change]);
    }

    /// Nobody waits for a flow's answer any more: callers hear what is known; and nobody watches. Doors that close wait for
    /// both.
    pub fn let_callers_go(&self) {
        self.core.callers.close();
        self.core.feed.close();
    }

    /// Stops taking work and waits up to `within` for calls under way; what is not back stays in flight and is resolved at the
    /// next start.
    pub async fn drain(&self, within: Duration) {
        self.let_callers_go();
        self.core.closing.send_replace(true);
        let mut loops = self.loops.lock().await;
        let calls_are_back = async { while loops.join_next().await.is_some() {} };
        if tokio::time::timeout(within, calls_are_back).await.is_err() {
            tracing::warn!("calls are still under way; they are resolved at the next start");
        }
        // Outcomes that came back are still being committed by their mailboxes.
        let _ = tokio::time::timeout(within, self.core.activity.idle()).await;
    }
}
