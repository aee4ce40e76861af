//! Signing in and out, the first admin, and links that let somebody choose a password.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use engine::account::{Accounts, LinkKind, LinkRow, Op, Role, Told, UserRow, UserState, admins_among};
use engine::ids::UserId;
use engine::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::extract::{Agent, Body};
use super::users::{checked_email, checked_name};
use crate::accounts::sign_in::{Attempt, Begun, SessionView, session_view, set_cookie};
use crate::accounts::who::name_of;
use crate::accounts::{Purpose, Who, digest, oidc};
use crate::app::App;
use crate::error::ApiError;

/// An answer that gives or takes the cookie.
type WithCookie<T> = Result<([(HeaderName, HeaderValue); 1], Json<T>), ApiError>;

/// `GET /session`: who is signed in, what they may do, and what must come with every write.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
) -> Result<Json<SessionView>, ApiError> {
    if who.user().is_some() {
        return Ok(Json(session_view(&app, &who)?));
    }
    let setup_needed = admins_among(&app.engine.store().users().await?) == 0;
    let settings = app.sign_in.settings();
    let provider = |it: &oidc::Provider| Provider { id: it.id.clone(), name: it.name.clone() };
    let oidc = settings.oidc.iter().map(provider).collect();
    Err(ApiError::signed_out(json!(Entrances { setup_needed, oidc })))
}

/// How one can come in: the details of `signed_out`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Entrances {
    /// Whether nobody can administer yet.
    setup_needed: bool,
    /// Providers one can sign in with: `GET /oidc/<id>` begins.
    oidc: Vec<Provider>,
}

/// A provider one can sign in with.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Provider {
    id: String,
    name: String,
}

/// Whether it is done.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SignedOut {
    pub(super) signed_out: bool,
}

/// Who signs in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    email: String,
    password: Secret,
    /// The second factor, or a recovery code.
    code: Option<String>,
}

/// `POST /session`: signs in.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Agent(agent): Agent,
    Body(given): Body<SignIn>,
) -> WithCookie<SessionView> {
    let SignIn { email, password, code } = given;
    let attempt = Attempt { email: &email, password: &password, code: code.as_deref(), from: who.address() };
    let begun = app.sign_in.sign_in(&app, &attempt, &agent).await?;
    welcome(&app, &begun)
}

/// `DELETE /session`: signs out.
pub(crate) async fn end(State(app): State<Arc<App>>, Extension(who): Extension<Who>) -> WithCookie<SignedOut> {
    let person = who.expect_person()?;
    let told = Told { what: "user.signed_out", id: person.user.id.to_string(), data: json!({ "from": who.address() }) };
    app.engine.account(who.by(), vec![told], vec![Op::EndSession(person.session)]).await??;
    // Whoever signed out is offered nothing more.
    app.engine.leave(person.user.id).await?;
    Ok(([(header::SET_COOKIE, set_cookie(&app, None)?)], Json(SignedOut { signed_out: true })))
}

/// Who sets up the first admin.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setup {
    token: Secret,
    name: String,
    email: String,
    password: Secret,
}

/// `POST /setup`: makes an admin, with the link that the server printed or `switchboard user setup-link` gave.
pub(crate) async fn set_up(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Agent(agent): Agent,
    Body(given): Body<Setup>,
) -> WithCookie<SessionView> {
    let link = link(&app, &given.token, LinkKind::Setup).await?;
    let (email, name) = (checked_email(&given.email)?, checked_name(&given.name)?);
    let password = app.sign_in.passwords.hash(&given.password, &email).await?;
    let now = app.clock.now();
    let id = UserId(app.ids.next(now));
    let user = UserRow { publisher: true, password: Some(password), ..UserRow::new(id, email, name, Role::Admin, now) };
    let told = Told {
        what: "user.set_up",
        id: user.id.to_string(),
        data: json!({ "from": who.address(), "email": user.email }),
    };
    let ops = vec![Op::UseLink(link.hash), Op::PutUser(Box::new(user.clone()))];
    let begun = app.sign_in.open(&app, &user, who.address(), &agent, vec![told], ops).await??;
    welcome(&app, &begun)
}

/// Who takes an invitation, or a new password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invitation {
    token: Secret,
    password: Secret,
    /// Left out: the name the admin gave.
    name: Option<String>,
}

/// The password counts, and the next sign-in asks for the second factor.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PasswordSet {
    password_set: bool,
    signed_in: bool,
}

/// `POST /invitation`: chooses a password with a link that works once, and signs in; not where a second factor is on: then the next
/// sign-in asks for it.
pub(crate) async fn accept(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Agent(agent): Agent,
    Body(given): Body<Invitation>,
) -> Result<Response, ApiError> {
    let link = link(&app, &given.token, LinkKind::Invitation).await?;
    let user = app.engine.store().user(link.user.unwrap_or_default()).await?;
    let mut user = user.filter(|user| matches!(user.state, UserState::Invited | UserState::Active));
    let user = user.as_mut().ok_or_else(ApiError::link_gone)?;
    if let Some(name) = &given.name {
        user.name = checked_name(name)?;
    }
    user.password = Some(app.sign_in.passwords.hash(&given.password, &user.email).await?);
    user.state = UserState::Active;
    user.rev += 1;
    let told = Told { what: "user.password_set", id: user.id.to_string(), data: json!({ "from": who.address() }) };
    let ops = vec![Op::UseLink(link.hash), Op::PutUser(Box::new(user.clone())), Op::EndSessions(user.id, None)];
    if user.totp_on {
        app.engine.account(&name_of(user), vec![told], ops).await??;
        return Ok(Json(PasswordSet { password_set: true, signed_in: false }).into_response());
    }
    let begun = app.sign_in.open(&app, user, who.address(), &agent, vec![told], ops).await??;
    Ok(welcome(&app, &begun)?.into_response())
}

/// The link whose token this is.
async fn link(app: &App, token: &Secret, kind: LinkKind) -> Result<LinkRow, ApiError> {
    let link = app.engine.store().link(digest(Purpose::Link, token.expose())).await?;
    link.filter(|link| link.kind == kind && app.clock.now() < link.expires_at).ok_or_else(ApiError::link_gone)
}

fn welcome(app: &App, begun: &Begun) -> WithCookie<SessionView> {
    let cookie = set_cookie(app, Some(&begun.token))?;
    Ok(([(header::SET_COOKIE, cookie)], Json(session_view(app, &begun.who)?)))
}
