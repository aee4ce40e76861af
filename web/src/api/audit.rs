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
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::Answer;
use super::extract::{Body, Params};
use crate::accounts::Who;
use crate::app::App;

/// Parts of an export that may wait for its reader.
const AHEAD: usize = 4;
/// From this size on a part is handed over.
const PART_BYTES: usize = 64 * 1024;

/// `POST /audit/anchor`: seals the chain now; `null` when nothing changed since the last anchor.
pub(crate) async fn anchor(State(app): State<Arc<App>>) -> Answer {
    Ok(Json(json!({ "anchor": app.engine.anchor().await? })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Against {
    /// Anchors that were kept outside.
    #[serde(default)]
    against: Vec<Anchor>,
}

/// `POST /audit/verify`: proves the chain, or says what does not fit.
pub(crate) async fn verify(State(app): State<Arc<App>>, Body(body): Body<Against>) -> Answer {
    let report = audit::verify(app.engine.store(), Some(app.audit_key), &body.against).await?;
    let mut answer = json!(report);
    answer["clean"] = report.clean().into();
    Ok(Json(answer))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Export {
    /// Whether personal values are in it; never for those who may not see personal data.
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
) -> Response {
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
    ([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}

/// Waits until the reader has room: the export hands out lines one by one and cannot wait itself.
fn send(parts: &mpsc::Sender<Part>, part: Vec<u8>) -> Result<(), Ended> {
    tokio::task::block_in_place(|| parts.blocking_send(Ok(part.into()))).map_err(|_| Ended::Unread)
}
