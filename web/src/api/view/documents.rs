//! Stored texts of documents.

use engine::flow::Kind;
use engine::ids::VersionId;
use engine::store::{VersionRow, VersionState};
use schemars::JsonSchema;
use serde::Serialize;

use super::Time;

/// A stored text of a flow, of rules or of a calendar.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DocumentVersion")]
pub(crate) struct Version {
    pub(crate) kind: Kind,
    /// The document's id.
    pub(crate) flow: String,
    pub(crate) version: VersionId,
    pub(crate) state: VersionState,
    /// Counts texts of the same meaning, from 1.
    pub(crate) text_no: i64,
    pub(crate) owner: Owner,
    /// The file it was loaded from.
    pub(crate) file: Option<String>,
    /// Who put it there.
    pub(crate) by: String,
    pub(crate) at: Time,
    /// SHA-256 of its meaning, hex.
    pub(crate) meaning: String,
}

/// Who owns a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DocumentOwner")]
pub(crate) enum Owner {
    /// A file under `--flows`: it is changed there.
    File,
    /// The workspace: it was imported or made in the editor.
    Editor,
}

impl From<&VersionRow> for Version {
    fn from(row: &VersionRow) -> Self {
        let file = row.owner.strip_prefix("file:").map(str::to_owned);
        Self {
            kind: row.kind,
            flow: row.flow.clone(),
            version: row.id,
            state: row.state,
            text_no: row.text_no,
            owner: if file.is_some() { Owner::File } else { Owner::Editor },
            file,
            by: row.by.clone(),
            at: Time(row.at),
            meaning: hex::encode(row.meaning),
        }
    }
}
