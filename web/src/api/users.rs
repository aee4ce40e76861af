//! People who work here: inviting, changing, signing out, removing.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use engine::account::{Accounts, LinkKind, LinkRow, Op, Refusal, Role, Told, UserRow, UserState};
use engine::ids::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::extract::{Body, Id, IfMatch};
use super::session::SignedOut;
use super::view as show;
use crate::accounts::settings::is_language;
use crate::accounts::sign_in::normal_email;
use crate::accounts::{Purpose, Who, digest, random_token};
use crate::app::App;
use crate::error::ApiError;

/// How long an invitation works.
const INVITATION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a set-up link works.
const SETUP: Duration = Duration::from_secs(24 * 60 * 60);

/// Somebody, as admins see them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UserView {
    id: UserId,
    name: String,
    /// The address to sign in with.
    email: String,
    role: Role,
    /// Whether a role that can publish does.
    publisher: bool,
    /// BCP 47; empty = the workspace's.
    language: String,
    /// `light`, `dark`, or empty = as the machine.
    theme: String,
    /// Whether a second factor is on.
    totp: bool,
    state: UserState,
    created_at: Option<String>,
    signed_in_at: Option<String>,
    /// The issuer of the provider through which they sign in; `null` before they did so first.
    bound_to: Option<String>,
    /// For `If-Match`.
    revision: String,
}

impl From<&UserRow> for UserView {
    fn from(user: &UserRow) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            email: user.email.clone(),
            role: user.role,
            publisher: user.publisher,
            language: user.language.clone(),
            theme: user.theme.clone(),
            totp: user.totp_on,
            state: user.state,
            created_at: show::maybe_text(Some(user.created_at)),
            signed_in_at: show::maybe_text(user.signed_in_at),
            bound_to: user.identity.as_ref().map(|identity| identity.issuer.clone()),
            revision: user.rev.to_string(),
        }
    }
}

/// Everybody.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Users {
    users: Vec<UserView>,
    /// Never more than one page.
    next: Option<UserId>,
}

/// `GET /users`: everybody, by name.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Users>, ApiError> {
    let users = app.engine.store().users().await?.iter().map(UserView::from).collect();
    Ok(Json(Users { users, next: None }))
}

/// Somebody with a link that works once: below the server's address, they choose a password with it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Invited {
    user: UserView,
    /// `/invitation#<token>`; shown this once.
    invitation: String,
}

/// Whom to invite.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    name: String,
    email: String,
    role: Role,
    #[serde(default)]
    publisher: bool,
    /// BCP 47; left out = the workspace's.
    #[serde(default)]
    language: String,
}

/// `POST /users`: invites somebody; the link is shown once and works for seven days.
pub(crate) async fn invite(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Invited>), ApiError> {
    let (email, name) = (checked_email(&new.email)?, checked_name(&new.name)?);
    let now = app.clock.now();
    let user = UserRow {
        publisher: new.publisher,
        language: checked_language(new.language)?,
        state: UserState::Invited,
        ..UserRow::new(UserId(app.ids.next(now)), email, name, new.role, now)
    };
    let (link, token) = new_link(&app, LinkKind::Invitation, Some(user.id), INVITATION)?;
    let ops = vec![Op::PutUser(Box::new(user.clone())), link];
    app.engine.account(who.by(), vec![told("user.invited", &user, &who)], ops).await??;
    Ok((StatusCode::CREATED, Json(Invited { user: (&user).into(), invitation: format!("/invitation#{token}") })))
}

/// What changes of somebody; what is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    name: Option<String>,
    email: Option<String>,
    role: Option<Role>,
    publisher: Option<bool>,
    language: Option<String>,
    /// Whether they may sign in.
    active: Option<bool>,
}

