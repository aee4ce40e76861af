//! What templates may call. Each takes values and gives a value; text goes out through the target's escaping.
//!
//! | helper | gives |
//! |---|---|
//! | `{{date event.at "%d.%m.%Y %H:%M" "Europe/Rome"}}` | a time; by default as `2026-11-22 09:00` in UTC |
//! | `{{money event.order.total event.order.currency}}` | `1 234.50 CNY`, the same in every language |
//! | `{{phone contact.phone}}` | `+86 138 0013 8000` |
//! | `{{default contact.name "friend"}}` | the first that has a value; missing, null and empty text have none |
//! | `{{upper x}}`, `{{lower x}}` | text in capitals, in small letters |
//! | `{{join contact.tags ", "}}` | a list as text; by default with `, ` |
//! | `{{json event.order}}` | JSON text |
//! | `{{#if (mentions event.text "price" "цена")}}` | whether a text has one of the words; also `mentions_all`, `equals`, `starts_with`, `contains` |
//!
//! From handlebars: `if unless each with lookup eq ne gt gte lt lte and or not len`.

use std::cell::Cell;
use std::sync::LazyLock;

use chrono::format::{Item, StrftimeItems};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
    ScopedJson, no_escape,
};
use serde_json::Value;

use super::{text as normal, time, whatsapp};
use crate::phone::Phone;

/// Helpers that give a value.
pub(super) const INLINE: [&str; 24] = [
    "date",
    "money",
    "phone",
    "default",
    "upper",
    "lower",
    "join",
    "json",
    "lookup",
    "eq",
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "and",
    "or",
    "not",
    "len",
    "mentions",
    "mentions_all",
    "equals",
    "starts_with",
    "contains",
];
/// Helpers with a body.
pub(super) const BLOCKS: [&str; 4] = ["if", "unless", "each", "with"];
/// Ours, put into the body of every loop; authors cannot call it.
pub(super) const COUNT: &str = "__count";

/// The registry for text that goes anywhere.
pub(super) static PLAIN: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(no_escape));
/// The registry for WhatsApp texts.
pub(super) static WHATSAPP: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(whatsapp::escape));

thread_local! {
    /// How many more times the rendering on this thread may go through a loop.
    static ROUNDS_LEFT: Cell<usize> = const { Cell::new(0) };
}

/// Must be called before each rendering.
pub(super) fn allow_rounds(rounds: usize) {
    ROUNDS_LEFT.set(rounds);
}

fn registry(escape: fn(&str) -> String) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(escape);
    for unused in ["log", "raw"] {
        registry.unregister_helper(unused);
    }
    let ours: [(&str, Function); 12] = [
        ("date", date),
        ("money", money),
        ("phone", phone),
        ("upper", |values| Ok(text(first(values)?)?.to_uppercase().into())),
        ("lower", |values| Ok(text(first(values)?)?.to_lowercase().into())),
        ("join", join),
        ("json", |values| Ok(first(values)?.to_string().into())),
        ("mentions", |values| {
            asked(values, |said, words| words.iter().any(|word| normal::mentions_normalised(said, word)))
        }),
        ("mentions_all", |values| {
            asked(values, |said, words| words.iter().all(|word| normal::mentions_normalised(said, word)))
        }),
        ("equals", |values| asked(values, |said, words| words.iter().any(|word| said == word))),
        ("starts_with", |values| asked(values, |said, words| words.iter().any(|word| said.starts_with(word.as_str())))),
        ("contains", |values| asked(values, |said, words| words.iter().any(|word| said.contains(word.as_str())))),
    ];
    for (name, function) in ours {
        registry.register_helper(name, Box::new(Pure { name, function }));
    }
    registry.register_helper("default", Box::new(Fallback));
    registry.register_helper(COUNT, Box::new(count));
    registry
}

type Function = fn(&[&Value]) -> Result<Value, String>;

/// A helper of its values only.
struct Pure {
    name: &'static str,
    function: Function,
}

impl HelperDef for Pure {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        if let Some(missing) = helper.params().iter().find(|value| value.is_value_missing()) {
            return Err(RenderErrorReason::MissingVariable(missing.relative_path().cloned()).into());
        }
        let values: Vec<&Value> = helper.params().iter().map(|value| value.value()).collect();
        let result = (self.function)(&values);
        result.map(ScopedJson::Derived).map_err(|why| RenderErrorReason::Other(format!("{}: {why}", self.name)).into())
    }
}

/// `default`: the only helper that may be given a missing value.
struct Fallback;

