//! Reading for the engine: what a start and a turn need.

use engine::clock::At;
use engine::event::EventKey;
use engine::ids::{EffectId, EventId, InputId, MailboxId, RunId, VersionId, WaitId};
use engine::stops::Stop;
use engine::store::{
    DueRow, EffectRow, EffectState, EventRow, Evidence, InputRow, MailboxRows, RunRow, VersionRow, WaitKind,
};
use sqlx::Connection;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};

use super::columns::Columns;
use super::error::Error;
use super::rows::{self, columns};

/// A statement with its values.
pub(super) type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Every row of `query`.
pub(super) async fn all<T>(
    conn: &mut SqliteConnection,
    query: Bound<'_>,
    read: impl Fn(&SqliteRow) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    query.fetch_all(conn).await?.iter().map(read).collect()
}

/// The row of `query`, if there is one.
pub(super) async fn one<T>(
    conn: &mut SqliteConnection,
    query: Bound<'_>,
    read: impl Fn(&SqliteRow) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    query.fetch_optional(conn).await?.as_ref().map(read).transpose()
}

pub(super) const INPUTS: &str = concat!("select ", columns!(input), " from input where id > ? order by id limit ?");

pub(super) async fn inputs(conn: &mut SqliteConnection, after: InputId, limit: u32) -> Result<Vec<InputRow>, Error> {
    all(conn, sqlx::query(INPUTS).bind(after.0).bind(limit), rows::input).await
}

pub(super) const CONTACT: &str = concat!("select ", columns!(contact), " from contact where id = ?");
pub(super) const CONVERSATIONS: &str =
    concat!("select ", columns!(conversation), " from conversation where contact_id = ? order by id");
pub(super) const TAGS: &str =
    concat!("select ", columns!(tag), " from contact_tag where contact_id = ? order by tag, source, source_id");
pub(super) const OPEN_RUNS: &str = concat!(
    "select ",
    columns!(run),
    " from run left join version on version.id = run.version_id where run.mailbox = ? and run.status < 10 order by run.id"
);
pub(super) const ARMED: &str =
    concat!("select ", columns!(wait), " from wait where mailbox = ? and state = 0 order by id");
pub(super) const UNSETTLED: &str = concat!("select ", columns!(effect), " from effect where mailbox = ? order by id");
pub(super) const NOT_DONE: &str =
    concat!("select ", columns!(escalation), " from escalation where mailbox = ? and done = 0 order by id");
/// Events that still wait to be handled are not looked back on: a mailbox in memory does not know them either.
pub(super) const RECENT: &str = concat!(
    "select ",
    columns!(event),
    " from event where mailbox = ? and not exists \
       (select 1 from input where input.kind = 0 and input.reference = event.id) order by id desc limit 32"
);

/// Events that wait in bursts; asked only when some do.
pub(super) const GATHERED: &str = concat!(
    "select ",
    columns!(event),
    " from event where id in (select since from wait where mailbox = ? and state = 0 and kind = 3) order by id"
);

/// What was erased in a mailbox that is nobody's.
pub(super) const ERASED: &str = "select id from run where mailbox = ?1 and erased_at is not null and contact_id is null \
     union all select id from event where mailbox = ?1 and body is null and contact_id is null";

/// Everything of one mailbox, as of one moment.
pub(super) async fn mailbox(conn: &mut SqliteConnection, id: MailboxId) -> Result<MailboxRows, Error> {
    // Ends with this future also when that is dropped half way: a view left open would keep the log from being moved.
    let mut view = conn.begin().await?;
    let found = mailbox_now(&mut view, id).await?;
    view.rollback().await?;
    Ok(found)
}

async fn mailbox_now(conn: &mut SqliteConnection, id: MailboxId) -> Result<MailboxRows, Error> {
    let of = |text: &'static str| sqlx::query(text).bind(id.0);
    let contact = one(conn, of(CONTACT), rows::contact).await?;
    let mut found = MailboxRows {
        runs: all(conn, of(OPEN_RUNS), rows::run).await?,
        waits: all(conn, of(ARMED), rows::wait).await?,
        effects: all(conn, of(UNSETTLED), rows::effect).await?,
        escalations: all(conn, of(NOT_DONE), rows::escalation).await?,
        recent: all(conn, of(RECENT), rows::event).await?,
        ..MailboxRows::default()
    };
    found.recent.reverse();
    if found.waits.iter().any(|wait| wait.kind == WaitKind::Debounce) {
        found.gathered = all(conn, of(GATHERED), rows::event).await?;
    }
    if contact.is_none() {
        let erased = sqlx::query(ERASED).bind(id.0);
        found.erased = all(conn, erased, rows::number).await?;
    } else {
        found.conversations = all(conn, of(CONVERSATIONS), rows::conversation).await?;
        found.tags = all(conn, of(TAGS), rows::tag).await?;
    }
    found.contact = contact;
    Ok(found)
}

pub(super) async fn event(conn: &mut SqliteConnection, id: EventId) -> Result<Option<EventRow>, Error> {
    let text = concat!("select ", columns!(event), " from event where id = ?");
    one(conn, sqlx::query(text).bind(id.0), rows::event).await
}

