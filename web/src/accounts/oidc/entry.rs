//! The way of a browser: to the provider, back with a code, and in.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::account::{Accounts, Identity, Refusal, Told, UserRow, UserState};
use engine::clock::At;
use engine::ids::UserId;
use engine::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::remote::{Code, Doors};
use super::token::{Claims, Wanted, verified};
use super::whose::{Found, found, known_here};
use super::{Provider, Refused};
use crate::accounts::random_token;
use crate::accounts::sign_in::Begun;
use crate::app::App;
use crate::error::ApiError;

/// How long somebody may take at the provider, or to type a code, in milliseconds.
const PATIENCE_MS: i64 = 10 * 60 * 1000;
/// Where the cookie is sealed for.
const PLACE: &str = "oidc:browser";

/// What a browser carries from one step to the next, sealed.
#[derive(Debug, Serialize, Deserialize)]
enum Carried {
    /// It was sent to a provider.
    Asked { provider: String, state: String, nonce: String, verifier: String, until: i64 },
    /// The provider vouched for this person, who has a second factor of ours.
    /// As whom, the account is bound to once the factor is right.
    Vouched { provider: String, user: UserId, identity: Identity, until: i64 },
}

/// What a provider sends a browser back with.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "OidcAnswer")]
pub(crate) struct Answer {
    code: Option<String>,
    state: Option<String>,
    /// Who answers, where the provider says so (RFC 9207).
    iss: Option<String>,
    error: Option<String>,
}

/// Where a browser is sent, and what it carries there.
pub(crate) struct Sent {
    pub(crate) to: String,
    pub(crate) carries: String,
}

/// What came of an answer.
pub(crate) enum Entered {
    /// Somebody is signed in.
    In(Box<Begun>),
    /// The second factor is missing; the browser carries this.
    Half(String),
}

