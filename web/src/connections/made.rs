//! Connections made in the editor: settings as they are, secrets sealed, opened like those of the file.

use std::collections::BTreeMap;

use engine::account::ConnectionRow;
use engine::connector::{Open, Registry};
use serde_json::{Map, Value, json};

use super::secrets;
use crate::accounts::Seal;
use crate::config::connections::{self, Declared};

/// Secrets by path.
pub(crate) type Secrets = BTreeMap<String, String>;

/// Those that are stored, opened as far as they can be.
#[derive(Default)]
pub(super) struct Made {
    /// Opened.
    pub(super) open: Vec<Open>,
    /// Why the others are not, by id.
    pub(super) troubles: BTreeMap<String, String>,
}

/// What somebody wants a connection to be.
pub(crate) struct Given {
    /// Its id in flows.
    pub(crate) id: String,
    /// Its connector's name.
    pub(crate) connector: String,
    /// The connector's own fields and the common ones, without secrets.
    pub(crate) settings: Map<String, Value>,
    /// All its secrets.
    pub(crate) secrets: Secrets,
}

/// What is wrong with it, for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Wrong(pub(crate) String);

impl Made {
    /// Opens the stored ones that `of_file` does not declare. One that cannot be opened keeps nobody from starting.
    pub(super) fn open(rows: &[ConnectionRow], of_file: &[Open], seal: &Seal, registry: &Registry, url: &str) -> Self {
        let mut made = Self::default();
        for row in rows {
            let opened = match of_file.iter().any(|open| *open.id == *row.id) {
                true => {
                    Err(Wrong("the connections file declares the same id, and wins: remove one of them".to_owned()))
                }
                false => stored(row, seal).and_then(|given| assembled(&given, registry, url)),
            };
            match opened {
                Ok(open) => made.open.push(open),
                Err(why) => drop(made.troubles.insert(row.id.clone(), why.0)),
            }
        }
        made
    }
}

/// A stored one with its secrets.
pub(crate) fn stored(row: &ConnectionRow, seal: &Seal) -> Result<Given, Wrong> {
    let wrong = |why: &dyn std::fmt::Display| Wrong(format!("connection `{}`: {why}", row.id));
    let plain = seal.open(&place_of(&row.id), &row.sealed).map_err(|error| wrong(&error))?;
    Ok(Given {
        id: row.id.clone(),
        connector: row.connector.clone(),
        settings: serde_json::from_str(&row.settings).map_err(|error| wrong(&error))?,
        secrets: serde_json::from_slice(&plain).map_err(|_| wrong(&"its secrets are damaged"))?,
    })
}

/// What the secrets of a connection are bound to.
pub(crate) fn place_of(id: &str) -> String {
    format!("connection:{id}")
}

/// Opens what somebody wants, or says what is wrong with it. No secret is in the words.
pub(crate) fn assembled(given: &Given, registry: &Registry, public_url: &str) -> Result<Open, Wrong> {
    let Given { id, connector, settings, secrets } = given;
    let Some(found) = registry.connectors().find(|one| one.name == *connector) else {
        let known: Vec<&str> = registry.connectors().map(|one| one.name).collect();
        return Err(Wrong(format!("connector: unknown `{connector}`; there are {}", known.join(", "))));
    };
    let schema = json!(found.settings);
    if let Some(path) = secrets::misplaced(&schema, settings).first() {
        return Err(Wrong(format!("settings: `{path}` is a secret: send it in `secrets`")));
    }
    let mut fields = settings.clone();
    for (path, value) in secrets {
        let keys = secrets::place(&schema, path);
        let keys = keys.ok_or_else(|| Wrong(format!("secrets: `{connector}` has no secret `{path}`")))?;
        secrets::put(&mut fields, &keys, value);
    }
    let declared: Declared = connections::declared(id, connector, fields).map_err(|error| Wrong(error.to_string()))?;
    connections::open(&declared, registry, public_url).map_err(|error| Wrong(error.to_string()))
}
