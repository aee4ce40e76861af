//! A connection that is down: when to try it again, and how fast it may go otherwise. Pure.

use std::time::Duration;

use crate::clock::At;

/// Pauses before a connection that is down is tried again; the last one repeats (promise 5, C6).
const PROBES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10), Duration::from_secs(30)];

/// A connection that is down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// Since when.
    pub(crate) since: At,
    /// Why, in words.
    pub(crate) reason: String,
    /// When one call goes out to see whether it is back.
    pub(crate) probe_at: At,
    probes: usize,
}

impl Hold {
    /// Down as of `now`; `after` is what the service asked for.
    pub(crate) fn new(now: At, reason: String, after: Option<Duration>) -> Self {
        Self { since: now, reason, probe_at: now.plus(PROBES[0].max(after.unwrap_or_default())), probes: 1 }
    }

    /// Still down at `now`.
    pub(crate) fn again(&mut self, now: At, reason: String, after: Option<Duration>) {
        // Calls that were under way together fail together: only one of them is news.
        if now < self.probe_at {
            self.probe_at = self.probe_at.max(now.plus(after.unwrap_or_default()));
            return;
        }
        let pause = PROBES[self.probes.min(PROBES.len() - 1)];
        self.probes += 1;
        self.reason = reason;
        self.probe_at = now.plus(pause.max(after.unwrap_or_default()));
    }
}

/// Spaces calls evenly: at most `rate` a second, with no burst after a pause.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    gap_us: i64,
    /// When the next call may start, in microseconds.
    next_us: i64,
}

impl Pace {
    /// `rate` calls a second; 0 = no limit.
    pub(super) fn new(rate: u32) -> Self {
        Self { gap_us: if rate == 0 { 0 } else { 1_000_000 / i64::from(rate) }, next_us: 0 }
    }

    /// How many of `wanted` calls may start at `now`.
    pub(super) fn allow(&self, now: At, wanted: usize) -> usize {
        if self.gap_us == 0 {
            return wanted;
        }
        if now.0 * 1_000 < self.next_us {
            return 0;
        }
        // A pause earns what one millisecond lets go, not a burst: providers count in short windows.
        usize::try_from((1_000 / self.gap_us).max(1)).unwrap_or(1).min(wanted)
    }

    /// `count` calls started at `now`.
    pub(super) fn spend(&mut self, now: At, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.next_us = self.next_us.max(now.0 * 1_000) + self.gap_us * count;
    }

    /// When the next call may start.
    pub(super) fn next_at(&self) -> At {
        At((self.next_us + 999) / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_go_out_after_1_3_10_and_then_every_30_seconds() {
        let mut hold = Hold::new(At(0), "refused".into(), None);
        let mut probes = vec![hold.probe_at.0];
        for _ in 0..4 {
            let now = hold.probe_at;
            hold.again(now, "refused".into(), None);
            probes.push(hold.probe_at.0 - now.0);
        }
        assert_eq!(probes, [1_000, 3_000, 10_000, 30_000, 30_000]);
        assert_eq!(hold.since, At(0));
    }

    #[test]
    fn calls_that_fail_together_count_as_one_outage() {
        let mut hold = Hold::new(At(0), "refused".into(), None);
        hold.again(At(5), "refused".into(), None);
        assert_eq!(hold.probe_at, At(1_000));
    }

    #[test]
    fn what_the_service_asks_for_is_waited_for() {
        assert_eq!(Hold::new(At(0), "429".into(), Some(Duration::from_secs(17))).probe_at, At(17_000));
    }

    #[test]
    fn a_pace_of_ten_a_second_lets_one_go_every_tenth() {
        let mut pace = Pace::new(10);
        let mut started = 0;
        for ms in 1_000..2_000 {
            let now = At(ms);
            let count = pace.allow(now, 5);
            pace.spend(now, count);
            started += count;
        }
        assert_eq!(started, 10);
    }

    #[test]
    fn no_limit_lets_all_go() {
        let mut pace = Pace::new(0);
        assert_eq!(pace.allow(At(1), 400), 400);
        pace.spend(At(1), 400);
        assert_eq!(pace.allow(At(1), 400), 400);
    }
}