/// Sends a browser to the provider.
///
/// # Errors
/// 404 when there is none of this id; otherwise why it cannot be.
pub(crate) async fn begin(app: &App, id: &str) -> Result<Result<Sent, Refused>, ApiError> {
    let Some(provider) = provider(app, id) else { return Ok(Err(Refused::Unknown)) };
    let doors = match Doors::of(&provider).await {
        Ok(doors) => doors,
        Err(refused) => return Ok(Err(refused)),
    };
    let (state, nonce, verifier) = (random_token()?, random_token()?, random_token()?);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let redirect = redirect(app, id);
    let asked = [
        ("response_type", "code"),
        ("client_id", provider.client_id.as_str()),
        ("redirect_uri", &redirect),
        ("scope", "openid email profile"),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let to = match doors.entrance(&asked) {
        Ok(to) => to.to_string(),
        Err(refused) => return Ok(Err(refused)),
    };
    let until = app.clock.now().0 + PATIENCE_MS;
    let carries = seal(app, &Carried::Asked { provider: id.to_owned(), state, nonce, verifier, until })?;
    Ok(Ok(Sent { to, carries }))
}

/// Takes a browser back that carries `cookie`; a refusal is told to the log.
///
/// # Errors
/// When the store fails.
pub(crate) async fn answer(
    app: &App,
    id: &str,
    cookie: Option<&str>,
    given: &Answer,
    (from, agent): (IpAddr, &str),
) -> Result<Result<Entered, Refused>, ApiError> {
    let vouched = vouched(app, id, cookie, given).await;
    let entered = match vouched {
        Ok((provider, claims)) => enter(app, &provider, &claims, (from, agent)).await?,
        Err(refused) => Err((None, refused)),
    };
    match entered {
        Ok(entered) => Ok(Ok(entered)),
        Err((user, refused)) => {
            tracing::info!(provider = id, why = %refused, "a sign-in was refused");
            // Whoever was not sent by us cannot fill the log.
            if refused != Refused::Stale && refused != Refused::Unknown {
                let data = json!({ "from": from, "why": refused.code(), "provider": id });
                let who = user.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
                let told = Told { what: "user.sign_in_failed", id: who, data };
                app.engine.account("nobody", vec![told], Vec::new()).await??;
            }
            Ok(Err(refused))
        }
    }
}

/// The person for whom the provider vouches.
async fn vouched(app: &App, id: &str, cookie: Option<&str>, given: &Answer) -> Result<(Provider, Claims), Refused> {
    let provider = provider(app, id).ok_or(Refused::Unknown)?;
    let Some(Carried::Asked { provider: of, state, nonce, verifier, until }) = open(app, cookie) else {
        return Err(Refused::Stale);
    };
    let now = app.clock.now();
    if of != id || now >= At(until) || given.state.as_deref() != Some(state.as_str()) {
        return Err(Refused::Stale);
    }
    if let Some(error) = &given.error {
        return Err(Refused::Denied(error.chars().take(80).collect()));
    }
    if given.iss.as_ref().is_some_and(|issuer| *issuer != provider.issuer) {
        return Err(Refused::Token("another issuer answers"));
    }
    let code = given.code.as_deref().ok_or(Refused::Stale)?;
    let secret = secret(app, &provider)?;
    let doors = Doors::of(&provider).await?;
    let redirect = redirect(app, id);
    let code = Code { code, verifier: &verifier, redirect: &redirect, secret: secret.as_ref() };
    let tokens = doors.redeem(&provider, &code).await?;
    let keys = doors.keys().await?;
    let wanted =
        Wanted { issuer: &provider.issuer, client_id: &provider.client_id, nonce: &nonce, now: now.0.div_euclid(1000) };
    let claims = verified(&tokens.id_token, &keys, &wanted).map_err(Refused::Token)?;
    Ok((provider, claims))
}

/// Lets in whom the provider vouches for, if they may come.
async fn enter(
    app: &App,
    provider: &Provider,
    claims: &Claims,
    (from, agent): (IpAddr, &str),
) -> Result<Result<Entered, (Option<UserId>, Refused)>, ApiError> {
    let Found { user, identity, mut told, ops } = match found(app, provider, claims, from).await? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    if user.totp_on {
        let until = app.clock.now().0 + PATIENCE_MS;
        let half = Carried::Vouched { provider: provider.id.clone(), user: user.id, identity, until };
        return Ok(Ok(Entered::Half(seal(app, &half)?)));
    }
    let data = json!({ "from": from, "provider": provider.id, "subject": claims.sub });
    told.push(Told { what: "user.signed_in", id: user.id.to_string(), data });
    match app.sign_in.open(app, &user, from, agent, told, ops).await? {
        Ok(begun) => Ok(Ok(Entered::In(Box::new(begun)))),
        // Somebody changed the account in this moment: the next try reads it anew.
        Err(Refusal::Changed | Refusal::Taken) => Ok(Err((Some(user.id), Refused::Stale))),
        Err(other) => Err(other.into()),
    }
}

/// Signs in somebody for whom the provider vouched, with the second factor.
///
/// # Errors
/// 401 `code_needed` when it is wrong, or when nobody is half in; 429 after too many.
pub(crate) async fn finish(
    app: &App,
    id: &str,
    cookie: Option<&str>,
    code: &str,
    (from, agent): (IpAddr, &str),
) -> Result<Begun, ApiError> {
    let Some(Carried::Vouched { provider: of, user, identity, until }) = open(app, cookie) else {
        return Err(ApiError::link_gone());
    };
    if of != id || provider(app, id).is_none() || app.clock.now() >= At(until) {
        return Err(ApiError::link_gone());
    }
    let may_come = |user: &UserRow| {
        let theirs = user.identity.as_ref().is_none_or(|bound| *bound == identity);
        theirs && matches!(user.state, UserState::Active | UserState::Invited)
    };
    let user = app.engine.store().user(user).await?.filter(may_come).ok_or_else(ApiError::link_gone)?;
    let Found { user, told, ops, .. } = known_here(user, identity, id, from);
    app.sign_in.sign_in_vouched(app, &user, code, id, (from, agent), (told, ops)).await
}

fn provider(app: &App, id: &str) -> Option<Provider> {
    app.sign_in.settings().oidc.iter().find(|provider| provider.id == id).cloned()
}

fn redirect(app: &App, id: &str) -> String {
    format!("{}/api/v1/oidc/{id}/callback", app.public_url)
}

fn secret(app: &App, provider: &Provider) -> Result<Option<Secret>, Refused> {
    if provider.sealed.is_empty() {
        return Ok(None);
    }
    let closed = |why: String| {
        tracing::error!(provider = provider.id, why, "a provider's secret");
        Refused::Provider("its secret cannot be opened here: enter it again".to_owned())
    };
    let sealed = URL_SAFE_NO_PAD.decode(&provider.sealed).map_err(|error| closed(error.to_string()))?;
    let plain = app.sign_in.seal.open(&provider.place(), &sealed).map_err(|error| closed(error.to_string()))?;
    Ok(Some(Secret::new(String::from_utf8_lossy(&plain))))
}

impl Provider {
    /// As it is stored: its secret sealed, or the one it had.
    ///
    /// # Errors
    /// When there is no randomness.
    pub(crate) fn stored(mut self, app: &App, before: Option<&Self>) -> Result<Self, ApiError> {
        self.sealed = match self.secret.take() {
            // Elsewhere it would not open: with another issuer or client the secret has to be entered again.
            None => {
                before.filter(|before| before.place() == self.place()).map(|it| it.sealed.clone()).unwrap_or_default()
            }
            Some(secret) if secret.expose().is_empty() => String::new(),
            Some(secret) => {
                let sealed = app.sign_in.seal.seal(&self.place(), secret.expose().as_bytes());
                URL_SAFE_NO_PAD.encode(sealed.map_err(ApiError::internal)?)
            }
        };
        Ok(self)
    }
}

fn seal(app: &App, carried: &Carried) -> Result<String, ApiError> {
    let plain = serde_json::to_vec(carried).map_err(ApiError::internal)?;
    let sealed = app.sign_in.seal.seal(PLACE, &plain).map_err(ApiError::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

fn open(app: &App, cookie: Option<&str>) -> Option<Carried> {
    let sealed = URL_SAFE_NO_PAD.decode(cookie?).ok()?;
    serde_json::from_slice(&app.sign_in.seal.open(PLACE, &sealed).ok()?).ok()
}
