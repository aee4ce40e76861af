//! The connections file: which accounts there are, with secrets written as `{ env: NAME }`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use engine::connector::{Open, OpenContext, OpenError, Registry};
use serde::Deserialize;
use serde_json::{Map, Value};

/// One account as declared, its secrets resolved.
#[derive(Clone, PartialEq)]
pub struct Declared {
    /// Its id in flows and in `/hooks/<id>`.
    pub id: Arc<str>,
    /// Its connector's name.
    pub connector: String,
    /// Whether it may reach loopback and private addresses.
    pub allow_private_network: bool,
    /// Limits other than the connector's own.
    pub limits: Limits,
    /// The connector's own fields.
    pub settings: Value,
}

/// Limits of one connection; what is left out is the connector's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Calls a second; 0 = no limit.
    pub per_second: Option<u32>,
    /// Calls at once, from 1.
    pub at_once: Option<u16>,
}

/// All accounts and what is chosen among them.
#[derive(Clone, Default, PartialEq)]
pub struct Connections {
    /// In the order written.
    pub declared: Vec<Declared>,
    /// The connection for a capability (`crm: hubspot-main`) when several serve it and a step names none.
    pub defaults: BTreeMap<String, String>,
    /// The connection that tells teams about escalations.
    pub notify: Option<String>,
}

/// Everything that is wrong with a connections file, one line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Error(pub Vec<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    connections: Vec<Map<String, Value>>,
    #[serde(default)]
    defaults: BTreeMap<String, String>,
    #[serde(default)]
    notify: Option<String>,
}