pub(super) async fn event_by_key(conn: &mut SqliteConnection, key: EventKey) -> Result<Option<EventRow>, Error> {
    let text = concat!("select ", columns!(event), " from event where key = ?");
    one(conn, sqlx::query(text).bind(key.0.to_vec()), rows::event).await
}

/// Those due at the same instant as the last one of the page before. Not `(due_at, id) > (?, ?)`: SQLite would search for
/// the instant only, and read a broadcast's million waits anew for every page.
pub(super) const DUE_THEN: &str =
    "select due_at, id, mailbox from wait where state = 0 and due_at = ? and id > ? order by id limit ?";
/// Those due later.
pub(super) const DUE_LATER: &str = "select due_at, id, mailbox from wait \
     where state = 0 and due_at > ? and due_at <= ? order by due_at, id limit ?";

pub(super) async fn due(
    conn: &mut SqliteConnection,
    (after, wait): (At, WaitId),
    until: At,
    limit: u32,
) -> Result<Vec<DueRow>, Error> {
    if after > until {
        return Ok(Vec::new());
    }
    let mut found = all(conn, sqlx::query(DUE_THEN).bind(after.0).bind(wait.0).bind(limit), rows::due).await?;
    let rest = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
    if rest > 0 {
        let later = sqlx::query(DUE_LATER).bind(after.0).bind(until.0).bind(rest);
        found.extend(all(conn, later, rows::due).await?);
    }
    Ok(found)
}

/// Planned and in flight: nearly all there are, so in order of their ids.
pub(super) const EFFECTS: &str =
    concat!("select ", columns!(effect), " from effect where +state = ? and id > ? order by id limit ?");
/// In doubt and parked: few among many.
pub(super) const UNCLEAR_EFFECTS: &str =
    concat!("select ", columns!(effect), " from effect where state > 1 and state = ? and id > ? order by id limit ?");

pub(super) async fn effects(
    conn: &mut SqliteConnection,
    state: EffectState,
    after: EffectId,
    limit: u32,
) -> Result<Vec<EffectRow>, Error> {
    let text = match state {
        EffectState::Planned | EffectState::InFlight => EFFECTS,
        EffectState::InDoubt | EffectState::Parked => UNCLEAR_EFFECTS,
    };
    all(conn, sqlx::query(text).bind(state as i64).bind(after.0).bind(limit), rows::effect).await
}

pub(super) async fn effect(conn: &mut SqliteConnection, id: EffectId) -> Result<Option<EffectRow>, Error> {
    let text = concat!("select ", columns!(effect), " from effect where id = ?");
    one(conn, sqlx::query(text).bind(id.0), rows::effect).await
}

/// The keys come as one JSON list.
pub(super) const EVIDENCE: &str = "select message.effect_key, max(message.status) from json_each(?) as wanted \
     cross join message on message.effect_key = wanted.value group by message.effect_key";

pub(super) async fn evidence(conn: &mut SqliteConnection, keys: &[String]) -> Result<Vec<Evidence>, Error> {
    let read = |row: &SqliteRow| {
        let mut c = Columns::of(row);
        Ok(Evidence { key: c.take()?, status: c.status()? })
    };
    all(conn, sqlx::query(EVIDENCE).bind(serde_json::Value::from(keys).to_string()), read).await
}

pub(super) const VERSIONS: &str = concat!(
    "select ",
    columns!(version),
    " from version where state = 1 or id in (select version_id from run where status < 10) order by id"
);

pub(super) async fn versions(conn: &mut SqliteConnection) -> Result<Vec<VersionRow>, Error> {
    all(conn, sqlx::query(VERSIONS), rows::version).await
}

pub(super) async fn version(conn: &mut SqliteConnection, id: VersionId) -> Result<Option<VersionRow>, Error> {
    let text = concat!("select ", columns!(version), " from version where id = ?");
    one(conn, sqlx::query(text).bind(id.0), rows::version).await
}

/// Everything whose sending is stopped.
pub(super) async fn stops(conn: &mut SqliteConnection) -> Result<Vec<Stop>, Error> {
    all(conn, sqlx::query("select scope, by, at from stop order by at, scope"), rows::stop).await
}

pub(super) const LAST_ID: &str = "select max(coalesce((select max(id) from version), 0), \
     coalesce((select max(id) from contact), 0), coalesce((select max(id) from conversation), 0), \
     coalesce((select max(id) from event), 0), coalesce((select max(id) from message), 0), \
     coalesce((select max(id) from input), 0), coalesce((select max(id) from run), 0), \
     coalesce((select max(id) from journal), 0), coalesce((select max(id) from effect), 0), \
     coalesce((select max(id) from wait), 0), coalesce((select max(id) from escalation), 0), \
     coalesce((select max(id) from bad_item), 0), coalesce((select max(id) from said), 0))";

pub(super) async fn last_id(conn: &mut SqliteConnection) -> Result<i64, Error> {
    Ok(one(conn, sqlx::query(LAST_ID), rows::number).await?.unwrap_or_default())
}

pub(super) const RUN: &str =
    concat!("select ", columns!(run), " from run left join version on version.id = run.version_id where run.id = ?");

pub(super) async fn run(conn: &mut SqliteConnection, id: RunId) -> Result<Option<RunRow>, Error> {
    one(conn, sqlx::query(RUN).bind(id.0), rows::run).await
}
