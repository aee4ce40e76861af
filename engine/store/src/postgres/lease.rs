//! Who writes the database: one process at a time, whatever happens to it.
//!
//! The process that writes has the one row of `lease`: its `boot` counts those that had it. It says every 500 ms that it is there;
//! when it has not for 3 s by the server's clock, another process may take the row, and counts on. Every group of writes changes
//! this row first, and only while the number is still its own: whoever was replaced can commit nothing, however long it was frozen.
//! Another row tells those that stand by how to reach it.

use std::sync::Arc;
use std::time::Duration;

use engine::secret::Secret;
use engine::store;
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection, Row};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::Place;
use crate::Reach;
use crate::database::error::Error;
use crate::database::queue::Queue;

/// How often a process says that it is there.
const BEAT: Duration = Duration::from_millis(500);
/// For how long it may be silent, in milliseconds.
const SILENT: i64 = 3_000;

/// What a process is told that was replaced.
pub(super) const LOST: &str = "it took over after nothing was heard of this one for 3 s";

/// The server's clock.
macro_rules! now {
    () => {
        "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    };
}

/// Held by the session that beats: it ends with its process, sooner than 3 s.
const HOLD: &str = "select pg_try_advisory_lock(5318008, 22)";
const BEGIN: &str =
    "insert into lease (kind, id, boot, beat_at, written, place) values (0, 0, 0, 0, 0, '') on conflict do nothing";
const LOOK: &str = concat!("select ", now!(), " - beat_at, place from lease where kind = 0 and id = 0 for update");
const TAKE: &str = concat!(
    "update lease set boot = boot + 1, beat_at = ",
    now!(),
    ", written = 0, place = $1 where kind = 0 and id = 0 returning boot"
);
const BEATS: &str = concat!("update lease set beat_at = ", now!(), " where kind = 0 and id = 0 and boot = $1");
const FENCE: &str = "update lease set written = $2 where kind = 0 and id = 0 and boot = $1";
const WRITTEN: &str = "select written from lease where kind = 0 and id = 0 and boot = $1 for update";
/// How the process that writes is reached: its address, its word and its keys, or nothing.
const TELL: &str = "insert into lease (kind, id, boot, beat_at, written, place) values (1, 0, 0, 0, 0, $1) \
     on conflict (kind, id) do update set place = excluded.place";
const FREE: &str = concat!(
    "select place = '' or ",
    now!(),
    " - beat_at >= 3000 or not exists (select 1 from pg_locks where locktype = 'advisory' and classid = 5318008 and objid = 22 \
       and granted and database = (select oid from pg_database where datname = current_database())), \
     (select place from lease where kind = 1 and id = 0) \
     from lease where kind = 0 and id = 0"
);
const GIVE_UP: &str = "update lease set beat_at = 0, place = '' where kind = 0 and id = 0 and boot = $1";

/// Whether the database is still ours, noting in the transaction that it writes group `group`.
pub(super) async fn fence(conn: &mut PgConnection, boot: i64, group: i64) -> Result<bool, Error> {
    Ok(sqlx::query(FENCE).bind(boot).bind(group).execute(conn).await?.rows_affected() > 0)
}

/// The last group on disk of a process; `None` when the database is not its own any more. Waits for a group that is under way.
pub(super) async fn written(conn: &mut PgConnection, boot: i64) -> Result<Option<i64>, Error> {
    let row = sqlx::query(WRITTEN).bind(boot).fetch_optional(conn).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Lets another process take the database at once.
pub(super) async fn give_up(conn: &mut PgConnection, boot: i64) -> Result<(), Error> {
    sqlx::query(GIVE_UP).bind(boot).execute(conn).await?;
    Ok(())
}

/// Makes this process the one that writes, and tells those that stand by how it is reached.
pub(super) async fn take(place: &Place, reach: Option<&Reach>) -> Result<Holder, Error> {
    let mut conn = place.writing().connect().await?;
    let held: bool = sqlx::query(HOLD).fetch_one(&mut conn).await?.try_get(0)?;
    let mut change = conn.begin().await?;
    sqlx::query(BEGIN).execute(&mut *change).await?;
    let row = sqlx::query(LOOK).fetch_one(&mut *change).await?;
    let (silent, named): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
    // A session that is gone took its process with it; if not, the fence tells it.
    if !named.is_empty() && !held && silent < SILENT {
        return Err(Error::Taken(format!(
            "{named} was there {silent} ms ago; stop it first, or wait for it with --standby"
        )));
    }
    if !named.is_empty() {
        tracing::warn!(from = named, silent_ms = silent, "this process takes the database over");
    }
    let me = format!("process {} on {}", std::process::id(), machine());
    let boot = sqlx::query(TAKE).bind(me).fetch_one(&mut *change).await?.try_get(0)?;
    let told = reach.map(|reach| format!("{} {} {}", reach.address, reach.word.expose(), reach.keys));
    sqlx::query(TELL).bind(told.unwrap_or_default()).execute(&mut *change).await?;
    change.commit().await?;
    Ok(Holder { conn: Some(conn), place: place.clone(), boot })
}

/// Waits until another process can take the database, and tells meanwhile how the one that writes is reached.
pub(crate) async fn until_free(place: &Place, reach: &watch::Sender<Option<Reach>>) -> Result<(), Error> {
    let mut conn = place.options.clone().connect().await?;
    let mut looks = interval(BEAT);
    loop {
        looks.tick().await;
        let begun: bool =
            sqlx::query("select to_regclass('lease') is not null").fetch_one(&mut conn).await?.try_get(0)?;
        let row = if begun { sqlx::query(FREE).fetch_optional(&mut conn).await? } else { None };
        let free = row.as_ref().map_or(Ok(true), |row| row.try_get(0))?;
        if free {
            return Ok(conn.close().await?);
        }
        let told: Option<String> = row.map(|row| row.try_get(1)).transpose()?.flatten();
        let now = told.as_deref().and_then(reach_of);
        reach.send_if_modified(|known| std::mem::replace(known, now.clone()) != now);
    }
}

fn reach_of(told: &str) -> Option<Reach> {
    let [address, word, keys] = told.split(' ').collect::<Vec<_>>()[..] else { return None };
    Some(Reach { address: address.to_owned(), word: Secret::new(word), keys: keys.to_owned() })
}

/// The name of this machine, by which it is told of.
#[must_use]
pub fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "an unnamed machine".to_owned() } else { name.trim().to_owned() }
}

