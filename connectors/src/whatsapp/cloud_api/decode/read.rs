//! Reading JSON that may be anything: levels are split without being understood, so what is broken stays where it is.

use std::collections::BTreeMap;

use engine::clock::At;
use serde_json::Value;
use serde_json::value::RawValue;

/// From here on a timestamp counts milliseconds: as seconds it would be the year 33658. Meta documents seconds;
/// milliseconds have been seen.
const MILLISECONDS_FROM: i64 = 1_000_000_000_000;
/// The end of the year 9999: what is later is no time.
const MILLISECONDS_TO: i64 = 253_402_300_799_999;

/// The fields of an object, each still as received.
pub(super) fn object(raw: &RawValue) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// The items of a list, each still as received.
pub(super) fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// A text that may come as a number; absent, null and empty are the same.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    plain(value.get(key)?)
}

/// The same of a value itself.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A number that may come as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// An instant in seconds or milliseconds, as text or as a number.
pub(super) fn at(value: &Value, key: &str) -> Option<At> {
    let time: i64 = plain(value.get(key)?)?.trim().parse().ok()?;
    match time {
        0..MILLISECONDS_FROM => Some(At(time * 1000)),
        MILLISECONDS_FROM..=MILLISECONDS_TO => Some(At(time)),
        _ => None,
    }
}

/// Only the digits of a number written for people (`+55 11 3000-1000`).
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_seconds_or_milliseconds_text_or_number() {
        for time in [json!("1760000000"), json!(1_760_000_000), json!("1760000000000"), json!(1_760_000_000_000_i64)] {
            assert_eq!(at(&json!({ "t": time }), "t"), Some(At(1_760_000_000_000)), "{time}");
        }
        for no_time in [json!(""), json!("soon"), json!(-5), json!(null), json!(1e300), json!(i64::MAX), json!([])] {
            assert_eq!(at(&json!({ "t": no_time }), "t"), None, "{no_time}");
        }
    }

    #[test]
    fn an_empty_text_is_no_text() {
        assert_eq!(text(&json!({ "from": "" }), "from"), None);
        assert_eq!(text(&json!({ "from": null }), "from"), None);
        assert_eq!(text(&json!({ "id": 555_666_777 }), "id").as_deref(), Some("555666777"));
    }

    #[test]
    fn numbers_may_be_text_but_must_be_finite() {
        assert_eq!(number(&json!("19.9")), Some(19.9));
        assert_eq!(number(&json!(2)), Some(2.0));
        for no_number in [json!("NaN"), json!("inf"), json!("19,90"), json!(true)] {
            assert_eq!(number(&no_number), None, "{no_number}");
        }
    }
}
