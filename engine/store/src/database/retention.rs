//! What is old enough is found by its id, which is in order of time, and removed in a transaction of its own together with the
//! record of it.
//!
//! Every condition is asked twice: by a reader, which finds what may go, and in the transaction that removes it.

use std::collections::{BTreeMap, BTreeSet};

use engine::audit::{self, Aged, LEAF_BYTES, LeafDigest, Mark, Removed};
use engine::clock::At;
use engine::ids::{BadItemId, EventId, Ids, MessageId, RunId};
use engine::store::{AgedPage, BlockRow, Error as StoreError, JournalRow, Removal, Retention};

use super::chain::{self, Chain};
use super::columns::Columns;
use super::error::Error;
use super::query::{all, one, query};
use super::queue::Ask;
use super::rows::{self, columns};
use super::session::{Key, Session};
use super::value::{Row, values};
use super::{Backend, Database, runs};

/// Rows that are looked at in one reading.
const STRETCH: i64 = 1_000;

/// The two questions about one kind of thing: which of a stretch of ids may go, and which of these. `?2` is the bound that a thing
/// must be older than.
macro_rules! aged {
    ($table:literal, $may:expr) => {
        (
            concat!(
                "select ",
                $table,
                ".id, cast(case when ",
                $may,
                " then 1 else 0 end as bigint) from ",
                $table,
                " where ",
                $table,
                ".id > ?1 and ",
                $table,
                ".id <= ?3 order by ",
                $table,
                ".id limit ?4"
            ),
            concat!(
                "select ",
                $table,
                ".id from json_each(?) as wanted cross join ",
                $table,
                " on ",
                $table,
                ".id = wanted.value where ",
                $may,
                " order by ",
                $table,
                ".id"
            ),
        )
    };
}

/// Not while people have the conversation, or it waits for them.
macro_rules! unheld {
    ($conversation:literal) => {
        concat!(
            "not exists (select 1 from conversation where conversation.id = ",
            $conversation,
            " and conversation.place in (2, 3))"
        )
    };
}

/// Nor while a call to its customer is not settled, or the desk is not done with an escalation about it.
macro_rules! settled {
    ($conversation:literal) => {
        concat!(
            unheld!($conversation),
            " and not exists (select 1 from conversation cross join effect on effect.mailbox = conversation.contact_id \
               where conversation.id = ",
            $conversation,
            ") and not exists (select 1 from escalation where escalation.mailbox = 1 and escalation.done = 0 \
               and escalation.conversation_id = ",
            $conversation,
            ")"
        )
    };
}

/// What was erased with nobody known is remembered: a copy of the database that is older is told of it.
pub(crate) const RUNS: (&str, &str) = aged!(
    "run",
    concat!(
        "run.status >= 10 and run.ended_at < ?2 and (run.erased_at is null or run.contact_id is not null) \
         and not exists (select 1 from effect where effect.run_id = run.id) \
         and not exists (select 1 from input where input.reference = run.id) \
         and not exists (select 1 from wait where wait.mailbox = run.mailbox and wait.state = 0 and wait.run_id = run.id) \
         and not exists (select 1 from escalation where escalation.mailbox = 1 and escalation.done = 0 \
           and escalation.run_id = run.id) and ",
        unheld!("run.conversation_id")
    )
);
/// An event stays as long as a run that it began, and while a wait may still look back to it.
pub(crate) const EVENTS: (&str, &str) = aged!(
    "event",
    concat!(
        "event.at < ?2 and (event.body is not null or event.contact_id is not null) \
         and not exists (select 1 from input where input.reference = event.id and input.kind = 0) \
         and not exists (select 1 from run where run.contact_id = event.contact_id and run.id > event.id \
           and run.event_id = event.id) \
         and not exists (select 1 from contact cross join run on run.contact_id = contact.merged_into \
           and run.id > event.id and run.event_id = event.id where contact.id = event.contact_id) \
         and not exists (select 1 from run where run.event_id = event.id and run.contact_id is null) \
         and not exists (select 1 from run where run.mailbox = event.mailbox and run.status < 10 \
           and run.event_id <= event.id) \
         and not exists (select 1 from wait where wait.mailbox = event.mailbox and wait.state = 0 and wait.since > 0 \
           and wait.since <= event.id) \
         and not exists (select 1 from label where label.event_id = event.id) and ",
        settled!("event.conversation_id")
    )
);
pub(crate) const MESSAGES: (&str, &str) =
    aged!("message", concat!("message.id < ?2 and ", settled!("message.conversation_id")));
pub(crate) const SAID: (&str, &str) = aged!("said", concat!("said.at < ?2 and ", settled!("said.conversation_id")));
pub(crate) const BAD_ITEMS: (&str, &str) =
    aged!("bad_item", "bad_item.at < ?2 and not (bad_item.raw = '' and bad_item.why like 'erased %')");

