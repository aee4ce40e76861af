//! What the database keeps of people, sessions, links, tokens, settings, and of connections made in the editor.

use super::Role;
use crate::clock::At;
use crate::ids::{TokenId, UserId};
use crate::secret::Secret;

/// SHA-256 of something that only its holder knows.
pub type Hash = [u8; 32];

/// How far somebody has come here. The number is what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum UserState {
    /// Has a link and has not come yet.
    Invited = 0,
    /// May sign in.
    Active = 1,
    /// May not sign in, until an admin says otherwise.
    Off = 2,
    /// Gone for good; the row stays, as the log names it.
    Removed = 3,
}

/// Somebody, as a provider of OpenID Connect knows them: the pair never means anybody else, an address may.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// The provider's issuer.
    pub issuer: String,
    /// Who it is there.
    pub subject: String,
}

/// Somebody who works here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Its id.
    pub id: UserId,
    /// Address to sign in with, lower case; unique among those who are not removed.
    pub email: String,
    /// Name.
    pub name: String,
    /// What somebody is here.
    pub role: Role,
    /// Whether a role that can publish does.
    pub publisher: bool,
    /// Language of the editor, BCP 47; empty = the workspace's.
    pub language: String,
    /// How the editor looks: `light`, `dark`, empty = as the machine.
    pub theme: String,
    /// The password's PHC string; `None` before the first one.
    pub password: Option<Secret>,
    /// The sealed secret of the second factor; empty = none.
    pub totp: Vec<u8>,
    /// Whether the second factor was confirmed, so that a sign-in asks for it.
    pub totp_on: bool,
    /// The last step of it that was used: no code counts twice.
    pub totp_step: i64,
    /// How far somebody has come.
    pub state: UserState,
    /// Counts the changes, from 1.
    pub rev: i64,
    /// When made.
    pub created_at: At,
    /// When last signed in.
    pub signed_in_at: Option<At>,
    /// As whom a provider vouched for them first; unique among those who are not removed. `None` before that.
    pub identity: Option<Identity>,
}

impl UserRow {
    /// Somebody new: active, with neither password nor second factor, and who does not publish.
    #[must_use]
    pub fn new(id: UserId, email: String, name: String, role: Role, created_at: At) -> Self {
        Self {
            id,
            email,
            name,
            role,
            publisher: false,
            language: String::new(),
            theme: String::new(),
            password: None,
            totp: Vec::new(),
            totp_on: false,
            totp_step: 0,
            state: UserState::Active,
            rev: 1,
            created_at,
            signed_in_at: None,
            identity: None,
        }
    }
}

/// How many of them can administer: active admins.
#[must_use]
pub fn admins_among(users: &[UserRow]) -> usize {
    users.iter().filter(|user| user.role == Role::Admin && user.state == UserState::Active).count()
}

/// One browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of what the cookie holds.
    pub hash: Hash,
    /// Whose it is.
    pub user: UserId,
    /// When it began.
    pub created_at: At,
    /// When it was last used, to about a minute.
    pub seen_at: At,
    /// When it ends whatever happens.
    pub expires_at: At,
    /// From which address it began.
    pub address: String,
    /// What the browser called itself, at most 200 characters.
    pub agent: String,
}

/// What a one-time link is for. The number is what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum LinkKind {
    /// Makes an admin.
    Setup = 0,
    /// Lets somebody who was invited choose a password, or somebody who lost it choose another.
    Invitation = 1,
}

/// A link that works once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// SHA-256 of what the link holds.
    pub hash: Hash,
    /// What for.
    pub kind: LinkKind,
    /// For whom; `None` for a set-up.
    pub user: Option<UserId>,
    /// Until when.
    pub expires_at: At,
}

/// A token a machine works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: Hash,
    /// Names of permissions, separated by blanks.
    pub scopes: String,
    /// Who made it.
    pub by: String,
    /// When made.
    pub created_at: At,
    /// Until when; `None` = until it is revoked.
    pub expires_at: Option<At>,
    /// When last used, to about a minute.
    pub used_at: Option<At>,
}

/// The settings of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsRow {
    /// A JSON object.
    pub body: String,
    /// Counts the changes, from 1.
    pub rev: i64,
    /// Who changed them last.
    pub by: String,
    /// When.
    pub at: At,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamRow {
    /// Its id in flows, kebab-case.
    pub id: String,
    /// [`crate::desk::TeamBody`] as JSON.
    pub body: String,
    /// Counts the changes, from 1.
    pub rev: i64,
    /// Who changed it last.
    pub by: String,
    /// When.
    pub at: At,
}

/// What is set about an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// Whose it is.
    pub user: UserId,
    /// [`crate::desk::ProfileBody`] as JSON.
    pub body: String,
    /// Counts the changes, from 1.
    pub rev: i64,
    /// Who changed it last.
    pub by: String,
    /// When.
    pub at: At,
}

/// A browser of somebody who works here, which is told when no page is open (RFC 8030, 8291).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushRow {
    /// The address that its push service gave it.
    pub endpoint: String,
    /// Whose it is.
    pub user: UserId,
    /// Its public key.
    pub p256dh: Vec<u8>,
    /// Its secret, known to it and us.
    pub auth: Vec<u8>,
    /// Whether it is told of alarms, too.
    pub alarms: bool,
    /// What it calls itself.
    pub agent: String,
    /// When it asked to be told.
    pub at: At,
}

/// Everything the desk knows of people who work here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaffRows {
    /// Teams, by id.
    pub teams: Vec<TeamRow>,
    /// What is set of agents.
    pub profiles: Vec<ProfileRow>,
    /// The names of everybody who may sign in, or was invited to.
    pub people: Vec<(UserId, String)>,
}

/// A connection made in the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionRow {
    /// Its id in flows.
    pub id: String,
    /// Its connector's name.
    pub connector: String,
    /// The connector's own fields without the secret ones, a JSON object.
    pub settings: String,
    /// The secret fields: a JSON object, sealed.
    pub sealed: Vec<u8>,
    /// Names of the secret fields that are set, separated by blanks.
    pub secrets: String,
    /// Counts the changes, from 1.
    pub rev: i64,
    /// Who changed it last.
    pub by: String,
    /// When.
    pub at: At,
}

/// A text that agents send often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnippetRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What brings it up; empty = nothing.
    pub shortcut: String,
    /// JSON object: the text by language.
    pub texts: String,
    /// Counts the changes, from 1.
    pub rev: i64,
    /// Who changed it last.
    pub by: String,
    /// When.
    pub at: At,
}
