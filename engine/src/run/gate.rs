//! Where runs of one flow and key are counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::MailboxId;

/// The gate of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// A digest of flow and key; the mailbox that counts, unless the run's own does.
    pub id: MailboxId,
    /// Whether the run's own mailbox counts, because it is the only one that meets this key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// A gate with the key that led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyed {
    /// The gate.
    pub gate: Gate,
    /// The key, which may be personal: only the journal's values hold it.
    pub key: Value,
}
