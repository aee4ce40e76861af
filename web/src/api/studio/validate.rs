//! Checks of a text, as somebody types it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::flow::{PlacedProblem, Summary};
use engine::store::Reads;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::extract::Body;
use super::super::templates;
use crate::app::App;
use crate::error::ApiError;

/// A text to check.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Validate {
    /// The text; any text at all.
    text: String,
    /// The document that it is edited as: its text must name this id.
    #[serde(default)]
    id: Option<String>,
    /// Only problems at this place or below are wanted: `steps/2`. Default: all.
    #[serde(default)]
    path: Option<String>,
}

/// What the check found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Validated {
    /// Errors and warnings in the order of the text, each with its range and its place in the tree.
    pub(super) problems: Vec<PlacedProblem>,
    /// What the text says of itself; `null` when it is no YAML.
    summary: Option<Summary>,
}

/// `POST /flows/validate`: never fails on a text, whatever it is.
pub(crate) async fn validate(
    State(app): State<Arc<App>>,
    Body(asked): Body<Validate>,
) -> Result<Json<Validated>, ApiError> {
    let Validate { text, id, path } = asked;
    let mut validated = check(&app, text, id).await?;
    if let Some(path) = path {
        let within = |at: &str| at.strip_prefix(&*path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        validated.problems.retain(|placed| placed.path.as_deref().is_some_and(within));
    }
    Ok(Json(validated))
}

/// What is said of templates, which an account may have got a minute ago.
const OF_TEMPLATES: [&str; 3] = ["unknown_template", "missing_variable", "unknown_variable"];

/// Checks a text against what is here, on a thread that may take its time.
pub(super) async fn check(app: &Arc<App>, text: String, id: Option<String>) -> Result<Validated, ApiError> {
    app.checker.put_templates(&app.connections);
    let validated = against_known(app, text.clone(), id.clone()).await?;
    let of_templates = validated.problems.iter().any(|placed| OF_TEMPLATES.contains(&placed.problem.code));
    if of_templates && templates::renew(app).await { against_known(app, text, id).await } else { Ok(validated) }
}

async fn against_known(app: &Arc<App>, text: String, id: Option<String>) -> Result<Validated, ApiError> {
    let stored = app.engine.store().flows().await?;
    let checker = Arc::clone(&app.checker);
    let checked = tokio::task::spawn_blocking(move || {
        let (problems, outline) = checker.validate(&text, id.as_deref(), &stored);
        Validated { problems, summary: outline.map(|outline| outline.summary()) }
    });
    checked.await.map_err(ApiError::internal)
}
