//! The pace of one connection's calls, where the service counts calls and an action makes several.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Longest wait for a turn: a queue as long as this says that the connection has more to do than it may.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A leaky bucket: so many calls a second, in the order they come, with one second's calls at once after a pause.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    /// How far turns may lie in the past: what a pause has saved.
    saved: Duration,
    /// The next turn; `None` before the first call.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// `None` for 0, which is no limit.
    pub(super) fn new(per_second: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(per_second)?;
        Some(Self { interval, saved: interval * (per_second - 1), next: Mutex::new(None) })
    }

    /// Waits for this call's turn.
    ///
    /// # Errors
    /// How long it would have to wait, when that is too long; it takes no turn then.
    pub(super) async fn turn(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let turn = self.reserve(now)?;
        if turn > now {
            tokio::time::sleep_until(turn).await;
        }
        Ok(())
    }

    /// Takes the next turn.
    fn reserve(&self, now: Instant) -> Result<Instant, Duration> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(self.saved).unwrap_or(now);
        let turn = next.map_or(earliest, |next| next.max(earliest));
        let wait = turn.saturating_duration_since(now);
        if wait > LONGEST_WAIT {
            return Err(wait);
        }
        *next = Some(turn + self.interval);
        Ok(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When `calls` that all come at `now` get their turns, in milliseconds after it.
    fn turns(pace: &Pace, now: Instant, calls: usize) -> Vec<Option<u128>> {
        let turn = |_| pace.reserve(now).ok().map(|turn| turn.saturating_duration_since(now).as_millis());
        (0..calls).map(turn).collect()
    }

    #[test]
    fn a_seconds_calls_go_at_once_and_the_others_in_their_turn() {
        let pace = Pace::new(4).unwrap();
        let start = Instant::now() + Duration::from_secs(100);
        let expected = [0, 0, 0, 0, 250, 500].map(Some);
        assert_eq!(turns(&pace, start, 6), expected);
        assert_eq!(turns(&pace, start + Duration::from_secs(60), 6), expected, "a long pause saves no more");
    }

    #[test]
    fn ten_seconds_see_no_more_calls_than_hubspot_allows() {
        let pace = Pace::new(9).unwrap();
        let start = Instant::now() + Duration::from_secs(100);
        let mut begun = Vec::new();
        for step in 0..100 {
            let now = start + step * Duration::from_millis(100);
            begun.extend(std::iter::from_fn(|| pace.reserve(now).ok()).map(|turn| turn.max(now)));
        }
        let begun = begun.iter().filter(|turn| **turn < start + Duration::from_secs(10)).count();
        assert!((90..=100).contains(&begun), "{begun}");
    }

    #[test]
    fn who_would_wait_too_long_takes_no_turn() {
        let pace = Pace::new(1).unwrap();
        let start = Instant::now() + Duration::from_secs(100);
        let waits = turns(&pace, start, 8);
        assert_eq!(waits, [Some(0), Some(1000), Some(2000), Some(3000), Some(4000), Some(5000), None, None]);
        assert_eq!(pace.reserve(start).unwrap_err(), Duration::from_secs(6));
        assert!(pace.reserve(start + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn nought_is_no_limit() {
        assert!(Pace::new(0).is_none());
    }
}
