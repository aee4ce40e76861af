//! API tokens: what machines work with. The token itself is shown once and kept as a digest.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use engine::account::{Accounts, Op, Permission, Permissions, TokenRow, Told};
use engine::clock::At;
use engine::ids::TokenId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::extract::{Body, Id};
use super::users::checked_name;
use super::view as show;
use crate::accounts::{Purpose, Who, digest, random_token};
use crate::app::App;
use crate::error::ApiError;

/// A token, without the token itself.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TokenView {
    id: TokenId,
    name: String,
    /// What it may do.
    scopes: Vec<String>,
    /// `null` = when it is revoked.
    expires_at: Option<String>,
    /// To about a minute.
    last_used_at: Option<String>,
    created_at: Option<String>,
    created_by: String,
}

impl From<&TokenRow> for TokenView {
    fn from(token: &TokenRow) -> Self {
        Self {
            id: token.id,
            name: token.name.clone(),
            scopes: token.scopes.split(' ').map(str::to_owned).collect(),
            expires_at: show::maybe_text(token.expires_at),
            last_used_at: show::maybe_text(token.used_at),
            created_at: show::maybe_text(Some(token.created_at)),
            created_by: token.by.clone(),
        }
    }
}

/// All tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tokens {
    tokens: Vec<TokenView>,
    /// Never more than one page.
    next: Option<TokenId>,
}

/// `GET /tokens`: newest first, without the tokens themselves.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Tokens>, ApiError> {
    let tokens = app.engine.store().tokens().await?.iter().map(TokenView::from).collect();
    Ok(Json(Tokens { tokens, next: None }))
}

/// What a token is to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    name: String,
    /// What it may do.
    scopes: Vec<Permission>,
    /// When it ends, RFC 3339; left out = when it is revoked.
    expires_at: Option<String>,
}

/// A new token.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Made {
    #[serde(flatten)]
    token: TokenView,
    /// The token itself; shown this once.
    secret: String,
}

/// `POST /tokens`: makes one; nobody makes one that may more than they may.
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Made>), ApiError> {
    let scopes: Permissions = new.scopes.iter().copied().collect();
    if scopes == Permissions::NONE {
        return Err(ApiError::bad_request("scopes: at least one, such as `flows.read`"));
    }
    if let Some(beyond) = scopes.iter().find(|permission| !who.may(*permission)) {
        return Err(ApiError::may_not(beyond));
    }
    let (secret, now) = (format!("sb_{}", random_token()?), app.clock.now());
    let expires_at = new.expires_at.as_deref().map(|text| later(text, now)).transpose()?;
    let token = TokenRow {
        id: TokenId(app.ids.next(now)),
        name: checked_name(&new.name)?,
        hash: digest(Purpose::Api, &secret),
        scopes: scopes.iter().map(Permission::name).collect::<Vec<_>>().join(" "),
        by: who.by().to_owned(),
        created_at: now,
        expires_at,
        used_at: None,
    };
    let data = json!({ "name": token.name, "scopes": token.scopes, "expires_at": show::maybe(token.expires_at), "from": who.address() });
    let told = Told { what: "token.made", id: token.id.to_string(), data };
    app.engine.account(who.by(), vec![told], vec![Op::AddToken(token.clone())]).await??;
    Ok((StatusCode::CREATED, Json(Made { token: (&token).into(), secret })))
}

/// A time after `now`.
fn later(text: &str, now: At) -> Result<At, ApiError> {
    let at = chrono::DateTime::parse_from_rfc3339(text).map(|time| At(time.timestamp_millis()));
    at.ok()
        .filter(|at| *at > now)
        .ok_or_else(|| ApiError::bad_request("expires_at: a time to come, such as `2027-01-01T00:00:00Z`"))
}

/// What does not count any more.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Revoked {
    revoked: TokenId,
}

/// `DELETE /tokens/{id}`: it ends now.
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<TokenId>,
) -> Result<Json<Revoked>, ApiError> {
    let told = Told { what: "token.revoked", id: id.to_string(), data: json!({ "from": who.address() }) };
    app.engine.account(who.by(), vec![told], vec![Op::EndToken(id)]).await??;
    Ok(Json(Revoked { revoked: id }))
}