/// Reads a connections file.
///
/// # Errors
/// Every problem at once: syntax, ids, environment variables that are not set.
pub fn load(file: &Path) -> Result<Connections, Error> {
    let in_file = |why: String| format!("{}: {why}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| Error(vec![in_file(error.to_string())]))?;
    parse(&text, &super::environment).map_err(|error| Error(error.0.into_iter().map(in_file).collect()))
}

fn parse(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Connections, Error> {
    // `yes` and `0755` stay text; anchors, aliases and a second document are refused, as in flows.
    let options = serde_yaml::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        budget: serde_yaml::budget! { max_aliases: 0, max_anchors: 0, max_documents: 1, max_depth: 32 },
    };
    let file: File =
        serde_yaml::from_str_with_options(text, options).map_err(|error| Error(vec![error.to_string()]))?;
    let mut problems = Vec::new();
    let mut declared: Vec<Declared> = Vec::new();
    for (place, fields) in file.connections.into_iter().enumerate() {
        match one(place, fields, environment) {
            Ok(next) if declared.iter().any(|known| known.id == next.id) => {
                problems.push(format!("connection `{}` is there twice", next.id));
            }
            Ok(next) => declared.push(next),
            Err(mut found) => problems.append(&mut found),
        }
    }
    for (name, id) in
        file.defaults.iter().map(|(name, id)| (name.as_str(), id)).chain(file.notify.iter().map(|id| ("notify", id)))
    {
        if problems.is_empty() && !declared.iter().any(|known| *known.id == **id) {
            problems.push(format!("`{name}: {id}`: there is no connection `{id}` in this file"));
        }
    }
    match problems.is_empty() {
        true => Ok(Connections { declared, defaults: file.defaults, notify: file.notify }),
        false => Err(Error(problems)),
    }
}

/// The declaration at `place` (from 0) of the list.
fn one(
    place: usize,
    mut fields: Map<String, Value>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Declared, Vec<String>> {
    let mut problems = Vec::new();
    let id = match fields.remove("id") {
        Some(Value::String(id)) if is_id(&id) => id,
        Some(other) => {
            problems
                .push(format!("connection {}: id {other} must be lower case letters, digits and hyphens", place + 1));
            (place + 1).to_string()
        }
        None => return Err(vec![format!("connection {} has no id", place + 1)]),
    };
    let connector = take(&mut fields, "connector", None, &id, &mut problems);
    let allow_private_network = take(&mut fields, "allow_private_network", Some(false), &id, &mut problems);
    let limits: Option<Limits> = take(&mut fields, "limits", Some(Limits::default()), &id, &mut problems);
    if limits.is_some_and(|limits| limits.at_once == Some(0)) {
        problems.push(format!("connection `{id}`: limits.at_once must be 1 or more"));
    }
    let mut settings = Value::Object(fields);
    resolve(&mut settings, "", &mut |path, name| match environment(name) {
        Some(value) if !value.is_empty() => value,
        _ => {
            problems.push(format!("connection `{id}`: {path}: the environment variable {name} is not set"));
            String::new()
        }
    });
    match (connector, allow_private_network, limits, problems.is_empty()) {
        (Some(connector), Some(allow_private_network), Some(limits), true) => {
            Ok(Declared { id: id.into(), connector, allow_private_network, limits, settings })
        }
        _ => Err(problems),
    }
}

/// Takes a common field out of `fields`; what is wrong with it goes to `problems`.
fn take<T: serde::de::DeserializeOwned>(
    fields: &mut Map<String, Value>,
    name: &str,
    default: Option<T>,
    id: &str,
    problems: &mut Vec<String>,
) -> Option<T> {
    let Some(value) = fields.remove(name) else {
        if default.is_none() {
            problems.push(format!("connection `{id}` has no {name}"));
        }
        return default;
    };
    serde_json::from_value(value).map_err(|error| problems.push(format!("connection `{id}`: {name}: {error}"))).ok()
}

/// Replaces each `{ env: NAME }` by what `read` gives for (path, NAME).
fn resolve(value: &mut Value, path: &str, read: &mut dyn FnMut(&str, &str) -> String) {
    match value {
        Value::Object(fields) => {
            if let (1, Some(Value::String(name))) = (fields.len(), fields.get("env")) {
                *value = Value::String(read(path, name));
                return;
            }
            for (name, field) in fields.iter_mut() {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                resolve(field, &below, read);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter_mut().enumerate() {
                resolve(item, &format!("{path}[{place}]"), read);
            }
        }
        _ => {}
    }
}

/// Kebab-case, 1 to 64 characters: it is part of an address.
fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
        && text.bytes().next().is_some_and(plain)
}

/// An account made in the editor: the fields are those of the file without id and connector, and nothing comes from the environment.
///
/// # Errors
/// Every problem at once.
pub(crate) fn declared(id: &str, connector: &str, mut fields: Map<String, Value>) -> Result<Declared, Error> {
    fields.insert("id".to_owned(), id.into());
    fields.insert("connector".to_owned(), connector.into());
    one(0, fields, &|_| None).map_err(Error)
}

/// Opens one account.
///
/// # Errors
/// When the connector is not known or refuses the settings.
pub(crate) fn open(declared: &Declared, registry: &Registry, public_url: &str) -> Result<Open, OpenError> {
    let context = OpenContext {
        id: Arc::clone(&declared.id),
        public_url: public_url.into(),
        allow_private_network: declared.allow_private_network,
    };
    let mut open = registry.open(&declared.connector, declared.settings.clone(), &context)?;
    open.rate_per_second = declared.limits.per_second.unwrap_or(open.rate_per_second);
    open.concurrency = declared.limits.at_once.unwrap_or(open.concurrency);
    Ok(open)
}

impl Connections {
    /// Opens every account.
    ///
    /// # Errors
    /// Every problem at once: unknown connectors, settings that a connector refuses.
    pub fn open(&self, registry: &Registry, public_url: &str) -> Result<Vec<Open>, Error> {
        let mut opened = Vec::new();
        let mut problems = Vec::new();
        for declared in &self.declared {
            match open(declared, registry, public_url) {
                Ok(open) => opened.push(open),
                Err(error) => problems.push(error.to_string()),
            }
        }
        if problems.is_empty() { Ok(opened) } else { Err(Error(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn environment(name: &str) -> Option<String> {
        (name == "WA_TOKEN").then(|| "s3cret".to_owned())
    }

    fn problems(text: &str) -> Vec<String> {
        parse(text, &environment).err().map(|error| error.0).unwrap_or_default()
    }

    const GOOD: &str = r#"
connections:
  - id: wa-main
    connector: whatsapp.cloud_api
    phone_number_id: "700100200300"
    code: 0755
    access_token: { env: WA_TOKEN }
    nested: { deep: [ { env: WA_TOKEN } ] }
    allow_private_network: true
    limits: { per_second: 20 }
notify: wa-main
"#;

    #[test]
    fn secrets_come_from_the_environment_and_text_stays_text() {
        let read = parse(GOOD, &environment).unwrap();
        let wa = &read.declared[0];
        assert_eq!(&*wa.id, "wa-main");
        assert!(wa.allow_private_network);
        assert_eq!(wa.limits, Limits { per_second: Some(20), at_once: None });
        assert_eq!(
            wa.settings,
            json!({"phone_number_id": "700100200300", "code": "0755", "access_token": "s3cret",
                "nested": {"deep": ["s3cret"]}})
        );
        assert_eq!(read.notify.as_deref(), Some("wa-main"));
    }

    #[test]
    fn a_variable_that_is_not_set_names_connection_and_field() {
        let found = problems("connections:\n  - { id: a, connector: x, auth: { key: { env: NOPE } } }\n");
        assert_eq!(found, ["connection `a`: auth.key: the environment variable NOPE is not set"]);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let text = "connections:\n  - { connector: x }\n  - { id: Wa Main, connector: x }\n  - { id: a }\n  - { id: b, connector: x, limits: { per_secnd: 1 } }\n";
        let found = problems(text);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[3].contains("per_secnd"), "{found:?}");
    }

    #[test]
    fn two_connections_of_one_id_are_refused() {
        let found = problems("connections:\n  - { id: a, connector: x }\n  - { id: a, connector: y }\n");
        assert_eq!(found, ["connection `a` is there twice"]);
    }

    #[test]
    fn notify_must_name_a_connection() {
        assert_eq!(problems("connections: []\nnotify: ops\n").len(), 1);
    }

    #[test]
    fn anchors_and_unknown_top_level_fields_are_refused() {
        assert_eq!(problems("connections:\n  - &a { id: a, connector: x }\n").len(), 1);
        assert_eq!(problems("connections: []\nconections: []\n").len(), 1);
    }

    #[test]
    fn an_unknown_connector_is_told_with_those_there_are() {
        let read = parse("connections:\n  - { id: a, connector: x }\n", &environment).unwrap();
        let error = read.open(&Registry::default(), "http://localhost").unwrap_err();
        assert!(error.to_string().contains("unknown connector `x`"), "{error}");
    }
}
