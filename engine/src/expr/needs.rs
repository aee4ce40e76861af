//! Which parts of which names an expression reads, so that only these are handed to it.

use serde_json::Value;

/// A name and what is needed of its value.
#[derive(Debug, Default)]
pub(super) struct Need {
    /// The property's name; for a root, the name in scope.
    pub(super) name: String,
    /// The value is used as a whole.
    pub(super) whole: bool,
    /// Every use is by `?.`: when missing, it reads as nothing.
    pub(super) optional: bool,
    /// Properties needed of it.
    pub(super) parts: Vec<Need>,
}

/// One part of a path: its name and whether it was reached by `?.`.
pub(super) type Part<'p> = (&'p str, bool);

/// Adds a path to `needs`.
pub(super) fn add(needs: &mut Vec<Need>, path: &[Part<'_>]) {
    let Some(((name, optional), rest)) = path.split_first() else { return };
    let known = needs.iter().position(|need| need.name == *name);
    let index = known.unwrap_or_else(|| {
        needs.push(Need { name: (*name).to_owned(), optional: true, ..Need::default() });
        needs.len() - 1
    });
    let need = &mut needs[index];
    need.optional &= optional;
    need.whole |= rest.is_empty();
    add(&mut need.parts, rest);
}

impl Need {
    /// The needed part of `value` for a template: null has no value, so it is left out; `2500.0` is `2500`.
    pub(super) fn printable(&self, value: &Value) -> Value {
        match value {
            Value::Object(all) if !self.whole => {
                let kept = self.parts.iter().filter_map(|part| {
                    let value = all.get(&part.name).filter(|value| !value.is_null())?;
                    Some((part.name.clone(), part.printable(value)))
                });
                Value::Object(kept.collect())
            }
            _ => printable(value),
        }
    }
}

/// Largest whole number of which every smaller one is exact as a fraction too (2^53).
const EXACT: f64 = 9_007_199_254_740_992.0;

fn printable(value: &Value) -> Value {
    match value {
        Value::Object(all) => {
            let kept = all.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), printable(value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(printable).collect()),
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
            Some(fraction) if fraction.fract() == 0.0 && fraction.abs() < EXACT => (fraction as i64).into(),
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn needs(paths: &[&str]) -> Vec<Need> {
        let mut needs = Vec::new();
        for path in paths {
            add(&mut needs, &path.split('.').map(|part| (part, false)).collect::<Vec<_>>());
        }
        needs
    }

    #[test]
    fn only_what_is_read_is_kept() {
        assert_eq!(needs(&["x"])[0].printable(&json!([5.0, 5.5])).to_string(), "[5,5.5]");
        let event =
            json!({"order": {"id": "A1", "total": 5, "note": "long", "n": [1, null]}, "text": "hi", "old": null});
        assert_eq!(needs(&["event.order.total", "event.old.x"])[0].printable(&event), json!({"order": {"total": 5}}));
        assert_eq!(needs(&["event.order", "event.order.total"])[0].printable(&event), json!({"order": event["order"]}));
        let whole = needs(&["event.order.total", "event"])[0].printable(&event);
        assert_eq!(whole, json!({"order": event["order"], "text": "hi"}));
    }
}
