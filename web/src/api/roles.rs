//! Who may what, for the page that shows it.

use axum::Json;
use engine::account::{Permission, Permissions, Role};
use serde_json::{Value, json};

use super::Answer;

/// `GET /roles`: each role with its permissions, and those that *publisher* adds; each permission in words.
pub(crate) async fn list() -> Answer {
    let names = |of: Permissions| of.iter().map(Permission::name).collect::<Vec<_>>();
    let role = |role: Role| {
        let (plain, more) = (Permissions::of(role, false), Permissions::of(role, true));
        let added = more.iter().filter(|permission| !plain.has(*permission)).collect();
        json!({ "id": role, "permissions": names(plain), "publisher": names(added) })
    };
    let permission = |one: &Permission| json!({ "id": one, "what": one.what() });
    let roles: Vec<Value> = Role::ALL.into_iter().map(role).collect();
    let permissions: Vec<Value> = Permission::ALL.iter().map(permission).collect();
    Ok(Json(json!({ "roles": roles, "permissions": permissions })))
}
