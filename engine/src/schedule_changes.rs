//! Every change of the clocks in a year, in every zone of the IANA database, and what cron rules must do over each.
//!
//! The expectation is counted out minute by minute from the zone's offsets; it shares nothing with the code under test.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::Schedule;
use crate::clock::At;

const YEAR: i32 = 2026;
/// How far around a change rules are followed.
const AROUND: TimeDelta = TimeDelta::hours(9);

/// A change of the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    /// The first instant of the new offset.
    pub(crate) at: DateTime<Utc>,
    /// Offsets in seconds.
    pub(crate) before: i32,
    pub(crate) after: i32,
}

fn offset(zone: Tz, at: DateTime<Utc>) -> i32 {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}

fn local(zone: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc() + TimeDelta::seconds(offset(zone, at).into())
}

fn changes_of(zone: Tz) -> Vec<Change> {
    let first = Utc.with_ymd_and_hms(YEAR, 1, 1, 0, 0, 0).unwrap();
    let mut found = Vec::new();
    for day in 0..365 {
        let (mut low, mut high) = (first + TimeDelta::days(day), first + TimeDelta::days(day + 1));
        let (before, after) = (offset(zone, low), offset(zone, high));
        if before == after {
            continue;
        }
        while high - low > TimeDelta::seconds(1) {
            let middle = low + TimeDelta::seconds((high - low).num_seconds() / 2);
            if offset(zone, middle) == before { low = middle } else { high = middle }
        }
        found.push(Change { at: high, before, after });
    }
    found
}

/// Zones by their changes, one of each kind: those whose clocks change alike cannot differ.
pub(crate) fn kinds_of_zones() -> Vec<(Tz, Vec<Change>)> {
    let mut kinds: BTreeMap<Vec<Change>, Tz> = BTreeMap::new();
    for zone in TZ_VARIANTS {
        kinds.entry(changes_of(zone)).or_insert(zone);
    }
    kinds.into_iter().map(|(changes, zone)| (zone, changes)).collect()
}

/// A rule of minutes and hours as the test knows it.
pub(crate) struct Rule {
    pub(crate) text: String,
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    /// Sunday is 0.
    weekday: Option<u32>,
    repeats: bool,
}

impl Rule {
    fn at(time: NaiveDateTime, weekday: Option<u32>) -> Self {
        let day = weekday.map_or("*".to_owned(), |day| day.to_string());
        Self {
            text: format!("{} {} * * {day}", time.minute(), time.hour()),
            minutes: BTreeSet::from([time.minute()]),
            hours: BTreeSet::from([time.hour()]),
            weekday,
            repeats: false,
        }
    }

    fn every(text: &str, minutes: impl IntoIterator<Item = u32>, hours: impl IntoIterator<Item = u32>) -> Self {
        let (minutes, hours) = (minutes.into_iter().collect(), hours.into_iter().collect());
        Self { text: text.to_owned(), minutes, hours, weekday: None, repeats: true }
    }

    fn shows(&self, time: NaiveDateTime) -> bool {
        self.minutes.contains(&time.minute())
            && self.hours.contains(&time.hour())
            && self.weekday.is_none_or(|day| day == time.weekday().num_days_from_sunday())
    }

    /// When it fires around `change`, counted out: a repeating rule whenever the clock shows its time; one at a fixed time the
    /// first time the clock shows it on a day, and where the clock never does, when it jumps over it.
    pub(crate) fn fires(&self, zone: Tz, change: Change) -> Vec<DateTime<Utc>> {
        let from = change.at - AROUND;
        let minutes = (1..=2 * AROUND.num_minutes()).map(|minute| from + TimeDelta::minutes(minute));
        let mut fires = BTreeSet::new();
        let mut shown = BTreeSet::new();
        for at in minutes {
            let time = local(zone, at);
            if self.shows(time) && (self.repeats || shown.insert(time)) {
                fires.insert(at);
            }
        }
        let (first, end) = (change.before.min(change.after), change.after);
        let skipped = (first..end).step_by(60).map(|offset| change.at.naive_utc() + TimeDelta::seconds(offset.into()));
        if !self.repeats && skipped.into_iter().any(|time| self.shows(time)) {
            fires.insert(change.at);
        }
        fires.into_iter().collect()
    }
}

