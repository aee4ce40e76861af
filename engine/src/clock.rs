//! Time as a parameter: an instant is [`At`], and only an implementation of [`Clock`] knows what it is now.
//!
//! The one implementation that reads the machine's clocks lives in `web/src/clock.rs`; tests and flow tests bring their own.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct At(pub i64);

impl At {
    /// The last instant there is: "never" for a deadline.
    pub const NEVER: Self = Self(i64::MAX);

    /// This instant moved later by `span`, at most [`At::NEVER`].
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let span_ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(span_ms))
    }

    /// This instant moved earlier by `span`.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        let span_ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(span_ms))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As a calendar time in UTC; `None` outside the years chrono knows (±262 000).
    #[must_use]
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.0)
    }
}

impl From<DateTime<Utc>> for At {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_millis())
    }
}

/// RFC 3339 with milliseconds, `2026-11-22T09:00:00.000Z`.
impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant. Never earlier than one already given.
    fn now(&self) -> At;

    /// How far the machine's clock is ahead of [`Clock::now`], while a jump of it is not believed; `None` while it is.
    fn doubted(&self) -> Option<Duration> {
        None
    }
}

/// A clock that stands still until it is told to move; for tests and for flows in virtual time.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `at`.
    #[must_use]
    pub fn new(at: At) -> Self {
        Self(AtomicI64::new(at.0))
    }

    /// Moves to `at`; an earlier instant is ignored, as time never runs backwards.
    pub fn set(&self, at: At) {
        self.0.fetch_max(at.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> At {
        At(self.0.load(Ordering::SeqCst))
    }
}
