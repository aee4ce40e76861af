//! People who work here, as they are read.

use engine::account::{
    Accounts, Change, ConnectionRow, Hash, Identity, LinkKind, LinkRow, PushRow, Refusal, Role, SessionRow,
    SettingsRow, SnippetRow, TokenRow, UserRow, UserState,
};
use engine::clock::At;
use engine::ids::{TokenId, UserId};
use engine::secret::Secret;
use engine::store::Error;

use super::columns::Columns;
use super::query::{Query, all, one, query};
use super::queue::Ask;
use super::value::Row;
use super::{Database, error, push, rows};

const STATES: [UserState; 4] = [UserState::Invited, UserState::Active, UserState::Off, UserState::Removed];
const KINDS: [LinkKind; 2] = [LinkKind::Setup, LinkKind::Invitation];

macro_rules! user_columns {
    () => {
        "app_user.id, app_user.email, app_user.name, app_user.role, app_user.publisher, app_user.language, \
         app_user.theme, app_user.password, app_user.totp, app_user.totp_on, app_user.totp_step, app_user.state, \
         app_user.rev, app_user.created_at, app_user.signed_in_at, app_user.issuer, app_user.subject"
    };
}

const USERS: &str = concat!("select ", user_columns!(), " from app_user where state <> 3 order by name, id");
const USER: &str = concat!("select ", user_columns!(), " from app_user where id = ?");
pub(crate) const USER_BY_EMAIL: &str =
    concat!("select ", user_columns!(), " from app_user where email = ? and state <> 3");
pub(crate) const USER_BY_IDENTITY: &str =
    concat!("select ", user_columns!(), " from app_user where issuer = ? and subject = ? and state <> 3");
pub(crate) const SESSION: &str = concat!(
    "select ",
    user_columns!(),
    ", session.hash, session.user_id, session.created_at, session.seen_at, session.expires_at, session.address, \
     session.agent from session join app_user on app_user.id = session.user_id where session.hash = ?"
);
pub(crate) const TOKEN: &str =
    "select id, name, hash, scopes, by, created_at, expires_at, used_at from token where hash = ?";
const TOKENS: &str = "select id, name, hash, scopes, by, created_at, expires_at, used_at from token order by id desc";

fn take_user(c: &mut Columns) -> Result<UserRow, error::Error> {
    Ok(UserRow {
        id: c.id(UserId)?,
        email: c.take()?,
        name: c.take()?,
        role: c.code("app_user", "role", &Role::ALL, |role| role as i64)?,
        publisher: c.take()?,
        language: c.take()?,
        theme: c.take()?,
        password: c.take::<Option<String>>()?.map(Secret::new),
        totp: c.take()?,
        totp_on: c.take()?,
        totp_step: c.take()?,
        state: c.code("app_user", "state", &STATES, |state| state as i64)?,
        rev: c.take()?,
        created_at: c.id(At)?,
        signed_in_at: c.maybe(At)?,
        identity: {
            let (issuer, subject): (Option<String>, Option<String>) = (c.take()?, c.take()?);
            issuer.zip(subject).map(|(issuer, subject)| Identity { issuer, subject })
        },
    })
}

fn user(row: Row) -> Result<UserRow, error::Error> {
    take_user(&mut Columns::of(row))
}

fn session(row: Row) -> Result<(SessionRow, UserRow), error::Error> {
    let mut c = Columns::of(row);
    let user = take_user(&mut c)?;
    let session = SessionRow {
        hash: c.bytes()?,
        user: c.id(UserId)?,
        created_at: c.id(At)?,
        seen_at: c.id(At)?,
        expires_at: c.id(At)?,
        address: c.take()?,
        agent: c.take()?,
    };
    Ok((session, user))
}

fn link(row: Row) -> Result<LinkRow, error::Error> {
    let mut c = Columns::of(row);
    Ok(LinkRow {
        hash: c.bytes()?,
        kind: c.code("link", "kind", &KINDS, |kind| kind as i64)?,
        user: c.maybe(UserId)?,
        expires_at: c.id(At)?,
    })
}

fn token(row: Row) -> Result<TokenRow, error::Error> {
    let mut c = Columns::of(row);
    Ok(TokenRow {
        id: c.id(TokenId)?,
        name: c.take()?,
        hash: c.bytes()?,
        scopes: c.take()?,
        by: c.take()?,
        created_at: c.id(At)?,
        expires_at: c.maybe(At)?,
        used_at: c.maybe(At)?,
    })
}

