//! Versions of a document: what was in force when, who put it there, and with which words.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use engine::flow::Kind;
use engine::ids::VersionId;
use engine::store::{Editing, PublicationRow, VersionRow, VersionState};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::extract::Id;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::publish::version;

/// One version.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Version {
    /// Its id.
    version: VersionId,
    /// Counts the versions of the document, from 1.
    number: usize,
    /// What the document is.
    kind: Kind,
    /// SHA-256 of its meaning: versions that do the same have the same.
    hash: String,
    /// Where it stands.
    state: VersionState,
    /// When it was put in force last; when it was never, when it was stored.
    published_at: String,
    /// Who did.
    by: String,
    /// Who wrote it, in the order of their first change; empty when it was no draft here.
    authors: Vec<String>,
    /// The words of whoever put it in force.
    comment: String,
    /// Whether it was then put back over a newer one.
    rollback: bool,
}

impl Version {
    fn of(row: &VersionRow, number: usize, publications: &[PublicationRow]) -> Self {
        let mut of_version = publications.iter().filter(|publication| publication.version == row.id);
        // Putting a version back writes nothing anew: its authors stand where it was published first.
        let written = of_version.clone().find(|publication| !publication.authors.is_empty());
        let published = of_version.next();
        Self {
            version: row.id,
            number,
            kind: row.kind,
            hash: hex::encode(row.meaning),
            state: row.state,
            published_at: published.map_or(row.at, |publication| publication.at).to_string(),
            by: published.map_or(&row.by, |publication| &publication.by).clone(),
            authors: written.map(|publication| publication.authors.clone()).unwrap_or_default(),
            comment: published.map(|publication| publication.comment.clone()).unwrap_or_default(),
            rollback: published.is_some_and(|publication| publication.rollback),
        }
    }
}

/// All versions of a document.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Versions {
    /// Newest first.
    versions: Vec<Version>,
}

/// `GET /flows/{id}/versions`
pub(crate) async fn list(State(app): State<Arc<App>>, Id(id): Id<String>) -> Result<Json<Versions>, ApiError> {
    let edited = super::edited(&app, &id).await?;
    let publications = app.engine.store().published(&id).await?;
    let numbered = edited.versions.iter().zip((1..=edited.versions.len()).rev());
    let versions = numbered.map(|(row, number)| Version::of(row, number, &publications)).collect();
    Ok(Json(Versions { versions }))
}

/// A version with its text.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WithText {
    #[serde(flatten)]
    version: Version,
    /// The text, byte for byte.
    text: String,
}

/// `GET /flows/{id}/versions/{version}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path((id, wanted)): Path<(String, VersionId)>,
) -> Result<Json<WithText>, ApiError> {
    let edited = super::edited(&app, &id).await?;
    let row = version(&edited, wanted);
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("version {wanted} of `{id}`")))?;
    let publications = app.engine.store().published(&id).await?;
    let number = edited.versions.iter().filter(|other| other.id <= wanted).count();
    Ok(Json(WithText { version: Version::of(row, number, &publications), text: row.source.clone() }))
}
