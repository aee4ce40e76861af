//! `http.*`: any other system with an HTTP interface.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connector::Action;

/// Calls any HTTP address. Private addresses are refused unless the connection allows them.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET` (default), `POST`, `PUT`, `PATCH` or `DELETE`.
    #[serde(default)]
    pub method: Method,
    /// The full address, or a path below the connection's `base_url`.
    #[schemars(length(min = 1, max = 2000))]
    pub url: String,
    /// Headers. The connection's own credentials are added by it, never written here.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Query parameters.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// JSON body. Use `= …` for values with types.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// Text body, instead of `json`.
    #[serde(default)]
    pub text: Option<String>,
}

/// HTTP methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads; repeated when unclear.
    #[default]
    Get,
    /// Creates or acts; never repeated when unclear.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

/// A 2xx answer. Any other status is a problem with `error.code` = the status.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Response {
    /// HTTP status, 200 to 299.
    pub status: u16,
    /// The body as JSON when it is JSON, else as text; at most 256 KB.
    pub body: serde_json::Value,
}

impl Action for Request {
    const NAME: &'static str = "http.request";
    const ABOUT: &'static str = "Calls any HTTP address.";
    type Output = Response;
    fn sample() -> Response {
        Response { status: 200, body: serde_json::Value::Null }
    }
}