impl HelperDef for Fallback {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let has_value = |value: &&Value| !value.is_null() && value.as_str() != Some("");
        let mut values = helper.params().iter().filter(|value| !value.is_value_missing()).map(|value| value.value());
        let last = values.clone().next_back();
        let found = values.find(has_value).or(last);
        found.cloned().map(ScopedJson::Derived).ok_or_else(|| {
            RenderErrorReason::MissingVariable(helper.param(0).and_then(|value| value.relative_path().cloned())).into()
        })
    }
}

fn count(
    _: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    _: &mut dyn Output,
) -> HelperResult {
    match ROUNDS_LEFT.get().checked_sub(1) {
        Some(left) => {
            ROUNDS_LEFT.set(left);
            Ok(())
        }
        None => Err(std::io::Error::other("the loops of the template go round too often").into()),
    }
}

fn first<'v>(values: &[&'v Value]) -> Result<&'v Value, String> {
    values.first().copied().ok_or_else(|| "needs a value".to_owned())
}

/// A value that can stand in a text.
fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        Value::Null => Ok(String::new()),
        Value::Array(_) | Value::Object(_) => Err("needs text or a number, not a list or map".to_owned()),
    }
}

/// Asks about a text and words, given one by one or as lists, all normalised. Empty words are none.
fn asked(values: &[&Value], ask: fn(&str, &[String]) -> bool) -> Result<Value, String> {
    let said = normal::normalise(&text(first(values)?)?);
    let mut words = Vec::new();
    for value in values.iter().skip(1) {
        let list = value.as_array().map_or(std::slice::from_ref(*value), Vec::as_slice);
        for word in list {
            words.push(normal::normalise(&text(word)?));
        }
    }
    words.retain(|word| !word.is_empty());
    Ok((!words.is_empty() && ask(&said, &words)).into())
}

fn date(values: &[&Value]) -> Result<Value, String> {
    let value = first(values)?;
    let option =
        |index: usize, other: &'static str| values.get(index).map_or(Ok(other.to_owned()), |value| text(value));
    let (pattern, zone) = (option(1, "%Y-%m-%d %H:%M")?, time::zone(&option(2, "UTC")?)?);
    let time = time::of(value).and_then(|at| at.to_utc());
    let time = time.ok_or_else(|| format!("{value} is no time: write it as 2026-12-01T09:00:00Z"))?;
    let items: Vec<Item<'_>> = StrftimeItems::new(&pattern).collect();
    if items.contains(&Item::Error) {
        return Err(format!("`{pattern}` is no date pattern: write one such as %d.%m.%Y %H:%M"));
    }
    Ok(time.with_timezone(&zone).format_with_items(items.iter()).to_string().into())
}

/// Currencies without and with three decimals; all others have two (ISO 4217, table A.1).
const NO_DECIMALS: [&str; 17] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
const THREE_DECIMALS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// Largest amount that is printed: beyond it cents are no longer exact.
const LARGEST_AMOUNT: f64 = 1e12;

fn money(values: &[&Value]) -> Result<Value, String> {
    let [amount, currency] = values else { return Err("needs an amount and a currency".to_owned()) };
    let number = match amount {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    let number: f64 =
        number.filter(|n: &f64| n.abs() <= LARGEST_AMOUNT).ok_or_else(|| format!("{amount} is no amount"))?;
    let code = text(currency)?.to_uppercase();
    if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Err(format!("{currency} is no currency: write its three letters, such as CNY"));
    }
    let decimals = match code.as_str() {
        code if NO_DECIMALS.contains(&code) => 0,
        code if THREE_DECIMALS.contains(&code) => 3,
        _ => 2,
    };
    let plain = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let sign = if number < 0.0 && plain.contains(|c: char| ('1'..='9').contains(&c)) { "-" } else { "" };
    Ok(format!("{sign}{}{fraction} {code}", grouped(whole)).into())
}

/// Digits in threes, with spaces.
fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

fn phone(values: &[&Value]) -> Result<Value, String> {
    let number = text(first(values)?)?;
    let phone = Phone::from_wa_id(&number).map_or_else(|| Phone::parse(&number, None), Ok);
    phone.map(|phone| phone.international().into()).map_err(|error| error.to_string())
}

fn join(values: &[&Value]) -> Result<Value, String> {
    let list = first(values)?.as_array().ok_or("needs a list")?;
    let separator = values.get(1).map_or(Ok(", ".to_owned()), |value| text(value))?;
    let parts = list.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    Ok(parts.join(&separator).into())
}
