//! People who work here: who they are, what each role may do, and what the database keeps of them.
//!
//! Plain types and one table. Passwords, cookies and codes are the web side's; nothing here makes or checks one.

mod permission;
mod role;
mod rows;
mod store;

pub use permission::{Permission, Permissions};
pub use role::Role;
pub use rows::{
    ConnectionRow, Hash, Identity, LinkKind, LinkRow, ProfileRow, PushRow, SessionRow, SettingsRow, SnippetRow,
    StaffRows, TeamRow, TokenRow, UserRow, UserState, admins_among,
};
pub use store::{Accounts, Change, Op, Refusal, Told};
