//! A document as the editor sees it: its draft, its versions, and who owns it.

use std::path::{Path, PathBuf};

use engine::flow::Kind;
use engine::ids::VersionId;
use engine::store::{DraftRow, Editing, Error, Reads, VersionRow, VersionState};

use crate::accounts::who::is_same_one;
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

    /// Who wrote the text that is not published, in the order of their first change; nobody when there is none.
    pub(crate) fn authors(&self) -> Vec<String> {
        let last = |by: &String| vec![by.clone()];
        match &self.draft {
            Some(draft) if draft.text.is_some() && draft.authors.is_empty() => last(&draft.by),
            Some(draft) if draft.text.is_some() => draft.authors.clone(),
            _ => self
                .current()
                .filter(|row| row.state == VersionState::Draft)
                .map(|row| last(&row.by))
                .unwrap_or_default(),
        }
    }

    /// The same once `by` has written too.
    pub(crate) fn authors_with(&self, by: &str) -> Vec<String> {
        let mut authors = if self.saved().is_some() { self.authors() } else { Vec::new() };
        if !authors.iter().any(|author| is_same_one(author, by)) {
            authors.push(by.to_owned());
        }
        authors
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

#[cfg(test)]
mod tests {
    use super::*;
    use engine::clock::At;

    fn edited(text: Option<&str>, by: &str, authors: &[&str]) -> Edited {
        let draft = DraftRow {
            flow: "greet".to_owned(),
            kind: Kind::Flow,
            text: text.map(str::to_owned),
            revision: 3,
            based_on: None,
            by: by.to_owned(),
            at: At(1),
            authors: authors.iter().map(|&author| author.to_owned()).collect(),
        };
        Edited { id: draft.flow.clone(), versions: Vec::new(), draft: Some(draft) }
    }

    #[test]
    fn everybody_who_wrote_is_an_author_once_whatever_their_name_became() {
        let edited = edited(Some("a"), "user:usr_2 Ugo", &["user:usr_1 Mia", "user:usr_2 Ugo"]);
        assert_eq!(edited.authors_with("user:usr_1 Mia Rossi"), ["user:usr_1 Mia", "user:usr_2 Ugo"]);
        assert_eq!(edited.authors_with("cli"), ["user:usr_1 Mia", "user:usr_2 Ugo", "cli"]);
    }

    #[test]
    fn a_draft_of_before_authors_were_kept_has_its_last_one_and_a_new_draft_begins_anew() {
        assert_eq!(edited(Some("a"), "user:usr_1 Mia", &[]).authors_with("cli"), ["user:usr_1 Mia", "cli"]);
        assert_eq!(edited(None, "user:usr_1 Mia", &[]).authors_with("cli"), ["cli"]);
        assert_eq!(edited(None, "user:usr_1 Mia", &[]).authors(), [""; 0]);
    }
}
