//! What changed, for whoever watches: the newest changes, in order, told after their commit.
//!
//! Whoever watches reads at their own speed from a place of their own, so nobody holds the engine up. Who falls behind what is
//! kept is told that something was missed, and looks at everything anew.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::change::Change;
use crate::clock::At;

/// Changes that are kept: at 1 000 a second, what somebody missed who was away for four seconds.
const KEPT: usize = 4_096;
/// Most who watch at once.
const MOST_WATCHERS: usize = 500;

/// The changes that are kept, and who is told.
pub(super) struct Feed {
    kept: Mutex<Kept>,
    /// The place behind the newest change; touched by each, and when the feed closes.
    newest: watch::Sender<u64>,
}

struct Kept {
    changes: VecDeque<Change>,
    /// The place behind the newest change.
    next: u64,
    closed: bool,
}

impl Feed {
    /// Places begin at the microsecond of the start: a process makes fewer changes than microseconds pass, so every place of an
    /// earlier one is older than all of these.
    pub(super) fn new(now: At) -> Self {
        let next = u64::try_from(now.0).unwrap_or(0).saturating_mul(1_000);
        let kept = Kept { changes: VecDeque::new(), next, closed: false };
        Self { kept: Mutex::new(kept), newest: watch::channel(next).0 }
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
        kept.next += changes.len() as u64;
        kept.changes.extend(changes);
        let old = kept.changes.len().saturating_sub(KEPT);
        kept.changes.drain(..old);
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

    /// One more that watches from `place` on, or from now on; `None` when there are too many.
    pub(super) fn watch(self: &Arc<Self>, place: Option<u64>) -> Option<Watcher> {
        // Before the place is read, so that no change falls between.
        let news = self.newest.subscribe();
        if self.newest.receiver_count() > MOST_WATCHERS {
            return None;
        }
        let place = place.unwrap_or_else(|| self.lock().next);
        Some(Watcher { feed: Arc::clone(self), place, news })
    }
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// These changed, in this order; with the place behind each.
    Changes(Vec<(u64, Change)>),
    /// More changed than is kept, or the place is not one of this process: look at everything anew.
    Missed,
    /// The engine closes.
    Closed,
}

/// One who watches.
pub struct Watcher {
    feed: Arc<Feed>,
    place: u64,
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
        let oldest = kept.next - kept.changes.len() as u64;
        if from == kept.next {
            return None;
        }
        if from < oldest || from > kept.next {
            return Some(News::Missed);
        }
        let skipped = usize::try_from(from - oldest).unwrap_or(usize::MAX);
        Some(News::Changes((from + 1..).zip(kept.changes.iter().skip(skipped).cloned()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::ids::ContactId;

    fn contact(id: i64) -> Change {
        Change::Contact { id: ContactId(id) }
    }

    fn feed() -> Arc<Feed> {
        Arc::new(Feed::new(At(1_000)))
    }

    #[test]
    fn who_watches_hears_what_comes_after_and_once() {
        let feed = feed();
        feed.tell(vec![contact(1)]);
        let mut watcher = feed.watch(None).unwrap();
        assert_eq!(watcher.next().now_or_never(), None);
        feed.tell(vec![contact(2), contact(3)]);
        let told = News::Changes(vec![(1_000_002, contact(2)), (1_000_003, contact(3))]);
        assert_eq!(watcher.next().now_or_never(), Some(told));
        assert_eq!((watcher.next().now_or_never(), watcher.place()), (None, 1_000_003));
    }

    #[test]
    fn who_comes_back_hears_what_was_missed() {
        let feed = feed();
        feed.tell(vec![contact(1), contact(2)]);
        let mut watcher = feed.watch(Some(1_000_001)).unwrap();
        assert_eq!(watcher.next().now_or_never(), Some(News::Changes(vec![(1_000_002, contact(2))])));
    }

    #[test]
    fn who_was_away_too_long_or_comes_from_another_process_is_told_so_and_goes_on() {
        let feed = feed();
        for n in 0..=KEPT {
            feed.tell(vec![contact(i64::try_from(n).unwrap())]);
        }
        for place in [1_000_000, 5, 999_999_999] {
            let mut watcher = feed.watch(Some(place)).unwrap();
            assert_eq!(watcher.next().now_or_never(), Some(News::Missed), "{place}");
            feed.tell(vec![contact(7)]);
            let told = watcher.next().now_or_never();
            assert!(matches!(told, Some(News::Changes(changes)) if changes.len() == 1), "{place}");
        }
        let mut oldest = feed.watch(Some(feed.lock().next - KEPT as u64)).unwrap();
        assert!(matches!(oldest.next().now_or_never(), Some(News::Changes(changes)) if changes.len() == KEPT));
    }

    #[test]
    fn watchers_are_bounded_and_let_go_when_the_engine_closes() {
        let feed = feed();
        let mut watchers: Vec<Watcher> = (0..MOST_WATCHERS).map_while(|_| feed.watch(None)).collect();
        assert_eq!(watchers.len(), MOST_WATCHERS);
        assert!(feed.watch(None).is_none());
        watchers.pop();
        let mut last = feed.watch(None).unwrap();
        feed.close();
        assert_eq!(last.next().now_or_never(), Some(News::Closed));
    }
}
