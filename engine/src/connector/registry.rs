//! The list of all connectors, and what they offer together: the catalogue that flows are checked against.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Action, ActionSpec, Connection, Connector, OpenContext, Performer};
use crate::capability::whatsapp::{Reply, SendTemplate, SendText};
use crate::trigger::{self, TriggerSpec};

/// An opened account with what it performs.
#[derive(Clone)]
pub struct Open {
    /// The connection's id in flows.
    pub id: Arc<str>,
    /// The connector's name.
    pub connector: &'static str,
    /// The account.
    pub connection: Arc<dyn Connection>,
    /// Its actions by full name.
    pub performers: BTreeMap<&'static str, Performer>,
    /// Calls a second; 0 = no limit.
    pub rate_per_second: u32,
    /// Calls at once.
    pub concurrency: u16,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("id", &self.id).field("connector", &self.connector).finish_non_exhaustive()
    }
}

/// Why a connection could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No such connector.
    #[error("connection `{id}`: unknown connector `{connector}`; there are {known}")]
    Unknown {
        /// The connection.
        id: String,
        /// The name that is not known.
        connector: String,
        /// The names that are.
        known: String,
    },
    /// Its settings are wrong.
    #[error("connection `{id}`: {why}")]
    Settings {
        /// The connection.
        id: String,
        /// What is wrong.
        why: String,
    },
}

/// All connectors of this build.
#[derive(Debug, Default)]
pub struct Registry {
    connectors: BTreeMap<&'static str, Connector>,
}

impl Registry {
    /// Adds one.
    ///
    /// # Panics
    /// When the name is taken: a mistake in the one list, found by every test.
    #[must_use]
    pub fn with(mut self, connector: Connector) -> Self {
        let name = connector.name;
        assert!(self.connectors.insert(name, connector).is_none(), "connector `{name}` is registered twice");
        self
    }

    /// All of them, by name.
    pub fn connectors(&self) -> impl Iterator<Item = &Connector> {
        self.connectors.values()
    }

    /// Opens an account at `connector` with `settings` (the connector's own fields only).
    ///
    /// # Errors
    /// When the connector is not known or refuses the settings.
    pub fn open(&self, connector: &str, settings: Value, context: &OpenContext) -> Result<Open, OpenError> {
        let id = context.id.to_string();
        let Some(found) = self.connectors.get(connector) else {
            let known = self.connectors.keys().copied().collect::<Vec<_>>().join(", ");
            return Err(OpenError::Unknown { id, connector: connector.to_owned(), known });
        };
        let (connection, performers) =
            (found.open)(settings, context).map_err(|why| OpenError::Settings { id, why })?;
        Ok(Open {
            id: Arc::clone(&context.id),
            connector: found.name,
            connection,
            performers: performers.into_iter().map(|performer| (performer.action, performer)).collect(),
            rate_per_second: found.rate_per_second,
            concurrency: found.concurrency,
        })
    }

    /// What flows can use: every action of every connector and of the engine itself, and every trigger.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        let mut catalog =
            Catalog { actions: crate::local::actions(), triggers: trigger::all(), serves: BTreeMap::new() };
        for connector in self.connectors.values() {
            let mut names: Vec<&'static str> = connector.actions.iter().map(|action| action.name).collect();
            // A reply is one of two calls: whoever performs both can reply.
            if let [Some(text), Some(_)] = [SendText::NAME, SendTemplate::NAME]
                .map(|name| connector.actions.iter().find(|action| action.name == name))
            {
                names.push(Reply::NAME);
                catalog.actions.insert(Reply::NAME, ActionSpec::of::<Reply>(text.repeat));
            }
            catalog.serves.insert(connector.name, names);
            for action in &connector.actions {
                catalog.actions.entry(action.name).or_insert_with(|| action.clone());
            }
        }
        catalog
    }
}

/// Everything a flow can name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Actions by full name. Those of [`crate::local`] happen inside the turn and need no connection.
    pub actions: BTreeMap<&'static str, ActionSpec>,
    /// Triggers by full name.
    pub triggers: BTreeMap<&'static str, TriggerSpec>,
    /// Which connector performs which actions.
    pub serves: BTreeMap<&'static str, Vec<&'static str>>,
}
