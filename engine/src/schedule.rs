//! When a cron rule fires: `0 9 * * 1` in `Europe/Rome`.
//!
//! The crate `cron` reads the fields and walks wall-clock time only; it must never see a time zone (at the end of
//! daylight saving it sticks, see `Schedule::next`). The meaning is that of Vixie cron: weekdays 0-7 with Sunday as 0 and
//! 7; when day of month and weekday are both restricted, either is enough. At a change of the clocks a rule at a fixed
//! time fires once (in a gap at the gap's end, in a repeated hour the first time), a rule that repeats within the day
//! (`*`, lists and ranges in hour or minute) follows elapsed time: nothing in the gap, both repeated hours.

use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use crate::clock::At;

/// Why a text is not a cron rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not five or six fields.
    #[error("a cron rule has 5 fields (minute hour day month weekday) or 6 (second first), this one has {0}")]
    Fields(usize),
    /// A weekday that is none.
    #[error("`{0}` is not a weekday: write 0 to 7 (0 and 7 are Sunday), or mon, tue, wed, thu, fri, sat, sun")]
    Weekday(String),
    /// A field that cannot be read.
    #[error(
        "the {field} `{text}` cannot be read: write numbers within its range, `*`, lists `1,2`, ranges `1-5`, steps `*/5`"
    )]
    Field {
        /// Which field: `second`, `minute`, `hour`, `day of month`, `month`.
        field: &'static str,
        /// The field as written.
        text: String,
    },
    /// A date that does not exist, such as 31 February.
    #[error("`{0}` never happens: no year has such a date")]
    Never(String),
}

/// A cron rule, read.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// One wall-clock rule; two when day of month and weekday are both restricted.
    rules: Vec<cron::Schedule>,
    /// Whether it repeats within the day.
    repeats: bool,
}

