//! The door to what the database keeps of people who work here. Apart from [`Store`](crate::store::Store): no turn reads it.

use std::future::Future;

use serde_json::Value;

use super::rows::{
    ConnectionRow, Hash, Identity, LinkRow, ProfileRow, PushRow, SessionRow, SettingsRow, SnippetRow, TeamRow,
    TokenRow, UserRow,
};
use crate::clock::At;
use crate::ids::{TokenId, UserId};
use crate::store::{Error, JournalRow};

/// One step of a change. What it expects is checked in the transaction that carries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Adds somebody (`rev` 1) or replaces the row whose `rev` is one less.
    PutUser(Box<UserRow>),
    /// Notes a sign-in.
    SignedIn(UserId, At),
    /// Uses a step of somebody's second factor: it must be later than the last one used.
    UseStep(UserId, i64),
    /// Replaces somebody's recovery codes.
    PutCodes(UserId, Vec<Hash>),
    /// Uses a recovery code up: it must be there.
    UseCode(UserId, Hash),
    /// Begins a session.
    AddSession(SessionRow),
    /// Notes that a session was used.
    SeenSession(Hash, At),
    /// Ends a session.
    EndSession(Hash),
    /// Ends all sessions of somebody, but one if it is named, and forgets their browsers.
    EndSessions(UserId, Option<Hash>),
    /// Makes a link; older ones of the same kind and user end.
    AddLink(LinkRow),
    /// Uses a link up: it must be there.
    UseLink(Hash),
    /// Ends the links of somebody.
    EndLinks(UserId),
    /// Makes a token.
    AddToken(TokenRow),
    /// Notes that a token was used.
    UsedToken(TokenId, At),
    /// Revokes a token: it must be there.
    EndToken(TokenId),
    /// Stores the settings, whose `rev` must be one more than before.
    PutSettings(SettingsRow),
    /// Stores a connection, whose `rev` must be one more than before.
    PutConnection(ConnectionRow),
    /// Removes a connection, which must have this `rev`.
    EndConnection(String, i64),
    /// Stores a team, whose `rev` must be one more than before.
    PutTeam(TeamRow),
    /// Removes a team, which must have this `rev`.
    EndTeam(String, i64),
    /// Stores what is set about an agent, whose `rev` must be one more than before.
    PutProfile(ProfileRow),
    /// Stores a snippet, whose `rev` must be one more than before.
    PutSnippet(SnippetRow),
    /// Removes a snippet, which must have this `rev`.
    EndSnippet(String, i64),
    /// Stores a browser that is told when no page is open; it has one owner.
    PutPush(PushRow),
    /// Forgets the browser with this address.
    EndPush(String),
    /// Stores the sealed key that proves to push services who we are, unless there is one.
    PutPushKey(Vec<u8>),
    /// There must be an active admin now: the last one cannot be lost.
    ExpectAdmin,
    /// Deletes sessions and links that ended before this time.
    Sweep(At),
}

/// Steps that are carried out together, with what the log tells of them; or none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// In this order.
    pub ops: Vec<Op>,
    /// Rows of the journal.
    pub journal: Vec<JournalRow>,
    /// When.
    pub at: At,
}

/// Why a change was not carried out. Nothing changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody else changed it meanwhile.
    #[error("it was changed meanwhile")]
    Changed,
    /// What it uses is not there (any more).
    #[error("it is not there any more")]
    Gone,
    /// Somebody has this address already, or signs in as this at a provider.
    #[error("somebody has this address already")]
    Taken,
    /// Nobody could administer afterwards.
    #[error("there must be an active admin")]
    LastAdmin,
}

/// What the log tells of a change, or of something that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What: `user.signed_in`, `contact.read` …
    pub what: &'static str,
    /// Which one, never anything personal of a customer.
    pub id: String,
    /// The rest.
    pub data: Value,
}

/// The part of the database that knows people who work here.
pub trait Accounts: Clone + Send + Sync + 'static {
    /// Carries out all steps of a change or none.
    fn change(&self, change: Change) -> impl Future<Output = Result<Result<(), Refusal>, Error>> + Send;

    /// Everybody who is not removed, by name.
    fn users(&self) -> impl Future<Output = Result<Vec<UserRow>, Error>> + Send;

    /// One of them; removed ones too.
    fn user(&self, id: UserId) -> impl Future<Output = Result<Option<UserRow>, Error>> + Send;

    /// The one with this address who is not removed.
    fn user_by_email(&self, email: &str) -> impl Future<Output = Result<Option<UserRow>, Error>> + Send;

    /// The one whom a provider knows as this who is not removed.
    fn user_by_identity(&self, identity: &Identity) -> impl Future<Output = Result<Option<UserRow>, Error>> + Send;

    /// How many recovery codes somebody has left.
    fn codes_left(&self, id: UserId) -> impl Future<Output = Result<i64, Error>> + Send;

    /// A session and whose it is.
    fn session(&self, hash: Hash) -> impl Future<Output = Result<Option<(SessionRow, UserRow)>, Error>> + Send;

    /// When each who is signed in was last seen.
    fn last_seen(&self) -> impl Future<Output = Result<Vec<(UserId, At)>, Error>> + Send;

    /// A link.
    fn link(&self, hash: Hash) -> impl Future<Output = Result<Option<LinkRow>, Error>> + Send;

    /// A token, whether it still counts or not.
    fn token(&self, hash: Hash) -> impl Future<Output = Result<Option<TokenRow>, Error>> + Send;

    /// All tokens, newest first.
    fn tokens(&self) -> impl Future<Output = Result<Vec<TokenRow>, Error>> + Send;

    /// The settings, once somebody changed them.
    fn settings(&self) -> impl Future<Output = Result<Option<SettingsRow>, Error>> + Send;

    /// Texts that agents send often, by title.
    fn snippets(&self) -> impl Future<Output = Result<Vec<SnippetRow>, Error>> + Send;

    /// Browsers of everybody who may sign in that are told when no page is open, oldest first.
    fn pushes(&self) -> impl Future<Output = Result<Vec<PushRow>, Error>> + Send;

    /// The sealed key that proves to push services who we are, once there is one.
    fn push_key(&self) -> impl Future<Output = Result<Option<Vec<u8>>, Error>> + Send;

    /// Connections made in the editor, by id.
    fn connections(&self) -> impl Future<Output = Result<Vec<ConnectionRow>, Error>> + Send;
}
