//! API tokens: what machines work with. The token itself is shown once and kept as a digest.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use engine::account::{Accounts, Op, Permission, Permissions, TokenRow, Told};
use engine::ids::TokenId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Body, Id};
use super::users::checked_name;
use super::{Answer, view as show};
use crate::accounts::{Purpose, Who, digest, random_token};
use crate::app::App;
use crate::error::ApiError;

/// The longest a token may count when it says when it ends.
const MOST_DAYS: u32 = 3650;

fn view(token: &TokenRow) -> Value {
    json!({
        "id": token.id, "name": token.name, "scopes": token.scopes.split(' ').collect::<Vec<_>>(),
        "expires_at": show::maybe(token.expires_at), "last_used_at": show::maybe(token.used_at),
        "created_at": show::time(token.created_at), "created_by": token.by,
    })
}

/// `GET /tokens`: newest first, without the tokens themselves.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer {
    let tokens: Vec<Value> = app.engine.store().tokens().await?.iter().map(view).collect();
    Ok(Json(json!({ "tokens": tokens })))
}

/// What a token is to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    name: String,
    /// What it may do.
    scopes: Vec<Permission>,
    /// After so many days it ends, 1 to 3650; left out = when it is revoked.
    days: Option<u32>,
}

/// `POST /tokens`: makes one; nobody makes one that may more than they may.
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let scopes: Permissions = new.scopes.iter().copied().collect();
    if scopes == Permissions::NONE {
        return Err(ApiError::bad_request("scopes: at least one, such as `flows.read`"));
    }
    if let Some(beyond) = scopes.iter().find(|permission| !who.may(*permission)) {
        return Err(ApiError::may_not(beyond));
    }
    if new.days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        return Err(ApiError::bad_request("days: 1 to 3650"));
    }
    let (secret, now) = (format!("sb_{}", random_token()?), app.clock.now());
    let days = |days: u32| now.plus(Duration::from_secs(u64::from(days) * 24 * 60 * 60));
    let token = TokenRow {
        id: TokenId(app.ids.next(now)),
        name: checked_name(&new.name)?,
        hash: digest(Purpose::Api, &secret),
        scopes: scopes.iter().map(Permission::name).collect::<Vec<_>>().join(" "),
        by: who.by().to_owned(),
        created_at: now,
        expires_at: new.days.map(days),
        used_at: None,
    };
    let data = json!({ "name": token.name, "scopes": token.scopes, "expires_at": show::maybe(token.expires_at), "from": who.address() });
    let told = Told { what: "token.made", id: token.id.to_string(), data };
    app.engine.account(who.by(), vec![told], vec![Op::AddToken(token.clone())]).await??;
    let mut answer = view(&token);
    answer["secret"] = secret.into();
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `DELETE /tokens/{id}`: it ends now.
pub(crate) async fn revoke(State(app): State<Arc<App>>, Extension(who): Extension<Who>, Id(id): Id<TokenId>) -> Answer {
    let told = Told { what: "token.revoked", id: id.to_string(), data: json!({ "from": who.address() }) };
    app.engine.account(who.by(), vec![told], vec![Op::EndToken(id)]).await??;
    Ok(Json(json!({ "revoked": id })))
}
