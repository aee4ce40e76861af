//! Durations, zones and instants as flows write them.

use std::time::Duration;

use super::problem::Problems;
use super::yaml::Place;
use crate::clock::At;
use crate::sentence;
use crate::sentence::Sentence;

/// A duration such as `20s 5m 48h 7d`; a problem when it is none.
pub(super) fn duration(text: &str, at: Place, problems: &mut Problems) -> Option<Duration> {
    match crate::duration::parse(text) {
        Ok(span) => Some(span),
        Err(error) => {
            problems.error(
                at,
                "bad_duration",
                Sentence::plain(error.to_string()),
                "a whole number and a unit: 20s, 5m, 48h, 7d",
            );
            None
        }
    }
}

/// An IANA time zone; a problem when there is none of this name.
pub(super) fn zone(text: &str, at: Place, problems: &mut Problems) -> Option<chrono_tz::Tz> {
    let found = text.parse::<chrono_tz::Tz>().ok();
    if found.is_none() {
        let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let hint = super::suggest::nearest(text, names).map_or_else(
            || "use a name of the IANA list, such as Europe/Rome or Asia/Shanghai".into(),
            |name| sentence!("did you mean `{name}`?", name),
        );
        problems.error(at, "bad_zone", sentence!("there is no time zone `{text}`", text), hint);
    }
    found
}

/// An instant as a `wait` understands it: `2026-12-01 09:00`, with or without seconds, read as UTC here, or RFC 3339.
pub(super) fn instant(text: &str, at: Place, problems: &mut Problems) -> Option<At> {
    let local = |format| chrono::NaiveDateTime::parse_from_str(text, format).ok();
    let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let found = formats
        .into_iter()
        .find_map(local)
        .map(|time| time.and_utc())
        .or_else(|| chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()));
    if found.is_none() {
        let hint = "write 2026-12-01 09:00, or RFC 3339: 2026-12-01T09:00:00+01:00; for an expression \"= event.due\"";
        problems.error(at, "bad_instant", sentence!("`{text}` is not a time", text), hint);
    }
    found.map(At::from)
}
