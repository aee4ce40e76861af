//! What people change of themselves: name, language, password, the second factor.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::{Op, Told, UserRow};
use engine::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::extract::Body;
use super::session::SignedOut;
use super::users::{UserView, checked_language, checked_name};
use crate::accounts::sign_in::totp_place;
use crate::accounts::{Purpose, Who, digest, recovery_codes, totp};
use crate::app::App;
use crate::error::ApiError;

/// What somebody changes of themselves; what is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    name: Option<String>,
    /// BCP 47; empty = the workspace's.
    language: Option<String>,
    /// `light`, `dark`, or empty = as the machine.
    theme: Option<String>,
}

/// `PATCH /me`.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(change): Body<Change>,
) -> Result<Json<UserView>, ApiError> {
    let mut user = who.expect_person()?.user.clone();
    if let Some(name) = &change.name {
        user.name = checked_name(name)?;
    }
    if let Some(language) = change.language {
        user.language = checked_language(language)?;
    }
    match change.theme {
        Some(theme) if !["", "light", "dark"].contains(&theme.as_str()) => {
            return Err(ApiError::bad_request("theme: `light`, `dark` or nothing"));
        }
        Some(theme) => user.theme = theme,
        None => {}
    }
    user.rev += 1;
    let data = json!({ "name": user.name, "language": user.language });
    store(&app, &who, user.clone(), "user.changed", data, Vec::new()).await?;
    Ok(Json((&user).into()))
}

/// A new password, and the old one as proof.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Password {
    old: Secret,
    new: Secret,
}

/// It is done.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Changed {
    changed: bool,
}

/// `POST /me/password`: all other sessions end.
pub(crate) async fn password(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(given): Body<Password>,
) -> Result<Json<Changed>, ApiError> {
    let person = who.expect_person()?;
    app.sign_in.confirm(&app, &who, &given.old).await?;
    let mut user = person.user.clone();
    user.password = Some(app.sign_in.passwords.hash(&given.new, &user.email).await?);
    user.rev += 1;
    let others = vec![Op::EndSessions(user.id, Some(person.session)), Op::EndLinks(user.id)];
    store(&app, &who, user, "user.password_set", json!({}), others).await?;
    Ok(Json(Changed { changed: true }))
}

/// `POST /me/sign-out-everywhere`: ends all sessions, this one too.
pub(crate) async fn sign_out_everywhere(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
) -> Result<Json<SignedOut>, ApiError> {
    let user = &who.expect_person()?.user;
    let data = json!({ "from": who.address(), "everywhere": true });
    let told = Told { what: "user.signed_out", id: user.id.to_string(), data };
    app.engine.account(who.by(), vec![told], vec![Op::EndSessions(user.id, None)]).await??;
    Ok(Json(SignedOut { signed_out: true }))
}

/// What an app is told.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TotpBegun {
    /// Base 32, to type.
    secret: String,
    /// The same with who and where, to show as a picture.
    otpauth: String,
}

/// `POST /me/totp`: a secret for the app; it counts once a code of it was confirmed.
pub(crate) async fn begin_totp(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
) -> Result<Json<TotpBegun>, ApiError> {
    let mut user = who.expect_person()?.user.clone();
    if user.totp_on {
        return Err(ApiError::conflict("a second factor is on: take it away first"));
    }
    let secret = totp::secret()?;
    user.totp = app.sign_in.seal.seal(&totp_place(&user), &secret).map_err(ApiError::internal)?;
    user.rev += 1;
    let (secret, otpauth) = totp::shown(&secret, &app.sign_in.settings().name, &user.email)?;
    store(&app, &who, user, "user.totp_begun", json!({}), Vec::new()).await?;
    Ok(Json(TotpBegun { secret, otpauth }))
}

/// A code of the app.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    code: String,
}

/// Each good once instead of a code of the app.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// `POST /me/totp/confirm`: the second factor is on from now on; the recovery codes are shown once.
pub(crate) async fn confirm_totp(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(given): Body<Code>,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let person = who.expect_person()?;
    let mut user = person.user.clone();
    if user.totp_on || user.totp.is_empty() {
        return Err(ApiError::conflict("begin with `POST /me/totp`"));
    }
    let secret = app.sign_in.seal.open(&totp_place(&user), &user.totp).map_err(ApiError::internal)?;
    let step = totp::step(&secret, &given.code, app.clock.now())?;
    let step = step.ok_or_else(|| ApiError::bad_request("code: it is not the one the app shows now"))?;
    let codes = recovery_codes()?;
    let hashes = codes.iter().map(|code| digest(Purpose::Recovery, &code.replace('-', ""))).collect();
    user.totp_on = true;
    user.rev += 1;
    // Whoever is signed in elsewhere did it without the second factor.
    let ops =
        vec![Op::UseStep(user.id, step), Op::PutCodes(user.id, hashes), Op::EndSessions(user.id, Some(person.session))];
    store(&app, &who, user, "user.totp_on", json!({}), ops).await?;
    Ok(Json(RecoveryCodes { recovery_codes: codes }))
}

/// The password, as proof.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    password: Secret,
}

/// `DELETE /me/totp`: takes the second factor away, unless the role needs one.
pub(crate) async fn end_totp(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(proof): Body<Proof>,
) -> Result<Json<Changed>, ApiError> {
    let mut user = who.expect_person()?.user.clone();
    if app.sign_in.settings().require_totp.contains(&user.role) {
        return Err(ApiError::conflict("your role needs a second factor"));
    }
    app.sign_in.confirm(&app, &who, &proof.password).await?;
    (user.totp, user.totp_on) = (Vec::new(), false);
    user.rev += 1;
    let ops = vec![Op::PutCodes(user.id, Vec::new())];
    store(&app, &who, user, "user.totp_off", json!({}), ops).await?;
    Ok(Json(Changed { changed: true }))
}

async fn store(
    app: &App,
    who: &Who,
    user: UserRow,
    what: &'static str,
    mut data: Value,
    mut more: Vec<Op>,
) -> Result<(), ApiError> {
    data["from"] = json!(who.address());
    let told = Told { what, id: user.id.to_string(), data };
    more.push(Op::PutUser(Box::new(user)));
    Ok(app.engine.account(who.by(), vec![told], more).await??)
}
