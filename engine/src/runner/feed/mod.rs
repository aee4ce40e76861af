//! What changed, for whoever watches: the newest changes, in order, told after their commit.
//!
//! Whoever watches reads at their own speed from a place of their own, so nobody holds the engine up. Of each kind the newest changes
//! are kept: under load thousands of runs move in a second, and none of them may crowd out the one escalation. Who falls behind
//! what is kept of a kind is told that many of it changed.

mod change;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub use self::change::Change;
use crate::clock::At;

/// Changes of one kind that are kept.
const KEPT: usize = 256;
/// Most who watch at once.
const MOST_WATCHERS: usize = 500;

/// The changes that are kept, and who is told.
pub(super) struct Feed {
    kept: Mutex<Kept>,
    /// The place behind the newest change; touched by each, and when the feed closes.
    newest: watch::Sender<u64>,
}

struct Kept {
    kinds: BTreeMap<&'static str, OfKind>,
    /// The place before the first change.
    began: u64,
    /// The place behind the newest change.
    next: u64,
    closed: bool,
}

/// Changes of one kind.
#[derive(Default)]
struct OfKind {
    /// The newest at the back, each with the place behind it.
    changes: VecDeque<(u64, Change)>,
    /// The place behind the newest one that is no longer kept.
    left: u64,
}

impl OfKind {
    fn keep(&mut self, place: u64, change: Change) {
        self.changes.push_back((place, change));
        if self.changes.len() > KEPT
            && let Some((left, _)) = self.changes.pop_front()
        {
            self.left = left;
        }
    }

    /// The newest change of each thing after `from`, the newest first; or that there are more than `most`.
    fn since(&self, from: u64, kind: &'static str, most: usize) -> Vec<(u64, Told)> {
        let mut seen = HashSet::new();
        let fresh = self.changes.iter().rev().take_while(|(place, _)| *place > from);
        let fresh = fresh.filter(|(_, change)| seen.insert(change.id()));
        let named: Vec<_> = fresh.take(most.saturating_add(1)).collect();
        match named.first() {
            // At the place of the last one: whoever comes back has heard of all before it.
            Some((place, _)) if self.left > from || named.len() > most => vec![(*place, Told::Many(kind))],
            _ => named.into_iter().map(|(place, change)| (*place, Told::One(change.clone()))).collect(),
        }
    }
}

impl Feed {
    /// Places begin at the microsecond of the start: a process makes fewer changes than microseconds pass, so every place of an
    /// earlier one is older than all of these.
    pub(super) fn new(now: At) -> Self {
        let began = u64::try_from(now.0).unwrap_or(0).saturating_mul(1_000);
        let kept = Kept { kinds: BTreeMap::new(), began, next: began, closed: false };
        Self { kept: Mutex::new(kept), newest: watch::channel(began).0 }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps changes and wakes whoever watches.
    pub(super) fn tell(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let mut kept = self.lock();
        for change in changes {
            kept.next += 1;
            let place = kept.next;
            kept.kinds.entry(change.kind()).or_default().keep(place, change);
        }
        // Under the lock, so that the newest place is never told before an older one.
        self.newest.send_replace(kept.next);
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        self.newest.receiver_count() > 0
    }

    /// Nobody watches any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.newest.send_modify(|_| {});
    }

    /// One more that watches from `place` on, or from now on, and is told at most `most` things of a kind by name; `None` when there
    /// are too many.
    pub(super) fn watch(self: &Arc<Self>, place: Option<u64>, most: usize) -> Option<Watcher> {
        // Before the place is read, so that no change falls between.
        let news = self.newest.subscribe();
        if self.newest.receiver_count() > MOST_WATCHERS {
            return None;
        }
        let place = place.unwrap_or_else(|| self.lock().next);
        Some(Watcher { feed: Arc::clone(self), place, most, news })
    }
}

/// Of one kind of change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The newest change of one thing.
    One(Change),
    /// Things of this kind changed, more than are named: any of them may have.
    Many(&'static str),
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// These changed, in this order; with the place behind each.
    Changes(Vec<(u64, Told)>),
    /// The place is not one of this process: look at everything anew.
    Missed,
    /// The engine closes.
    Closed,
}

/// One who watches.
pub struct Watcher {
    feed: Arc<Feed>,
    place: u64,
    most: usize,
    news: watch::Receiver<u64>,
}

impl Watcher {
    /// Up to where this one was told.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Waits for something new. Nothing is lost when the wait is abandoned.
    pub async fn next(&mut self) -> News {
        loop {
            self.news.mark_unchanged();
            if let Some(news) = self.look() {
                return news;
            }
            if self.news.changed().await.is_err() {
                return News::Closed;
            }
        }
    }

    fn look(&mut self) -> Option<News> {
        let kept = self.feed.lock();
        if kept.closed {
            return Some(News::Closed);
        }
        let from = std::mem::replace(&mut self.place, kept.next);
        if from == kept.next {
            return None;
        }
        if !(kept.began..kept.next).contains(&from) {
            return Some(News::Missed);
        }
        let mut told: Vec<_> =
            kept.kinds.iter().flat_map(|(kind, changes)| changes.since(from, kind, self.most)).collect();
        told.sort_unstable_by_key(|(place, _)| *place);
        Some(News::Changes(told))
    }
}
