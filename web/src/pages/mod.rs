//! The pages of the editor, inside the binary: what `make ui` built into `web/ui/dist`.
//!
//! Every address that is no file and no part of the API is the editor itself, which knows what to show there. A release build
//! holds the files; a debug build reads them from the folder.

mod encoding;

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_embed::Embed;

use crate::error::ApiError;

/// Where the editor begins.
const INDEX: &str = "index.html";
/// The folder whose files carry a digest of their content in their names.
const ASSETS: &str = "assets/";
/// What the build writes where the nonce of each answer belongs: the code editor adds its styles by script, which only a style
/// with the nonce of the page may do.
const NONCE: &str = "__CSP_NONCE__";
/// What is shown as long as there are no pages.
const NOT_BUILT: &str = include_str!("not_built.html");

/// What the build made; nothing before the first `make ui`.
#[derive(Embed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Built;

/// A file of the build.
struct File {
    bytes: Cow<'static, [u8]>,
    sha256: [u8; 32],
}

/// Finds a file of the build by its path, without a first slash.
type Find = fn(&str) -> Option<File>;

fn built(path: &str) -> Option<File> {
    let file = Built::get(path)?;
    Some(File { sha256: file.metadata.sha256_hash(), bytes: file.data })
}

/// Everything that no other address answers: a file, or the editor.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    answer(built, &method, uri.path(), &headers).unwrap_or_else(IntoResponse::into_response)
}

fn answer(find: Find, method: &Method, path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let path = path.trim_start_matches('/');
    let machine = ["api", "hooks"].iter().any(|root| path == *root || path.starts_with(&format!("{root}/")));
    if machine {
        return Err(ApiError::not_found("this address"));
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(ApiError::method_not_allowed());
    }
    if path != INDEX && !path.is_empty() && find(path).is_some() {
        return file(find, path, headers);
    }
    if path.starts_with(ASSETS) {
        // The editor in place of a script that is gone would be a riddle.
        return Err(ApiError::not_found("this file"));
    }
    index(find, headers)
}

/// A file as it is, in the smallest form the client reads.
fn file(find: Find, path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let mut found = None;
    for (coding, extension) in encoding::accepted(headers) {
        found = found.or_else(|| find(&format!("{path}{extension}")).map(|file| (file, Some(coding))));
    }
    let (file, coding) = match found.or_else(|| find(path).map(|file| (file, None))) {
        Some(found) => found,
        None => return Err(ApiError::not_found("this file")),
    };
    let tag = format!("\"{}\"", hex::encode(&file.sha256[..16]));
    let mut response = if has_tag(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body(file.bytes).into_response()
    };
    let kept = if path.starts_with(ASSETS) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let answered = response.headers_mut();
    answered.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    answered.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    answered.insert(header::ETAG, HeaderValue::from_str(&tag).map_err(ApiError::internal)?);
    if let Some(coding) = coding {
        answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    guard(answered, None)?;
    Ok(response)
}

/// The editor. With a nonce inside it is another text each time, so it has no tag: a copy kept by the browser would not fit the
/// nonce of the new answer.
fn index(find: Find, headers: &HeaderMap) -> Result<Response, ApiError> {
    let Some(page) = find(INDEX) else {
        let mut response = (StatusCode::SERVICE_UNAVAILABLE, axum::response::Html(NOT_BUILT)).into_response();
        guard(response.headers_mut(), None)?;
        return Ok(response);
    };
    let Some(text) = std::str::from_utf8(&page.bytes).ok().filter(|text| text.contains(NONCE)) else {
        return file(find, INDEX, headers);
    };
    let nonce = nonce()?;
    let mut response = axum::response::Html(text.replace(NONCE, &nonce)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    guard(response.headers_mut(), Some(&nonce))?;
    Ok(response)
}

fn body(bytes: Cow<'static, [u8]>) -> Body {
    match bytes {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

/// What a page may do: load its own scripts, styles, pictures and sounds, talk to us, and be in no frame.
fn guard(headers: &mut HeaderMap, nonce: Option<&str>) -> Result<(), ApiError> {
    let nonce = nonce.map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; img-src 'self' data: blob:; font-src 'self'; \
         media-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    );
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).map_err(ApiError::internal)?);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(())
}

/// Answers of the API are kept by nobody on the way, and are taken for nothing but what they say they are.
pub(crate) async fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn nonce() -> Result<String, ApiError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(ApiError::internal)?;
    Ok(STANDARD.encode(bytes))
}

fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
