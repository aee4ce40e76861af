//! A document as the editor sees it: its draft, its versions, and who owns it.

use std::path::{Path, PathBuf};

use engine::flow::Kind;
use engine::ids::VersionId;
use engine::store::{DraftRow, Editing, Error, Reads, VersionRow, VersionState};

use crate::app::App;

/// What is stored of one document.
#[derive(Debug)]
pub(crate) struct Edited {
    /// Its id.
    pub(crate) id: String,
    /// All its versions, newest first.
    pub(crate) versions: Vec<VersionRow>,
    /// Its draft, also one without a text.
    pub(crate) draft: Option<DraftRow>,
}

impl Edited {
    /// Reads it.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn read(app: &App, id: &str) -> Result<Self, Error> {
        let store = app.engine.store();
        Ok(Self { id: id.to_owned(), versions: store.versions_of(id).await?, draft: store.draft(id).await? })
    }

    /// Whether there is such a document: a draft, or a version that was not removed.
    pub(crate) fn exists(&self) -> bool {
        self.saved().is_some() || self.versions.iter().any(|row| row.state != VersionState::Old)
    }

    /// The version in force, live or switched off.
    pub(crate) fn in_force(&self) -> Option<&VersionRow> {
        self.versions.iter().find(|row| matches!(row.state, VersionState::Live | VersionState::Off))
    }

    /// The version in force, else one that was imported and not published, else the newest.
    pub(crate) fn current(&self) -> Option<&VersionRow> {
        let imported = || self.versions.iter().find(|row| row.state == VersionState::Draft);
        self.in_force().or_else(imported).or(self.versions.first())
    }

    /// The text of its draft.
    pub(crate) fn saved(&self) -> Option<&str> {
        self.draft.as_ref()?.text.as_deref()
    }

    /// The text to edit: that of the draft, else that of the current version.
    pub(crate) fn text(&self) -> Option<&str> {
        self.saved().or_else(|| self.current().map(|row| row.source.as_str()))
    }

    /// The text that publishing puts in force: that of the draft, else that of a version which was imported and not published.
    pub(crate) fn unpublished(&self) -> Option<&str> {
        let imported = || self.current().filter(|row| row.state == VersionState::Draft).map(|row| row.source.as_str());
        self.saved().or_else(imported)
    }

    /// The draft's revision; 0 when there never was one.
    pub(crate) fn revision(&self) -> i64 {
        self.draft.as_ref().map_or(0, |draft| draft.revision)
    }

    /// The version that a draft is made from.
    pub(crate) fn base(&self) -> Option<VersionId> {
        match &self.draft {
            Some(draft) if draft.text.is_some() => draft.based_on,
            _ => self.current().map(|row| row.id),
        }
    }

    /// What it is.
    pub(crate) fn kind(&self) -> Kind {
        let of_draft = self.draft.as_ref().map(|draft| draft.kind);
        self.current().map(|row| row.kind).or(of_draft).unwrap_or_default()
    }

    /// The file it belongs to.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let row = self.current().filter(|row| row.state != VersionState::Old)?;
        row.owner.strip_prefix("file:").map(PathBuf::from)
    }

    /// The file because of which it cannot be changed here: it belongs to one, and files are not written.
    pub(crate) fn read_only(&self, app: &App) -> Option<PathBuf> {
        let writable = |file: &Path| app.flows_writable.as_ref().is_some_and(|folder| file.starts_with(folder));
        self.file().filter(|file| !writable(file))
    }
}
