//! Which parts of which names an expression reads, so that only these are handed to it.

use serde_json::{Map, Value};

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
pub(super) fn add<'p>(needs: &mut Vec<Need>, path: impl IntoIterator<Item = Part<'p>>) {
    let mut parts = path.into_iter();
    let Some((name, optional)) = parts.next() else { return };
    let known = needs.iter().position(|need| need.name == name);
    let index = known.unwrap_or_else(|| {
        needs.push(Need { name: name.to_owned(), optional: true, ..Need::default() });
        needs.len() - 1
    });
    let need = &mut needs[index];
    need.optional &= optional;
    let mut rest = parts.peekable();
    if rest.peek().is_none() {
        need.whole = true;
    } else {
        add(&mut need.parts, rest);
    }
}

impl Need {
    /// The needed part of `value`, as JSON.
    pub(super) fn of(&self, value: &Value) -> Value {
        match value {
            Value::Object(all) if !self.whole => {
                let kept =
                    self.parts.iter().filter_map(|part| Some((part.name.clone(), part.of(all.get(&part.name)?))));
                Value::Object(kept.collect::<Map<_, _>>())
            }
            _ => value.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn needs(paths: &[&str]) -> Vec<Need> {
        let mut needs = Vec::new();
        for path in paths {
            add(&mut needs, path.split('.').map(|part| (part, false)));
        }
        needs
    }

    #[test]
    fn only_what_is_read_is_kept() {
        let event = json!({"order": {"id": "A1", "total": 5, "note": "long"}, "text": "hi", "old": null});
        assert_eq!(
            needs(&["event.order.total", "event.old.x"])[0].of(&event),
            json!({"order": {"total": 5}, "old": null})
        );
        assert_eq!(needs(&["event.order", "event.order.total"])[0].of(&event), json!({"order": event["order"]}));
        assert_eq!(needs(&["event.order.total", "event"])[0].of(&event), event);
    }
}
