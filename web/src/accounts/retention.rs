//! How long what happened is kept, and how much of it.

use std::time::Duration;

use engine::audit::Aged;
use engine::clock::At;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Finished runs stay for a day at least.
const RUNS_DAYS: u32 = 1;
/// Messages and events stay for so many days at least: a provider may deliver one again, and is told by its key.
const MESSAGES_DAYS: u32 = 30;
/// A hundred years.
const MOST_DAYS: u32 = 36_500;
/// The smallest bound in megabytes: what is never removed needs some room, too.
const LEAST_MB: u32 = 100;

/// How long what happened is kept, and how much of it. What is not over, and what it needs, stays whatever this says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// For how many days finished runs are kept with their history, 1 to 36500; 0 = for ever.
    pub runs_days: u32,
    /// For how many days messages and events are kept, 30 to 36500; 0 = for ever.
    pub messages_days: u32,
    /// How many megabytes the database may use before the oldest goes, 100 to 4294967295; 0 = any.
    pub most_mb: u32,
}

impl Retention {
    /// Refuses what cannot be.
    ///
    /// # Errors
    /// 400, with the field.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let fits = |days: u32, least: u32| days == 0 || (least..=MOST_DAYS).contains(&days);
        if !fits(self.runs_days, RUNS_DAYS) {
            return Err(ApiError::bad_request("retention.runs_days: 1 to 36500, or 0 for ever"));
        }
        if !fits(self.messages_days, MESSAGES_DAYS) {
            return Err(ApiError::bad_request("retention.messages_days: 30 to 36500, or 0 for ever"));
        }
        if self.most_mb != 0 && self.most_mb < LEAST_MB {
            return Err(ApiError::bad_request("retention.most_mb: 100 or more, or 0 for any size"));
        }
        Ok(())
    }

    /// Whether anything is ever removed.
    pub(crate) fn removes(&self) -> bool {
        *self != Self::default()
    }

    /// What is older than this goes because of its age; `None` when it stays for ever.
    pub(crate) fn before(&self, of: Aged, now: At) -> Option<At> {
        let days = if of == Aged::Runs { self.runs_days } else { self.messages_days };
        (days > 0).then(|| now.minus(DAY * days))
    }

    /// The bound in bytes; `None` when there is none.
    pub(crate) fn most(&self) -> Option<u64> {
        (self.most_mb > 0).then(|| u64::from(self.most_mb) << 20)
    }

    /// What is younger than this never goes for want of room.
    pub(crate) fn least(of: Aged, now: At) -> At {
        now.minus(DAY * if of == Aged::Runs { RUNS_DAYS } else { MESSAGES_DAYS })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_checked_and_nothing_is_removed_unless_somebody_says_so() {
        let nothing = Retention::default();
        assert!(nothing.check().is_ok() && !nothing.removes());
        for (runs_days, messages_days, most_mb, good) in [
            (1, 30, 100, true),
            (36_500, 36_500, u32::MAX, true),
            (36_501, 0, 0, false),
            (0, 29, 0, false),
            (0, 36_501, 0, false),
            (0, 0, 99, false),
        ] {
            let retention = Retention { runs_days, messages_days, most_mb };
            assert_eq!(retention.check().is_ok(), good, "{retention:?}");
            assert!(retention.removes());
        }
    }

    #[test]
    fn runs_and_messages_have_ages_of_their_own() {
        let now = At(100 * 24 * 60 * 60 * 1000);
        let days = |days: i64| At(now.0 - days * 24 * 60 * 60 * 1000);
        let retention = Retention { runs_days: 7, messages_days: 0, most_mb: 0 };
        assert_eq!(retention.before(Aged::Runs, now), Some(days(7)));
        assert_eq!(retention.before(Aged::Events, now), None);
        assert_eq!(Retention::least(Aged::Events, now), days(30));
    }
}
