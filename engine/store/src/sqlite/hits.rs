//! How often tag rules held, by the day.

use engine::clock::At;
use engine::store::{RuleHit, RuleHits};
use rusqlite::{Connection, params};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::columns::Columns;
use super::error::Error;
use super::read::all;

const COUNT: &str = "insert into rule_hit (day, rules, rule, strand, held, watched, last_at) \
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict do update set held = held + excluded.held, \
     watched = watched + excluded.watched, last_at = max(last_at, excluded.last_at)";

/// Counts a hit in the row of this strand.
pub(super) fn count(conn: &Connection, hit: &RuleHit, strand: i64) -> Result<(), Error> {
    let (held, watched) = (i64::from(!hit.watched), i64::from(hit.watched));
    let values = params![RuleHit::day(hit.at), hit.rules, hit.rule, strand, held, watched, hit.at.0];
    conn.prepare_cached(COUNT)?.execute(values)?;
    Ok(())
}

pub(super) const SINCE: &str = "select day, rules, rule, sum(held), sum(watched), max(last_at) from rule_hit \
     where day >= ? group by day, rules, rule";

pub(super) async fn since(conn: &mut SqliteConnection, day: i64) -> Result<Vec<RuleHits>, Error> {
    let read = |row: &SqliteRow| {
        let mut c = Columns::of(row);
        Ok(RuleHits {
            day: c.take()?,
            rules: c.take()?,
            rule: c.take()?,
            held: c.take::<i64>()?.unsigned_abs(),
            watched: c.take::<i64>()?.unsigned_abs(),
            last_at: c.id(At)?,
        })
    };
    all(conn, sqlx::query(SINCE).bind(day), read).await
}
