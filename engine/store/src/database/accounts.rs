//! People who work here, as they are written: each change whole or not at all, and what it expects is checked by the writer.

use engine::account::{
    Change, ConnectionRow, LinkRow, Op, Refusal, SessionRow, SettingsRow, SnippetRow, TokenRow, UserRow,
};
use engine::clock::At;

use super::error::Error;
use super::session::Session;
use super::value::values;
use super::{push, runs, staff};

const PUT_USER: &str = "insert into app_user (id, email, name, role, publisher, language, theme, password, totp, totp_on, \
       totp_step, state, rev, created_at, signed_in_at, issuer, subject) \
     select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17 \
       where ?13 = 1 or exists (select 1 from app_user where id = ?1) \
     on conflict (id) do update set email = excluded.email, name = excluded.name, role = excluded.role, \
       publisher = excluded.publisher, language = excluded.language, theme = excluded.theme, password = excluded.password, \
       totp = excluded.totp, totp_on = excluded.totp_on, \
       totp_step = case when excluded.totp_step > app_user.totp_step then excluded.totp_step else app_user.totp_step end, \
       state = excluded.state, rev = excluded.rev, issuer = excluded.issuer, subject = excluded.subject \
     where app_user.rev = excluded.rev - 1";

/// Carries out a change and adds its journal rows to `block`; a refused one leaves nothing behind.
pub(crate) fn apply(session: &dyn Session, change: &Change, block: (i64, i64)) -> Result<Result<(), Refusal>, Error> {
    session.mark()?;
    for op in &change.ops {
        if let Err(refusal) = step(session, op)? {
            session.undo()?;
            return Ok(Err(refusal));
        }
    }
    change.journal.iter().try_for_each(|row| runs::append(session, row, block))?;
    session.keep()?;
    Ok(Ok(()))
}

fn step(session: &dyn Session, op: &Op) -> Result<Result<(), Refusal>, Error> {
    match op {
        Op::PutUser(row) => return put_user(session, row),
        Op::SignedIn(user, at) => {
            session.execute("update app_user set signed_in_at = ? where id = ?", values![at.0, user.0])?;
        }
        Op::UseStep(user, step) => {
            let text = "update app_user set totp_step = ?2 where id = ?1 and totp_step < ?2";
            return Ok(expect(session.execute(text, values![user.0, step])?, Refusal::Gone));
        }
        Op::PutCodes(user, hashes) => {
            session.execute("delete from recovery_code where user_id = ?", values![user.0])?;
            for hash in hashes {
                session.execute("insert into recovery_code (user_id, hash) values (?, ?)", values![user.0, hash])?;
            }
        }
        Op::UseCode(user, hash) => {
            let gone =
                session.execute("delete from recovery_code where user_id = ? and hash = ?", values![user.0, hash])?;
            return Ok(expect(gone, Refusal::Gone));
        }
        Op::AddSession(row) => add_session(session, row)?,
        Op::SeenSession(hash, at) => {
            session.execute("update session set seen_at = ?1 where hash = ?2 and seen_at < ?1", values![at.0, hash])?;
        }
        Op::EndSession(hash) => {
            session.execute("delete from session where hash = ?", values![hash])?;
        }
        Op::EndSessions(user, but) => {
            session.execute(
                "delete from session where user_id = ?1 and (?2 is null or hash <> ?2)",
                values![user.0, but.as_ref()],
            )?;
            // A browser that is still somebody's asks anew when its page is opened.
            push::end_of(session, *user)?;
        }
        Op::ExpectAdmin => return expect_admin(session),
        Op::Sweep(before) => sweep(session, *before)?,
        other => return step_of_others(session, other),
    }
    Ok(Ok(()))
}

/// Links, tokens, settings, connections, teams, browsers, snippets.
fn step_of_others(session: &dyn Session, op: &Op) -> Result<Result<(), Refusal>, Error> {
    match op {
        Op::AddLink(row) => add_link(session, row)?,
        Op::UseLink(hash) => {
            let used = session.execute("delete from link where hash = ?", values![hash])?;
            return Ok(expect(used, Refusal::Gone));
        }
        Op::EndLinks(user) => {
            session.execute("delete from link where user_id = ?", values![user.0])?;
        }
        Op::AddToken(row) => add_token(session, row)?,
        Op::UsedToken(id, at) => {
            session.execute("update token set used_at = ? where id = ?", values![at.0, id.0])?;
        }
        Op::EndToken(id) => {
            return Ok(expect(session.execute("delete from token where id = ?", values![id.0])?, Refusal::Gone));
        }
        Op::PutSettings(row) => return put_settings(session, row),
        Op::PutConnection(row) => return put_connection(session, row),
        Op::EndConnection(id, rev) => {
            let gone = session.execute("delete from connection where id = ? and rev = ?", values![id, rev])?;
            return Ok(expect(gone, Refusal::Changed));
        }
        Op::PutTeam(row) => return staff::put_team(session, row),
        Op::EndTeam(id, rev) => return staff::end_team(session, id, *rev),
        Op::PutProfile(row) => return staff::put_profile(session, row),
        Op::PutPush(row) => push::put(session, row)?,
        Op::EndPush(endpoint) => push::end(session, endpoint)?,
        Op::PutPushKey(sealed) => {
            session.execute(push::PUT_KEY, values![sealed])?;
        }
        Op::PutSnippet(row) => return put_snippet(session, row),
        Op::EndSnippet(id, rev) => {
            let gone = session.execute("delete from snippet where id = ? and rev = ?", values![id, rev])?;
            return Ok(expect(gone, Refusal::Changed));
        }
        // All others are steps of people and sessions, carried out above.
        _ => {}
    }
    Ok(Ok(()))
}

