//! The functions scripts may call beside rhai's own: pure, of their arguments only.
//!
//! Text: `text.mentions(event.text, ["price", "цена"])`, `text.normalise(t)`, `text.lower(t)`.
//! Time, given as RFC 3339 text, as a date or in milliseconds since 1970: `hours_between(a, b)`, `minutes_between`,
//! `days_between` (negative when `b` is earlier); `later(t, "48h")`, `earlier(t, "48h")`; `hours("7d")` = 168.0;
//! `date(t, "Europe/Rome")` = "2026-11-22", `hour(t, zone)` = 0 to 23, `weekday(t, zone)` = 1 (Monday) to 7; without
//! a zone, in UTC. A missing value has rhai's own operators: `contact.fields?.size ?? "M"`, `"size" in contact.fields`.

use std::time::Duration;

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Map};

use super::machine::failure;
use super::{text, time};
use crate::clock::At;
use crate::duration;

/// What `text` is in a script: only a place for its functions.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextFunctions;

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// Adds them to the engine.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<TextFunctions>("text functions");
    engine.register_fn("mentions", |_: TextFunctions, said: Dynamic, words: Dynamic| mentions(said, words));
    engine.register_fn("normalise", |_: TextFunctions, said: &str| text::normalise(said));
    engine.register_fn("lower", |_: TextFunctions, said: &str| said.to_lowercase());
    // A field that holds null has no value: the same as one that is not there.
    engine.register_fn("contains", |map: &mut Map, name: &str| map.get(name).is_some_and(|value| !value.is_unit()));
    register_time(engine);
}

fn register_time(engine: &mut Engine) {
    for (name, unit_ms) in [("minutes_between", 60e3), ("hours_between", 3600e3), ("days_between", 86400e3)] {
        engine.register_fn(name, move |from: Dynamic, to: Dynamic| between(from, to, unit_ms));
    }
    engine.register_fn("later", |from: Dynamic, span: &str| moved(from, span, At::plus));
    engine.register_fn("earlier", |from: Dynamic, span: &str| moved(from, span, At::minus));
    engine.register_fn("hours", |span: &str| span_of(span).map(|span| span.as_secs_f64() / 3600.0));
    engine.register_fn("date", |from: Dynamic| local(from, "UTC").map(day));
    engine.register_fn("date", |from: Dynamic, zone: &str| local(from, zone).map(day));
    engine.register_fn("hour", |from: Dynamic| local(from, "UTC").map(hour));
    engine.register_fn("hour", |from: Dynamic, zone: &str| local(from, zone).map(hour));
    engine.register_fn("weekday", |from: Dynamic| local(from, "UTC").map(weekday));
    engine.register_fn("weekday", |from: Dynamic, zone: &str| local(from, zone).map(weekday));
}

/// Nothing mentions nothing: a message without text is no error.
fn mentions(said: Dynamic, words: Dynamic) -> Outcome<bool> {
    if said.is_unit() {
        return Ok(false);
    }
    let said = text_of(said, "the first argument of text.mentions")?;
    let said = text::normalise(&said);
    let words = if words.is_array() { words.into_array().unwrap_or_default() } else { vec![words] };
    for word in words {
        let word = text_of(word, "each word of text.mentions")?;
        if text::mentions_normalised(&said, &text::normalise(&word)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn text_of(value: Dynamic, what: &str) -> Outcome<ImmutableString> {
    value.into_immutable_string().or_else(|found| failure(format!("{what} must be text, not {found}")))
}

fn at(value: Dynamic) -> Outcome<At> {
    let found = match value.as_int() {
        Ok(ms) => Some(At(ms)),
        Err(_) => value.as_immutable_string_ref().ok().and_then(|text| time::parse(&text)),
    };
    found.map_or_else(|| failure(format!("`{value}` is no time: write it as 2026-12-01T09:00:00Z")), Ok)
}

fn span_of(text: &str) -> Outcome<Duration> {
    duration::parse(text).or_else(|error| failure(error.to_string()))
}

fn moved(from: Dynamic, span: &str, by: fn(At, Duration) -> At) -> Outcome<String> {
    Ok(by(at(from)?, span_of(span)?).to_string())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of 285 000 years are exact")]
fn between(from: Dynamic, to: Dynamic, unit_ms: f64) -> Outcome<f64> {
    let (from, to) = (at(from)?, at(to)?);
    Ok(to.0.saturating_sub(from.0) as f64 / unit_ms)
}

fn local(value: Dynamic, zone: &str) -> Outcome<DateTime<Tz>> {
    let zone = time::zone(zone).or_else(failure)?;
    let time = at(value)?.to_utc();
    time.map_or_else(|| failure("the time is out of range"), |time| Ok(time.with_timezone(&zone)))
}

fn day(time: DateTime<Tz>) -> String {
    time.format("%Y-%m-%d").to_string()
}

fn hour(time: DateTime<Tz>) -> i64 {
    i64::from(time.hour())
}

fn weekday(time: DateTime<Tz>) -> i64 {
    i64::from(time.weekday().number_from_monday())
}