/// Says that the process is there.
pub(super) struct Holder {
    conn: Option<PgConnection>,
    place: Place,
    /// Its number.
    pub(super) boot: i64,
}

impl Holder {
    /// Beats until the writer, which holds the other end of `wrote`, has ended, or the database is another's.
    pub(super) async fn hold(mut self, queue: Arc<Queue>, mut wrote: watch::Receiver<()>) {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = beats.tick() => {}
                ended = wrote.changed() => match ended {
                    Ok(()) => continue,
                    Err(_) => break,
                },
            }
            match self.beat().await {
                Ok(true) => {}
                Ok(false) => {
                    let why = store::Error::Taken(LOST.to_owned());
                    tracing::error!(%why, "this process must end");
                    queue.refuse(why);
                    break;
                }
                Err(error) => {
                    tracing::warn!(%error, "this process cannot say that it is there; after 3 s another one may take over");
                    self.conn = None;
                }
            }
        }
        if let Some(conn) = self.conn
            && let Err(error) = conn.close().await
        {
            tracing::warn!(%error, "the connection of the heartbeat did not close cleanly");
        }
    }

    async fn beat(&mut self) -> Result<bool, Error> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            none => {
                let mut conn = self.place.writing().connect().await?;
                sqlx::query(HOLD).execute(&mut conn).await?;
                none.insert(conn)
            }
        };
        Ok(sqlx::query(BEATS).bind(self.boot).execute(conn).await?.rows_affected() > 0)
    }
}
