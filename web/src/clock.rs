//! The only place that reads the machine's clocks; everybody else is told the time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::clock::{At, Clock};

/// A wall clock that moved by more than this against the monotonic one between two readings is worth a word to the operator.
const JUMP_MS: i64 = 60_000;

/// The time of this machine. It never runs back and never stands still: when the wall clock is set back, time goes on from the
/// last value at the pace of the monotonic clock, ahead of the wall clock until that has caught up or the process starts anew.
#[derive(Debug)]
pub struct SystemClock<S = Machine> {
    source: S,
    last: Mutex<Option<Last>>,
}

/// The last reading and what was told then.
#[derive(Clone, Copy, Debug)]
struct Last {
    reading: Reading,
    told_ms: i64,
}

/// Where the time comes from.
pub trait Source: Send + Sync + 'static {
    /// Both clocks, read together.
    fn read(&self) -> Reading;
}

/// What the two clocks showed at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock: milliseconds since 1970-01-01, UTC. It can be set.
    pub wall_ms: i64,
    /// The monotonic clock, from some start. It cannot be set.
    pub elapsed: Duration,
}

/// The clocks of this machine.
#[derive(Debug)]
pub struct Machine {
    start: std::time::Instant,
}

impl Default for Machine {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clocks")]
    fn default() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

impl Source for Machine {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clocks")]
    fn read(&self) -> Reading {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Reading { wall_ms: millis(since_1970), elapsed: self.start.elapsed() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new(Machine::default())
    }
}

impl<S: Source> SystemClock<S> {
    fn new(source: S) -> Self {
        Self { source, last: Mutex::new(None) }
    }

    /// The time now, and by how many milliseconds the wall clock was moved since the last reading, if it was.
    fn read(&self) -> (At, Option<i64>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock: of two threads, the later one must also read later.
        let reading = self.source.read();
        let Reading { wall_ms, elapsed } = reading;
        let (told_ms, moved_ms) = last.map_or((wall_ms, 0), |last| {
            let passed_ms = millis(elapsed) - millis(last.reading.elapsed);
            (wall_ms.max(last.told_ms + passed_ms), wall_ms - last.reading.wall_ms - passed_ms)
        });
        *last = Some(Last { reading, told_ms });
        (At(told_ms), (moved_ms.abs() > JUMP_MS).then_some(moved_ms))
    }
}

impl<S: Source> Clock for SystemClock<S> {
    fn now(&self) -> At {
        let (now, moved_ms) = self.read();
        match moved_ms.map(|moved_ms| moved_ms / 1_000) {
            None => {}
            Some(seconds @ 0..) => {
                tracing::warn!(seconds, "the clock jumped ahead (set, or the machine slept); what fell due is due now")
            }
            Some(seconds) => tracing::warn!(
                seconds,
                "the clock was set back; time goes on from before, ahead of it, until a restart"
            ),
        }
        now
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two clocks that stand where a test puts them.
    struct Hands(Mutex<Reading>);

    impl Source for Hands {
        fn read(&self) -> Reading {
            *self.0.lock().unwrap()
        }
    }

    /// What the clock says after each reading of (wall, monotonic) in milliseconds.
    fn told(readings: &[(i64, u64)]) -> Vec<(i64, Option<i64>)> {
        let clock = SystemClock::new(Hands(Mutex::new(Reading { wall_ms: 0, elapsed: Duration::ZERO })));
        let one = |&(wall_ms, elapsed_ms): &(i64, u64)| {
            *clock.source.0.lock().unwrap() = Reading { wall_ms, elapsed: Duration::from_millis(elapsed_ms) };
            let (at, moved_ms) = clock.read();
            (at.0, moved_ms)
        };
        readings.iter().map(one).collect()
    }

    fn times(readings: &[(i64, u64)]) -> Vec<i64> {
        told(readings).into_iter().map(|(at, _)| at).collect()
    }

    const HOUR: i64 = 3_600_000;

    #[test]
    fn time_goes_on_when_the_machine_sets_its_clock_back() {
        let hour_back = [(2 * HOUR, 0), (HOUR, 10), (HOUR + 5_000, 5_010), (HOUR + 5_000, 5_010)];
        assert_eq!(times(&hour_back), [2 * HOUR, 2 * HOUR + 10, 2 * HOUR + 5_010, 2 * HOUR + 5_010]);
    }

    #[test]
    fn the_wall_clock_counts_again_once_it_has_caught_up() {
        let caught_up = [(1_000, 0), (400, 100), (1_200, 200), (1_500, 300)];
        assert_eq!(times(&caught_up), [1_000, 1_100, 1_200, 1_500]);
    }

    #[test]
    fn a_slow_wall_clock_does_not_hold_time_up_between_readings() {
        let readings: Vec<(i64, u64)> = (0..1_000).map(|tick| (0, tick)).collect();
        assert_eq!(times(&readings).last(), Some(&999));
    }

    #[test]
    fn a_jump_is_told_once_and_time_that_passed_is_none() {
        let jumps = |readings| told(readings).into_iter().map(|(_, moved_ms)| moved_ms).collect::<Vec<_>>();
        let hour = 3_600_000;
        assert_eq!(told(&[(0, 0), (HOUR, 1_000)]), [(0, None), (HOUR, Some(HOUR - 1_000))]);
        assert_eq!(jumps(&[(HOUR, 0), (1_000, 1_000), (2_000, 2_000)]), [None, Some(-HOUR), None]);
        assert_eq!(jumps(&[(0, 0), (HOUR, hour), (HOUR + 59_000, hour)]), [None, None, None]);
    }

    #[test]
    fn it_knows_which_century_it_is() {
        let year_2025 = At(1_735_689_600_000);
        assert!(SystemClock::default().now() > year_2025);
    }
}
