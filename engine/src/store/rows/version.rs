//! Texts of documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::flow::Kind;
use crate::ids::VersionId;

/// A stored text of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// Its id.
    pub id: VersionId,
    /// What the document is.
    pub kind: Kind,
    /// The document's id, unique among all kinds: a flow's, or that of a file of rules.
    pub flow: String,
    /// SHA-256 of its meaning.
    pub meaning: [u8; 32],
    /// Counts texts of the same meaning, from 1.
    pub text_no: i64,
    /// The language version it is written in (`format: 1`).
    pub language: i64,
    /// The YAML, verbatim.
    pub source: String,
    /// Where it stands.
    pub state: VersionState,
    /// Who owns it: `file:<name>` for one loaded from `--flows`, `db` for an import.
    pub owner: String,
    /// Who put it there.
    pub by: String,
    /// When.
    pub at: At,
}

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum VersionState {
    /// Not published.
    Draft = 0,
    /// Events start it. One per flow.
    Live = 1,
    /// Published once; runs that began on it stay on it.
    Old = 2,
    /// The flow is switched off.
    Off = 3,
}
