//! The workspace as documents: what an import would do, doing it, and taking everything out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::Permission;
use engine::publication::Choices;
use engine::store::Reads;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::extract::Body;
use super::templates;
use crate::accounts::Who;
use crate::app::App;
use crate::flows::checklist::{self, Need};
use crate::flows::{self, Document, Owner, Plan};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// The documents.
    documents: Vec<Document>,
    /// Whether they go live; else they are drafts.
    #[serde(default)]
    publish: bool,
    /// By flow and step: what becomes of runs that wait there, instead of what the step says.
    #[serde(default)]
    waiting: BTreeMap<String, Choices>,
}

/// Documents that are to be brought in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ImportDocuments")]
pub(crate) struct Documents {
    documents: Vec<Document>,
}

/// What documents need of this installation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportChecklist")]
pub(crate) struct Checklist {
    needs: Vec<Need>,
}

/// `POST /workspace/needs`: what the documents need, and which of it is here; also of those that a plan refuses because it is not.
pub(crate) async fn needs(State(app): State<Arc<App>>, Body(asked): Body<Documents>) -> Answer<Checklist> {
    Ok(Json(Checklist { needs: checklist::of(&app, &asked.documents).await? }))
}

/// `POST /workspace/plan`: what an import would do.
pub(crate) async fn plan(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(import): Body<Import>,
) -> Answer<Imported> {
    bring_in(&app, &who, import, false).await
}

/// `POST /workspace/import`: does it, all or nothing.
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(import): Body<Import>,
) -> Answer<Imported> {
    if import.publish {
        who.expect(Permission::FlowsPublish)?;
    }
    bring_in(&app, &who, import, true).await
}

/// The documents in force, byte for byte.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Workspace {
    documents: Vec<Document>,
}

/// `GET /workspace`.
pub(crate) async fn export(State(app): State<Arc<App>>) -> Answer<Workspace> {
    let mut documents = Vec::new();
    for row in app.engine.store().flows().await? {
        documents.push(Document { path: format!("{}.yaml", row.flow), text: row.source });
    }
    Ok(Json(Workspace { documents }))
}

/// What an import changes.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Imported {
    /// Whether it was done.
    applied: bool,
    #[serde(flatten)]
    plan: Plan,
}

async fn bring_in(app: &App, who: &Who, import: Import, apply: bool) -> Answer<Imported> {
    let Import { documents, publish, waiting } = import;
    templates::renew(app).await;
    let plan = flows::bring_in(app, &documents, Owner::Import, publish, who.by(), apply, &waiting).await?;
    Ok(Json(Imported { applied: apply, plan }))
}
