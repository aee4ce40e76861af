//! Putting a text in force from the editor: a draft, or an older version again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engine::clock::At;
use engine::flow::Document;
use engine::ids::VersionId;
use engine::publication::Choices;
use engine::store::{DraftRow, EditOp, PublicationRow, Reads, VersionRow};

use super::edited::Edited;
use super::{Manner, Owner, files, plan, problems};
use crate::app::App;

/// Why a text was not put in force. Nothing changed then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The text has problems, or the store said no.
    #[error(transparent)]
    Flows(#[from] super::Error),
    /// The document belongs to a file, and files are not written here.
    #[error("`{}` belongs to the file {}: change it there, or start the server with --flows-writable", id, file.display())]
    ReadOnly {
        /// The document.
        id: String,
        /// Its file.
        file: PathBuf,
    },
    /// Its file cannot be written.
    #[error("{}: {why}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
}

impl From<engine::store::Error> for Error {
    fn from(error: engine::store::Error) -> Self {
        Self::Flows(error.into())
    }
}

/// What is put in force, by whom, with which words.
#[derive(Clone, Debug)]
pub(crate) struct Publication<'a> {
    /// The text.
    pub(crate) text: &'a str,
    /// Who does it.
    pub(crate) by: &'a str,
    /// Their words; may be empty.
    pub(crate) comment: &'a str,
    /// Whether an older version is put back: then the draft stays.
    pub(crate) rollback: bool,
    /// What becomes of runs that wait on other versions, by step; what is missing says the step itself.
    pub(crate) choices: Choices,
}

/// Puts a text of `edited` in force; a document that is switched off stays off. The caller holds [`App::importing`].
///
/// # Errors
/// When the text has errors or another id, the document belongs to a file that may not be written, or the store fails.
pub(crate) async fn publish(app: &App, edited: &Edited, what: Publication<'_>) -> Result<VersionId, Error> {
    if let Some(file) = edited.read_only(app) {
        return Err(Error::ReadOnly { id: edited.id.clone(), file });
    }
    let file = edited.file();
    let (owner, path) = match &file {
        Some(file) => (Owner::Edited, file.display().to_string()),
        None => (Owner::Editor, format!("{}.yaml", edited.id)),
    };
    let document = Document { owner: owner.name(&path), path: path.clone(), text: what.text.to_owned() };
    let mut stored = app.engine.store().flows().await?;
    stored.retain(|row| row.flow != edited.id);
    stored.extend(edited.versions.iter().cloned());
    let documents = [document];
    let mut planned = app.checker.plan(&documents, &stored);
    let other = engine::flow::outline(what.text).and_then(|outline| outline.other_id(&edited.id));
    let named = other.is_none();
    planned.items[0].problems.extend(other);
    if !planned.possible() || !named {
        return Err(super::Error::Problems(problems(&planned)).into());
    }
    let at = app.clock.now();
    let manner = Manner { owner, publish: true, by: what.by, at };
    let mut plan = plan::rows(planned, &documents, &stored, manner, &mut || VersionId(app.ids.next(at)));
    let version = plan.changes.first().map_or(VersionId::default(), |change| change.version);
    let edits = noted(edited, &what, version, at);
    let choices = BTreeMap::from([(edited.id.clone(), what.choices)]);
    let (rows, versions) = (std::mem::take(&mut plan.rows), std::mem::take(&mut plan.versions));
    // The file first: when the process dies between the two, the next start loads what the file says.
    let before = file.as_deref().map(|file| write(file, what.text)).transpose()?;
    let stored = app.engine.publish_with(rows, versions, what.by, &choices, edits).await;
    if let (Err(_), Some(file), Some(before)) = (&stored, &file, before)
        && let Err(why) = files::replace(file, &before)
    {
        tracing::error!(file = %file.display(), %why, "the file holds a text that could not be published");
    }
    stored?;
    Ok(version)
}

/// That it was published, and that its draft is done with.
fn noted(edited: &Edited, what: &Publication<'_>, version: VersionId, at: At) -> Vec<EditOp> {
    let mut edits = vec![EditOp::Published(PublicationRow {
        flow: edited.id.clone(),
        version,
        at,
        by: what.by.to_owned(),
        comment: what.comment.to_owned(),
        rollback: what.rollback,
        authors: if what.rollback { Vec::new() } else { edited.authors() },
    })];
    if !what.rollback {
        edits.extend(edited.draft.as_ref().map(|draft| closed(draft, what.by, at)));
    }
    edits
}

/// A draft after it was published or thrown away.
pub(crate) fn closed(draft: &DraftRow, by: &str, at: At) -> EditOp {
    let revision = draft.revision + 1;
    let authors = Vec::new();
    EditOp::Draft(DraftRow { text: None, revision, based_on: None, by: by.to_owned(), at, authors, ..draft.clone() })
}

/// Writes the file and gives what it held before.
fn write(file: &Path, text: &str) -> Result<String, Error> {
    let failed = |why| Error::File { file: file.to_owned(), why };
    let before = std::fs::read_to_string(file).map_err(failed)?;
    if before != text {
        files::replace(file, text).map_err(failed)?;
    }
    Ok(before)
}

/// The version of `edited` with this id.
pub(crate) fn version(edited: &Edited, id: VersionId) -> Option<&VersionRow> {
    edited.versions.iter().find(|row| row.id == id)
}
