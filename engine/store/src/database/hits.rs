//! How often tag rules held, by the day.

use engine::clock::At;
use engine::store::{RuleHit, RuleHits};

use super::columns::Columns;
use super::error::Error;
use super::query::{Conn, all, query};
use super::session::{Key, Session};
use super::value::{Row, values};

const COUNT: &str = "insert into rule_hit (day, rules, rule, strand, held, watched, last_at) \
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (day, rules, rule, strand) do update set held = rule_hit.held + excluded.held, \
     watched = rule_hit.watched + excluded.watched, \
     last_at = case when excluded.last_at > rule_hit.last_at then excluded.last_at else rule_hit.last_at end";

/// Counts a hit in the row of this strand.
pub(crate) fn count(session: &dyn Session, hit: &RuleHit, strand: i64) -> Result<(), Error> {
    let (held, watched) = (i64::from(!hit.watched), i64::from(hit.watched));
    let day = RuleHit::day(hit.at);
    // Several of one rule may come in one commit: by its key they are counted one after the other.
    let key = Key::named(format!("{day}/{}/{}", hit.rules, hit.rule).as_bytes());
    session.put(COUNT, key, values![day, hit.rules, hit.rule, strand, held, watched, hit.at.0])
}

pub(crate) const SINCE: &str = "select day, rules, rule, cast(sum(held) as bigint), cast(sum(watched) as bigint), max(last_at) from rule_hit \
     where day >= ? group by day, rules, rule order by day, rules, rule";

pub(crate) async fn since(conn: &mut Conn<'_>, day: i64) -> Result<Vec<RuleHits>, Error> {
    let read = |row: Row| {
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
    all(conn, query(SINCE).bind(day), read).await
}
