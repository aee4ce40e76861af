//! Times and zones as flows write them.

use chrono::{DateTime, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde_json::Value;

use crate::clock::At;

/// Reads `2026-12-01T09:00:00Z` (RFC 3339, any offset) or `2026-12-01` (midnight UTC).
pub(super) fn parse(text: &str) -> Option<At> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc().into());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_time(NaiveTime::MIN).and_utc().into())
}

/// The time a value means: milliseconds since 1970, or text for [`parse`].
pub(super) fn of(value: &Value) -> Option<At> {
    match value {
        Value::Number(ms) => ms.as_i64().map(At),
        Value::String(text) => parse(text),
        _ => None,
    }
}

/// The zone of an IANA name.
///
/// # Errors
/// With the message to show.
pub(super) fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| format!("`{name}` is no time zone: write one such as Europe/Rome"))
}
