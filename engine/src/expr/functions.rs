//! The functions scripts may call beside rhai's own: pure, of their arguments only.
//!
//! Text, compared as [`text::normalise`] makes it, so case, accents and Arabic letter forms do not matter; each takes one word
//! or a list: `text.mentions(event.text, ["price", "цена"])` (any, as words), `text.mentions_all(t, words)`,
//! `text.equals(t, words)`, `text.starts_with(t, words)`, `text.ends_with(t, words)`, `text.contains(t, words)` (any part),
//! `text.matches(t, "^order [0-9]+")` (a pattern, see `patterns.rs`), `text.normalise(t)`, `text.lower(t)`.
//! Time, given as RFC 3339 text, as a date or in milliseconds since 1970: `hours_between(a, b)`, `minutes_between`,
//! `days_between` (negative when `b` is earlier); `later(t, "48h")`, `earlier(t, "48h")`; `hours("7d")` = 168.0;
//! `date(t, "Europe/Rome")` = "2026-11-22", `hour(t, zone)` = 0 to 23, `weekday(t, zone)` = 1 (Monday) to 7; without
//! a zone, in UTC. A missing value has rhai's own operators: `contact.fields?.size ?? "M"`, `"size" in contact.fields`.

use std::time::Duration;

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Map};

use super::machine::failure;
use super::patterns::Patterns;
use super::{text, time};
use crate::clock::At;
use crate::duration;

/// What `text` is in a script: a place for its functions, and the patterns of the script.
#[derive(Clone, Debug)]
pub(super) struct TextFunctions {
    /// Those of `text.matches`.
    pub(super) patterns: Patterns,
}

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// Adds them to the engine.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<TextFunctions>("text functions");
    for (name, test) in TESTS {
        engine.register_fn(name, move |_: TextFunctions, said: Dynamic, words: Dynamic| any(name, test, said, words));
    }
    engine.register_fn("mentions_all", |_: TextFunctions, said: Dynamic, words: Dynamic| {
        all("mentions_all", text::mentions_normalised, said, words)
    });
    engine.register_fn("matches", |text: TextFunctions, said: Dynamic, pattern: &str| matches(&text, said, pattern));
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

/// A question about two normalised texts.
type Test = fn(&str, &str) -> bool;

/// Questions of which one word suffices.
const TESTS: [(&str, Test); 5] = [
    ("mentions", text::mentions_normalised),
    ("equals", |said, word| said == word),
    ("starts_with", |said, word| !word.is_empty() && said.starts_with(word)),
    ("ends_with", |said, word| !word.is_empty() && said.ends_with(word)),
    ("contains", |said, word| !word.is_empty() && said.contains(word)),
];

fn any(name: &str, test: Test, said: Dynamic, words: Dynamic) -> Outcome<bool> {
    let Some(said) = said_of(name, said)? else { return Ok(false) };
    for word in listed(words) {
        if test(&said, &text::normalise(&word_of(name, word)?)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn all(name: &str, test: Test, said: Dynamic, words: Dynamic) -> Outcome<bool> {
    let Some(said) = said_of(name, said)? else { return Ok(false) };
    for word in listed(words) {
        if !test(&said, &text::normalise(&word_of(name, word)?)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn matches(text: &TextFunctions, said: Dynamic, pattern: &str) -> Outcome<bool> {
    let Some(said) = said_of("matches", said)? else { return Ok(false) };
    match text.patterns.get(pattern) {
        Some(pattern) => Ok(pattern.is_match(&said)),
        None => failure("the pattern of text.matches must be written out in the call"),
    }
}

/// The text asked about, normalised. Nothing says nothing: a message without text is no error.
fn said_of(name: &str, said: Dynamic) -> Outcome<Option<String>> {
    if said.is_unit() {
        return Ok(None);
    }
    Ok(Some(text::normalise(&text_of(said, &format!("the first argument of text.{name}"))?)))
}

fn word_of(name: &str, word: Dynamic) -> Outcome<ImmutableString> {
    text_of(word, &format!("each word of text.{name}"))
}

fn listed(words: Dynamic) -> Vec<Dynamic> {
    if words.is_array() { words.into_array().unwrap_or_default() } else { vec![words] }
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