/// `PATCH /users/{id}`: with a new role, or switched off, all sessions end.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    IfMatch(rev): IfMatch,
    Id(id): Id<UserId>,
    Body(change): Body<Change>,
) -> Result<Json<UserView>, ApiError> {
    let before = find(&app, id).await?;
    if before.rev != rev {
        return Err(ApiError::changed(json!(UserView::from(&before))));
    }
    let mut user = before.clone();
    if let Some(name) = &change.name {
        user.name = checked_name(name)?;
    }
    if let Some(email) = &change.email {
        user.email = checked_email(email)?;
    }
    if let Some(language) = change.language {
        user.language = checked_language(language)?;
    }
    user.role = change.role.unwrap_or(user.role);
    user.publisher = change.publisher.unwrap_or(user.publisher);
    user.state = match (change.active, user.state) {
        (Some(false), _) => UserState::Off,
        (Some(true), UserState::Off) if user.password.is_some() => UserState::Active,
        (Some(true), UserState::Off) => UserState::Invited,
        (_, state) => state,
    };
    user.rev += 1;
    let mut ops = vec![Op::PutUser(Box::new(user.clone()))];
    if user.role != before.role || user.state == UserState::Off {
        ops.push(Op::EndSessions(id, None));
    }
    lose(&before, &mut ops);
    done(&app, &who, "user.changed", &user, ops).await?;
    Ok(Json((&user).into()))
}

/// Who is gone.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UserRemoved")]
pub(crate) struct Removed {
    removed: UserId,
}

/// `DELETE /users/{id}`: for good; the log goes on naming them.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<UserId>,
) -> Result<Json<Removed>, ApiError> {
    let before = find(&app, id).await?;
    let user = UserRow {
        state: UserState::Removed,
        password: None,
        totp: Vec::new(),
        totp_on: false,
        identity: None,
        rev: before.rev + 1,
        ..before.clone()
    };
    let mut ops = vec![Op::PutUser(Box::new(user.clone()))];
    ops.extend([Op::EndSessions(id, None), Op::EndLinks(id), Op::PutCodes(id, Vec::new())]);
    lose(&before, &mut ops);
    done(&app, &who, "user.removed", &user, ops).await?;
    Ok(Json(Removed { removed: id }))
}

/// `POST /users/{id}/sign-out`: ends all sessions of somebody.
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<UserId>,
) -> Result<Json<SignedOut>, ApiError> {
    let user = find(&app, id).await?;
    done(&app, &who, "user.signed_out", &user, vec![Op::EndSessions(id, None)]).await?;
    Ok(Json(SignedOut { signed_out: true }))
}

/// `DELETE /users/{id}/identity`: whoever comes next through a provider by their verified address has the account. Their sessions end.
pub(crate) async fn unbind(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    IfMatch(rev): IfMatch,
    Id(id): Id<UserId>,
) -> Result<Json<UserView>, ApiError> {
    let before = find(&app, id).await?;
    if before.rev != rev {
        return Err(ApiError::changed(json!(UserView::from(&before))));
    }
    if before.identity.is_none() {
        return Err(ApiError::conflict("they do not sign in through a provider: there is nothing to unbind"));
    }
    let user = UserRow { identity: None, rev: before.rev + 1, ..before };
    let ops = vec![Op::PutUser(Box::new(user.clone())), Op::EndSessions(id, None)];
    done(&app, &who, "user.unbound", &user, ops).await?;
    Ok(Json((&user).into()))
}

/// Whether the second factor goes too.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Renew {
    /// For whoever lost it.
    #[serde(default)]
    end_totp: bool,
}

/// `POST /users/{id}/invitation`: a new link to choose a password with; older ones end. What they have now works until then.
pub(crate) async fn renew(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<UserId>,
    Body(renew): Body<Renew>,
) -> Result<Json<Invited>, ApiError> {
    let mut user = find(&app, id).await?;
    if user.state == UserState::Off {
        return Err(ApiError::conflict("they may not sign in: switch them on first"));
    }
    let (link, token) = new_link(&app, LinkKind::Invitation, Some(id), INVITATION)?;
    let mut ops = vec![link];
    if renew.end_totp {
        (user.totp, user.totp_on, user.rev) = (Vec::new(), false, user.rev + 1);
        ops.extend([Op::PutUser(Box::new(user.clone())), Op::PutCodes(id, Vec::new()), Op::EndSessions(id, None)]);
    }
    done(&app, &who, "user.link_made", &user, ops).await?;
    Ok(Json(Invited { user: (&user).into(), invitation: format!("/invitation#{token}") }))
}

