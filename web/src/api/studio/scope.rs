//! What an expression can read at a place of a document, with values of the last run that went well; and expressions themselves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::expr::{Condition, condition};
use engine::flow::{self, ExpressionKind, PlacedProblem, Readable};
use engine::ids::{EventId, RunId};
use engine::run::{What, journal};
use engine::store::{Reads, RunFilter, RunStatus, Store};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::extract::Body;
use super::within_bounds;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::Checker;

/// A place in a document.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scope {
    /// The document; it may have problems.
    text: String,
    /// The place: a step, or a key of it: `steps/2/with/subject`.
    path: String,
}

/// What can be read there.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Names {
    /// By name.
    names: Vec<Name>,
    /// The run whose values are the samples.
    sample_run: Option<RunId>,
}

/// One name.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Name {
    #[serde(flatten)]
    readable: Readable,
    /// What it held in the last run that went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<Value>,
}

/// `POST /flows/scope`
pub(crate) async fn scope(State(app): State<Arc<App>>, Body(asked): Body<Scope>) -> Result<Json<Names>, ApiError> {
    within_bounds(&asked.text)?;
    let checker = Checker::of_build(Arc::clone(&app.checker.catalog));
    let work = move || {
        let id = flow::outline(&asked.text).map(|outline| outline.summary().id).unwrap_or_default();
        (id, checker.scope(&asked.text, &asked.path).unwrap_or_default())
    };
    let (id, names) = tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)?;
    let (sample_run, samples) = samples(&app, &id).await?;
    let sample = |readable: Readable| Name { sample: at(&samples, &readable.name), readable };
    Ok(Json(Names { names: names.into_iter().map(sample).collect(), sample_run }))
}

/// The value of a dotted name.
fn at(samples: &Value, name: &str) -> Option<Value> {
    let found = name.split('.').try_fold(samples, |value, part| value.get(part));
    found.filter(|value| !value.is_null()).cloned()
}

/// What the last run of a flow that went well saw: its event, what its steps gave, its variables.
async fn samples(app: &App, flow: &str) -> Result<(Option<RunId>, Value), ApiError> {
    let store = app.engine.store();
    let filter =
        RunFilter { flow: Some(flow.to_owned()), status: Some(RunStatus::Done), limit: 1, ..RunFilter::default() };
    let Some(run) = store.runs(filter).await?.pop() else { return Ok((None, Value::Null)) };
    let (mut steps, mut vars) = (Map::new(), Map::new());
    for row in store.journal(run.id.0).await? {
        for entry in journal::decode(&row).unwrap_or_default() {
            match &entry.what {
                What::Acted { step, .. } => drop(steps.insert(step.to_string(), entry.data["output"].clone())),
                What::Finished { step, .. } | What::Answered { step, .. } => {
                    steps.insert(step.to_string(), entry.data);
                }
                What::Computed { step } => drop(steps.insert(step.to_string(), entry.data["value"].clone())),
                What::Assigned { .. } => vars.extend(entry.data.as_object().cloned().unwrap_or_default()),
                _ => {}
            }
        }
    }
    let event = event(app, run.event_id).await?;
    Ok((Some(run.id), json!({ "event": event, "steps": steps, "vars": vars })))
}

/// An event as expressions see it, as far as it is stored.
async fn event(app: &App, id: EventId) -> Result<Value, ApiError> {
    let Some(row) = app.engine.store().event(id).await? else { return Ok(Value::Null) };
    let mut event: Map<String, Value> =
        row.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let common = [
        ("id", json!(row.id)),
        ("type", json!(row.kind)),
        ("at", json!(row.at.to_string())),
        ("connection", json!(row.connection)),
    ];
    event.extend(common.map(|(name, value)| (name.to_owned(), value)));
    Ok(Value::Object(event))
}

/// An expression, as text or as its parts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expression {
    /// Its text. Either this or `ast`.
    #[serde(default)]
    text: Option<String>,
    /// A condition as its parts, to be written as text.
    #[serde(default)]
    ast: Option<Condition>,
    /// What kind of text it is.
    kind: ExpressionKind,
    /// The document in which it stands, with `path`: then its names are checked too.
    #[serde(default)]
    flow: Option<String>,
    /// Its place there.
    #[serde(default)]
    path: Option<String>,
}

/// An expression that was looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Looked {
    /// Its text.
    text: String,
    /// What is wrong with it; lines and columns are those in the text.
    problems: Vec<PlacedProblem>,
    /// A condition's parts; `null` when it is a formula, and for all that is no condition.
    ast: Option<Condition>,
}

/// `POST /flows/expression`
pub(crate) async fn expression(
    State(app): State<Arc<App>>,
    Body(asked): Body<Expression>,
) -> Result<Json<Looked>, ApiError> {
    let text = match (asked.text, asked.ast) {
        (Some(text), None) => text,
        (None, Some(ast)) => written(&ast)?,
        (Some(_), Some(_)) | (None, None) => return Err(ApiError::bad_request("say either `text` or `ast`")),
    };
    within_bounds(&text)?;
    asked.flow.as_deref().map_or(Ok(()), within_bounds)?;
    let checker = Checker::of_build(Arc::clone(&app.checker.catalog));
    let (kind, flow, path) = (asked.kind, asked.flow, asked.path);
    let work = move || {
        let at = flow.as_deref().zip(path.as_deref());
        let problems = flow::placed(checker.expression(&text, kind, at), &text, None);
        let ast = (kind == ExpressionKind::Condition).then(|| condition(&text)).flatten();
        Looked { text, problems, ast }
    };
    Ok(Json(tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)?))
}

/// A condition as text that reads as the same one.
fn written(ast: &Condition) -> Result<String, ApiError> {
    use std::fmt::Write as _;
    let mut text = String::new();
    let printed = write!(text, "{ast}").is_ok() && condition(&text).as_ref() == Some(ast);
    if printed { Ok(text) } else { Err(ApiError::bad_request("`ast` is no condition that can be written")) }
}
