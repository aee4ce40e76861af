//! Waiting: for a time, for business hours, for what the customer does.

use std::sync::Arc;

use super::What;
use super::turn::Turn;
use super::value::{Failure, evaluate};
use crate::clock::At;
use crate::flow::{Step, Until, WaitFor};
use crate::ids::{EventId, Ids, WaitId};
use crate::matching;
use crate::store::{WaitKind, WaitRow};

impl Turn<'_> {
    pub(super) fn wait(&mut self, step: &Step, until: &Until) -> Result<(), Failure> {
        let due = match until {
            Until::For(span) => self.world.now.plus(*span),
            Until::Open(name) => {
                let calendar = self.world.calendars.get(name).ok_or_else(|| {
                    Failure::new("unknown_calendar", format!("there is no calendar `{name}`: import one"))
                })?;
                calendar.open_from(self.world.now).ok_or_else(|| {
                    Failure::new("never_open", format!("the calendar `{name}` has no open hours within a year"))
                })?
            }
            Until::Instant { at, zone } => {
                let value = evaluate(at, &self.scope)?;
                let text = value.as_str().unwrap_or_default();
                instant(text, *zone).ok_or_else(|| {
                    let hint = "write `2026-12-01 09:00` or an RFC 3339 time";
                    Failure::new("not_a_time", format!("`{text}` is not a time: {hint}"))
                })?
            }
        };
        self.arm(step, WaitKind::Timer, due, None, EventId(0));
        Ok(())
    }

    pub(super) fn wait_for(&mut self, step: &Step, wait: &WaitFor) {
        let due = wait.timeout.map_or(At::NEVER, |timeout| self.world.now.plus(timeout));
        // Never back beyond what started the run or answered it before: an event answers a run once.
        let (called_at, heard) = self.run.state.cursor().map_or((None, EventId(0)), |at| (at.called_at, at.heard));
        let looked = called_at.map_or(EventId(0), |called_at| EventId(Ids::floor(called_at)));
        let since = looked.max(self.run.event).max(heard);
        let id = self.arm(step, WaitKind::Event, due, Some(Arc::clone(&wait.kind)), since);
        // A reply that beat the answer to our call came before this wait was armed, and counts, whoever else it answered;
        // its triggers have started already, so `take` has nothing left to take.
        let mut found = None;
        for event in self.recent {
            if event.id <= since {
                continue;
            }
            // One whose condition fails on it is no answer, as when it comes while the wait is armed.
            if matching::answers(wait, event, &self.scope).unwrap_or(false) {
                found = Some(Arc::clone(event));
                break;
            }
        }
        if let Some(event) = found {
            self.out.waits.retain(|armed| armed.id != id);
            self.answer(id, &event);
            self.out.closed.retain(|(closed, _)| *closed != id);
        }
    }

    fn arm(&mut self, step: &Step, kind: WaitKind, due: At, event: Option<Arc<str>>, since: EventId) -> WaitId {
        let id = WaitId(self.world.ids.next(self.world.now));
        let on_kind = event.as_deref().map(str::to_owned);
        let cursor = self.run.state.cursor().map_or(0, super::Cursor::stored_at);
        self.out.waits.push(WaitRow { on_kind, since, cursor, ..self.wait_row(id, kind, due) });
        self.note(What::Waited { step: step.path.clone(), wait: id, until: due, event });
        id
    }
}

/// An instant written as RFC 3339, or as a wall-clock time in `zone`. A time that does not exist (spring) moves to the next
/// one that does; of a time that exists twice (autumn) it is the first.
fn instant(text: &str, zone: chrono_tz::Tz) -> Option<At> {
    use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone};
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc().into());
    }
    let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let wall = formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    (0..180).find_map(|minutes| {
        let wall = wall + chrono::Duration::minutes(minutes);
        zone.from_local_datetime(&wall).earliest().map(|time| time.to_utc().into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_time_is_read_in_its_zone() {
        let rome = chrono_tz::Europe::Rome;
        assert_eq!(instant("2026-12-01 09:00", rome).unwrap().to_string(), "2026-12-01T08:00:00.000Z");
        assert_eq!(instant("2026-12-01T09:00:00+02:00", rome).unwrap().to_string(), "2026-12-01T07:00:00.000Z");
        assert_eq!(instant("tomorrow", rome), None);
    }

    #[test]
    fn a_time_that_the_spring_skips_moves_to_the_next_one_there_is() {
        let skipped = instant("2027-03-28 02:30", chrono_tz::Europe::Rome).unwrap();
        assert_eq!(skipped.to_string(), "2027-03-28T01:00:00.000Z");
    }
}
