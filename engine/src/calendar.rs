//! Business hours: a calendar is a time zone, hours by weekday, and days off.
//!
//! Hours are wall-clock times in the zone. A time that the clocks skip in spring is the next one there is; of one that they
//! repeat in autumn it is the first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;

use crate::clock::At;

/// Calendars by name.
pub type Calendars = BTreeMap<Arc<str>, Arc<Calendar>>;

/// How far ahead an opening is looked for, in days: a year and a day.
const AHEAD: u64 = 367;

/// When a team works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Its name, kebab-case.
    pub name: Arc<str>,
    /// IANA zone of its hours.
    pub zone: Tz,
    /// Open hours by weekday, Monday first: from, until (`None` = midnight); ascending, without overlap.
    pub hours: [Vec<(NaiveTime, Option<NaiveTime>)>; 7],
    /// Days without hours.
    pub holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// The first instant from `now` on that is open: `now` itself when it is. `None` when there is none within a year.
    #[must_use]
    pub fn open_from(&self, now: At) -> Option<At> {
        let today = self.zone.from_utc_datetime(&now.to_utc()?.naive_utc()).date_naive();
        // The day before too: its last hours may reach beyond a midnight that the clocks moved.
        let first = today.pred_opt().unwrap_or(today);
        (0..AHEAD)
            .filter_map(|days| first.checked_add_days(Days::new(days)))
            .flat_map(|day| self.open_on(day))
            .find_map(|(from, until)| (now < until).then_some(from.max(now)))
    }

    /// Whether `now` is open.
    #[must_use]
    pub fn is_open(&self, now: At) -> bool {
        self.open_from(now) == Some(now)
    }

    /// The open spans of a day, as instants.
    fn open_on(&self, day: NaiveDate) -> Vec<(At, At)> {
        if self.holidays.contains(&day) {
            return Vec::new();
        }
        let hours = &self.hours[day.weekday().num_days_from_monday() as usize];
        let midnight = day.succ_opt().unwrap_or(day);
        let spans = hours.iter().filter_map(|(from, until)| {
            let until = match until {
                Some(until) => self.instant(day, *until)?,
                None => self.instant(midnight, NaiveTime::MIN)?,
            };
            Some((self.instant(day, *from)?, until))
        });
        spans.filter(|(from, until)| from < until).collect()
    }

    fn instant(&self, day: NaiveDate, time: NaiveTime) -> Option<At> {
        let wall = day.and_time(time);
        (0..180).find_map(|minutes| {
            let wall = wall + chrono::Duration::minutes(minutes);
            self.zone.from_local_datetime(&wall).earliest().map(|time| time.to_utc().into())
        })
    }
}

/// A weekday by its three letters, `mon` to `sun`; Monday is 0.
#[must_use]
pub fn weekday(word: &str) -> Option<usize> {
    let day: Weekday = word.parse().ok()?;
    (word.len() == 3).then(|| day.num_days_from_monday() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> At {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
    }

    fn time(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    /// Monday to Friday 9 to 13 and 14 to 18 in Rome; Saturday the whole night from 22 on.
    fn office() -> Calendar {
        let day = || vec![(time(9), Some(time(13))), (time(14), Some(time(18)))];
        Calendar {
            name: "office".into(),
            zone: chrono_tz::Europe::Rome,
            hours: [day(), day(), day(), day(), day(), vec![(time(22), None)], vec![]],
            holidays: BTreeSet::from([NaiveDate::from_ymd_opt(2026, 12, 25).unwrap()]),
        }
    }

    #[test]
    fn inside_the_hours_it_is_open_at_once() {
        let now = at("2026-11-23T09:30:00+01:00");
        assert_eq!(office().open_from(now), Some(now));
        assert!(office().is_open(now));
        assert!(!office().is_open(at("2026-11-23T13:00:00+01:00")));
    }

    #[test]
    fn a_break_a_night_a_weekend_and_a_holiday_are_waited_out() {
        let office = office();
        let opens = |now: &str| office.open_from(at(now)).unwrap();
        assert_eq!(opens("2026-11-23T13:30:00+01:00"), at("2026-11-23T14:00:00+01:00"));
        assert_eq!(opens("2026-11-23T18:00:00+01:00"), at("2026-11-24T09:00:00+01:00"));
        assert_eq!(opens("2026-11-29T12:00:00+01:00"), at("2026-11-30T09:00:00+01:00"));
        assert_eq!(opens("2026-12-24T18:00:00+01:00"), at("2026-12-26T22:00:00+01:00"));
    }

    #[test]
    fn until_midnight_is_until_the_next_day_begins() {
        let office = office();
        assert!(office.is_open(at("2026-11-28T23:59:59+01:00")));
        assert!(!office.is_open(at("2026-11-29T00:00:00+01:00")));
    }

    #[test]
    fn hours_are_wall_clock_hours_on_both_sides_of_a_change_of_the_clocks() {
        let office = office();
        assert_eq!(office.open_from(at("2027-03-27T23:59:59+01:00")), Some(at("2027-03-27T23:59:59+01:00")));
        assert_eq!(office.open_from(at("2027-03-28T03:00:00+02:00")), Some(at("2027-03-29T09:00:00+02:00")));
    }

    #[test]
    fn a_calendar_without_hours_never_opens() {
        let closed = Calendar { hours: Default::default(), ..office() };
        assert_eq!(closed.open_from(at("2026-11-23T09:30:00+01:00")), None);
    }

    #[test]
    fn weekdays_have_three_letters() {
        assert_eq!(weekday("mon"), Some(0));
        assert_eq!(weekday("sun"), Some(6));
        assert_eq!(weekday("monday"), None);
    }
}
