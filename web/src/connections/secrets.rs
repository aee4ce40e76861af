//! Which settings of a connector are secret, by its schema, and how they are put in their places.
//!
//! A secret is named by its path: `access_token`, `basic.password`, `headers.X-Api-Key`.

use serde_json::{Map, Value};

/// How deep schemas are followed; ours are flat.
const DEPTH: usize = 8;

/// The keys that lead to the secret called `path`; `None` when the schema has no such secret.
pub(super) fn place(root: &Value, path: &str) -> Option<Vec<String>> {
    follow(root, root, path, DEPTH)
}

fn follow(root: &Value, schema: &Value, path: &str, depth: usize) -> Option<Vec<String>> {
    let below = depth.checked_sub(1)?;
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    for schema in alternatives(root, schema, DEPTH) {
        if let Some(found) = schema["properties"].get(first) {
            if rest.is_empty() && is_secret(root, found) {
                return Some(vec![first.to_owned()]);
            }
            if let Some(mut keys) = follow(root, found, rest, below) {
                keys.insert(0, first.to_owned());
                return Some(keys);
            }
        }
        // A map: whatever is left is the key, which may have dots of its own.
        if !path.is_empty()
            && schema["additionalProperties"].is_object()
            && is_secret(root, &schema["additionalProperties"])
        {
            return Some(vec![path.to_owned()]);
        }
    }
    None
}

fn is_secret(root: &Value, schema: &Value) -> bool {
    alternatives(root, schema, DEPTH).iter().any(|schema| schema["x-secret"] == true)
}

/// The schema itself, what it refers to, and what it is a choice of.
fn alternatives<'a>(root: &'a Value, schema: &'a Value, depth: usize) -> Vec<&'a Value> {
    let mut found = vec![schema];
    let Some(depth) = depth.checked_sub(1) else { return found };
    let target = schema["$ref"].as_str().and_then(|to| root.pointer(to.strip_prefix('#')?));
    let choices = ["anyOf", "oneOf", "allOf"].iter().filter_map(|of| schema[of].as_array()).flatten();
    for other in target.into_iter().chain(choices) {
        found.extend(alternatives(root, other, depth));
    }
    found
}

/// Secrets that stand among plain settings, where they would be stored as they are.
pub(super) fn misplaced(root: &Value, settings: &Map<String, Value>) -> Vec<String> {
    let mut paths = Vec::new();
    settings.iter().for_each(|(name, value)| leaves(name, value, &mut paths));
    paths.retain(|path| place(root, path).is_some());
    paths
}

fn leaves(path: &str, value: &Value, paths: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| leaves(&format!("{path}.{name}"), value, paths))
        }
        Value::Null => {}
        _ => paths.push(path.to_owned()),
    }
}

/// Puts a value where `keys` lead, making what is on the way.
pub(super) fn put(settings: &mut Map<String, Value>, keys: &[String], value: &str) {
    match keys {
        [] => {}
        [last] => drop(settings.insert(last.clone(), value.into())),
        [first, rest @ ..] => {
            let below = settings.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            if let Value::Object(below) = below {
                put(below, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(connector: &str) -> Value {
        let registry = connectors::registry();
        let found = registry.connectors().find(|one| one.name == connector).unwrap();
        json!(found.settings)
    }

    #[test]
    fn secrets_of_our_connectors_are_found_wherever_they_stand() {
        let place = |connector: &str, path: &str| place(&schema(connector), path);
        assert_eq!(place("whatsapp.cloud_api", "access_token"), Some(vec!["access_token".to_owned()]));
        assert_eq!(place("whatsapp.cloud_api", "phone_number_id"), None);
        assert_eq!(place("http", "bearer"), Some(vec!["bearer".to_owned()]));
        assert_eq!(place("http", "basic.password"), Some(vec!["basic".to_owned(), "password".to_owned()]));
        assert_eq!(place("http", "basic.user"), None);
        assert_eq!(place("http", "headers.X-Api.Key"), Some(vec!["headers".to_owned(), "X-Api.Key".to_owned()]));
        assert_eq!(place("http", "nothing"), None);
    }

    #[test]
    fn a_secret_among_plain_settings_is_noticed() {
        let settings = json!({ "base_url": "https://a.example", "basic": { "user": "u", "password": "p" } });
        assert_eq!(misplaced(&schema("http"), settings.as_object().unwrap()), ["basic.password"]);
    }

    #[test]
    fn secrets_go_where_they_belong() {
        let mut settings = json!({ "basic": { "user": "u" } }).as_object().unwrap().clone();
        put(&mut settings, &["basic".into(), "password".into()], "p");
        put(&mut settings, &["headers".into(), "X".into()], "h");
        assert_eq!(
            Value::Object(settings),
            json!({ "basic": { "user": "u", "password": "p" }, "headers": { "X": "h" } })
        );
    }
}
