//! What goes out: method, address, headers, body, and how long the answer may take.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::connector::Upload;
use engine::secret::Secret;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::NetError;
use super::words::Secrets;

/// Whether a call may be made again when its outcome is unknown. It decides how long we wait: giving up on a call that
/// may not be repeated manufactures an unknown outcome, and CRMs take 5 to 10 s at their slowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Reads, and writes that the provider recognises as the same: 10 s in all.
    MayRepeat,
    /// Everything else: 30 s in all.
    Once,
}

impl Class {
    /// Longest time from the start of the call to the last byte of the answer.
    pub(super) fn timeout(self) -> Duration {
        match self {
            Self::MayRepeat => Duration::from_secs(10),
            Self::Once => Duration::from_secs(30),
        }
    }
}

/// One call to be made. Mistakes in its parts are reported by [`Net::send`](super::Net::send), before anything is sent.
/// It has no `Debug`: address and body may hold what nobody should see.
pub(crate) struct Outgoing {
    method: Method,
    url: String,
    timeout: Duration,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    body: Vec<u8>,
    mistake: Option<String>,
    hide_path: bool,
    secrets: Secrets,
    cap: usize,
}

impl Outgoing {
    /// A call without body. `url` is the whole address, http or https.
    pub(crate) fn new(method: Method, url: String, class: Class) -> Self {
        let timeout = class.timeout();
        let (headers, query, body) = (HeaderMap::new(), Vec::new(), Vec::new());
        Self {
            method,
            url,
            timeout,
            headers,
            query,
            body,
            mistake: None,
            hide_path: false,
            secrets: Secrets::default(),
            cap: super::BODY_CAP,
        }
    }

    /// Proves who we are by a token.
    pub(crate) fn bearer(mut self, token: &Secret) -> Self {
        self.secrets.add(token.expose());
        let value = format!("Bearer {}", token.expose());
        self.put(AUTHORIZATION, &value, true)
    }

    /// Proves who we are by name and password (RFC 7617).
    pub(crate) fn basic(mut self, user: &str, password: &Secret) -> Self {
        let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
        self.secrets.add(password.expose());
        self.secrets.add(&pair);
        self.put(AUTHORIZATION, &format!("Basic {pair}"), true)
    }

    /// Reads up to so many bytes of the answer, where that is more than usual: files.
    pub(crate) fn at_most(mut self, bytes: usize) -> Self {
        self.cap = self.cap.max(bytes);
        self
    }

    /// How many bytes of the answer are read.
    pub(super) fn cap(&self) -> usize {
        self.cap
    }

    /// Sets a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        match name.parse() {
            Ok(name) => self.put(name, value, false),
            Err(_) => {
                self.mistake = Some(format!("`{}` is not a header name", name.escape_debug()));
                self
            }
        }
    }

    /// Sets a header whose value is not shown anywhere.
    pub(crate) fn secret_header(mut self, name: &str, value: &Secret) -> Self {
        // Services quote the token without the scheme before it.
        let token = value.expose().rsplit(' ').next().unwrap_or_default();
        self.secrets.add(token);
        self.secrets.add(value.expose());
        match name.parse() {
            Ok(name) => self.put(name, value.expose(), true),
            Err(_) => {
                self.mistake = Some(format!("`{}` is not a header name", name.escape_debug()));
                self
            }
        }
    }

    /// A JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string().into_bytes())
    }

    /// A form-encoded body.
    pub(crate) fn form(self, fields: &[(String, String)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.raw("application/x-www-form-urlencoded", body.into_bytes())
    }

    /// A form with fields and one file (RFC 7578).
    pub(crate) fn multipart(self, fields: &[(&str, &str)], file: &Upload) -> Self {
        let (content_type, body) = form_data(fields, file);
        self.header(CONTENT_TYPE.as_str(), &content_type).raw("multipart/form-data", body)
    }

    /// A body of bytes.
    pub(crate) fn bytes(self, body: Vec<u8>) -> Self {
        self.raw("application/octet-stream", body)
    }

    /// A text body.
    pub(crate) fn text(self, body: String) -> Self {
        self.raw("text/plain; charset=utf-8", body.into_bytes())
    }

    /// Adds query parameters.
    pub(crate) fn query(mut self, parameters: &[(String, String)]) -> Self {
        self.query.extend_from_slice(parameters);
        self
    }

    /// Keeps the path out of problems and logs: some services put a secret there.
    pub(crate) fn hide_path(mut self) -> Self {
        self.hide_path = true;
        self
    }

    /// Waits no longer than this: tests of time-outs must not take 10 s.
    #[cfg(test)]
    pub(crate) fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Its method.
    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    /// Whether its path must not be shown.
    pub(super) fn hides_path(&self) -> bool {
        self.hide_path
    }

    /// What no problem may show; `url` is its address.
    pub(super) fn secrets(&self, url: &Url) -> Secrets {
        let mut secrets = self.secrets.clone();
        if self.hide_path {
            secrets.add_path(url);
        }
        secrets
    }

    /// The address with its query, or the first mistake that was made in building the call.
    pub(super) fn checked_url(&self) -> Result<Url, NetError> {
        if let Some(mistake) = &self.mistake {
            return Err(NetError::Invalid(mistake.clone()));
        }
        let invalid = |why: &str| NetError::Invalid(why.to_owned());
        let mut url = Url::parse(&self.url).map_err(|error| NetError::Invalid(format!("not an address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("only http and https addresses are called"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("credentials do not belong into an address; put them into the connection"));
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    /// Hands the call to the client.
    pub(super) fn into_request(mut self, client: &Client, url: Url) -> RequestBuilder {
        // Some gateways answer 411 when an empty body does not say so. Source: RFC 9110, section 8.6.
        if self.body.is_empty() && matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            self.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let request = client.request(self.method, url).timeout(self.timeout).headers(self.headers);
        if self.body.is_empty() { request } else { request.body(self.body) }
    }

    /// A body of a given kind; a content type that was set by hand stays.
    fn raw(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        self.body = body;
        self
    }

    fn put(mut self, name: HeaderName, value: &str, secret: bool) -> Self {
        match HeaderValue::from_str(value) {
            Ok(mut value) => {
                value.set_sensitive(secret);
                self.headers.insert(name, value);
            }
            Err(_) => {
                self.mistake = Some(format!("the value for header `{name}` has characters that headers cannot carry"))
            }
        }
        self
    }
}

/// The type and body of a form with fields and one file. What parts it is a digest of the file, which cannot stand in the file.
fn form_data(fields: &[(&str, &str)], file: &Upload) -> (String, Vec<u8>) {
    let boundary = hex::encode(&Sha256::digest(&file.bytes)[..20]);
    // As browsers write it. Source: WHATWG, "Multipart form data".
    let quoted = |name: &str| name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    let mut body = Vec::with_capacity(file.bytes.len() + 1_024);
    for (name, value) in fields {
        let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let name = quoted(&file.name);
    let kind = quoted(&file.content_type);
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(&file.bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}
