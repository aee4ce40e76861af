//! What handlers take out of a request; what does not fit is an [`ApiError`].

use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use chrono::DateTime;
use engine::clock::At;
use engine::sentence;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::accounts::{Who, who::cookie_named};
use crate::error::ApiError;

/// How many entries a page has at most, and when nothing is said.
const PAGE: u32 = 100;
const MAX_PAGE: u32 = 500;

/// The one variable part of the address, as an id.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr<Err: Display>> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|error| ApiError::bad_request(error.body_text()))?;
        text.parse().map(Self).map_err(|error: T::Err| ApiError::bad_request(error.to_string()))
    }
}

/// What stands behind the `?`.
pub(crate) struct Params<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(params)| Self(params)).map_err(|error| ApiError::bad_request(error.body_text()))
    }
}

/// The JSON body; an empty one reads as `{}`.
pub(crate) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| ApiError::bad_request(error.body_text()))?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text)
            .map(Self)
            .map_err(|error| ApiError::bad_request(sentence!("the body: {error}", error = error.to_string())))
    }
}

/// A body that is a file, as it is.
pub(crate) struct RawFile {
    /// Its type, as the sender says.
    pub(super) content_type: String,
    /// All of it.
    pub(super) bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for RawFile {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| ApiError::bad_request(error.body_text()))?;
        Ok(Self { content_type, bytes })
    }
}

/// `If-Match: "<revision>"`: what a write is based on.
pub(crate) struct IfMatch(pub(super) i64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Self::of(&parts.headers).map(Self)
    }
}

impl IfMatch {
    /// What the headers say; for what needs it only sometimes.
    ///
    /// # Errors
    /// 428 when they say nothing, 400 when it is no revision.
    pub(super) fn of(headers: &HeaderMap) -> Result<i64, ApiError> {
        let given = headers.get(header::IF_MATCH).ok_or_else(ApiError::revision_needed)?;
        let number = given.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok());
        number.ok_or_else(|| ApiError::bad_request("If-Match: a revision such as \"3\""))
    }
}

/// A browser on its way in: from where it comes, what it calls itself, and its cookies.
pub(crate) struct Visitor {
    pub(crate) address: IpAddr,
    pub(crate) agent: String,
    headers: HeaderMap,
}

impl Visitor {
    /// What its cookie of this name holds.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        cookie_named(&self.headers, name)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Agent(agent) = Agent::from_request_parts(parts, state).await?;
        let who =
            parts.extensions.get::<Who>().ok_or_else(|| ApiError::internal("a request that nobody identified"))?;
        Ok(Self { address: who.address(), agent, headers: parts.headers.clone() })
    }
}

/// What the caller's program calls itself; empty when it says nothing.
pub(crate) struct Agent(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Agent {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(agent.unwrap_or_default().to_owned()))
    }
}

/// A time in a query: RFC 3339, such as `2026-11-22T09:00:00Z`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("format" = "date-time"))]
pub(crate) struct Moment(pub(super) At);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let time = DateTime::parse_from_rfc3339(&text);
        let time = time.map_err(|_| format!("`{text}` is no time: write it as 2026-11-22T09:00:00Z"))?;
        Ok(Self(time.to_utc().into()))
    }
}

/// `limit` of a list.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct Limit(#[schemars(range(min = 1, max = 500))] Option<u32>);

impl Limit {
    /// 1 to 500, 100 when nothing was said.
    pub(crate) fn get(self) -> u32 {
        self.0.unwrap_or(PAGE).clamp(1, MAX_PAGE)
    }
}
