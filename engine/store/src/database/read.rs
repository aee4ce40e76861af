//! Reading for the engine: what a start and a turn need.

use engine::clock::At;
use engine::event::EventKey;
use engine::ids::{EffectId, EventId, InputId, MailboxId, RunId, VersionId, WaitId};
use engine::stops::Stop;
use engine::store::{
    DueRow, EffectRow, EffectState, EventRow, Evidence, InputRow, MailboxRows, RunRow, VersionRow, WaitKind,
};

use super::columns::Columns;
use super::error::Error;
use super::query::{Conn, all, one, query};
use super::rows::{self, columns};
use super::value::Row;

pub(crate) const INPUTS: &str = concat!("select ", columns!(input), " from input where id > ? order by id limit ?");

pub(crate) async fn inputs(conn: &mut Conn<'_>, after: InputId, limit: u32) -> Result<Vec<InputRow>, Error> {
    all(conn, query(INPUTS).bind(after.0).bind(limit), rows::input).await
}

pub(crate) const CONTACT: &str = concat!("select ", columns!(contact), " from contact where id = ?");
pub(crate) const CONVERSATIONS: &str =
    concat!("select ", columns!(conversation), " from conversation where contact_id = ? order by id");
pub(crate) const TAGS: &str =
    concat!("select ", columns!(tag), " from contact_tag where contact_id = ? order by tag, source, source_id");
pub(crate) const OPEN_RUNS: &str = concat!(
    "select ",
    columns!(run),
    " from run left join version on version.id = run.version_id where run.mailbox = ? and run.status < 10 order by run.id"
);
pub(crate) const ARMED: &str =
    concat!("select ", columns!(wait), " from wait where mailbox = ? and state = 0 order by id");
pub(crate) const UNSETTLED: &str = concat!("select ", columns!(effect), " from effect where mailbox = ? order by id");
pub(crate) const NOT_DONE: &str =
    concat!("select ", columns!(escalation), " from escalation where mailbox = ? and done = 0 order by id");
/// Events that still wait to be handled are not looked back on: a mailbox in memory does not know them either.
pub(crate) const RECENT: &str = concat!(
    "select ",
    columns!(event),
    " from event where mailbox = ? and not exists \
       (select 1 from input where input.kind = 0 and input.reference = event.id) order by id desc limit 32"
);

/// Events that wait in bursts; asked only when some do.
pub(crate) const GATHERED: &str = concat!(
    "select ",
    columns!(event),
    " from event where id in (select since from wait where mailbox = ? and state = 0 and kind = 3) order by id"
);

/// What was erased in a mailbox that is nobody's.
pub(crate) const ERASED: &str = "select id from run where mailbox = ?1 and erased_at is not null and contact_id is null \
     union all select id from event where mailbox = ?1 and body is null and contact_id is null";

/// Everything of one mailbox, as of one moment.
pub(crate) async fn mailbox(conn: &mut Conn<'_>, id: MailboxId) -> Result<MailboxRows, Error> {
    let mut view = conn.view().await?;
    let found = mailbox_now(&mut view.conn(), id).await?;
    view.end().await?;
    Ok(found)
}

async fn mailbox_now(conn: &mut Conn<'_>, id: MailboxId) -> Result<MailboxRows, Error> {
    let of = |text: &'static str| query(text).bind(id.0);
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
        let erased = query(ERASED).bind(id.0);
        found.erased = all(conn, erased, rows::number).await?;
    } else {
        found.conversations = all(conn, of(CONVERSATIONS), rows::conversation).await?;
        found.tags = all(conn, of(TAGS), rows::tag).await?;
    }
    found.contact = contact;
    Ok(found)
}

pub(crate) async fn event(conn: &mut Conn<'_>, id: EventId) -> Result<Option<EventRow>, Error> {
    let text = concat!("select ", columns!(event), " from event where id = ?");
    one(conn, query(text).bind(id.0), rows::event).await
}

pub(crate) async fn event_by_key(conn: &mut Conn<'_>, key: EventKey) -> Result<Option<EventRow>, Error> {
    let text = concat!("select ", columns!(event), " from event where key = ?");
    one(conn, query(text).bind(key.0), rows::event).await
}

/// Those due at the same instant as the last one of the page before. Not `(due_at, id) > (?, ?)`: SQLite would search for
/// the instant only, and read a broadcast's million waits anew for every page.
pub(crate) const DUE_THEN: &str =
    "select due_at, id, mailbox from wait where state = 0 and due_at = ? and id > ? order by id limit ?";
