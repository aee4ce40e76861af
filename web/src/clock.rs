//! The only place that reads the machine's clocks; everybody else is told the time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::clock::{At, Clock};

/// A wall clock that moved by more than this against the monotonic one between two readings jumped.
const JUMP_MS: i64 = 60_000;
/// How long a wall clock that jumped ahead must go on at the monotonic clock's pace before it is believed. Source: design
/// section 3, promise 7.
const STANDS: Duration = Duration::from_secs(60);

/// The time of this machine. It never runs back and never stands still: when the wall clock is set back, time goes on from the
/// last value at the pace of the monotonic clock, ahead of the wall clock until that has caught up or the process starts anew.
///
/// When the wall clock jumps ahead, time goes on at the monotonic clock's pace too, until the new time has stood for [`STANDS`].
/// So a clock set wrong for a moment fires no wait and leaves no trace, while everything that counts seconds goes on.
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
    /// Since when on the monotonic clock a jump ahead is not believed.
    doubted: Option<Duration>,
}

/// What a reading brought to light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Jump {
    /// The wall clock is ahead by so many milliseconds, and not believed yet.
    Ahead(i64),
    /// It stayed there, and is believed.
    Believed,
    /// It came back to the time that was told.
    Withdrawn,
    /// It was set back by so many milliseconds.
    Back(i64),
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

    /// The time now, and what happened to the wall clock since the last reading, if anything did.
    fn read(&self) -> (At, Option<Jump>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock: of two threads, the later one must also read later.
        let reading = self.source.read();
        let (next, jump) = match *last {
            Some(last) => last.next(reading),
            None => (Last { reading, told_ms: reading.wall_ms, doubted: None }, None),
        };
        *last = Some(next);
        (At(next.told_ms), jump)
    }
}

impl Last {
    fn next(self, reading: Reading) -> (Self, Option<Jump>) {
        let Reading { wall_ms, elapsed } = reading;
        let passed_ms = millis(elapsed) - millis(self.reading.elapsed);
        let moved_ms = wall_ms - self.reading.wall_ms - passed_ms;
        let steady_ms = self.told_ms + passed_ms;
        let ahead_ms = wall_ms - steady_ms;
        let jumped = moved_ms.abs() > JUMP_MS;
        let (doubted, told_ms, jump) = match self.doubted.filter(|_| !jumped) {
            _ if ahead_ms <= JUMP_MS => {
                let back = (jumped && moved_ms < 0).then_some(Jump::Back(-moved_ms));
                (None, wall_ms.max(steady_ms), self.doubted.map(|_| Jump::Withdrawn).or(back))
            }
            Some(since) if elapsed.saturating_sub(since) >= STANDS => (None, wall_ms, Some(Jump::Believed)),
            Some(since) => (Some(since), steady_ms, None),
            None => (Some(elapsed), steady_ms, Some(Jump::Ahead(ahead_ms))),
        };
        (Self { reading, told_ms, doubted }, jump)
    }
}

impl<S: Source> Clock for SystemClock<S> {
    fn now(&self) -> At {
        let (now, jump) = self.read();
        match jump {
            None => {}
            Some(Jump::Ahead(ms)) => tracing::error!(
                seconds = ms / 1_000,
                "the clock jumped ahead (set, or the machine slept); it is not believed before it has stood for 60 s, and what fell due waits"
            ),
            Some(Jump::Believed) => tracing::warn!("the clock stayed ahead and is believed; what fell due is due now"),
            Some(Jump::Withdrawn) => {
                tracing::warn!("the clock is back where it was; nothing was done by the wrong time")
            }
            Some(Jump::Back(ms)) => tracing::warn!(
                seconds = ms / 1_000,
                "the clock was set back; time goes on from before, ahead of it, until a restart"
            ),
        }
        now
    }

    fn doubted(&self) -> Option<Duration> {
        let last = (*self.last.lock().unwrap_or_else(PoisonError::into_inner))?;
        let ahead_ms = last.reading.wall_ms - last.told_ms;
        last.doubted.and_then(|_| u64::try_from(ahead_ms).ok()).map(Duration::from_millis)
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
    fn told(readings: &[(i64, u64)]) -> Vec<(i64, Option<Jump>)> {
        let clock = SystemClock::new(Hands(Mutex::new(Reading { wall_ms: 0, elapsed: Duration::ZERO })));
        let one = |&(wall_ms, elapsed_ms): &(i64, u64)| {
            *clock.source.0.lock().unwrap() = Reading { wall_ms, elapsed: Duration::from_millis(elapsed_ms) };
            let (at, jump) = clock.read();
            (at.0, jump)
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
    fn a_jump_ahead_is_believed_once_it_has_stood_for_a_minute() {
        let stays = [(0, 0), (HOUR, 1_000), (HOUR + 59_000, 60_000), (HOUR + 60_000, 61_000), (HOUR + 61_000, 62_000)];
        assert_eq!(
            told(&stays),
            [
                (0, None),
                (1_000, Some(Jump::Ahead(HOUR - 1_000))),
                (60_000, None),
                (HOUR + 60_000, Some(Jump::Believed)),
                (HOUR + 61_000, None),
            ]
        );
    }

    #[test]
    fn a_jump_ahead_that_is_undone_leaves_no_trace() {
        let undone = [(0, 0), (24 * HOUR, 1_000), (24 * HOUR + 9_000, 10_000), (11_000, 11_000), (90_000, 90_000)];
        assert_eq!(times(&undone), [0, 1_000, 10_000, 11_000, 90_000]);
        assert_eq!(told(&undone)[3].1, Some(Jump::Withdrawn));
    }

    #[test]
    fn a_second_jump_begins_the_minute_anew() {
        let twice = [(0, 0), (HOUR, 0), (2 * HOUR, 59_000), (2 * HOUR + 2_000, 61_000), (2 * HOUR + 60_000, 119_000)];
        assert_eq!(times(&twice), [0, 0, 59_000, 61_000, 2 * HOUR + 60_000]);
    }

    #[test]
    fn time_that_passed_is_no_jump_and_a_small_step_is_taken_at_once() {
        let hour = 3_600_000;
        assert_eq!(
            told(&[(0, 0), (HOUR, hour), (HOUR + 59_000, hour)]).iter().filter_map(|(_, jump)| *jump).count(),
            0
        );
        assert_eq!(times(&[(0, 0), (59_000, 0)]), [0, 59_000]);
        assert_eq!(told(&[(HOUR, 0), (1_000, 1_000), (2_000, 2_000)])[1].1, Some(Jump::Back(HOUR)));
    }

    #[test]
    fn while_a_jump_is_doubted_its_size_can_be_asked() {
        let clock = SystemClock::new(Hands(Mutex::new(Reading { wall_ms: 0, elapsed: Duration::ZERO })));
        clock.now();
        assert_eq!(clock.doubted(), None);
        *clock.source.0.lock().unwrap() = Reading { wall_ms: HOUR, elapsed: Duration::ZERO };
        clock.now();
        assert_eq!(clock.doubted(), Some(Duration::from_secs(3_600)));
    }

    #[test]
    fn it_knows_which_century_it_is() {
        let year_2025 = At(1_735_689_600_000);
        assert!(SystemClock::default().now() > year_2025);
    }
}
