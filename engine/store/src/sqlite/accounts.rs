//! People who work here, as they are written: each change whole or not at all, and what it expects is checked by the writer.

use engine::account::{
    Change, ConnectionRow, LinkRow, Op, Refusal, SessionRow, SettingsRow, SnippetRow, TokenRow, UserRow,
};
use engine::clock::At;
use rusqlite::{Connection, Params, params};

use super::error::Error;
use super::{runs, staff};

/// SQLite's extended code for a second row with the same unique value. Source: sqlite.org/rescode.html.
const SQLITE_CONSTRAINT_UNIQUE: i32 = 2067;

const PUT_USER: &str = "insert into app_user (id, email, name, role, publisher, language, theme, password, totp, totp_on, \
       totp_step, state, rev, created_at, signed_in_at) \
     select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15 \
       where ?13 = 1 or exists (select 1 from app_user where id = ?1) \
     on conflict (id) do update set email = excluded.email, name = excluded.name, role = excluded.role, \
       publisher = excluded.publisher, language = excluded.language, theme = excluded.theme, password = excluded.password, \
       totp = excluded.totp, totp_on = excluded.totp_on, totp_step = max(app_user.totp_step, excluded.totp_step), \
       state = excluded.state, rev = excluded.rev where app_user.rev = excluded.rev - 1";

/// Carries out a change and adds its journal rows to `block`; a refused one leaves nothing behind.
pub(super) fn apply(conn: &Connection, change: &Change, block: (i64, i64)) -> Result<Result<(), Refusal>, Error> {
    conn.execute_batch("savepoint account")?;
    for op in &change.ops {
        if let Err(refusal) = step(conn, op)? {
            conn.execute_batch("rollback to account; release account")?;
            return Ok(Err(refusal));
        }
    }
    change.journal.iter().try_for_each(|row| runs::append(conn, row, block))?;
    conn.execute_batch("release account")?;
    Ok(Ok(()))
}

fn step(conn: &Connection, op: &Op) -> Result<Result<(), Refusal>, Error> {
    match op {
        Op::PutUser(row) => return put_user(conn, row),
        Op::SignedIn(user, at) => {
            run(conn, "update app_user set signed_in_at = ? where id = ?", (at.0, user.0))?;
        }
        Op::UseStep(user, step) => {
            let text = "update app_user set totp_step = ?2 where id = ?1 and totp_step < ?2";
            return Ok(expect(run(conn, text, (user.0, step))?, Refusal::Gone));
        }
        Op::PutCodes(user, hashes) => {
            run(conn, "delete from recovery_code where user_id = ?", (user.0,))?;
            for hash in hashes {
                run(conn, "insert into recovery_code (user_id, hash) values (?, ?)", (user.0, hash))?;
            }
        }
        Op::UseCode(user, hash) => {
            let gone = run(conn, "delete from recovery_code where user_id = ? and hash = ?", (user.0, hash))?;
            return Ok(expect(gone, Refusal::Gone));
        }
        Op::AddSession(row) => add_session(conn, row)?,
        Op::SeenSession(hash, at) => {
            run(conn, "update session set seen_at = max(seen_at, ?) where hash = ?", (at.0, hash))?;
        }
        Op::EndSession(hash) => {
            run(conn, "delete from session where hash = ?", (hash,))?;
        }
        Op::EndSessions(user, but) => {
            run(conn, "delete from session where user_id = ?1 and (?2 is null or hash <> ?2)", (user.0, but.as_ref()))?;
        }
        Op::ExpectAdmin => return expect_admin(conn),
        Op::Sweep(before) => sweep(conn, *before)?,
        other => return step_of_others(conn, other),
    }
    Ok(Ok(()))
}

/// Links, tokens, settings, connections, teams, snippets.
fn step_of_others(conn: &Connection, op: &Op) -> Result<Result<(), Refusal>, Error> {
    match op {
        Op::AddLink(row) => add_link(conn, row)?,
        Op::UseLink(hash) => {
            let used = run(conn, "delete from link where hash = ?", (hash,))?;
            return Ok(expect(used, Refusal::Gone));
        }
        Op::EndLinks(user) => {
            run(conn, "delete from link where user_id = ?", (user.0,))?;
        }
        Op::AddToken(row) => add_token(conn, row)?,
        Op::UsedToken(id, at) => {
            run(conn, "update token set used_at = ? where id = ?", (at.0, id.0))?;
        }
        Op::EndToken(id) => {
            return Ok(expect(run(conn, "delete from token where id = ?", (id.0,))?, Refusal::Gone));
        }
        Op::PutSettings(row) => return put_settings(conn, row),
        Op::PutConnection(row) => return put_connection(conn, row),
        Op::EndConnection(id, rev) => {
            let gone = run(conn, "delete from connection where id = ? and rev = ?", (id, rev))?;
            return Ok(expect(gone, Refusal::Changed));
        }
        Op::PutTeam(row) => return staff::put_team(conn, row),
        Op::EndTeam(id, rev) => return staff::end_team(conn, id, *rev),
        Op::PutProfile(row) => return staff::put_profile(conn, row),
        Op::PutSnippet(row) => return put_snippet(conn, row),
        Op::EndSnippet(id, rev) => {
            let gone = run(conn, "delete from snippet where id = ? and rev = ?", (id, rev))?;
            return Ok(expect(gone, Refusal::Changed));
        }
        // All others are steps of people and sessions, carried out above.
        _ => {}
    }
    Ok(Ok(()))
}

