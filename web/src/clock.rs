//! The only place that reads the machine's clocks; everybody else is told the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use engine::clock::{At, Clock};

/// The time of this machine, never earlier than one already given: when the clock is set back, it stands still until the
/// old time is reached again.
#[derive(Debug, Default)]
pub struct SystemClock {
    last_ms: AtomicI64,
}

impl SystemClock {
    fn at_least(&self, now_ms: i64) -> At {
        At(self.last_ms.fetch_max(now_ms, Ordering::SeqCst).max(now_ms))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> At {
        #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.at_least(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_when_the_machine_sets_it_back() {
        let clock = SystemClock::default();
        assert_eq!(clock.at_least(1_000), At(1_000));
        assert_eq!(clock.at_least(400), At(1_000));
        assert_eq!(clock.at_least(1_001), At(1_001));
    }

    #[test]
    fn it_knows_which_century_it_is() {
        let year_2025 = At(1_735_689_600_000);
        assert!(SystemClock::default().now() > year_2025);
    }
}
