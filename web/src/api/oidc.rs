//! Signing in through a provider: three addresses for a browser, which is sent on from each.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::{Body, Id, Params, Visitor};
use crate::accounts::oidc::{self, Answer, Entered, Refused};
use crate::accounts::sign_in::{SessionView, session_view, set_cookie};
use crate::app::App;
use crate::error::ApiError;

/// The cookie between the steps.
const COOKIE: &str = "oidc";

/// `GET /oidc/{id}`: sends the browser to the provider.
pub(crate) async fn begin(State(app): State<Arc<App>>, Id(id): Id<String>) -> Result<Response, ApiError> {
    match oidc::begin(&app, &id).await? {
        Ok(sent) => sent_to(&sent.to, vec![carried(&app, &sent.carries)?]),
        Err(refused) => refused_to(&app, &refused),
    }
}

/// `GET /oidc/{id}/callback`: the browser is back; it goes on to the app, or to the page of signing in with the reason.
pub(crate) async fn callback(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Id(id): Id<String>,
    Params(answer): Params<Answer>,
) -> Result<Response, ApiError> {
    let came = (visitor.address, visitor.agent.as_str());
    match oidc::answer(&app, &id, visitor.cookie(COOKIE), &answer, came).await? {
        Ok(Entered::In(begun)) => sent_to("/", vec![set_cookie(&app, Some(&begun.token))?, carried(&app, "")?]),
        Ok(Entered::Half(half)) => sent_to(&format!("/sign-in?code={id}"), vec![carried(&app, &half)?]),
        Err(refused) => refused_to(&app, &refused),
    }
}

/// The second factor.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OidcCode")]
pub(crate) struct Code {
    /// Of the app, or a recovery code.
    code: String,
}

/// `POST /oidc/{id}`: ends a sign-in through a provider with the second factor.
pub(crate) async fn finish(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Id(id): Id<String>,
    Body(given): Body<Code>,
) -> Result<(HeaderMap, Json<SessionView>), ApiError> {
    let came = (visitor.address, visitor.agent.as_str());
    let begun = oidc::finish(&app, &id, visitor.cookie(COOKIE), &given.code, came).await?;
    let mut headers = HeaderMap::new();
    headers.append(header::SET_COOKIE, set_cookie(&app, Some(&begun.token))?);
    headers.append(header::SET_COOKIE, carried(&app, "")?);
    Ok((headers, Json(session_view(&app, &begun.who)?)))
}

fn sent_to(address: &str, cookies: Vec<HeaderValue>) -> Result<Response, ApiError> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(address).map_err(ApiError::internal)?);
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn refused_to(app: &App, refused: &Refused) -> Result<Response, ApiError> {
    sent_to(&format!("/sign-in?refused={}", refused.code()), vec![carried(app, "")?])
}

/// The header with what the browser carries; empty takes it away. `Lax`: the browser comes back from another site.
fn carried(app: &App, value: &str) -> Result<HeaderValue, ApiError> {
    let secure = if app.public_url.starts_with("https://") { "; Secure" } else { "" };
    let age = if value.is_empty() { 0 } else { 600 };
    let text = format!("{COOKIE}={value}; Path=/api/v1/oidc; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    HeaderValue::from_str(&text).map_err(ApiError::internal)
}
