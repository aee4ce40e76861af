//! The seven roles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody is here. The number is what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Role {
    /// Reads flows and figures.
    Viewer = 1,
    /// Reads the log too, with personal data masked, and takes it out.
    Auditor = 2,
    /// Works the inbox.
    Agent = 3,
    /// Sees all conversations, reassigns them, reads the team's figures.
    TeamLead = 4,
    /// Edits drafts and tries them; with *publisher*, puts them live, retries and stops sending.
    Ops = 5,
    /// Edits tag rules, mappings, contacts, tags and segments.
    CrmAdmin = 6,
    /// Everything, users and connections included.
    Admin = 7,
}

impl Role {
    /// All of them, from the one that may least.
    pub const ALL: [Self; 7] =
        [Self::Viewer, Self::Auditor, Self::Agent, Self::TeamLead, Self::Ops, Self::CrmAdmin, Self::Admin];

    /// Its name, as the API and the command line write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Auditor => "auditor",
            Self::Agent => "agent",
            Self::TeamLead => "team_lead",
            Self::Ops => "ops",
            Self::CrmAdmin => "crm_admin",
            Self::Admin => "admin",
        }
    }
}

/// The text names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role: write viewer, auditor, agent, team_lead, ops, crm_admin or admin")]
pub struct NoRole(String);

impl std::str::FromStr for Role {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| NoRole(text.chars().take(40).collect()))
    }
}