const FIELD_NAMES: [&str; 6] = ["second", "minute", "hour", "day of month", "month", "weekday"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// How far around an instant a change of the clocks is looked for; the largest in use is 2 h (Antarctica/Troll, IANA time
/// zone database).
const AROUND: TimeDelta = TimeDelta::hours(3);

/// More wall-clock candidates than a rule of every second has in twice [`AROUND`].
const CANDIDATES: usize = 30_000;

impl Schedule {
    /// Reads a rule of five fields (minute first) or six (second first).
    ///
    /// # Errors
    /// When a field cannot be read, or the rule never fires.
    pub fn parse(rule: &str) -> Result<Self, Error> {
        let mut fields: Vec<&str> = rule.split_whitespace().collect();
        match fields.len() {
            5 => fields.insert(0, "0"),
            6 => {}
            count => return Err(Error::Fields(count)),
        }
        for field in 0..5 {
            read_field(&fields, field)?;
        }
        let weekday = weekday_names(fields[5])?;
        let (day_free, weekday_free) = (matches!(fields[3], "*" | "?"), weekday == "*");
        let rules = if day_free || weekday_free {
            vec![wall_clock(&fields, fields[3], &weekday)?]
        } else {
            vec![wall_clock(&fields, fields[3], "*")?, wall_clock(&fields, "*", &weekday)?]
        };
        let happens = |one: &cron::Schedule| one.after(&DateTime::<Utc>::UNIX_EPOCH).next().is_some();
        if !rules.iter().any(happens) {
            return Err(Error::Never(rule.to_owned()));
        }
        let many = |field: &str| field.contains(['*', ',', '-']);
        let repeats = fields[0].contains('*') || many(fields[1]) || many(fields[2]);
        Ok(Self { rules, repeats })
    }

    /// The first instant after `after` at which it fires in `zone`; `None` when none is left (before the year 2100).
    ///
    /// Strictly later than `after`, so that asking again with the answer always moves on.
    #[must_use]
    pub fn next(&self, zone: Tz, after: At) -> Option<At> {
        let after_utc = after.to_utc()?;
        let offset = |time: DateTime<Utc>| zone.offset_from_utc_datetime(&time.naive_utc()).fix();
        let quiet = offset(after_utc.checked_sub_signed(AROUND)?) == offset(after_utc.checked_add_signed(AROUND)?);
        // Near a change of the clocks, wall-clock order is not the order of instants: look at all candidates around.
        let slack = if quiet { TimeDelta::zero() } else { AROUND };
        let start = after_utc.with_timezone(&zone).naive_local().with_nanosecond(0)? - slack;

        let mut best: Option<(DateTime<Utc>, NaiveDateTime)> = None;
        for rule in &self.rules {
            for local in rule.after(&start.and_utc()).take(CANDIDATES).map(|time| time.naive_utc()) {
                if best.is_some_and(|(_, best_local)| local > best_local + slack) {
                    break;
                }
                for instant in self.instants(zone, local).into_iter().flatten() {
                    if instant > after_utc && best.is_none_or(|(earliest, _)| instant < earliest) {
                        best = Some((instant, local));
                    }
                }
            }
        }
        best.map(|(instant, _)| instant.into())
    }

    /// The instants at which the wall clock of `zone` shows `local`, by the rule's policy for gaps and repeated hours.
    fn instants(&self, zone: Tz, local: NaiveDateTime) -> [Option<DateTime<Utc>>; 2] {
        match zone.from_local_datetime(&local) {
            LocalResult::Single(time) => [Some(time.to_utc()), None],
            LocalResult::Ambiguous(first, second) => [Some(first.to_utc()), self.repeats.then(|| second.to_utc())],
            LocalResult::None if self.repeats => [None, None],
            LocalResult::None => [end_of_gap(zone, local), None],
        }
    }
}

/// The first instant after the gap in which `local` falls.
fn end_of_gap(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let minute = local.with_second(0)?;
    (1..=AROUND.num_minutes())
        .filter_map(|minutes| zone.from_local_datetime(&(minute + TimeDelta::minutes(minutes))).earliest())
        .map(|time| time.to_utc())
        .next()
}

fn wall_clock(fields: &[&str], day: &str, weekday: &str) -> Result<cron::Schedule, Error> {
    let text = format!("{} {} {} {day} {} {weekday}", fields[0], fields[1], fields[2], fields[4]);
    cron::Schedule::from_str(&text).map_err(|_| Error::Never(fields.join(" ")))
}

/// Reads one field with the others free, so that a mistake is told by its field.
fn read_field(fields: &[&str], field: usize) -> Result<(), Error> {
    let mut probe = ["0", "*", "*", "*", "*", "*"];
    probe[field] = fields[field];
    let known = |c: char| c.is_ascii_alphanumeric() || "*,-/?".contains(c);
    if fields[field].chars().all(known) && cron::Schedule::from_str(&probe.join(" ")).is_ok() {
        return Ok(());
    }
    Err(Error::Field { field: FIELD_NAMES[field], text: fields[field].to_owned() })
}

/// The weekday field by names, as `cron` counts weekdays from 1 = Sunday.
fn weekday_names(field: &str) -> Result<String, Error> {
    let mut names = Vec::new();
    for part in field.split(',') {
        match weekday_part(part)? {
            Some(days) => names.extend(days),
            None => return Ok("*".to_owned()),
        }
    }
    Ok(names.join(","))
}

/// The weekdays of one part of a list; `None` for every day.
fn weekday_part(part: &str) -> Result<Option<Vec<&'static str>>, Error> {
    let wrong = || Error::Weekday(part.to_owned());
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if matches!(range, "*" | "?") && step.is_none() {
        return Ok(None);
    }
    let step_days = step.map_or(Ok(1), str::parse::<usize>).ok().filter(|days| *days > 0).ok_or_else(wrong)?;
    let (first, last) = match (range, range.split_once('-')) {
        ("*", _) => (0, 6),
        (_, Some((first, last))) => (weekday(first).ok_or_else(wrong)?, weekday(last).ok_or_else(wrong)?),
        (day, None) => {
            let first = weekday(day).ok_or_else(wrong)?;
            (first, if step.is_some() { 6.max(first) } else { first })
        }
    };
    let last = if last < first { last + 7 } else { last };
    Ok(Some((first..=last).step_by(step_days).map(|day| WEEKDAYS[day % 7]).collect()))
}

fn weekday(text: &str) -> Option<usize> {
    let by_number = text.parse::<usize>().ok().filter(|day| *day <= 7);
    by_number.or_else(|| WEEKDAYS.iter().position(|name| name.eq_ignore_ascii_case(text)))
}

#[cfg(test)]
#[path = "schedule_changes.rs"]
pub(crate) mod changes;

#[cfg(test)]
mod tests {
    //! The oracle is the crate `croner`, an independent reading of the same rules.

    use chrono::{Datelike, TimeZone};

    use super::*;

    const ZONES: [&str; 9] = [
        "America/New_York",
        "Europe/Rome",
        "America/Sao_Paulo",
        "Asia/Shanghai",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "America/Santiago",
        "UTC",
        "Asia/Tehran",
    ];

    const RULES: [&str; 22] = [
        "30 2 * * *",
        "30 1 * * *",
        "0 * * * *",
        "*/30 * * * *",
        "*/15 * * * *",
        "0 9 * * 1-5",
        "0 9 * * 0",
        "0 9 * * 7",
        "0 9 13 * 5",
        "0 0 1 * *",
        "15 3 * * SUN",
        "0 2 * * 0",
        "59 23 31 12 *",
        "*/7 */3 * * *",
        "0 0 29 2 *",
        "30 1-3 * * *",
        "0 8,20 * * *",
        "0 12 * * 5-7",
        "*/10 * * * * *",
        "0 0 * * *",
        "30 0 * * *",
        "5 4 * * */2",
    ];

    fn zone(name: &str) -> Tz {
        name.parse().unwrap()
    }

    fn at(text: &str) -> At {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
    }