/// Those due later.
pub(crate) const DUE_LATER: &str = "select due_at, id, mailbox from wait \
     where state = 0 and due_at > ? and due_at <= ? order by due_at, id limit ?";

pub(crate) async fn due(
    conn: &mut Conn<'_>,
    (after, wait): (At, WaitId),
    until: At,
    limit: u32,
) -> Result<Vec<DueRow>, Error> {
    if after > until {
        return Ok(Vec::new());
    }
    let mut found = all(conn, query(DUE_THEN).bind(after.0).bind(wait.0).bind(limit), rows::due).await?;
    let rest = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
    if rest > 0 {
        let later = query(DUE_LATER).bind(after.0).bind(until.0).bind(rest);
        found.extend(all(conn, later, rows::due).await?);
    }
    Ok(found)
}

/// Planned and in flight: nearly all there are, so in order of their ids.
pub(crate) const EFFECTS: &str =
    concat!("select ", columns!(effect), " from effect where +state = ? and id > ? order by id limit ?");
/// In doubt and parked: few among many.
pub(crate) const UNCLEAR_EFFECTS: &str =
    concat!("select ", columns!(effect), " from effect where state > 1 and state = ? and id > ? order by id limit ?");

pub(crate) async fn effects(
    conn: &mut Conn<'_>,
    state: EffectState,
    after: EffectId,
    limit: u32,
) -> Result<Vec<EffectRow>, Error> {
    let text = match state {
        EffectState::Planned | EffectState::InFlight => EFFECTS,
        EffectState::InDoubt | EffectState::Parked => UNCLEAR_EFFECTS,
    };
    all(conn, query(text).bind(state as i64).bind(after.0).bind(limit), rows::effect).await
}

pub(crate) async fn effect(conn: &mut Conn<'_>, id: EffectId) -> Result<Option<EffectRow>, Error> {
    let text = concat!("select ", columns!(effect), " from effect where id = ?");
    one(conn, query(text).bind(id.0), rows::effect).await
}

pub(crate) const EVIDENCE: &str = "select message.effect_key, max(message.status) from json_each(?) as wanted \
     cross join message on message.effect_key = wanted.value group by message.effect_key";

pub(crate) async fn evidence(conn: &mut Conn<'_>, keys: &[String]) -> Result<Vec<Evidence>, Error> {
    let read = |row: Row| {
        let mut c = Columns::of(row);
        Ok(Evidence { key: c.take()?, status: c.status()? })
    };
    all(conn, query(EVIDENCE).bind(keys), read).await
}

pub(crate) const VERSIONS: &str = concat!(
    "select ",
    columns!(version),
    " from version where state = 1 or id in (select version_id from run where status < 10) order by id"
);

pub(crate) async fn versions(conn: &mut Conn<'_>) -> Result<Vec<VersionRow>, Error> {
    all(conn, query(VERSIONS), rows::version).await
}

pub(crate) async fn version(conn: &mut Conn<'_>, id: VersionId) -> Result<Option<VersionRow>, Error> {
    let text = concat!("select ", columns!(version), " from version where id = ?");
    one(conn, query(text).bind(id.0), rows::version).await
}

/// Everything whose sending is stopped.
pub(crate) async fn stops(conn: &mut Conn<'_>) -> Result<Vec<Stop>, Error> {
    all(conn, query("select scope, by, at from stop order by at, scope"), rows::stop).await
}

pub(crate) const LAST_ID: &str = "select coalesce(max(id), 0) from ( \
     select max(id) as id from version union all select max(id) as id from contact union all \
     select max(id) as id from conversation union all select max(id) as id from event union all \
     select max(id) as id from message union all select max(id) as id from input union all \
     select max(id) as id from run union all select max(id) as id from journal union all \
     select max(id) as id from effect union all select max(id) as id from wait union all \
     select max(id) as id from escalation union all select max(id) as id from bad_item union all \
     select max(id) as id from said) as last";

pub(crate) async fn last_id(conn: &mut Conn<'_>) -> Result<i64, Error> {
    Ok(one(conn, query(LAST_ID), rows::number).await?.unwrap_or_default())
}

pub(crate) const RUN: &str =
    concat!("select ", columns!(run), " from run left join version on version.id = run.version_id where run.id = ?");

pub(crate) async fn run(conn: &mut Conn<'_>, id: RunId) -> Result<Option<RunRow>, Error> {
    one(conn, query(RUN).bind(id.0), rows::run).await
}
