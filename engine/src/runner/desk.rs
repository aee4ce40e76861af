//! Whose pages are there, whom the desk may ask, and how it stands: the desk's ways to and from the outside.
//!
//! Beats live in memory; only that somebody came or went is told to the desk. After a start everybody who was here has the time
//! of one absence to come back.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::core::Core;
use super::{Engine, line};
use crate::account::StaffRows;
use crate::clock::At;
use crate::crm::Crm;
use crate::desk::{Agent, Case, Desk, Staff};
use crate::handle::{agent_of, mailbox_from, read_desk};
use crate::ids::{EscalationId, MailboxId, UserId};
use crate::order::{self, DeskOrder, Order};
use crate::store::{self, Reads, Store};

/// How long a page that does not beat counts as there.
const GONE_AFTER: Duration = Duration::from_secs(10);

/// When each agent's page was last heard of.
#[derive(Default)]
pub(super) struct Beats {
    last: Mutex<HashMap<UserId, Instant>>,
    /// Somebody came.
    came: Notify,
}

impl Beats {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<UserId, Instant>) -> T) -> T {
        act(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a beat; true for the first one after an absence.
    fn beat(&self, user: UserId) -> bool {
        let first = self.with(|known| known.insert(user, Instant::now()).is_none());
        if first {
            self.came.notify_one();
        }
        first
    }

    /// When the first of them would be gone; `None` while nobody is here.
    fn next_gone(&self) -> Option<Instant> {
        self.with(|known| known.values().min().map(|last| *last + GONE_AFTER))
    }

    /// Takes those who did not beat for too long.
    fn take_gone(&self) -> Vec<UserId> {
        self.with(|known| {
            let gone: Vec<UserId> =
                known.iter().filter(|(_, last)| last.elapsed() >= GONE_AFTER).map(|(user, _)| *user).collect();
            known.retain(|user, _| !gone.contains(user));
            gone
        })
    }
}

/// The staff of stored rows; what cannot be read is told in the log.
pub(super) fn staff_of(rows: StaffRows) -> Staff {
    let (staff, bad) = Staff::of(rows);
    for problem in bad {
        tracing::error!(problem, "it is left out: a newer build may have written it");
    }
    staff
}

/// Tells the desk of pages that are gone, until the engine closes.
pub(super) async fn watch<S: Store + Reads>(core: Arc<Core<S>>) {
    loop {
        let next = core.beats.next_gone();
        tokio::select! {
            () = line::closed(&core.closing) => return,
            () = core.beats.came.notified() => {}
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
        }
        for user in core.beats.take_gone() {
            if let Err(problem) = core.page_is(user, false).await {
                tracing::error!(%user, %problem, "the desk could not be told that an agent is gone");
            }
        }
    }
}

/// How the desk stands.
#[derive(Clone, Debug)]
pub struct Board {
    /// When.
    pub now: At,
    /// Who works here.
    pub staff: Arc<Staff>,
    /// Agents who were ever here, with how much each has: conversations held, and offers open to that one alone.
    pub agents: BTreeMap<UserId, (Agent, usize)>,
    /// What the desk is not done with.
    pub cases: BTreeMap<EscalationId, Case>,
}

impl<S: Store + Reads> Core<S> {
    /// Those who were here when the last process ended count as here until they are missed.
    pub(super) async fn remember_pages(&self) -> Result<(), store::Error> {
        let rows = self.parts.store.desk().await?;
        for (user, agent) in rows.waits.iter().filter_map(agent_of) {
            if agent.online {
                self.beats.beat(user);
            }
        }
        Ok(())
    }

    async fn page_is(self: &Arc<Self>, user: UserId, here: bool) -> Result<(), order::Error> {
        self.order(MailboxId::DESK, "", Order::Desk(DeskOrder::Page { user, here }), None).await.map(drop)
    }
}

impl<S: Store + Reads> Engine<S> {
    /// Somebody's page is there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn beat(&self, user: UserId) -> Result<(), order::Error> {
        if !self.core.beats.beat(user) {
            return Ok(());
        }
        let told = self.core.page_is(user, true).await;
        if told.is_err() {
            // The next beat tells it.
            self.core.beats.with(|known| known.remove(&user));
        }
        told
    }

    /// Somebody signed out, or closed the page.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn leave(&self, user: UserId) -> Result<(), order::Error> {
        if self.core.beats.with(|known| known.remove(&user)).is_none() {
            return Ok(());
        }
        self.core.page_is(user, false).await
    }

    /// Whom the desk may ask.
    #[must_use]
    pub fn staff(&self) -> Arc<Staff> {
        Arc::clone(&self.core.book.load().staff)
    }

    /// Reads the staff anew, after teams or people were changed.
    ///
    /// # Errors
    /// When the store fails; what was known before stays.
    pub async fn refresh_staff(&self) -> Result<(), store::Error> {
        // One change of the book at a time.
        let _alone = self.core.publishing.lock().await;
        let staff = Arc::new(staff_of(self.store().staff().await?));
        let book = (*self.core.book.load_full()).clone().with_staff(staff);
        self.core.book.store(Arc::new(book));
        Ok(())
    }

    /// From now on the engine itself calls this CRM.
    pub async fn serve_crm(&self, crm: Crm) {
        // One change of the book at a time.
        let _alone = self.core.publishing.lock().await;
        let book = (*self.core.book.load_full()).clone().with_crm(crm);
        self.core.book.store(Arc::new(book));
    }

    /// How the desk stands now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn board(&self) -> Result<Board, store::Error> {
        let book = self.core.book.load_full();
        let now = self.core.parts.clock.now();
        let rows = self.store().desk().await?;
        let mail = mailbox_from(MailboxId::DESK, rows, &book.versions).map_err(store::Error::Broken)?;
        let mut desk = Desk::new(&book.staff, &book.calendars, book.notify.is_some(), now);
        read_desk(&mut desk, &mail);
        let loads: BTreeMap<UserId, usize> = desk.agents.keys().map(|user| (*user, desk.load(*user))).collect();
        let with_load = |(user, agent): (UserId, Agent)| (user, (agent, loads.get(&user).copied().unwrap_or_default()));
        let agents = desk.agents.into_iter().map(with_load).collect();
        Ok(Board { now, staff: Arc::clone(&book.staff), agents, cases: desk.cases })
    }
}