/// What the journal tells of runs, and of events, by themselves. What people did is not theirs.
pub(crate) const TURNS: &str = concat!(
    "select ",
    columns!(journal),
    " from json_each(?) as wanted cross join journal on journal.subject = wanted.value \
     where journal.kind = 2 and journal.by = '' order by journal.strand, journal.block, journal.id"
);
pub(crate) const HANDLINGS: &str = concat!(
    "select ",
    columns!(journal),
    " from json_each(?) as wanted cross join journal on journal.subject = wanted.value \
     where journal.kind = 1 and journal.by = '' order by journal.strand, journal.block, journal.id"
);
pub(crate) const OF_STRAND: &str = concat!(
    "select ",
    columns!(block),
    " from json_each(?) as wanted cross join block on block.strand = ?2 and block.n = wanted.value"
);
const MARK: &str = "update block set gone = ?3 where strand = ?1 and n = ?2";
const JOURNAL: &str = "delete from journal where id in (select wanted.value from json_each(?) as wanted)";
pub(crate) const CLOSED_WAITS: &str = "delete from wait where id in (select wait.id from json_each(?) as wanted \
     cross join run on run.id = wanted.value \
     cross join wait on wait.mailbox = run.mailbox and wait.state > 0 and wait.run_id = run.id)";

/// How a kind of thing is found and removed.
struct Kind {
    stretch: &'static str,
    still: &'static str,
    /// What the journal tells of it.
    journal: Option<&'static str>,
    /// What is deleted, table by table, its own last.
    delete: &'static [(&'static str, &'static str)],
    name: fn(i64) -> String,
}

fn kind(of: Aged) -> Kind {
    let made = |(stretch, still), journal, delete, name| Kind { stretch, still, journal, delete, name };
    match of {
        Aged::Runs => made(
            RUNS,
            Some(TURNS),
            &[
                ("wait", CLOSED_WAITS),
                ("run", "delete from run where id in (select wanted.value from json_each(?) as wanted)"),
            ],
            |id| RunId(id).to_string(),
        ),
        Aged::Messages => made(
            MESSAGES,
            None,
            &[("message", "delete from message where id in (select wanted.value from json_each(?) as wanted)")],
            |id| MessageId(id).to_string(),
        ),
        Aged::Said => made(
            SAID,
            None,
            &[
                ("mention", "delete from mention where said_id in (select wanted.value from json_each(?) as wanted)"),
                ("said", "delete from said where id in (select wanted.value from json_each(?) as wanted)"),
            ],
            |id| MessageId(id).to_string(),
        ),
        Aged::Events => made(
            EVENTS,
            Some(HANDLINGS),
            &[
                (
                    "unmatched",
                    "delete from unmatched where event_id in (select wanted.value from json_each(?) as wanted)",
                ),
                ("event", "delete from event where id in (select wanted.value from json_each(?) as wanted)"),
            ],
            |id| EventId(id).to_string(),
        ),
        Aged::BadItems => made(
            BAD_ITEMS,
            None,
            &[("bad_item", "delete from bad_item where id in (select wanted.value from json_each(?) as wanted)")],
            |id| BadItemId(id).to_string(),
        ),
    }
}

/// Messages know no time but that of their id.
fn bound(of: Aged, before: At) -> i64 {
    if of == Aged::Messages { Ids::floor(before) } else { before.0 }
}

/// What a removal did.
#[derive(Default)]
pub(crate) struct Done {
    /// How many rows went, by table.
    pub(crate) rows: BTreeMap<String, u64>,
    /// The block that holds the record; `None` when nothing went.
    pub(crate) block: Option<BlockRow>,
}

/// Removes what may go of `removal`, within the transaction that is open.
pub(crate) fn remove(session: &dyn Session, chain: &Chain, removal: &Removal) -> Result<Done, Error> {
    let kind = kind(removal.of);
    let bound = bound(removal.of, removal.before);
    let wanted = session.rows(kind.still, values![removal.ids, bound])?;
    let mut ids = wanted.into_iter().map(rows::number).collect::<Result<Vec<_>, _>>()?;
    let told = kind.journal.map_or(Ok(Vec::new()), |text| session.rows(text, values![ids]))?;
    let told = told.into_iter().map(rows::journal).collect::<Result<Vec<_>, _>>()?;
    let leaving = Leaving::find(session, told)?;
    ids.retain(|id| !leaving.altered.contains(id));
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(Done::default()) };
    let (leaves, digest) = leaving.mark(session, removal)?;
    let mut gone = BTreeMap::new();
    let mut count = |table: &str, rows: usize| {
        if rows > 0 {
            gone.insert(table.to_owned(), rows as u64);
        }
    };
    count("journal", session.execute(JOURNAL, values![leaving.ids()])?);
    for (table, text) in kind.delete {
        count(table, session.execute(text, values![ids])?);
    }
    let (first, last) = ((kind.name)(*first), (kind.name)(*last));
    let record =
        Removed { of: removal.of, before: removal.before, first, last, rows: gone, leaves, digest, mac: String::new() };
    let rows = record.rows.clone();
    let row = record.row(removal.record, removal.at, &removal.key);
    runs::append(session, &row, chain.next())?;
    let block = chain.block(vec![&row], removal.at);
    block.iter().try_for_each(|block| chain::insert(session, block))?;
    Ok(Done { rows, block })
}

