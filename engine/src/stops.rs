//! *Stop all sending*: messages of the whole workspace, of a channel or of a flow are held until a person releases them (A11).
//!
//! Held means: planned, in order, on disk, not started. Their deadlines go on: nothing stale is sent on release.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::clock::At;

/// What sends nothing. Stored as text: `all`, `channel:<connection>`, `flow:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Scope {
    /// The whole workspace.
    All,
    /// A connection.
    Channel(String),
    /// A flow.
    Flow(String),
}

/// The text is none of the three.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names nothing that sends: write `all`, `channel:<connection>` or `flow:<id>`")]
pub struct NoScope(String);

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Self, NoScope> {
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some(("channel", id)) if !id.is_empty() => Ok(Self::Channel(id.to_owned())),
            Some(("flow", id)) if !id.is_empty() => Ok(Self::Flow(id.to_owned())),
            _ => Err(NoScope(text.to_owned())),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Channel(id) => write!(f, "channel:{id}"),
            Self::Flow(id) => write!(f, "flow:{id}"),
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = NoScope;

    fn try_from(text: String) -> Result<Self, NoScope> {
        text.parse()
    }
}

/// A stop as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// What sends nothing.
    pub scope: Scope,
    /// Who stopped it.
    pub by: String,
    /// When.
    pub at: At,
}

/// What a work does to stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopOp {
    /// Stops; one that is there already stays as it is.
    Set(Stop),
    /// Releases.
    Lift(Scope),
}

/// Everything that is stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stops(pub BTreeSet<Scope>);

impl Stops {
    /// Whether a call of `action` through `connection` is held; `flow` is asked for only if any flow is stopped.
    #[must_use]
    pub fn hold(&self, action: &str, connection: &str, flow: impl FnOnce() -> Option<String>) -> bool {
        if self.0.is_empty() || !sends(action) {
            return false;
        }
        if self.0.contains(&Scope::All) || self.0.contains(&Scope::Channel(connection.to_owned())) {
            return true;
        }
        let any_flow = self.0.iter().any(|scope| matches!(scope, Scope::Flow(_)));
        any_flow && flow().is_some_and(|flow| self.0.contains(&Scope::Flow(flow)))
    }
}

/// Whether an action sends something to a customer.
#[must_use]
pub fn sends(action: &str) -> bool {
    action.starts_with("whatsapp.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops(scopes: &[&str]) -> Stops {
        Stops(scopes.iter().map(|scope| scope.parse().unwrap()).collect())
    }

    #[test]
    fn scopes_are_read_as_they_are_written() {
        for text in ["all", "channel:wa-main", "flow:order-to-ticket"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        assert!("everything".parse::<Scope>().is_err());
        assert!("flow:".parse::<Scope>().is_err());
    }

    #[test]
    fn only_what_is_stopped_is_held_and_only_messages() {
        let flow = || Some("a".to_owned());
        assert!(stops(&["all"]).hold("whatsapp.send_text", "wa", flow));
        assert!(!stops(&["all"]).hold("crm.create_ticket", "crm", flow));
        assert!(stops(&["channel:wa"]).hold("whatsapp.send_text", "wa", flow));
        assert!(!stops(&["channel:other"]).hold("whatsapp.send_text", "wa", flow));
        assert!(stops(&["flow:a"]).hold("whatsapp.send_text", "wa", flow));
        assert!(!stops(&["flow:b"]).hold("whatsapp.send_text", "wa", flow));
        assert!(!stops(&[]).hold("whatsapp.send_text", "wa", flow));
    }
}
