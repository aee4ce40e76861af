//! Teams and agents' settings: written as steps of accounts, read together with everybody's name.

use engine::account::{ProfileRow, Refusal, StaffRows, TeamRow};
use engine::clock::At;
use engine::ids::UserId;

use super::columns::Columns;
use super::error::Error;
use super::query::{Conn, all, query};
use super::session::Session;
use super::value::{Row, values};

pub(crate) fn put_team(session: &dyn Session, row: &TeamRow) -> Result<Result<(), Refusal>, Error> {
    let text = "insert into team (id, body, rev, by, at) \
        select ?1, ?2, ?3, ?4, ?5 where ?3 = 1 or exists (select 1 from team where id = ?1) \
        on conflict (id) do update set body = excluded.body, rev = excluded.rev, by = excluded.by, at = excluded.at \
        where team.rev = excluded.rev - 1";
    let done = session.execute(text, values![row.id, row.body, row.rev, row.by, row.at.0])?;
    Ok(changed(done))
}

pub(crate) fn end_team(session: &dyn Session, id: &str, rev: i64) -> Result<Result<(), Refusal>, Error> {
    let done = session.execute("delete from team where id = ? and rev = ?", values![id, rev])?;
    Ok(changed(done))
}

pub(crate) fn put_profile(session: &dyn Session, row: &ProfileRow) -> Result<Result<(), Refusal>, Error> {
    let text = "insert into agent_profile (user_id, body, rev, by, at) \
        select ?1, ?2, ?3, ?4, ?5 where ?3 = 1 or exists (select 1 from agent_profile where user_id = ?1) \
        on conflict (user_id) do update set body = excluded.body, rev = excluded.rev, by = excluded.by, at = excluded.at \
        where agent_profile.rev = excluded.rev - 1";
    let done = session.execute(text, values![row.user.0, row.body, row.rev, row.by, row.at.0])?;
    Ok(changed(done))
}

fn changed(rows: usize) -> Result<(), Refusal> {
    if rows == 0 { Err(Refusal::Changed) } else { Ok(()) }
}

pub(crate) async fn staff(conn: &mut Conn<'_>) -> Result<StaffRows, Error> {
    let teams = query("select id, body, rev, by, at from team order by id");
    let profiles = query("select user_id, body, rev, by, at from agent_profile order by user_id");
    // 2 and 3: switched off, removed.
    let people = query("select id, name from app_user where state < 2 order by id");
    Ok(StaffRows {
        teams: all(conn, teams, team).await?,
        profiles: all(conn, profiles, profile).await?,
        people: all(conn, people, person).await?,
    })
}

fn team(row: Row) -> Result<TeamRow, Error> {
    let mut c = Columns::of(row);
    Ok(TeamRow { id: c.take()?, body: c.take()?, rev: c.take()?, by: c.take()?, at: c.id(At)? })
}

fn profile(row: Row) -> Result<ProfileRow, Error> {
    let mut c = Columns::of(row);
    Ok(ProfileRow { user: c.id(UserId)?, body: c.take()?, rev: c.take()?, by: c.take()?, at: c.id(At)? })
}

fn person(row: Row) -> Result<(UserId, String), Error> {
    let mut c = Columns::of(row);
    Ok((c.id(UserId)?, c.take()?))
}