/// Rules that fire around `change`: at, before and behind each edge of what the clocks skip or repeat, and often.
pub(crate) fn rules(change: Change) -> Vec<Rule> {
    let wall = |offset: i32| change.at.naive_utc() + TimeDelta::seconds(offset.into());
    let (old, new) = (wall(change.before), wall(change.after));
    let middle = old.min(new) + (old.max(new) - old.min(new)) / 2;
    let mut rules = Vec::new();
    for edge in [old, new, middle] {
        for minutes in [-1, 0, 1] {
            rules.push(Rule::at(edge + TimeDelta::minutes(minutes), None));
        }
        rules.push(Rule::at(edge, Some(edge.weekday().num_days_from_sunday())));
    }
    let hours = |from: u32| (0..3).map(move |hour| (from + hour) % 24);
    let from = middle.hour().min(21);
    let to = from + 2;
    rules.push(Rule::every("0 * * * *", [0], 0..24));
    rules.push(Rule::every("*/15 * * * *", [0, 15, 30, 45], 0..24));
    rules.push(Rule::every(&format!("30 {from}-{to} * * *"), [30], hours(from)));
    rules.push(Rule::every(&format!("0,45 {from},{to} * * *"), [0, 45], [from, to]));
    rules
}

#[test]
fn over_every_change_of_the_clocks_in_every_zone_rules_fire_neither_twice_nor_not_at_all() {
    let kinds = kinds_of_zones();
    let changes: BTreeSet<Change> = kinds.iter().flat_map(|(_, changes)| changes).copied().collect();
    assert!(kinds.len() > 20 && changes.len() > 35, "{} kinds, {} changes", kinds.len(), changes.len());
    let mut compared = 0;
    for (zone, change) in kinds.iter().flat_map(|(zone, changes)| changes.iter().map(|change| (*zone, *change))) {
        for rule in rules(change) {
            let schedule = Schedule::parse(&rule.text).unwrap();
            let expected = rule.fires(zone, change);
            let mut after: At = (change.at - AROUND).into();
            let mut fires = Vec::new();
            while let Some(next) = schedule.next(zone, after)
                && next <= (change.at + AROUND).into()
            {
                assert!(next > after, "{zone} `{}` does not move on at {after}", rule.text);
                fires.push(next);
                after = next;
            }
            let expected: Vec<At> = expected.into_iter().map(Into::into).collect();
            assert_eq!(fires, expected, "{zone} `{}` around {change:?}", rule.text);
            compared += fires.len();
        }
    }
    assert!(compared > 5_000, "only {compared} comparisons");
}

/// Every zone, not one of each kind: a rule at midnight and one at noon fire once a day, all year.
#[test]
fn in_every_zone_a_daily_rule_fires_on_every_day_of_its_changes() {
    let mut fired = 0;
    for zone in TZ_VARIANTS {
        for change in changes_of(zone) {
            for text in ["0 0 * * *", "30 2 * * *", "0 12 * * *"] {
                let schedule = Schedule::parse(text).unwrap();
                let mut days = BTreeSet::new();
                let mut after: At = (change.at - TimeDelta::days(2)).into();
                for _ in 0..4 {
                    let next = schedule.next(zone, after).unwrap();
                    assert!(days.insert(local(zone, next.to_utc().unwrap()).date()), "{zone} `{text}` twice on a day");
                    after = next;
                    fired += 1;
                }
                let last = days.last().unwrap().signed_duration_since(*days.first().unwrap());
                assert_eq!(last.num_days(), 3, "{zone} `{text}` left a day out: {days:?}");
            }
        }
    }
    assert!(fired > 3_000, "only {fired} fired");
}
