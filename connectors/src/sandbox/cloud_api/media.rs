//! Files of simulated customers: one of each kind, always the same. Their ids are `sandbox-image`, `sandbox-voice` …

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::IntoResponse,
};
use serde_json::{Value, json};

use super::error::Error;
use crate::sandbox::world::World;

/// A picture of one pixel, PNG.
const IMAGE: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
    6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x60, 0x60, 0x60,
    0xf8, 0x0f, 0, 1, 4, 1, 0, 0x5f, 0xe5, 0xc3, 0x4b, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];
/// A page without anything on it, PDF.
const DOCUMENT: &[u8] = b"%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
/// The beginning of an Ogg stream without sound.
const VOICE: &[u8] =
    b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0";

fn file(id: &str) -> Option<(&'static str, &'static [u8])> {
    match id.strip_prefix("sandbox-")? {
        "image" | "sticker" => Some(("image/png", IMAGE)),
        "document" => Some(("application/pdf", DOCUMENT)),
        "voice" | "audio" => Some(("audio/ogg; codecs=opus", VOICE)),
        _ => None,
    }
}

/// `GET /{media_id}`: where the file is, if there is such a file.
pub(super) fn about(version: &str, id: &str, headers: &HeaderMap) -> Option<Value> {
    let (kind, bytes) = file(id)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    Some(json!({ "id": id, "messaging_product": "whatsapp", "mime_type": kind, "file_size": bytes.len(),
        "url": format!("http://{host}/graph/{version}/{id}/content") }))
}

/// The file itself.
pub(super) async fn content(
    State(_): State<Arc<World>>,
    Path((_, id)): Path<(String, String)>,
) -> Result<impl IntoResponse, Json<Value>> {
    let found = file(&id).ok_or_else(|| Json(json!({ "error": Error::no_object(&id).in_status() })))?;
    Ok(([(header::CONTENT_TYPE, found.0)], found.1))
}
