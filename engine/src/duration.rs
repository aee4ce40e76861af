//! Spans of time as people write them: `20s`, `5m`, `48h`, `7d`, `500ms`, `1h30m`. A day is 24 hours.

use std::time::Duration;

/// The longest span there is: 3650 days.
pub const LONGEST: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// Units with their milliseconds, longest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Why a text is not a span of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not numbers followed by units, or units out of order.
    #[error(
        "`{0}` is not a duration: write whole numbers with units, longest first, such as 20s, 5m, 48h, 7d or 1h30m"
    )]
    Form(String),
    /// A number without its unit.
    #[error("`{0}` has no unit: write {0}s, {0}m, {0}h or {0}d")]
    NoUnit(String),
    /// Longer than [`LONGEST`].
    #[error("`{0}` is longer than 3650 days")]
    TooLong(String),
}

/// Reads a span such as `1h30m`: whole numbers with the units `d h m s ms`, each at most once, longest first.
///
/// # Errors
/// When the text has another form or means more than [`LONGEST`].
pub fn parse(text: &str) -> Result<Duration, Error> {
    let form = || Error::Form(text.to_owned());
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total_ms = 0_u64;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(end_of(rest, |c| c.is_ascii_digit()));
        let (unit, after) = after.split_at(end_of(after, |c| c.is_ascii_alphabetic()));
        if number.is_empty() {
            return Err(form());
        }
        if unit.is_empty() {
            return Err(if number == text { Error::NoUnit(text.to_owned()) } else { form() });
        }
        // `find` on the shared iterator: each unit once, and never a longer one after a shorter one.
        let (_, unit_ms) = units.find(|(name, _)| *name == unit).ok_or_else(form)?;
        let part_ms = number.parse::<u64>().ok().and_then(|count| count.checked_mul(*unit_ms));
        total_ms = part_ms
            .and_then(|part| part.checked_add(total_ms))
            .filter(|sum| u128::from(*sum) <= LONGEST.as_millis())
            .ok_or_else(|| Error::TooLong(text.to_owned()))?;
        rest = after;
    }
    if text.is_empty() { Err(form()) } else { Ok(Duration::from_millis(total_ms)) }
}

/// Writes a span the way [`parse`] reads it, such as `2d1h`; parts below a millisecond are dropped.
#[must_use]
pub fn format(span: Duration) -> String {
    let mut left_ms = span.as_millis();
    let mut out = String::new();
    for (unit, unit_ms) in UNITS {
        let count = left_ms / u128::from(unit_ms);
        left_ms %= u128::from(unit_ms);
        if count > 0 {
            out.push_str(&count.to_string());
            out.push_str(unit);
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

fn end_of(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_are_read_as_written() {
        let table = [
            ("20s", 20_000),
            ("5m", 300_000),
            ("48h", 172_800_000),
            ("7d", 604_800_000),
            ("500ms", 500),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("0s", 0),
            ("3650d", 315_360_000_000),
        ];
        for (text, ms) in table {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn other_forms_are_refused_with_a_reason() {
        for text in ["", "h", "1x", "1m1h", "1h1h", "1.5h", "-1h", " 1h", "1h ", "1H", "٥h", "1h30", "1 h", "1h-"] {
            assert_eq!(parse(text), Err(Error::Form(text.to_owned())), "{text}");
        }
        assert_eq!(parse("20"), Err(Error::NoUnit("20".to_owned())));
        for text in ["3651d", "3650d1ms", "99999999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse(text), Err(Error::TooLong(text.to_owned())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(ms in 0..=315_360_000_000_u64) {
            let span = Duration::from_millis(ms);
            prop_assert_eq!(parse(&format(span)), Ok(span));
        }

        #[test]
        fn any_text_is_answered_without_a_panic(text in ".{0,20}") {
            let _ = parse(&text);
        }
    }
}
