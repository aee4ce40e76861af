//! The hours of a week, in the workspace's time zone.

use chrono::{Datelike, Days, Timelike};
use chrono_tz::Tz;
use engine::clock::At;

/// Hours of a week.
pub(super) const HOURS: usize = 168;
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// A sum for each hour of the week, from Monday, midnight.
pub(super) struct Week {
    zone: Tz,
    sums: [f64; HOURS],
}

impl Week {
    pub(super) fn new(zone: Tz) -> Self {
        Self { zone, sums: [0.0; HOURS] }
    }

    /// The sum of an hour.
    pub(super) fn of(&self, hour: usize) -> f64 {
        self.sums.get(hour).copied().unwrap_or_default()
    }

    /// Counts one at `at`.
    pub(super) fn count(&mut self, at: At) {
        if let Some((hour, _)) = place(at, self.zone) {
            self.sums[hour] += 1.0;
        }
    }

    /// Counts one in every hour that lies, or begins, between `from` and `to`.
    pub(super) fn pass(&mut self, mut from: At, to: At) {
        while from < to {
            let Some((hour, left_ms)) = place(from, self.zone) else { return };
            self.sums[hour] += 1.0;
            from = At(from.0 + left_ms);
        }
    }

    /// Adds the time from `from` to `to` to the hours in which it lies, in hours.
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of an hour")]
    pub(super) fn spend(&mut self, mut from: At, to: At) {
        while from < to {
            let Some((hour, left_ms)) = place(from, self.zone) else { return };
            let until = At(from.0 + left_ms).min(to);
            self.sums[hour] += (until.0 - from.0) as f64 / HOUR_MS as f64;
            from = until;
        }
    }
}

/// The hour of the week in which `at` lies, and how many milliseconds are left of it.
fn place(at: At, zone: Tz) -> Option<(usize, i64)> {
    let there = at.to_utc()?.with_timezone(&zone);
    let hour = there.weekday().num_days_from_monday() * 24 + there.hour();
    let into = i64::from(there.minute() * 60 + there.second()) * 1_000 + at.0.rem_euclid(1_000);
    Some((usize::try_from(hour).ok()?.min(HOURS - 1), HOUR_MS - into))
}

/// When each hour of the week begins in which `now` lies. One that the change of the clocks leaves out begins with the next.
pub(super) fn of(now: At, zone: Tz) -> Option<Vec<At>> {
    let today = now.to_utc()?.with_timezone(&zone).date_naive();
    let monday = today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())))?;
    let begins = |hour: usize| {
        let day = monday.checked_add_days(Days::new(u64::try_from(hour / 24).ok()?))?;
        let wanted = day.and_hms_opt(u32::try_from(hour % 24).ok()?, 0, 0)?;
        let found = (0..3).find_map(|later| {
            let there = wanted.checked_add_signed(chrono::TimeDelta::hours(later))?;
            there.and_local_timezone(zone).earliest()
        })?;
        Some(At::from(found.to_utc()))
    };
    (0..HOURS).map(begins).collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Asia::Kolkata, Europe::Rome};

    use super::*;

    fn at(text: &str) -> At {
        At::from(chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc())
    }

    #[test]
    fn time_is_spent_in_the_hours_of_the_zone() {
        let mut week = Week::new(Kolkata);
        // Monday, 23 November, 9:45 to 11:30 there.
        week.spend(at("2026-11-23T04:15:00Z"), at("2026-11-23T06:00:00Z"));
        week.count(at("2026-11-23T06:00:00Z"));
        assert_eq!([8, 9, 10, 11, 12].map(|hour| week.of(hour)), [0.0, 0.25, 1.0, 1.5, 0.0]);
    }

    #[test]
    fn a_whole_week_is_one_hour_in_each_hour() {
        let mut week = Week::new(Rome);
        let monday = at("2026-11-15T23:00:00Z");
        week.spend(monday, At(monday.0 + HOURS as i64 * HOUR_MS));
        assert!((0..HOURS).all(|hour| week.of(hour) == 1.0));
    }

    #[test]
    fn an_hour_that_is_not_over_counts_as_one() {
        let mut week = Week::new(Rome);
        // From Monday, 9:59, to 11:01 there.
        week.pass(at("2026-11-23T08:59:00Z"), at("2026-11-23T10:01:00Z"));
        assert_eq!([8, 9, 10, 11, 12].map(|hour| week.of(hour)), [0.0, 1.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn a_week_begins_on_its_monday_also_when_the_clocks_change() {
        // The clocks go forward on Sunday, 28 March 2027, from 2:00 to 3:00.
        let week = of(at("2027-03-25T12:00:00Z"), Rome).unwrap();
        assert_eq!((week.len(), week[0]), (HOURS, at("2027-03-21T23:00:00Z")));
        let sunday = 6 * 24;
        assert_eq!(week[sunday + 1], at("2027-03-28T00:00:00Z"));
        assert_eq!((week[sunday + 2], week[sunday + 3]), (at("2027-03-28T01:00:00Z"), at("2027-03-28T01:00:00Z")));
    }
}
