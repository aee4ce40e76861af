//! Where documents name a template, a tag, a team, a connection or a flow.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::flow::{self, Named};
use engine::store::Reads;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::extract::Params;
use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// `template`, `tag`, `team`, `connection` or `flow`.
    kind: String,
    /// Its name.
    name: String,
}

/// Where something is named, by document and in the order of its text.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Uses {
    uses: Vec<UsedAt>,
}

/// A place where it is named.
#[derive(Debug, Serialize, JsonSchema)]
struct UsedAt {
    /// The document's id.
    flow: String,
    /// Keys and places joined by `/`, such as `steps/2/with/template`.
    path: String,
    /// Line, from 1.
    line: u32,
}

/// `GET /uses`: in the texts in force, and in drafts of documents that are not in force.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(asked): Params<Asked>) -> Answer<Uses> {
    let named: Named =
        asked.kind.parse().map_err(|error: flow::UnknownNamed| ApiError::bad_request(error.to_string()))?;
    let mut uses = Vec::new();
    for row in app.engine.store().flows().await? {
        let places = flow::uses(&row.source, named, &asked.name).into_iter();
        uses.extend(places.map(|at| UsedAt { flow: row.flow.clone(), path: at.path, line: at.line }));
    }
    Ok(Json(Uses { uses }))
}
