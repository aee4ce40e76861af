//! The workspace as documents: what an import would do, doing it, and taking everything out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::Permission;
use engine::publication::Choices;
use engine::store::Reads;
use serde::Deserialize;
use serde_json::json;

use super::Answer;
use super::extract::Body;
use crate::accounts::Who;
use crate::app::App;
use crate::flows::{self, Document, Owner};

#[derive(Debug, Deserialize)]
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

/// `POST /workspace/plan`: what an import would do.
pub(crate) async fn plan(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(import): Body<Import>,
) -> Answer {
    bring_in(&app, &who, import, false).await
}

/// `POST /workspace/import`: does it, all or nothing.
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(import): Body<Import>,
) -> Answer {
    if import.publish {
        who.expect(Permission::FlowsPublish)?;
    }
    bring_in(&app, &who, import, true).await
}

/// `GET /workspace`: the flows in force as documents, byte for byte.
pub(crate) async fn export(State(app): State<Arc<App>>) -> Answer {
    let mut documents = Vec::new();
    for row in app.engine.store().flows().await? {
        documents.push(Document { path: format!("{}.yaml", row.flow), text: row.source });
    }
    Ok(Json(json!({ "documents": documents })))
}

async fn bring_in(app: &App, who: &Who, import: Import, apply: bool) -> Answer {
    let Import { documents, publish, waiting } = import;
    let plan = flows::bring_in(app, &documents, Owner::Import, publish, who.by(), apply, &waiting).await?;
    Ok(Json(json!({ "applied": apply, "changes": plan.changes, "problems": plan.problems, "needs": plan.needs })))
}
