//! The audit chain: sealing, proving, taking out.

use std::sync::Arc;

use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::account::Permission;
use engine::audit::{self, Anchor};
use engine::store;
use futures_util::stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;

use super::Answer;
use super::extract::{Body, Params};
use crate::accounts::Who;
use crate::app::App;
use crate::openapi::{Gives, Operation};

/// Parts of an export that may wait for its reader.
const AHEAD: usize = 4;
/// From this size on a part is handed over.
const PART_BYTES: usize = 64 * 1024;

/// The chain is sealed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditSealed")]
pub(crate) struct Sealed {
    /// Nothing when nothing changed since the last one.
    anchor: Option<Anchor>,
}

/// `POST /audit/anchor`: seals the chain now.
pub(crate) async fn anchor(State(app): State<Arc<App>>) -> Answer<Sealed> {
    Ok(Json(Sealed { anchor: app.engine.anchor().await? }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Against {
    /// Anchors that were kept outside.
    #[serde(default)]
    against: Vec<Anchor>,
}

/// What a check of the chain found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditVerified")]
pub(crate) struct Verified {
    #[serde(flatten)]
    report: audit::Report,
    /// Whether everything fits.
    clean: bool,
}

/// `POST /audit/verify`: proves the chain, or says what does not fit.
pub(crate) async fn verify(State(app): State<Arc<App>>, Body(body): Body<Against>) -> Answer<Verified> {
    let report = audit::verify(app.engine.store(), Some(app.audit_key), &body.against).await?;
    Ok(Json(Verified { clean: report.clean(), report }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Export {
    /// Whether personal values are in it.
    #[serde(default)]
    values: bool,
}

/// A part of an export.
type Part = Result<Bytes, std::io::Error>;

/// Why an export ends early.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the reader went away")]
    Unread,
}

/// `GET /audit/export`: JSON lines. It is written as it is read, so a huge log costs no memory; a reader that stops reading ends it.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Params(export): Params<Export>,
) -> Lines {
    let values = export.values && who.may(Permission::PersonalRead);
    let (parts, read) = mpsc::channel::<Part>(AHEAD);
    tokio::spawn(async move {
        let mut part = Vec::new();
        let whole = audit::export(app.engine.store(), values, |line| {
            part.extend(serde_json::to_vec(&line).unwrap_or_default());
            part.push(b'\n');
            if part.len() < PART_BYTES { Ok(()) } else { send(&parts, std::mem::take(&mut part)) }
        });
        let ended = whole.await.and_then(|()| send(&parts, part));
        if let Err(Ended::Store(error)) = ended {
            tracing::error!(%error, "an export of the audit log broke off");
            // A broken transfer is how the reader learns that it is not the whole log.
            let _ = parts.send(Err(std::io::Error::other("the log could not be read to its end"))).await;
        }
    });
    let body = HttpBody::from_stream(stream::unfold(read, async |mut read| Some((read.recv().await?, read))));
    Lines(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// JSON lines.
pub(crate) struct Lines(Response);

impl IntoResponse for Lines {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Gives for Lines {
    fn describe(operation: &mut Operation<'_>) {
        operation.gives("application/x-ndjson", &json!({ "type": "string" }), Some("The log, one row a line.".into()));
    }
}

/// Waits until the reader has room: the export hands out lines one by one and cannot wait itself.
fn send(parts: &mpsc::Sender<Part>, part: Vec<u8>) -> Result<(), Ended> {
    tokio::task::block_in_place(|| parts.blocking_send(Ok(part.into()))).map_err(|_| Ended::Unread)
}