/// A link that makes an admin.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SetupLink {
    /// `/setup#<token>`; shown this once.
    setup: String,
}

/// `POST /setup/link`: a link that makes an admin, once. Only for whoever runs this machine.
pub(crate) async fn setup_link(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
) -> Result<Json<SetupLink>, ApiError> {
    if !who.is_trusted() {
        return Err(ApiError::forbidden("ask on the server's machine: switchboard user setup-link"));
    }
    Ok(Json(SetupLink { setup: make_setup_link(&app, who.by()).await? }))
}

/// A link that makes an admin; the one before it ends.
pub(crate) async fn make_setup_link(app: &App, by: &str) -> Result<String, ApiError> {
    let (link, token) = new_link(app, LinkKind::Setup, None, SETUP)?;
    let told = Told { what: "setup.link_made", id: "setup".to_owned(), data: json!({}) };
    app.engine.account(by, vec![told], vec![link]).await??;
    Ok(format!("/setup#{token}"))
}

/// The link as it is stored, and what it holds.
fn new_link(app: &App, kind: LinkKind, user: Option<UserId>, works: Duration) -> Result<(Op, String), ApiError> {
    let token = random_token()?;
    let expires_at = app.clock.now().plus(works);
    Ok((Op::AddLink(LinkRow { hash: digest(Purpose::Link, &token), kind, user, expires_at }), token))
}

/// An active admin may be lost only while there is another.
fn lose(before: &UserRow, ops: &mut Vec<Op>) {
    if before.role == Role::Admin && before.state == UserState::Active {
        ops.push(Op::ExpectAdmin);
    }
}

async fn done(app: &App, who: &Who, what: &'static str, user: &UserRow, ops: Vec<Op>) -> Result<(), ApiError> {
    match app.engine.account(who.by(), vec![told(what, user, who)], ops).await? {
        Ok(()) => Ok(()),
        Err(Refusal::Changed) => Err(ApiError::changed(json!(UserView::from(&find(app, user.id).await?)))),
        Err(other) => Err(other.into()),
    }
}

fn told(what: &'static str, user: &UserRow, who: &Who) -> Told {
    let data = json!({
        "name": user.name, "email": user.email, "role": user.role, "publisher": user.publisher, "state": user.state,
        "totp": user.totp_on, "from": who.address(),
    });
    Told { what, id: user.id.to_string(), data }
}

async fn find(app: &App, id: UserId) -> Result<UserRow, ApiError> {
    let user = app.engine.store().user(id).await?.filter(|user| user.state != UserState::Removed);
    user.ok_or_else(|| ApiError::not_found(format_args!("user {id}")))
}

/// A name that people can read.
pub(super) fn checked_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(ApiError::bad_request("name: 1 to 80 characters"));
    }
    Ok(name.to_owned())
}

/// An address, as far as one can tell without writing to it.
pub(super) fn checked_email(email: &str) -> Result<String, ApiError> {
    let email = normal_email(email);
    let good = email.len() <= 254
        && !email.contains(char::is_whitespace)
        && email.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.') && !at.contains('@'));
    if good { Ok(email) } else { Err(ApiError::bad_request("email: an address such as mia@example.com")) }
}

/// A language tag, or nothing.
pub(super) fn checked_language(language: String) -> Result<String, ApiError> {
    if language.is_empty() || is_language(&language) {
        return Ok(language);
    }
    Err(ApiError::bad_request("language: a BCP 47 tag such as `it` or `zh-Hans`"))
}
