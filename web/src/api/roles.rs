//! Who may what, for the page that shows it.

use axum::Json;
use engine::account::{Permission, Permissions, Role};
use schemars::JsonSchema;
use serde::Serialize;

/// The whole table.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Roles {
    roles: Vec<RoleView>,
    permissions: Vec<PermissionView>,
}

/// A role.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RoleView {
    id: Role,
    /// What everybody with it may.
    permissions: Vec<Permission>,
    /// What *publisher* adds.
    publisher: Vec<Permission>,
}

/// A permission.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PermissionView {
    id: Permission,
    /// What it allows, in words.
    what: &'static str,
}

/// `GET /roles`: each role with its permissions, and those that *publisher* adds; each permission in words.
pub(crate) async fn list() -> Json<Roles> {
    let role = |id: Role| {
        let (plain, more) = (Permissions::of(id, false), Permissions::of(id, true));
        let publisher = more.iter().filter(|permission| !plain.has(*permission)).collect();
        RoleView { id, permissions: plain.iter().collect(), publisher }
    };
    let permission = |id: &Permission| PermissionView { id: *id, what: id.what() };
    Json(Roles {
        roles: Role::ALL.into_iter().map(role).collect(),
        permissions: Permission::ALL.iter().map(permission).collect(),
    })
}