fn settings(row: Row) -> Result<SettingsRow, error::Error> {
    let mut c = Columns::of(row);
    Ok(SettingsRow { body: c.take()?, rev: c.take()?, by: c.take()?, at: c.id(At)? })
}

fn connection(row: Row) -> Result<ConnectionRow, error::Error> {
    let mut c = Columns::of(row);
    Ok(ConnectionRow {
        id: c.take()?,
        connector: c.take()?,
        settings: c.take()?,
        sealed: c.take()?,
        secrets: c.take()?,
        rev: c.take()?,
        by: c.take()?,
        at: c.id(At)?,
    })
}

fn snippet(row: Row) -> Result<SnippetRow, error::Error> {
    let mut c = Columns::of(row);
    Ok(SnippetRow {
        id: c.take()?,
        title: c.take()?,
        shortcut: c.take()?,
        texts: c.take()?,
        rev: c.take()?,
        by: c.take()?,
        at: c.id(At)?,
    })
}

impl Database {
    async fn every<T>(&self, query: Query, read: impl Fn(Row) -> Result<T, error::Error>) -> Result<Vec<T>, Error> {
        Ok(all(&mut self.reader().await?.conn(), query, read).await?)
    }

    async fn only<T>(&self, query: Query, read: impl Fn(Row) -> Result<T, error::Error>) -> Result<Option<T>, Error> {
        Ok(one(&mut self.reader().await?.conn(), query, read).await?)
    }
}

impl Accounts for Database {
    async fn change(&self, change: Change) -> Result<Result<(), Refusal>, Error> {
        self.ask(|answer| Ask::Account(Box::new(change), answer)).await
    }

    async fn users(&self) -> Result<Vec<UserRow>, Error> {
        self.every(query(USERS), user).await
    }

    async fn user(&self, id: UserId) -> Result<Option<UserRow>, Error> {
        self.only(query(USER).bind(id.0), user).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<UserRow>, Error> {
        self.only(query(USER_BY_EMAIL).bind(email), user).await
    }

    async fn user_by_identity(&self, identity: &Identity) -> Result<Option<UserRow>, Error> {
        let query = query(USER_BY_IDENTITY).bind(identity.issuer.as_str()).bind(identity.subject.as_str());
        self.only(query, user).await
    }

    async fn codes_left(&self, id: UserId) -> Result<i64, Error> {
        let query = query("select count(*) from recovery_code where user_id = ?").bind(id.0);
        Ok(self.only(query, rows::number).await?.unwrap_or_default())
    }

    async fn session(&self, hash: Hash) -> Result<Option<(SessionRow, UserRow)>, Error> {
        self.only(query(SESSION).bind(hash), session).await
    }

    async fn link(&self, hash: Hash) -> Result<Option<LinkRow>, Error> {
        let query = query("select hash, kind, user_id, expires_at from link where hash = ?").bind(hash);
        self.only(query, link).await
    }

    async fn token(&self, hash: Hash) -> Result<Option<TokenRow>, Error> {
        self.only(query(TOKEN).bind(hash), token).await
    }

    async fn tokens(&self) -> Result<Vec<TokenRow>, Error> {
        self.every(query(TOKENS), token).await
    }

    async fn settings(&self) -> Result<Option<SettingsRow>, Error> {
        self.only(query("select body, rev, by, at from setting"), settings).await
    }

    async fn last_seen(&self) -> Result<Vec<(UserId, At)>, Error> {
        let seen = |row: Row| {
            let mut c = Columns::of(row);
            Ok((c.id(UserId)?, c.id(At)?))
        };
        self.every(query("select user_id, max(seen_at) from session group by user_id"), seen).await
    }

    async fn snippets(&self) -> Result<Vec<SnippetRow>, Error> {
        let text = "select id, title, shortcut, texts, rev, by, at from snippet order by title, id";
        self.every(query(text), snippet).await
    }

    async fn pushes(&self) -> Result<Vec<PushRow>, Error> {
        self.every(query(push::PUSHES), push::push).await
    }

    async fn push_key(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.every(query(push::KEY), push::key).await?.pop())
    }

    async fn connections(&self) -> Result<Vec<ConnectionRow>, Error> {
        let text = "select id, connector, settings, sealed, secrets, rev, by, at from connection order by id";
        self.every(query(text), connection).await
    }
}
