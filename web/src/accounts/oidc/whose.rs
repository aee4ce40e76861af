//! Whose account it is that a provider vouches for.
//!
//! By the subject, which never means anybody else; only the first time by the verified address, and from then on the account is that
//! subject's. Addresses change hands: who gets a colleague's old one at the provider does not get their account here.

use std::net::IpAddr;

use engine::account::{Accounts, Identity, Op, Role, Told, UserRow, UserState};
use engine::ids::UserId;
use serde_json::json;

use super::token::Claims;
use super::{Provider, Refused};
use crate::accounts::sign_in::normal_email;
use crate::app::App;
use crate::error::ApiError;

/// Whom an answer lets in, and what is written with their sign-in.
pub(super) struct Found {
    /// As they are afterwards.
    pub(super) user: UserRow,
    /// As whom the provider knows them.
    pub(super) identity: Identity,
    pub(super) told: Vec<Told>,
    pub(super) ops: Vec<Op>,
}

/// The account of whom the provider vouches for; or why they do not come in, and whose account it is about.
///
/// # Errors
/// When the store fails.
pub(super) async fn found(
    app: &App,
    provider: &Provider,
    claims: &Claims,
    from: IpAddr,
) -> Result<Result<Found, (Option<UserId>, Refused)>, ApiError> {
    let identity = Identity { issuer: provider.issuer.clone(), subject: claims.sub.clone() };
    let store = app.engine.store();
    let known = store.user_by_identity(&identity).await?;
    if let Err(refused) = may_come(provider, claims, known.is_some()) {
        return Ok(Err((known.map(|user| user.id), refused)));
    }
    let email = normal_email(&claims.email);
    let user = match known {
        Some(user) => Some(user),
        None => store.user_by_email(&email).await?,
    };
    Ok(match (user, provider.newcomers) {
        (Some(user), _) if user.state == UserState::Off => Err((Some(user.id), Refused::Off)),
        (Some(user), _) if user.identity.as_ref().is_some_and(|bound| *bound != identity) => {
            Err((Some(user.id), Refused::Bound))
        }
        (Some(user), _) => Ok(known_here(user, identity, &provider.id, from)),
        (None, None) => Err((None, Refused::Uninvited)),
        (None, Some(role)) => {
            let user = newcomer(app, email, claims, role, identity.clone());
            let data = json!({ "from": from, "provider": provider.id, "email": user.email, "role": user.role });
            let told = vec![Told { what: "user.joined", id: user.id.to_string(), data }];
            let ops = vec![Op::PutUser(Box::new(user.clone()))];
            Ok(Found { user, identity, told, ops })
        }
    })
}

/// Whether such people may come in. Whoever is known by their subject needs no address, unless only some domains may come.
fn may_come(provider: &Provider, claims: &Claims, known: bool) -> Result<(), Refused> {
    if known && provider.domains.is_empty() {
        return Ok(());
    }
    if !claims.has_email() {
        return Err(Refused::Unverified);
    }
    let email = normal_email(&claims.email);
    let domain = email.rsplit('@').next().unwrap_or_default();
    if provider.domains.is_empty() || provider.domains.iter().any(|allowed| allowed == domain) {
        return Ok(());
    }
    Err(Refused::Domain)
}

/// Somebody who has an account: an invitation is accepted by this, and an account that was nobody's is bound.
pub(super) fn known_here(user: UserRow, identity: Identity, provider: &str, from: IpAddr) -> Found {
    let (is_new, invited) = (user.identity.is_none(), user.state == UserState::Invited);
    let (mut told, mut ops) = (Vec::new(), Vec::new());
    if is_new {
        let Identity { issuer, subject } = &identity;
        let data = json!({ "from": from, "provider": provider, "issuer": issuer, "subject": subject });
        told.push(Told { what: "user.bound", id: user.id.to_string(), data });
    }
    let mut user = UserRow { state: UserState::Active, identity: Some(identity.clone()), ..user };
    if is_new || invited {
        user.rev += 1;
        ops.push(Op::PutUser(Box::new(user.clone())));
    }
    if invited {
        ops.push(Op::EndLinks(user.id));
    }
    Found { user, identity, told, ops }
}

/// Somebody whom nobody invited, from a domain whose people may come.
fn newcomer(app: &App, email: String, claims: &Claims, role: Role, identity: Identity) -> UserRow {
    let now = app.clock.now();
    let named = claims.name.trim().chars().filter(|char| !char.is_control()).take(80).collect::<String>();
    let name = if named.is_empty() { email.split('@').next().unwrap_or_default().to_owned() } else { named };
    UserRow { identity: Some(identity), ..UserRow::new(UserId(app.ids.next(now)), email, name, role, now) }
}