fn expect(rows: usize, otherwise: Refusal) -> Result<(), Refusal> {
    if rows == 0 { Err(otherwise) } else { Ok(()) }
}

fn put_user(session: &dyn Session, row: &UserRow) -> Result<Result<(), Refusal>, Error> {
    let password = row.password.as_ref().map(engine::secret::Secret::expose);
    let done = session.execute(
        PUT_USER,
        values![
            row.id.0,
            row.email,
            row.name,
            row.role as i64,
            row.publisher,
            row.language,
            row.theme,
            password,
            row.totp,
            row.totp_on,
            row.totp_step,
            row.state as i64,
            row.rev,
            row.created_at.0,
            row.signed_in_at.map(|at| at.0),
            row.identity.as_ref().map(|known| known.issuer.as_str()),
            row.identity.as_ref().map(|known| known.subject.as_str()),
        ],
    );
    match done {
        Ok(rows) => Ok(expect(rows, Refusal::Changed)),
        Err(error) if error.is_taken() => Ok(Err(Refusal::Taken)),
        Err(error) => Err(error),
    }
}

fn expect_admin(session: &dyn Session) -> Result<Result<(), Refusal>, Error> {
    // 7 = admin, 1 = active.
    let text = "select 1 from app_user where role = 7 and state = 1 limit 1";
    Ok(if session.exists(text, values![])? { Ok(()) } else { Err(Refusal::LastAdmin) })
}

fn add_session(session: &dyn Session, row: &SessionRow) -> Result<(), Error> {
    let text = "insert into session (hash, user_id, created_at, seen_at, expires_at, address, agent) \
        values (?, ?, ?, ?, ?, ?, ?)";
    let SessionRow { hash, user, created_at, seen_at, expires_at, address, agent } = row;
    session.execute(text, values![hash, user.0, created_at.0, seen_at.0, expires_at.0, address, agent])?;
    Ok(())
}

fn add_link(session: &dyn Session, row: &LinkRow) -> Result<(), Error> {
    let (kind, user) = (row.kind as i64, row.user.map(|user| user.0));
    session.execute("delete from link where kind = ? and user_id is not distinct from ?", values![kind, user])?;
    let text = "insert into link (hash, kind, user_id, expires_at) values (?, ?, ?, ?)";
    session.execute(text, values![row.hash, kind, user, row.expires_at.0])?;
    Ok(())
}

fn add_token(session: &dyn Session, row: &TokenRow) -> Result<(), Error> {
    let text = "insert into token (id, name, hash, scopes, by, created_at, expires_at, used_at) \
        values (?, ?, ?, ?, ?, ?, ?, ?)";
    let TokenRow { id, name, hash, scopes, by, created_at, expires_at, used_at } = row;
    let times = (created_at.0, expires_at.map(|at| at.0), used_at.map(|at| at.0));
    session.execute(text, values![id.0, name, hash, scopes, by, times.0, times.1, times.2])?;
    Ok(())
}

fn put_settings(session: &dyn Session, row: &SettingsRow) -> Result<Result<(), Refusal>, Error> {
    let text = "insert into setting (id, body, rev, by, at) select 1, ?1, ?2, ?3, ?4 where ?2 = 1 or exists (select 1 from setting) \
        on conflict (id) do update set body = excluded.body, rev = excluded.rev, by = excluded.by, at = excluded.at \
        where setting.rev = excluded.rev - 1";
    let done = session.execute(text, values![&row.body, row.rev, &row.by, row.at.0])?;
    Ok(expect(done, Refusal::Changed))
}

fn put_connection(session: &dyn Session, row: &ConnectionRow) -> Result<Result<(), Refusal>, Error> {
    let text = "insert into connection (id, connector, settings, sealed, secrets, rev, by, at) \
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 where ?6 = 1 or exists (select 1 from connection where id = ?1) \
        on conflict (id) do update set connector = excluded.connector, settings = excluded.settings, \
          sealed = excluded.sealed, secrets = excluded.secrets, rev = excluded.rev, by = excluded.by, at = excluded.at \
        where connection.rev = excluded.rev - 1";
    let ConnectionRow { id, connector, settings, sealed, secrets, rev, by, at } = row;
    let done = session.execute(text, values![id, connector, settings, sealed, secrets, rev, by, at.0])?;
    Ok(expect(done, Refusal::Changed))
}

fn put_snippet(session: &dyn Session, row: &SnippetRow) -> Result<Result<(), Refusal>, Error> {
    let text = "insert into snippet (id, title, shortcut, texts, rev, by, at) \
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7 where ?5 = 1 or exists (select 1 from snippet where id = ?1) \
        on conflict (id) do update set title = excluded.title, shortcut = excluded.shortcut, texts = excluded.texts, \
          rev = excluded.rev, by = excluded.by, at = excluded.at where snippet.rev = excluded.rev - 1";
    let SnippetRow { id, title, shortcut, texts, rev, by, at } = row;
    let done = session.execute(text, values![id, title, shortcut, texts, rev, by, at.0])?;
    Ok(expect(done, Refusal::Changed))
}

fn sweep(session: &dyn Session, before: At) -> Result<(), Error> {
    session.execute("delete from session where expires_at < ?", values![before.0])?;
    session.execute("delete from link where expires_at < ?", values![before.0])?;
    Ok(())
}