/// Rows of the journal that are about to go, each with its place in its block.
struct Leaving {
    rows: Vec<(JournalRow, u32)>,
    blocks: BTreeMap<(i64, i64), BlockRow>,
    /// Subjects with a row that is not as its block knows it: nothing of them goes, so that it is still found.
    altered: BTreeSet<i64>,
}

impl Leaving {
    fn find(session: &dyn Session, told: Vec<JournalRow>) -> Result<Self, Error> {
        let mut wanted: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for row in &told {
            wanted.entry(row.strand).or_default().insert(row.block);
        }
        let mut blocks = BTreeMap::new();
        for (strand, numbers) in wanted {
            let numbers: Vec<i64> = numbers.into_iter().collect();
            for row in session.rows(OF_STRAND, values![numbers, strand])? {
                let block = rows::block(row)?;
                blocks.insert((block.strand, block.n), block);
            }
        }
        let place = |row: &JournalRow| {
            let block = blocks.get(&(row.strand, row.block))?;
            let leaf = audit::leaf(row);
            u32::try_from(block.leaves.chunks(LEAF_BYTES).position(|known| known == leaf)?).ok()
        };
        let places: Vec<Option<u32>> = told.iter().map(place).collect();
        let lost = told.iter().zip(&places).filter(|(_, place)| place.is_none());
        let altered: BTreeSet<i64> = lost.map(|(row, _)| row.subject).collect();
        let known = told.into_iter().zip(places).filter_map(|(row, place)| Some((row, place?)));
        let mut rows: Vec<_> = known.filter(|(row, _)| !altered.contains(&row.subject)).collect();
        rows.sort_unstable_by_key(|(row, place)| (row.strand, row.block, *place));
        Ok(Self { rows, blocks, altered })
    }

    fn ids(&self) -> Vec<i64> {
        self.rows.iter().map(|(row, _)| row.id.0).collect()
    }

    /// Notes in the blocks which of their rows go. Answers how many these are, and the digest of their leaves.
    fn mark(&self, session: &dyn Session, removal: &Removal) -> Result<(u64, String), Error> {
        let mut digest = LeafDigest::default();
        for of_block in
            self.rows.chunk_by(|(one, _), (other, _)| (one.strand, one.block) == (other.strand, other.block))
        {
            let Some(block) = of_block.first().and_then(|(row, _)| self.blocks.get(&(row.strand, row.block))) else {
                continue;
            };
            let damaged = || Error::Unfit(format!("the marks of block {} of strand {}", block.n, block.strand));
            let mut marks = audit::marks(&block.gone).ok_or_else(damaged)?;
            for (row, place) in of_block {
                digest.add((block.strand, block.n), *place, &audit::leaf(row));
                marks.push(Mark { place: *place, record: removal.record });
            }
            let key = Key::within(block.strand, block.n);
            session.put(MARK, key, values![block.strand, block.n, audit::marked(marks)])?;
        }
        Ok(digest.finish())
    }
}

const OLDEST: &str = "select min(oldest.id) from (select min(id) as id from run union all select min(id) as id from event \
     union all select min(id) as id from message) as oldest";

impl Retention for Database {
    async fn aged(&self, of: Aged, before: At, after: i64) -> Result<AgedPage, StoreError> {
        let asked = query(kind(of).stretch).bind(after).bind(bound(of, before)).bind(Ids::floor(before)).bind(STRETCH);
        let read = |row: Row| {
            let mut c = Columns::of(row);
            Ok((c.take::<i64>()?, c.take::<bool>()?))
        };
        let seen = all(&mut self.reader().await?.conn(), asked, read).await?;
        let full = i64::try_from(seen.len()).is_ok_and(|count| count == STRETCH);
        let next = seen.last().filter(|_| full).map(|(id, _)| *id);
        Ok(AgedPage { ids: seen.into_iter().filter(|(_, may)| *may).map(|(id, _)| id).collect(), next })
    }

    async fn remove(&self, removal: Removal) -> Result<BTreeMap<String, u64>, StoreError> {
        self.ask(|answer| Ask::Remove(Box::new(removal), answer)).await
    }

    async fn oldest(&self) -> Result<Option<At>, StoreError> {
        let read = |row: Row| Columns::of(row).take::<Option<i64>>();
        let oldest = one(&mut self.reader().await?.conn(), query(OLDEST), read).await?;
        Ok(oldest.flatten().map(Ids::time_of))
    }

    async fn used(&self) -> Result<u64, StoreError> {
        match &self.shared.backend {
            Backend::Sqlite(file) => Ok(file.used().await?),
            Backend::Postgres(server) => Ok(server.used().await?),
        }
    }

    async fn give_back(&self, pages: u32) -> Result<u64, StoreError> {
        self.ask(|answer| Ask::GiveBack(pages, answer)).await
    }
}