    fn next(rule: &str, zone_name: &str, after: &str) -> String {
        Schedule::parse(rule).unwrap().next(zone(zone_name), at(after)).unwrap().to_string()
    }

    /// Starts shortly before each change of the clocks in 2027, else at the month's first.
    fn starts(tz: Tz) -> Vec<DateTime<Utc>> {
        let offset = |time: DateTime<Utc>| tz.offset_from_utc_datetime(&time.naive_utc()).fix();
        let month_start = |month| Utc.with_ymd_and_hms(2027, month, 1, 0, 0, 0).unwrap();
        let change = |first: DateTime<Utc>| {
            let hours = (0..31 * 24).map(|hour| first + TimeDelta::hours(hour));
            hours.into_iter().find(|time| offset(*time) != offset(*time + TimeDelta::hours(1)))
        };
        (1..=12)
            .map(month_start)
            .map(|first| change(first).map_or(first, |time| time - TimeDelta::minutes(150)))
            .collect()
    }

    #[test]
    fn fires_when_an_independent_reading_of_cron_says() {
        let mut compared = 0;
        for (zone_name, rule) in ZONES.iter().flat_map(|zone| RULES.iter().map(move |rule| (zone, rule))) {
            let tz = zone(zone_name);
            let ours = Schedule::parse(rule).unwrap();
            let oracle = croner::Cron::from_str(rule).unwrap();
            for start in starts(tz) {
                let mut after = start.with_timezone(&tz);
                for _ in 0..20 {
                    let Ok(expected) = oracle.find_next_occurrence(&after, false) else { break };
                    if expected.year() > 2095 {
                        break;
                    }
                    let fires = ours.next(tz, after.to_utc().into());
                    assert_eq!(fires, Some(expected.to_utc().into()), "{zone_name} `{rule}` after {after}");
                    compared += 1;
                    after = expected;
                }
            }
        }
        assert!(compared > 30_000, "only {compared} comparisons");
    }

    #[test]
    fn always_moves_on_even_from_between_two_seconds() {
        for zone_name in ZONES {
            for rule in RULES {
                let schedule = Schedule::parse(rule).unwrap();
                let mut after = at("2027-10-30T22:59:59.999Z");
                for _ in 0..50 {
                    let Some(fires) = schedule.next(zone(zone_name), after) else { break };
                    assert!(fires > after, "{zone_name} `{rule}` after {after}");
                    after = fires;
                }
            }
        }
    }

    #[test]
    fn the_clock_changes_as_documented() {
        // New York skips 02:00-03:00 on 14 March 2027 and repeats 01:00-02:00 on 7 November 2027.
        let new_york = "America/New_York";
        assert_eq!(next("30 2 * * *", new_york, "2027-03-14T05:00:00Z"), "2027-03-14T07:00:00.000Z");
        assert_eq!(next("*/30 2 * * *", new_york, "2027-03-14T05:00:00Z"), "2027-03-15T06:00:00.000Z");
        assert_eq!(next("30 1 * * *", new_york, "2027-11-07T05:30:00Z"), "2027-11-08T06:30:00.000Z");
        assert_eq!(next("*/30 * * * *", new_york, "2027-11-07T05:30:00Z"), "2027-11-07T06:00:00.000Z");
    }

    #[test]
    fn weekdays_count_from_sunday_and_widen_a_restricted_day() {
        let after = "2027-06-01T00:00:00Z"; // a Tuesday
        assert_eq!(next("0 9 * * 1", "UTC", after), "2027-06-07T09:00:00.000Z");
        assert_eq!(next("0 9 * * 0", "UTC", after), next("0 9 * * 7", "UTC", after));
        assert_eq!(next("0 9 13 * 5", "UTC", after), "2027-06-04T09:00:00.000Z");
        assert_eq!(next("0 9 * * fri-mon", "UTC", after), "2027-06-04T09:00:00.000Z");
    }

    #[test]
    fn a_mistake_is_told_by_its_field() {
        assert_eq!(Schedule::parse("0 9 * *").unwrap_err(), Error::Fields(4));
        assert_eq!(Schedule::parse("").unwrap_err(), Error::Fields(0));
        assert_eq!(
            Schedule::parse("0 25 * * *").unwrap_err().to_string().split(':').next().unwrap(),
            "the hour `25` cannot be read"
        );
        assert!(matches!(Schedule::parse("61 * * * *"), Err(Error::Field { field: "minute", .. })));
        assert!(matches!(Schedule::parse("0 9 L * *"), Err(Error::Field { field: "day of month", .. })));
        for weekday in ["8", "mo", "1#2", "5L", "*/0", "1-", "-1", ","] {
            assert!(matches!(Schedule::parse(&format!("0 9 * * {weekday}")), Err(Error::Weekday(_))), "{weekday}");
        }
        assert!(matches!(Schedule::parse("0 0 31 2 *"), Err(Error::Never(_))));
    }
}
