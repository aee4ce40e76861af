//! The CRM that the engine itself calls, beside flows: for call-backs, and to say whose a contact is.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An account at a CRM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The connection.
    pub connection: Arc<str>,
    /// Its connector.
    pub connector: Arc<str>,
}

/// The accounts that are called where nobody names one; `None` where none can do it, or several can and none is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crm {
    /// Makes tickets.
    pub tickets: Option<Account>,
    /// Knows whose a contact is.
    pub owners: Option<Account>,
}

/// When whoever takes something becomes the contact's owner in the CRM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnerToCrm {
    /// Never.
    Never,
    /// When they take a lead (`human.assign`).
    #[default]
    Leads,
    /// When they take a lead or an escalation.
    Always,
}
