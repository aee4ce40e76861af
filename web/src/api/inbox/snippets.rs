//! Texts that agents send often. They are everybody's; who sees all conversations changes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::{Accounts, Op, Refusal, SnippetRow, Told};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::accounts::Who;
use crate::accounts::settings::is_language;
use crate::api::Answer;
use crate::api::extract::{Body, Id, IfMatch};
use crate::app::App;
use crate::error::ApiError;

/// Texts that agents send often, by id.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Snippets {
    snippets: Vec<Snippet>,
}

/// A text that agents send often.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Snippet {
    id: String,
    #[serde(flatten)]
    body: SnippetBody,
    /// For `If-Match`.
    revision: String,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnippetBody {
    /// 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    title: String,
    /// What brings it up behind a `/`; empty = none.
    #[serde(default)]
    #[schemars(length(max = 40))]
    shortcut: String,
    /// The text by language, each 1 to 4096 characters.
    texts: BTreeMap<String, String>,
}

impl SnippetBody {
    fn check(&self) -> Result<(), ApiError> {
        let wrong = |why: &'static str| Err(ApiError::bad_request(why));
        if self.title.trim().is_empty() || self.title.chars().count() > 100 {
            return wrong("title: 1 to 100 characters");
        }
        if self.shortcut.chars().count() > 40 || self.shortcut.chars().any(char::is_whitespace) {
            return wrong("shortcut: at most 40 characters, no space");
        }
        let fits = |text: &String| !text.trim().is_empty() && text.chars().count() <= 4096;
        let known = |language: &String| is_language(&language.replace('_', "-"));
        if self.texts.is_empty() || !self.texts.iter().all(|(language, text)| known(language) && fits(text)) {
            return wrong("texts: at least one, by language such as `it`, each 1 to 4096 characters");
        }
        Ok(())
    }
}

fn shown(row: SnippetRow) -> Result<Snippet, ApiError> {
    let texts = serde_json::from_str(&row.texts).map_err(ApiError::internal)?;
    let body = SnippetBody { title: row.title, shortcut: row.shortcut, texts };
    Ok(Snippet { id: row.id, body, revision: row.rev.to_string() })
}

/// `GET /snippets`.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Snippets> {
    let rows = app.engine.store().snippets().await?;
    Ok(Json(Snippets { snippets: rows.into_iter().map(shown).collect::<Result<_, _>>()? }))
}

/// `PUT /snippets/{id}`: new with revision 0.
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    IfMatch(rev): IfMatch,
    Body(body): Body<SnippetBody>,
) -> Answer<Snippet> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
        return Err(ApiError::bad_request("id: 1 to 64 lower-case letters, digits and `-`"));
    }
    body.check()?;
    let row = SnippetRow {
        id: id.clone(),
        title: body.title.clone(),
        shortcut: body.shortcut.clone(),
        texts: serde_json::to_string(&body.texts).map_err(ApiError::internal)?,
        rev: rev + 1,
        by: who.by().to_owned(),
        at: app.clock.now(),
    };
    let told = Told { what: "snippet.changed", id, data: json!(body) };
    change(&app, &who, told, Op::PutSnippet(row.clone())).await?;
    shown(row).map(Json)
}

/// `DELETE /snippets/{id}`.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    IfMatch(rev): IfMatch,
) -> Answer<Snippets> {
    let told = Told { what: "snippet.removed", id: id.clone(), data: json!({}) };
    change(&app, &who, told, Op::EndSnippet(id, rev)).await?;
    list(State(app)).await
}

async fn change(app: &App, who: &Who, told: Told, op: Op) -> Result<(), ApiError> {
    let id = told.id.clone();
    match app.engine.account(who.by(), vec![told], vec![op]).await? {
        Ok(()) => Ok(()),
        Err(Refusal::Changed) => {
            let rows = app.engine.store().snippets().await?;
            let current = rows.into_iter().find(|row| row.id == id).map(shown).transpose()?;
            Err(ApiError::changed(json!(current)))
        }
        Err(other) => Err(other.into()),
    }
}
