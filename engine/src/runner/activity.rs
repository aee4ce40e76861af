//! How much is under way, so that tests and `play` can wait for "nothing left to do" instead of sleeping.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify;

/// A count of things under way.
#[derive(Debug, Default)]
pub(super) struct Activity {
    count: AtomicI64,
    idle: Notify,
}

impl Activity {
    /// `by` more things are under way, or fewer.
    pub(super) fn add(&self, by: i64) {
        if by != 0 && self.count.fetch_add(by, Ordering::SeqCst) + by == 0 {
            self.idle.notify_waiters();
        }
    }

    /// Waits until nothing is under way.
    pub(super) async fn idle(&self) {
        loop {
            let notified = self.idle.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            notified.await;
        }
    }
}
