//! Starts that are held in the first hour of a trigger: listing them, releasing them, dropping them.

use std::sync::Arc;

use serde::Serialize;

use super::core::Core;
use crate::clock::At;
use crate::first_hour::{HourRow, Phase};
use crate::handle::{HeldStart, event_from_row};
use crate::ids::{EventId, MailboxId, WaitId};
use crate::order::{About, Error, Order};
use crate::store::{self, HELD_KEY, Reads, Store, WaitRow, Work};

/// Rows read at a time.
const PAGE: u32 = 100;
/// Most starts decided about at once: whoever has more asks again, and customers' events go first.
const MOST: usize = 1_000;

/// A start that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Its id.
    pub id: WaitId,
    /// The flow.
    pub flow: Arc<str>,
    /// The trigger in it.
    pub trigger: Arc<str>,
    /// The event that it would start with.
    pub event: EventId,
    /// When it matched.
    pub at: At,
    /// Where it waits.
    #[serde(skip)]
    pub mailbox: MailboxId,
    /// The key under which the next page begins.
    #[serde(skip)]
    pub key: String,
}

impl Held {
    fn of(row: WaitRow) -> Option<Self> {
        let HeldStart { flow, trigger, at } = serde_json::from_slice(&row.data).ok()?;
        Some(Self { id: row.id, flow, trigger, event: row.since, at, mailbox: row.mailbox, key: row.key? })
    }
}

/// What became of held starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// How many were released or dropped.
    pub done: usize,
    /// Those that could not be, and why.
    pub refused: Vec<(WaitId, String)>,
    /// Whether there are more.
    pub more: bool,
}

/// What a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Release,
    Drop,
}

impl<S: Store + Reads> Core<S> {
    /// The triggers that hold, or were released.
    pub(super) fn holding(&self) -> Vec<HourRow> {
        let book = self.book.load();
        book.hours.values().map(|hour| hour.row()).filter(|row| row.phase != Phase::Counting).collect()
    }

    /// Held starts of a flow, or of one of its triggers, or all of them, in order of their keys after `after`.
    pub(super) async fn held_starts(
        &self,
        of: Option<(&str, Option<&str>)>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Held>, store::Error> {
        let prefix = match of {
            Some((flow, Some(trigger))) => format!("{flow}/{trigger}/"),
            Some((flow, None)) => format!("{flow}/"),
            None => String::new(),
        };
        let rows = self.parts.store.held(&prefix, after, limit).await?;
        Ok(rows.into_iter().filter_map(Held::of).collect())
    }

    /// Decides about what is held of a flow or one of its triggers. A release also ends the trigger's first hour: what matches from
    /// now on starts.
    pub(super) async fn decide_starts(
        self: &Arc<Self>,
        flow: &str,
        trigger: Option<&str>,
        decision: Decision,
        by: &str,
    ) -> Result<Decided, Error> {
        if decision == Decision::Release {
            self.release_triggers(flow, trigger, by).await?;
        }
        let mut decided = Decided::default();
        let mut after = HELD_KEY.to_owned();
        loop {
            let page = self.held_starts(Some((flow, trigger)), &after, PAGE).await?;
            let Some(last) = page.last().map(|held| held.key.clone()) else { return Ok(decided) };
            after = last;
            for held in page {
                if decided.done + decided.refused.len() >= MOST {
                    decided.more = true;
                    return Ok(decided);
                }
                match self.decide_start(&held, decision, by).await {
                    Ok(()) => decided.done += 1,
                    Err(Error::Refused(why)) => decided.refused.push((held.id, why.to_string())),
                    // Somebody else was quicker.
                    Err(Error::Gone(_) | Error::Taken { .. }) => {}
                    Err(error @ (Error::Store(_) | Error::Hindered { .. } | Error::Changed)) => return Err(error),
                }
            }
        }
    }

    async fn decide_start(self: &Arc<Self>, held: &Held, decision: Decision, by: &str) -> Result<(), Error> {
        let (order, about) = match decision {
            Decision::Release => {
                let row = self.parts.store.event(held.event).await?.filter(|row| row.body.is_some());
                let event = row.map(|row| About::Event(Box::new(event_from_row(row))));
                (Order::ReleaseStart { start: held.id }, event)
            }
            Decision::Drop => (Order::DropStart { start: held.id }, None),
        };
        self.order(held.mailbox, by, order, about).await.map(drop)
    }

    /// A person looked: the triggers start whatever matches from now on. Stored and journaled first.
    async fn release_triggers(&self, flow: &str, trigger: Option<&str>, by: &str) -> Result<(), store::Error> {
        let _alone = self.publishing.lock().await;
        let (book, now) = (self.book.load_full(), self.parts.clock.now());
        let asked = |key: &(String, String)| key.0 == flow && trigger.is_none_or(|trigger| key.1 == trigger);
        let mut work = Work { mailbox: MailboxId::SYSTEM, at: now, ..Work::default() };
        let mut released = Vec::new();
        for (key, hour) in book.hours.iter().filter(|(key, hour)| asked(key) && hour.phase() == Phase::Holding) {
            work.hours.push(HourRow { phase: Phase::Released, ..hour.row() });
            let id = format!("{}/{}", key.0, key.1);
            work.journal.push(self.change_row(by, "first_hour.released", &id, serde_json::Value::Null, now));
            released.push(hour);
        }
        if !released.is_empty() {
            self.watched(self.parts.store.commit(work).await)?;
            released.into_iter().for_each(|hour| hour.release());
        }
        Ok(())
    }
}
