//! JSON values into rhai and back, and short copies of them for the journal.

use rhai::{Array, Dynamic, Map};
use serde_json::{Number, Value};

use super::machine::TEXT_BYTES;
use super::needs::Need;

/// Longest value in [`super::Decision::saw`], in characters.
const SEEN_CHARS: usize = 200;
/// Most values a result may hold, nested ones included.
const RESULT_VALUES: usize = 20_000;

/// The needed part of `value` for a script. Null is `()`.
pub(super) fn to_rhai(value: &Value, need: &Need) -> Dynamic {
    part_to_rhai(value, need, need.whole)
}

fn part_to_rhai(value: &Value, need: &Need, whole: bool) -> Dynamic {
    let Value::Object(all) = value else { return whole_to_rhai(value) };
    let mut map = if whole { whole_map(all) } else { Map::new() };
    for part in &need.parts {
        let name = part.name.as_str();
        match all.get(name) {
            Some(value) if !whole || !part.parts.is_empty() => {
                map.insert(name.into(), part_to_rhai(value, part, whole || part.whole));
            }
            None if part.optional => {
                map.insert(name.into(), Dynamic::UNIT);
            }
            _ => {}
        }
    }
    map.into()
}

fn whole_map(all: &serde_json::Map<String, Value>) -> Map {
    all.iter().map(|(name, value)| (name.as_str().into(), whole_to_rhai(value))).collect()
}

fn whole_to_rhai(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(yes) => (*yes).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(fraction)) => fraction.into(),
            (None, None) => Dynamic::UNIT,
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => list.iter().map(whole_to_rhai).collect::<Array>().into(),
        Value::Object(all) => whole_map(all).into(),
    }
}

/// What a script gave, as JSON.
///
/// # Errors
/// With the message to show, when it is not plain data or too much of it.
pub(super) fn from_rhai(value: Dynamic) -> Result<Value, String> {
    let mut left = Left { values: RESULT_VALUES, bytes: TEXT_BYTES };
    left.take(value)
}

/// What a result may still hold.
struct Left {
    values: usize,
    bytes: usize,
}

impl Left {
    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        let values = self.values.checked_sub(1);
        let bytes = self.bytes.checked_sub(bytes);
        let (Some(values), Some(bytes)) = (values, bytes) else {
            return Err(format!("the result is too large: at most {RESULT_VALUES} values and 64 KB of text"));
        };
        *self = Self { values, bytes };
        Ok(())
    }

    fn take(&mut self, value: Dynamic) -> Result<Value, String> {
        let value = value.flatten();
        if let Ok(text) = value.as_immutable_string_ref() {
            self.spend(text.len())?;
            return Ok(Value::String(text.as_str().to_owned()));
        }
        self.spend(0)?;
        if value.is_unit() {
            return Ok(Value::Null);
        }
        if let Ok(whole) = value.as_int() {
            return Ok(whole.into());
        }
        if let Ok(yes) = value.as_bool() {
            return Ok(yes.into());
        }
        if let Ok(letter) = value.as_char() {
            return Ok(letter.to_string().into());
        }
        if let Ok(fraction) = value.as_float() {
            return Number::from_f64(fraction)
                .map(Value::Number)
                .ok_or_else(|| "the result is not a finite number".into());
        }
        self.take_many(value)
    }

    fn take_many(&mut self, value: Dynamic) -> Result<Value, String> {
        let type_name = value.type_name();
        if value.is_array() {
            let list = value.into_array().unwrap_or_default();
            return list.into_iter().map(|item| self.take(item)).collect::<Result<_, _>>().map(Value::Array);
        }
        let map = value.try_cast::<Map>().ok_or_else(|| format!("a result must be plain data, not {type_name}"))?;
        let mut all = serde_json::Map::new();
        for (name, value) in map {
            self.spend(name.len())?;
            all.insert(name.as_str().to_owned(), self.take(value)?);
        }
        Ok(Value::Object(all))
    }
}

/// A copy short enough for the journal: longer texts, lists and objects become text that ends with `…`.
pub(super) fn seen(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(SEEN_CHARS) {
            Some((end, _)) => Value::String(format!("{}…", &text[..end])),
            None => value.clone(),
        },
        Value::Array(_) | Value::Object(_) => {
            let mut start = Start(String::new());
            match serde_json::to_writer(&mut start, value) {
                Ok(()) => value.clone(),
                Err(_) => Value::String(format!("{}…", start.0)),
            }
        }
        _ => value.clone(),
    }
}

/// Keeps the first [`SEEN_CHARS`] characters and then refuses more, so that a long value is not written out whole.
struct Start(String);

impl std::io::Write for Start {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = str::from_utf8(bytes).map_err(std::io::Error::other)?;
        let left = SEEN_CHARS.saturating_sub(self.0.chars().count());
        self.0.extend(text.chars().take(left));
        if text.chars().nth(left).is_some() { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_seen_is_short() {
        for short in [json!(null), json!(1.5), json!("x".repeat(200)), json!(["é", {"a": 1}])] {
            assert_eq!(seen(&short), short);
        }
        assert_eq!(seen(&json!("é".repeat(201))), json!(format!("{}…", "é".repeat(200))));
        let list = json!(vec!["ab"; 100]);
        assert_eq!(seen(&list), json!(format!("{}…", &list.to_string()[..200])));
    }

    #[test]
    fn json_survives_the_way_in_and_out() {
        let need = Need { whole: true, ..Need::default() };
        let value = json!({"a": [1, 1.5, "x", null, true, {"b": []}], "big": i64::MIN});
        assert_eq!(from_rhai(to_rhai(&value, &need)), Ok(value));
        assert!(from_rhai(f64::NAN.into()).is_err());
        assert!(from_rhai("x".repeat(TEXT_BYTES + 1).into()).is_err());
    }
}
