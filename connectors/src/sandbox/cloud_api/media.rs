//! Files: those of simulated customers, one of each kind and always the same, called `sandbox-image`, `sandbox-voice` …; and those
//! that were uploaded to be sent.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use engine::capability::file::FileKind;
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

fn file(world: &World, id: &str) -> Option<(String, Bytes)> {
    let own = |kind: &str, bytes: &'static [u8]| Some((kind.to_owned(), Bytes::from_static(bytes)));
    match id.strip_prefix("sandbox-") {
        Some("image" | "sticker") => own("image/png", IMAGE),
        Some("document") => own("application/pdf", DOCUMENT),
        Some("voice" | "audio") => own("audio/ogg; codecs=opus", VOICE),
        _ => world.file(id),
    }
}

/// `GET /{media_id}`: where the file is, if there is such a file.
pub(super) fn about(world: &World, version: &str, id: &str, headers: &HeaderMap) -> Option<Value> {
    let (kind, bytes) = file(world, id)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    Some(json!({ "id": id, "messaging_product": "whatsapp", "mime_type": kind, "file_size": bytes.len(),
        "url": format!("http://{host}/graph/{version}/{id}/content") }))
}

/// The file itself.
pub(super) async fn content(
    State(world): State<Arc<World>>,
    Path((_, id)): Path<(String, String)>,
) -> Result<impl IntoResponse, Json<Value>> {
    let found = file(&world, &id).ok_or_else(|| Json(json!({ "error": Error::no_object(&id).in_status() })))?;
    Ok(([(header::CONTENT_TYPE, found.0)], found.1))
}

/// `POST /{phone_number_id}/media`: takes a file in.
pub(super) async fn upload(
    State(world): State<Arc<World>>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Error> {
    if id != world.config.cloud_api.phone_number_id {
        return Err(Error::no_object(&id));
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
    let parts = parts(&body, boundary.ok_or_else(|| Error::parameter("the body must be multipart/form-data"))?);
    let part = |name: &str| parts.iter().find(|part| part.name == name).ok_or_else(|| Error::missing(name));
    if part("messaging_product")?.bytes != "whatsapp" {
        return Err(Error::parameter("messaging_product must be whatsapp"));
    }
    let (kind, file) = (part("type")?, part("file")?);
    let kind = String::from_utf8_lossy(&kind.bytes).into_owned();
    if FileKind::of(&kind).is_none_or(|known| file.bytes.len() > known.most_bytes()) || file.content_type != kind {
        let details =
            format!("Param file must be a file of a supported type and size; Received file of type '{kind}'.");
        return Err(Error::new(StatusCode::BAD_REQUEST, 100, "Invalid parameter", details));
    }
    Ok(Json(json!({ "id": world.keep_file(kind, file.bytes.clone()) })))
}

/// A part of a form.
struct Part {
    name: String,
    content_type: String,
    bytes: Bytes,
}

/// The parts of a form (RFC 7578); what is no part is passed over.
fn parts(body: &Bytes, boundary: &str) -> Vec<Part> {
    let mark = format!("--{boundary}");
    let places: Vec<usize> = find_all(body, mark.as_bytes());
    let between = places.windows(2).map(|pair| body.slice(pair[0] + mark.len()..pair[1]));
    between.filter_map(|part| read_part(&part)).collect()
}

fn read_part(part: &Bytes) -> Option<Part> {
    let head_end = *find_all(part, b"\r\n\r\n").first()?;
    let head = std::str::from_utf8(&part[..head_end]).ok()?;
    let line = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let name = line("Content-Disposition")?.split("; ").find_map(|word| word.strip_prefix("name=\""))?;
    Some(Part {
        name: name.trim_end_matches('"').to_owned(),
        content_type: line("Content-Type").unwrap_or_default().to_owned(),
        // The line break before the next mark is not the part's.
        bytes: part.slice(head_end + 4..part.len().checked_sub(2)?),
    })
}

/// Where `wanted` begins in `bytes`.
fn find_all(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    bytes.windows(wanted.len()).enumerate().filter(|(_, part)| *part == wanted).map(|(at, _)| at).collect()
}