/// Executes a statement; how many rows it changed.
fn run(conn: &Connection, text: &str, values: impl Params) -> Result<usize, Error> {
    Ok(conn.prepare_cached(text)?.execute(values)?)
}

fn expect(rows: usize, otherwise: Refusal) -> Result<(), Refusal> {
    if rows == 0 { Err(otherwise) } else { Ok(()) }
}

fn put_user(conn: &Connection, row: &UserRow) -> Result<Result<(), Refusal>, Error> {
    let password = row.password.as_ref().map(engine::secret::Secret::expose);
    let done = conn.prepare_cached(PUT_USER)?.execute(params![
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
    ]);
    match done {
        Ok(rows) => Ok(expect(rows, Refusal::Changed)),
        Err(rusqlite::Error::SqliteFailure(error, _)) if error.extended_code == SQLITE_CONSTRAINT_UNIQUE => {
            Ok(Err(Refusal::Taken))
        }
        Err(error) => Err(error.into()),
    }
}

fn expect_admin(conn: &Connection) -> Result<Result<(), Refusal>, Error> {
    // 7 = admin, 1 = active.
    let text = "select exists (select 1 from app_user where role = 7 and state = 1)";
    let there: bool = conn.prepare_cached(text)?.query_row([], |row| row.get(0))?;
    Ok(if there { Ok(()) } else { Err(Refusal::LastAdmin) })
}

fn add_session(conn: &Connection, row: &SessionRow) -> Result<(), Error> {
    let text = "insert into session (hash, user_id, created_at, seen_at, expires_at, address, agent) \
        values (?, ?, ?, ?, ?, ?, ?)";
    let SessionRow { hash, user, created_at, seen_at, expires_at, address, agent } = row;
    run(conn, text, params![hash, user.0, created_at.0, seen_at.0, expires_at.0, address, agent])?;
    Ok(())
}

fn add_link(conn: &Connection, row: &LinkRow) -> Result<(), Error> {
    let (kind, user) = (row.kind as i64, row.user.map(|user| user.0));
    run(conn, "delete from link where kind = ? and user_id is ?", (kind, user))?;
    let text = "insert into link (hash, kind, user_id, expires_at) values (?, ?, ?, ?)";
    run(conn, text, (row.hash, kind, user, row.expires_at.0))?;
    Ok(())
}

fn add_token(conn: &Connection, row: &TokenRow) -> Result<(), Error> {
    let text = "insert into token (id, name, hash, scopes, by, created_at, expires_at, used_at) \
        values (?, ?, ?, ?, ?, ?, ?, ?)";
    let TokenRow { id, name, hash, scopes, by, created_at, expires_at, used_at } = row;
    let times = (created_at.0, expires_at.map(|at| at.0), used_at.map(|at| at.0));
    run(conn, text, params![id.0, name, hash, scopes, by, times.0, times.1, times.2])?;
    Ok(())
}

fn put_settings(conn: &Connection, row: &SettingsRow) -> Result<Result<(), Refusal>, Error> {
    let text = "insert into setting (id, body, rev, by, at) select 1, ?1, ?2, ?3, ?4 where ?2 = 1 or exists (select 1 from setting) \
        on conflict (id) do update set body = excluded.body, rev = excluded.rev, by = excluded.by, at = excluded.at \
        where setting.rev = excluded.rev - 1";
    let done = run(conn, text, (&row.body, row.rev, &row.by, row.at.0))?;
    Ok(expect(done, Refusal::Changed))
}

fn put_connection(conn: &Connection, row: &ConnectionRow) -> Result<Result<(), Refusal>, Error> {
    let text = "insert into connection (id, connector, settings, sealed, secrets, rev, by, at) \
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 where ?6 = 1 or exists (select 1 from connection where id = ?1) \
        on conflict (id) do update set connector = excluded.connector, settings = excluded.settings, \
          sealed = excluded.sealed, secrets = excluded.secrets, rev = excluded.rev, by = excluded.by, at = excluded.at \
        where connection.rev = excluded.rev - 1";
    let ConnectionRow { id, connector, settings, sealed, secrets, rev, by, at } = row;
    let done = run(conn, text, params![id, connector, settings, sealed, secrets, rev, by, at.0])?;
    Ok(expect(done, Refusal::Changed))
}

fn put_snippet(conn: &Connection, row: &SnippetRow) -> Result<Result<(), Refusal>, Error> {
    let text = "insert into snippet (id, title, shortcut, texts, rev, by, at) \
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7 where ?5 = 1 or exists (select 1 from snippet where id = ?1) \
        on conflict (id) do update set title = excluded.title, shortcut = excluded.shortcut, texts = excluded.texts, \
          rev = excluded.rev, by = excluded.by, at = excluded.at where snippet.rev = excluded.rev - 1";
    let SnippetRow { id, title, shortcut, texts, rev, by, at } = row;
    let done = run(conn, text, params![id, title, shortcut, texts, rev, by, at.0])?;
    Ok(expect(done, Refusal::Changed))
}

fn sweep(conn: &Connection, before: At) -> Result<(), Error> {
    run(conn, "delete from session where expires_at < ?", (before.0,))?;
    run(conn, "delete from link where expires_at < ?", (before.0,))?;
    Ok(())
}
