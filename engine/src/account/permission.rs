//! Who may what: the one table. The server asks it for every request, the editor shows it, `web/src/accounts/matrix.txt` spells it
//! out for every address.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Role;
use super::Role::{Agent, Auditor, CrmAdmin, Ops, TeamLead, Viewer};

/// Roles that have a permission; an admin has every one and is not listed.
struct Row {
    name: &'static str,
    what: &'static str,
    roles: &'static [Role],
    /// Those that have it only with *publisher*.
    publishers: &'static [Role],
}

macro_rules! permissions {
    ($($name:ident $text:literal $what:literal [$($role:ident)*] [$($publisher:ident)*])*) => {
        /// One thing somebody may do. The text names are stored in API tokens, and only ever added to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Permission {
            $(#[doc = $what] #[serde(rename = $text)] $name,)*
        }

        impl Permission {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        name: $text, what: $what, roles: &[$($role),*], publishers: &[$($publisher),*],
                    },)*
                }
            }
        }
    };
}

permissions! {
    SystemRead "system.read" "See how the system is doing: version, health, what is stopped"
        [Viewer Auditor Agent TeamLead Ops CrmAdmin] []
    FlowsRead "flows.read" "See flows, tag rules and their versions"
        [Viewer Auditor TeamLead Ops CrmAdmin] []
    FiguresRead "figures.read" "See figures and the health of connections"
        [Viewer Auditor TeamLead Ops CrmAdmin] []
    RunsRead "runs.read" "See what flows did: runs, missed events, messages nobody understood"
        [Auditor TeamLead Ops CrmAdmin] []
    PersonalRead "personal.read" "See names, numbers and messages; without it they are masked"
        [Agent TeamLead Ops CrmAdmin] []
    ContactsRead "contacts.read" "See contacts and their conversations"
        [Auditor Agent TeamLead Ops CrmAdmin] []
    ContactsChange "contacts.change" "Change a contact's tags and fields"
        [Agent TeamLead CrmAdmin] []
    ContactsManage "contacts.manage" "Import contacts and take lists of them out, merge them, keep the dictionary of tags"
        [CrmAdmin] []
    PeopleExport "people.export" "Take out everything stored about one person"
        [CrmAdmin] []
    PeopleErase "people.erase" "Erase a person"
        [] []
    InboxRead "inbox.read" "See escalations and the inbox"
        [Agent TeamLead Ops] []
    InboxWork "inbox.work" "Take escalations and answer"
        [Agent TeamLead] []
    InboxAll "inbox.all" "See all conversations, reassign them, read the team's figures"
        [TeamLead] []
    FlowsEdit "flows.edit" "Edit drafts of flows and try them"
        [Ops] []
    FlowsPublish "flows.publish" "Put flows live, switch them on and off"
        [] [Ops]
    RulesEdit "rules.edit" "Edit drafts of tag rules and try them on the past"
        [CrmAdmin] []
    RulesPublish "rules.publish" "Put tag rules live, switch them on and off"
        [] [Ops CrmAdmin]
    SegmentsEdit "segments.edit" "Edit drafts of segments and see whom they would take"
        [Ops CrmAdmin] []
    SegmentsPublish "segments.publish" "Put segments in force, switch them on and off"
        [] [Ops CrmAdmin]
    RunsControl "runs.control" "Start, cancel, retry and replay runs; decide about calls that need attention"
        [] [Ops]
    SendingStop "sending.stop" "Stop all sending and release it"
        [] [Ops]
    LogRead "log.read" "Read the audit log"
        [Auditor Ops] []
    LogProve "log.prove" "Seal the audit log and prove that it is whole"
        [Auditor Ops] []
    LogExport "log.export" "Take the audit log out"
        [Auditor] []
    ConnectionsCheck "connections.check" "Try whether an account works"
        [Ops CrmAdmin] []
    ConnectionsManage "connections.manage" "Make, change and remove connections, and set them up at the other side"
        [] []
    UsersManage "users.manage" "Invite, change, sign out and remove people"
        [] []
    TokensManage "tokens.manage" "Make and revoke API tokens"
        [] []
    SettingsManage "settings.manage" "Change the settings of the workspace"
        [] []
}

impl Permission {
    /// Its name in the API and in tokens: `flows.read`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What it allows, for people.
    #[must_use]
    pub fn what(self) -> &'static str {
        self.row().what
    }
}

/// The text names no permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no permission: `GET /api/v1/roles` lists them")]
pub struct NoPermission(String);

impl std::str::FromStr for Permission {
    type Err = NoPermission;

    fn from_str(text: &str) -> Result<Self, NoPermission> {
        let found = Self::ALL.iter().copied().find(|permission| permission.name() == text);
        found.ok_or_else(|| NoPermission(text.chars().take(40).collect()))
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u64);

impl Permissions {
    /// None.
    pub const NONE: Self = Self(0);

    /// All there are.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// What somebody with this role may do.
    #[must_use]
    pub fn of(role: Role, publisher: bool) -> Self {
        let has = |permission: &Permission| {
            let row = permission.row();
            role == Role::Admin || row.roles.contains(&role) || (publisher && row.publishers.contains(&role))
        };
        Permission::ALL.iter().copied().filter(has).collect()
    }

    /// Whether `permission` is among them.
    #[must_use]
    pub fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// Those in both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Each of them, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |set, permission| set | (1 << permission as u8)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(role: Role, publisher: bool, permission: Permission) -> bool {
        Permissions::of(role, publisher).has(permission)
    }

    #[test]
    fn an_admin_may_everything_and_a_viewer_changes_nothing() {
        assert_eq!(Permissions::of(Role::Admin, false), Permissions::all());
        let viewer: Vec<_> = Permissions::of(Viewer, true).iter().map(Permission::name).collect();
        assert_eq!(viewer, ["system.read", "flows.read", "figures.read"]);
    }

    #[test]
    fn publisher_adds_to_ops_what_the_design_says_and_nothing_to_agents() {
        for permission in [Permission::FlowsPublish, Permission::SendingStop, Permission::RunsControl] {
            assert!(!may(Ops, false, permission) && may(Ops, true, permission), "{permission:?}");
        }
        assert_eq!(Permissions::of(Agent, true), Permissions::of(Agent, false));
    }

    #[test]
    fn a_crm_admin_edits_rules_and_segments_and_no_flows() {
        for permission in [Permission::RulesEdit, Permission::SegmentsEdit] {
            assert!(may(CrmAdmin, false, permission), "{permission:?}");
        }
        for permission in [Permission::RulesPublish, Permission::SegmentsPublish] {
            assert!(!may(CrmAdmin, false, permission) && may(CrmAdmin, true, permission), "{permission:?}");
        }
        assert!(!may(CrmAdmin, true, Permission::FlowsEdit) && !may(CrmAdmin, true, Permission::FlowsPublish));
    }

    #[test]
    fn an_auditor_reads_the_log_masked() {
        assert!(may(Auditor, false, Permission::LogExport) && !may(Auditor, false, Permission::PersonalRead));
    }

    #[test]
    fn names_are_read_as_they_are_written_and_fit_the_set() {
        assert!(Permission::ALL.len() <= 64);
        for permission in Permission::ALL {
            assert_eq!(permission.name().parse(), Ok(*permission));
            assert_eq!(serde_json::json!(permission), permission.name());
        }
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(serde_json::json!(role), role.name());
        }
        assert!("flows.wipe".parse::<Permission>().is_err() && "root".parse::<Role>().is_err());
    }
}
