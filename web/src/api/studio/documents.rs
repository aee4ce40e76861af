//! New documents: from a text, from the library, or as a copy of another one. They begin as drafts.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use engine::flow::{self, Outline};
use engine::sentence;
use engine::store::{EditOp, Editing, MetaRow, VersionRow, VersionState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::extract::{Body, Id, IfMatch, Params};
use super::drafts::{Draft, changed};
use super::locks::Done;
use super::within_bounds;
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::edited::Edited;
use crate::flows::library;
use crate::flows::locks::Editor;
use crate::flows::publish;

/// Most labels of a document, and their longest.
const MOST_LABELS: usize = 20;
const MOST_LABEL: usize = 40;
/// Longest folder, in characters.
const MOST_FOLDER: usize = 200;

/// What a new document begins with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    /// A text. Either this or `from`.
    #[serde(default)]
    text: Option<String>,
    /// A document of the library, or one that is here.
    #[serde(default)]
    from: Option<From>,
    /// Its id, 1 to 64 characters, kebab-case. Default: the one its text names; of a copy, that with a number behind it.
    #[serde(default)]
    id: Option<String>,
    /// Its name for people. Default: that of its text.
    #[serde(default)]
    name: Option<String>,
}

/// Where a copy comes from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum From {
    /// The id of a document of the library.
    Library(String),
    /// A document that is here.
    Here {
        /// Its id.
        flow: String,
    },
}

/// A document that is new.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Created {
    /// Its id.
    id: String,
    /// Its draft.
    draft: Draft,
}

/// `POST /flows`: a new document. Nothing starts it before it is published.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    let copy = create.from.is_some();
    let text = source(&app, create.text, create.from).await?;
    within_bounds(&text)?;
    let _one_at_a_time = app.importing.lock().await;
    let outline = flow::outline(&text);
    let named = outline.as_ref().map(|outline| outline.summary().id).filter(|id| !id.is_empty());
    let id = match (create.id, named) {
        (Some(id), _) => id,
        (None, Some(id)) if copy => free(&app, &id).await?,
        (None, Some(id)) => id,
        (None, None) => return Err(ApiError::bad_request("the text names no id: say `id`")),
    };
    if !flow::is_document_id(&id) {
        let hint = "1 to 64 small letters, digits and single hyphens, first a letter: order-to-ticket";
        return Err(ApiError::bad_request(sentence!("`{id}` is no id: {hint}", id, hint)));
    }
    let edited = Edited::read(&app, &id).await?;
    if edited.exists() {
        return Err(ApiError::conflict_of(
            "taken",
            sentence!("there is a document `{id}` already", id),
            &json!({ "id": id }),
        ));
    }
    let text = renamed(text, outline.as_ref(), &id, create.name.as_deref());
    let row = changed(&app, &edited, &text, who.by());
    super::may_edit(&who, row.kind)?;
    app.engine.edit(vec![EditOp::Draft(row)], Some(("draft.created", &id, json!({}))), who.by()).await?;
    let edited = Edited::read(&app, &id).await?;
    let editor = Editor { by: who.by().to_owned(), session: String::new() };
    let draft = Draft::of(&app, &edited, &editor).await?;
    Ok((StatusCode::CREATED, Json(Created { id, draft })))
}

/// The text to begin with.
async fn source(app: &App, text: Option<String>, from: Option<From>) -> Result<String, ApiError> {
    match (text, from) {
        (Some(text), None) => Ok(text),
        (None, Some(From::Library(id))) => {
            let text = library::text(&id).ok_or_else(|| ApiError::not_found(format_args!("`{id}` in the library")))?;
            Ok(text.to_owned())
        }
        (None, Some(From::Here { flow })) => {
            let edited = super::edited(app, &flow).await?;
            Ok(edited.text().unwrap_or_default().to_owned())
        }
        (Some(_), Some(_)) | (None, None) => Err(ApiError::bad_request("say either `text` or `from`")),
    }
}

/// `id`, or with the first number behind it that makes it free.
async fn free(app: &App, id: &str) -> Result<String, ApiError> {
    let mut found = id.to_owned();
    let mut number = 1;
    while Edited::read(app, &found).await?.exists() {
        number += 1;
        found = format!("{id}-{number}");
    }
    Ok(found)
}

/// The text with another id, and another name if one is given. Everything else stays byte for byte.
fn renamed(text: String, outline: Option<&Outline>, id: &str, name: Option<&str>) -> String {
    let Some(outline) = outline else { return text };
    let Some(at) = outline.span(outline.summary().kind.key()) else { return text };
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    if outline.summary().id != id {
        changes.push((at.clone(), id.to_owned()));
    }
    if let Some(name) = name {
        // JSON's quotes are YAML's.
        let name = serde_json::Value::from(name).to_string();
        match outline.span("name") {
            Some(there) => changes.push((there, name)),
            // On a line of its own behind the id's, which nothing but a comment can follow.
            None => {
                let end = text[at.end..].find('\n').map_or(text.len(), |end| at.end + end);
                changes.push((end..end, format!("\nname: {name}")));
            }
        }
    }
    changes.sort_by_key(|(range, _)| range.start);
    let mut out = text;
    for (range, new) in changes.into_iter().rev() {
        out.replace_range(range, &new);
    }
    out
}

/// Where a document stands among others.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meta {
    /// Its labels: at most 20, each of 1 to 40 characters. Default: none.
    #[serde(default)]
    labels: Vec<String>,
    /// Its folder, at most 200 characters. Default: none.
    #[serde(default)]
    folder: String,
}

