//! The tree becomes a calendar: a time zone, hours by weekday, days off.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};

use super::env::Needs;
use super::fields::{self, Fields, wrong};
use super::kinds::{self, Kind};
use super::lower::Lower;
use super::meaning;
use super::time;
use super::yaml::{Node, Val};
use crate::book::PublishedCalendar;
use crate::calendar::{Calendar, weekday};
use crate::ids::VersionId;
use crate::sentence;

const KEYS: &[&str] = &["format", "calendar", "name", "note", "zone", "hours", "holidays"];
const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A span of open hours: from, until (`None` = midnight).
type Hours = (NaiveTime, Option<NaiveTime>);

/// A calendar that passed every check, before it is stored.
#[derive(Debug)]
pub struct CompiledCalendar {
    /// The calendar.
    pub calendar: Calendar,
    /// SHA-256 of its meaning.
    pub meaning: [u8; 32],
    /// Nothing: a calendar stands alone.
    pub needs: Needs,
}

impl CompiledCalendar {
    /// The version that waits look at, under the id it is stored with.
    #[must_use]
    pub fn into_version(self, id: VersionId) -> PublishedCalendar {
        PublishedCalendar { id, calendar: Arc::new(self.calendar) }
    }
}

impl<'a> Lower<'a> {
    pub(super) fn calendar(&mut self, root: &'a Node) -> Option<CompiledCalendar> {
        let mut keys = Fields::of(root, "a calendar", &mut self.problems)?;
        kinds::refuse_others(&keys, Kind::Calendar, &mut self.problems);
        for other in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Calendar) {
            keys.take(other.key());
        }
        self.format(&mut keys);
        let name = self.id(&mut keys, Kind::Calendar);
        for key in ["name", "note"] {
            keys.take(key).map(|node| fields::text(node, "this", &mut self.problems));
        }
        let zone = keys.need("zone", "say where: `zone: Europe/Rome`", &mut self.problems).and_then(|node| {
            let name = fields::text(node, "`zone`", &mut self.problems)?;
            time::zone(name, node.place, &mut self.problems)
        });
        let hint = "say when it is open: `hours: { mon: [\"09:00-13:00\", \"14:00-18:00\"] }`";
        let hours = keys.need("hours", hint, &mut self.problems).map(|node| self.hours(node));
        let holidays = keys.take("holidays").map(|node| self.holidays(node)).unwrap_or_default();
        keys.finish(KEYS, &mut self.problems);
        let calendar = Calendar { name: name?.into(), zone: zone?, hours: hours?, holidays };
        Some(CompiledCalendar { calendar, meaning: meaning::of_calendar(root), needs: Needs::default() })
    }

    fn hours(&mut self, node: &'a Node) -> [Vec<Hours>; 7] {
        let mut week: [Vec<Hours>; 7] = Default::default();
        let Val::Map(entries) = &node.value else {
            wrong(node, "`hours` is a map from weekday to hours: { mon: [\"09:00-18:00\"] }", &mut self.problems);
            return week;
        };
        for (key, spans) in entries {
            let Some(day) = weekday(&key.text).and_then(|day| week.get_mut(day)) else {
                let hint = sentence!("weekdays are {names}", names = DAYS.join(", "));
                self.problems.error(
                    key.place,
                    "unknown_key",
                    sentence!("`{name}` is no weekday", name = key.text),
                    hint,
                );
                continue;
            };
            for item in fields::list(spans, "the hours of a day", &mut self.problems) {
                if let Some(span) = self.span_of_day(item, day.last()) {
                    day.push(span);
                }
            }
        }
        week
    }

    /// `09:00-13:00`; behind the span before it.
    fn span_of_day(&mut self, node: &'a Node, before: Option<&Hours>) -> Option<Hours> {
        let text = fields::text(node, "hours", &mut self.problems)?;
        let read = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let span = text.split_once('-').and_then(|(from, until)| {
            let until = if until.trim() == "24:00" { None } else { Some(read(until)?) };
            Some((read(from)?, until))
        });
        let Some((from, until)) = span.filter(|(from, until)| until.is_none_or(|until| *from < until)) else {
            let message = sentence!("`{text}` is no span of a day", text);
            self.problems.error(node.place, "bad_hours", message, "write from-until: \"09:00-18:00\", \"20:00-24:00\"");
            return None;
        };
        if before.is_some_and(|(_, end)| end.is_none_or(|end| end > from)) {
            let message = sentence!("`{text}` begins before the hours above it end", text);
            self.problems.error(node.place, "bad_hours", message, "list them in order, without overlap");
            return None;
        }
        Some((from, until))
    }

    fn holidays(&mut self, node: &'a Node) -> BTreeSet<NaiveDate> {
        let mut days = BTreeSet::new();
        for item in fields::list(node, "`holidays`", &mut self.problems) {
            let Some(text) = fields::text(item, "a day", &mut self.problems) else { continue };
            match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
                Ok(day) => drop(days.insert(day)),
                Err(_) => {
                    let message = sentence!("`{text}` is no date", text);
                    self.problems.error(item.place, "bad_hours", message, "write year-month-day: 2026-12-25");
                }
            }
        }
        days
    }
}
