//! Whether an answer is what the description of the API says.

use std::sync::LazyLock;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(crate::router::document);

/// Compares an answer with its description; the operation, when it is one that answered well.
#[track_caller]
pub(super) fn check(method: &Method, path: &str, status: StatusCode, answer: &Value) -> Option<String> {
    let operation = operation(method, path)?;
    let described = &DOCUMENT["paths"][&operation.0][&operation.1];
    let (schema, good) = match status.is_success() {
        true => (&described["responses"]["200"]["content"]["application/json"]["schema"], true),
        false => (&DOCUMENT["components"]["responses"]["Error"]["content"]["application/json"]["schema"], false),
    };
    if schema.is_null() {
        return None;
    }
    let mut whole = json!({ "components": DOCUMENT["components"], "allOf": [schema] });
    // What nobody described must not be there.
    whole["unevaluatedProperties"] = Value::Bool(*schema == Value::Bool(true));
    let validator = jsonschema::validator_for(&whole).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{method} {path}:\n{}\n{answer:#}", problems.join("\n"));
    good.then(|| described["operationId"].as_str().unwrap().to_owned())
}

/// The address and method under which an operation is described; the address with the fewest variable parts.
fn operation(method: &Method, path: &str) -> Option<(String, String)> {
    let path = path.split('?').next().unwrap_or_default();
    let method = method.as_str().to_lowercase();
    let fits = |known: &&String| {
        let (mut known, mut asked) = (known.split('/'), path.split('/'));
        loop {
            match (known.next(), asked.next()) {
                (None, None) => return true,
                (Some(known), Some(asked)) if known.starts_with('{') || known == asked => {}
                _ => return false,
            }
        }
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let found = paths.keys().filter(fits).filter(|known| paths[*known].get(&method).is_some());
    found.min_by_key(|known| known.matches('{').count()).map(|known| (known.clone(), method.clone()))
}