/// Where a document stands now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Labelled {
    labels: Vec<String>,
    folder: String,
    /// For the next change, in `If-Match`.
    revision: String,
}

/// `PUT /flows/{id}/meta`: labels and folder, for people. `If-Match` is `meta_revision` of the list; `"0"` before the first change.
pub(crate) async fn label(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    IfMatch(read): IfMatch,
    Body(meta): Body<Meta>,
) -> Result<Json<Labelled>, ApiError> {
    let meta = checked(&meta)?;
    let _one_at_a_time = app.importing.lock().await;
    super::may_edit(&who, super::edited(&app, &id).await?.kind())?;
    let stored = app.engine.store().metas().await?.into_iter().find(|row| row.flow == id);
    let current = stored.as_ref().map_or(0, |row| row.rev);
    super::expect_read(&id, current, read)?;
    let details = json!(meta);
    let Meta { labels, folder } = meta;
    let row = MetaRow { flow: id.clone(), labels: labels.clone(), folder: folder.clone(), rev: current + 1 };
    app.engine.edit(vec![EditOp::Meta(row)], Some(("flow.labelled", &id, details)), who.by()).await?;
    Ok(Json(Labelled { labels, folder, revision: (current + 1).to_string() }))
}

/// The same without blanks around them, and each label once.
fn checked(meta: &Meta) -> Result<Meta, ApiError> {
    let mut labels: Vec<String> = Vec::new();
    for label in meta.labels.iter().map(|label| label.trim()) {
        if !(1..=MOST_LABEL).contains(&label.chars().count()) {
            return Err(ApiError::bad_request(sentence!(
                "a label has 1 to {most_label} characters",
                most_label = MOST_LABEL
            )));
        }
        if !labels.iter().any(|known| known == label) {
            labels.push(label.to_owned());
        }
    }
    let folder = meta.folder.trim().to_owned();
    if labels.len() > MOST_LABELS || folder.chars().count() > MOST_FOLDER {
        let why = sentence!(
            "at most {most_labels} labels, and a folder of at most {most_folder} characters",
            most_labels = MOST_LABELS,
            most_folder = MOST_FOLDER
        );
        return Err(ApiError::bad_request(why));
    }
    Ok(Meta { labels, folder })
}

/// What becomes of runs that are not over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remove {
    /// `finish`: they go on until they are over. Default: a document with such runs is not deleted.
    #[serde(default)]
    runs: Option<Runs>,
}

/// What can become of them.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Runs {
    /// They go on until they are over.
    Finish,
}

/// `DELETE /flows/{id}`: it starts nothing any more, and its draft is thrown away. Its versions stay, for its runs and the log.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Params(remove): Params<Remove>,
) -> Result<Json<Done>, ApiError> {
    let _one_at_a_time = app.importing.lock().await;
    let edited = super::edited(&app, &id).await?;
    if !edited.exists() {
        return Err(ApiError::not_found(format_args!("`{id}`")));
    }
    super::may_publish(&who, edited.kind())?;
    if let Some(file) = edited.file() {
        let message =
            sentence!("`{id}` belongs to the file {file}: remove that", id, file = file.display().to_string());
        return Err(ApiError::conflict_of("read_only", message, &json!({ "file": file })));
    }
    let open = app.engine.waiting(&id).await?.runs;
    if open > 0 && remove.runs.is_none() {
        let message =
            format!("{open} runs of `{id}` are not over: let them finish with `?runs=finish`, or end them first");
        return Err(ApiError::conflict_of("runs_open", message, &json!({ "runs": open })));
    }
    let at = app.clock.now();
    let alive = edited.versions.iter().filter(|row| row.state != VersionState::Old);
    let rows = alive.map(|row| VersionRow { state: VersionState::Old, by: who.by().to_owned(), at, ..row.clone() });
    let rows: Vec<VersionRow> = rows.collect();
    let draft = edited.draft.as_ref().filter(|draft| draft.text.is_some());
    let mut edits = vec![EditOp::Deleted(id.clone())];
    edits.extend(draft.map(|draft| publish::closed(draft, who.by(), at)));
    if rows.is_empty() {
        app.engine.edit(edits, Some(("draft.discarded", &id, json!({}))), who.by()).await?;
    } else {
        app.engine.publish_with(rows, Vec::new(), who.by(), &BTreeMap::new(), edits).await?;
    }
    Ok(Json(Done {}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed_as(text: &str, id: &str, name: Option<&str>) -> String {
        renamed(text.to_owned(), flow::outline(text).as_ref(), id, name)
    }

    #[test]
    fn a_copy_differs_in_nothing_but_id_and_name() {
        let text = "# ours\nformat: 1\nflow: 'one' # it\nname: Größe\non: [manual]\nsteps: []\n";
        let copy = renamed_as(text, "two", Some("A \"b\""));
        assert_eq!(copy, text.replace("'one'", "two").replace("Größe", r#""A \"b\"""#));
        assert_eq!(renamed_as(text, "one", None), text);
        let nameless = "format: 1\nflow: one # it\nsteps: []";
        assert_eq!(renamed_as(nameless, "two", Some("B")), "format: 1\nflow: two # it\nname: \"B\"\nsteps: []");
        assert_eq!(renamed_as(": no yaml", "two", Some("B")), ": no yaml");
    }
}
