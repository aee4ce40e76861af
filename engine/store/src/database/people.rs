//! Reading for people: lists by page, one subject's journal, one person's data, the audit chain.

use engine::clock::At;
use engine::erasure::{Names, Traces};
use engine::ids::{ContactId, ConversationId, EscalationId, EventId, JournalId, MailboxId, RunId};
use engine::store::{
    BadItemRow, BlockRow, ContactRow, ConversationRow, DeskDay, EffectRow, Error, EscalationFilter, EscalationRow,
    Figures, HistoryRow, JournalRow, ListedContact, MailboxRows, Member, MessageRow, PersonRows, Reads, RuleHits,
    RunFilter, RunRow, SaltedRow, UnmatchedGroup, VersionRow, WaitRow, WaitingRows,
};

use super::columns::Columns;
use super::query::{Conn, all, one, query};
use super::read::{CONTACT, CONVERSATIONS, TAGS};
use super::rows::{self, columns};
use super::value::Row;
use super::{Backend, Database, board, count, erase, error, hits, life, members, merges, past, traces, unmatched};

/// Most rows of one page.
const PAGE: u32 = 500;

fn page(limit: u32) -> u32 {
    limit.clamp(1, PAGE)
}

/// A list of runs, newest first, with a condition of its own.
macro_rules! runs {
    ($condition:literal) => {
        concat!(
            "select ",
            columns!(run),
            " from run left join version on version.id = run.version_id where ",
            $condition,
            " and run.id < ?2 and (?3 is null or +run.status = ?3) order by run.id desc limit ?4"
        )
    };
}

pub(crate) const RUNS: &str = runs!("?1 is null");
pub(crate) const RUNS_OF_VERSION: &str = runs!("run.version_id = ?1");
pub(crate) const RUNS_OF_CONTACT: &str = runs!("run.contact_id = ?1");
/// All but done ones, of which there are too many to need an index.
pub(crate) const RUNS_IN_STATUS: &str = runs!("run.status <> 10 and run.status = ?1");

async fn runs(conn: &mut Conn<'_>, filter: &RunFilter) -> Result<Vec<RunRow>, error::Error> {
    let status = filter.status.map(|status| status as i64);
    let by = async |conn: &mut Conn<'_>, text: &'static str, what: Option<i64>| {
        let before = filter.before.map_or(i64::MAX, |run| run.0);
        let query = query(text).bind(what).bind(before).bind(status).bind(page(filter.limit));
        all(conn, query, rows::run).await
    };
    let mut found = if let Some(contact) = filter.contact {
        by(conn, RUNS_OF_CONTACT, Some(contact.0)).await?
    } else if let Some(flow) = &filter.flow {
        // Version by version, as each has its runs in order; the newest of all of them are the page.
        let mut found = Vec::new();
        for version in version_ids(conn, flow).await? {
            found.extend(by(conn, RUNS_OF_VERSION, Some(version)).await?);
        }
        found
    } else if let Some(status) = status.filter(|status| *status != engine::store::RunStatus::Done as i64) {
        by(conn, RUNS_IN_STATUS, Some(status)).await?
    } else {
        by(conn, RUNS, None).await?
    };
    found.retain(|run| filter.flow.as_ref().is_none_or(|flow| *flow == run.flow));
    found.sort_unstable_by_key(|run| std::cmp::Reverse(run.id));
    found.truncate(page(filter.limit) as usize);
    Ok(found)
}

async fn version_ids(conn: &mut Conn<'_>, flow: &str) -> Result<Vec<i64>, error::Error> {
    all(conn, query("select id from version where flow = ?").bind(flow), rows::number).await
}

pub(crate) const JOURNAL: &str = concat!("select ", columns!(journal), " from journal where subject = ? order by seq");
pub(crate) const JOURNAL_OF_PERSON: &str =
    concat!("select ", columns!(journal), " from journal where contact_id = ? order by id");
/// Rows and salts by one statement, so that both are of one moment: a person may be erased meanwhile.
pub(crate) const BLOCK_ROWS: &str = concat!(
    "select ",
    columns!(journal),
    ", contact.salt as salt from journal left join contact on contact.id = journal.contact_id \
     where journal.strand = ? and journal.block = ? order by journal.id"
);
pub(crate) const REMOVALS: &str = concat!(
    "select ",
    columns!(journal),
    " from journal where journal.kind = 5 and journal.id > ? order by journal.id limit ?"
);
pub(crate) const BLOCKS: &str =
    concat!("select ", columns!(block), " from block where (strand, n) > (?, ?) order by strand, n limit ?");
pub(crate) const MESSAGES_OF: &str =
    concat!("select ", columns!(message), " from message where effect_key >= ? and effect_key < ? order by id");
pub(crate) const MESSAGES_OF_PERSON: &str = concat!(
    "select ",
    columns!(message),
    " from conversation cross join message on message.conversation_id = conversation.id \
     where conversation.contact_id = ? order by message.id"
);
pub(crate) const SAID_OF_PERSON: &str = concat!(
    "select ",
    columns!(said),
    " from conversation cross join said on said.conversation_id = conversation.id \
     where conversation.contact_id = ? order by said.id"
);
pub(crate) const EVENTS_OF_PERSON: &str =
    concat!("select ", columns!(event), " from event where mailbox = ? order by id");
pub(crate) const RUNS_OF_PERSON: &str = concat!(
    "select ",
    columns!(run),
    " from run left join version on version.id = run.version_id where run.contact_id = ? order by run.id"
);

async fn person(conn: &mut Conn<'_>, contact: ContactId) -> Result<PersonRows, error::Error> {
    let of = |text: &'static str| query(text).bind(contact.0);
    let escalations = concat!("select ", columns!(escalation), " from escalation where contact_id = ? order by id");
    let mut found = PersonRows {
        contact: one(conn, of(CONTACT), rows::contact).await?,
        conversations: all(conn, of(CONVERSATIONS), rows::conversation).await?,
        tags: all(conn, of(TAGS), rows::tag).await?,
        events: all(conn, of(EVENTS_OF_PERSON), rows::event).await?,
        messages: all(conn, of(MESSAGES_OF_PERSON), rows::message).await?,
        runs: all(conn, of(RUNS_OF_PERSON), rows::run).await?,
        journal: all(conn, of(JOURNAL_OF_PERSON), rows::journal).await?,
        escalations: all(conn, of(escalations), rows::escalation).await?,
        said: all(conn, of(SAID_OF_PERSON), rows::said).await?,
    };
    for run in &mut found.runs {
        run.state.clear();
    }
    Ok(found)
}

/// The contact whose id, phone or conversation address `who` is.
async fn find_contact(conn: &mut Conn<'_>, who: &str) -> Result<Option<ContactRow>, error::Error> {
    let by_phone = concat!(
        "select ",
        columns!(contact),
        " from contact as known cross join contact on contact.id = coalesce(known.merged_into, known.id) \
         where known.phone = ? order by known.id limit 1"
    );
    let by_address = concat!(
        "select ",
        columns!(contact),
        " from conversation cross join contact on contact.id = conversation.contact_id \
         where conversation.address = ? order by contact.id limit 1"
    );
    if let Ok(id) = who.parse::<ContactId>() {
        return one(conn, query(CONTACT).bind(id.0), rows::contact).await;
    }
    match one(conn, query(by_phone).bind(who), rows::contact).await? {
        Some(found) => Ok(Some(found)),
        None => one(conn, query(by_address).bind(who), rows::contact).await,
    }
}

async fn figures(conn: &mut Conn<'_>) -> Result<Figures, error::Error> {
    let text = "select (select count(*) from input), (select count(*) from effect where state = 0), \
                (select count(*) from effect where state > 1 and state = 2), \
                (select count(*) from effect where state > 1 and state = 3), \
                (select count(*) from wait where state = 0), (select count(*) from bad_item)";
    let read = |row: Row| {
        let mut c = Columns::of(row);
        let mut count = || c.take::<i64>().map(i64::unsigned_abs);
        Ok(Figures {
            bytes: 0,
            inputs: count()?,
            planned: count()?,
            in_doubt: count()?,
            parked: count()?,
            waits: count()?,
            bad_items: count()?,
        })
    };
    Ok(one(conn, query(text), read).await?.unwrap_or_default())
}

/// Contacts somebody talked with lately, by id.
const ACTIVE_CONTACTS: &str = "select distinct contact_id from conversation where contact_id > ?1 \
     and (last_in_at >= ?2 or last_out_at >= ?2) order by contact_id limit ?3";

impl Reads for Database {
    async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRow>, Error> {
        Ok(runs(&mut self.reader().await?.conn(), &filter).await?)
    }

    async fn journal(&self, subject: i64) -> Result<Vec<JournalRow>, Error> {
        Ok(all(&mut self.reader().await?.conn(), query(JOURNAL).bind(subject), rows::journal).await?)
    }

    async fn effects_of(&self, run: RunId) -> Result<Vec<EffectRow>, Error> {
        let text = concat!("select ", columns!(effect), " from effect where run_id = ? order by n");
        Ok(all(&mut self.reader().await?.conn(), query(text).bind(run.0), rows::effect).await?)
    }

    async fn bad_items(&self, limit: u32) -> Result<Vec<BadItemRow>, Error> {
        let text = concat!("select ", columns!(bad_item), " from bad_item order by id desc limit ?");
        Ok(all(&mut self.reader().await?.conn(), query(text).bind(page(limit)), rows::bad_item).await?)
    }

    async fn escalations(&self, filter: EscalationFilter) -> Result<Vec<EscalationRow>, Error> {
        let text = concat!(
            "select ",
            columns!(escalation),
            " from escalation where (?1 = 0 or (accepted_at is null and stage <> 6)) and (?2 = 0 or missed = 1) \
             and (?3 is null or team = ?3) and (?4 is null or accepted_user = ?4) and (?5 is null or received_at >= ?5) \
             and (?6 is null or id < ?6) order by id desc limit ?7"
        );
        let query = query(text)
            .bind(filter.open)
            .bind(filter.missed)
            .bind(filter.team)
            .bind(filter.taken_by.map(|user| user.0))
            .bind(filter.since.map(|at| at.0))
            .bind(filter.before.map(|id| id.0))
            .bind(page(filter.limit));
        Ok(all(&mut self.reader().await?.conn(), query, rows::escalation).await?)
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<ConversationRow>, Error> {
        let text = concat!("select ", columns!(conversation), " from conversation where id = ?");
        Ok(one(&mut self.reader().await?.conn(), query(text).bind(id.0), rows::conversation).await?)
    }

    async fn last_inbound(&self, conversations: Vec<ConversationId>) -> Result<Vec<MessageRow>, Error> {
        Ok(board::last_inbound(&mut self.reader().await?.conn(), &conversations).await?)
    }

    async fn contacts(&self, ids: Vec<ContactId>) -> Result<Vec<ListedContact>, Error> {
        Ok(board::contacts(&mut self.reader().await?.conn(), &ids).await?)
    }

    async fn desk(&self) -> Result<MailboxRows, Error> {
        Ok(board::open(&mut self.reader().await?.conn()).await?)
    }

    async fn desk_day(&self, since: At) -> Result<DeskDay, Error> {
        Ok(board::day(&mut self.reader().await?.conn(), since).await?)
    }

    async fn escalation(&self, id: EscalationId) -> Result<Option<EscalationRow>, Error> {
        let text = concat!("select ", columns!(escalation), " from escalation where id = ?");
        Ok(one(&mut self.reader().await?.conn(), query(text).bind(id.0), rows::escalation).await?)
    }

    async fn find_contact(&self, who: &str) -> Result<Option<ContactRow>, Error> {
        Ok(find_contact(&mut self.reader().await?.conn(), who).await?)
    }

    async fn same_person(&self, contact: ContactId) -> Result<Vec<ContactId>, Error> {
        Ok(merges::same_person(&mut self.reader().await?.conn(), contact).await?)
    }

    async fn person(&self, contact: ContactId) -> Result<PersonRows, Error> {
        let mut reader = self.reader().await?;
        let mut conn = reader.conn();
        let mut view = conn.view().await?;
        let found = person(&mut view.conn(), contact).await?;
        view.end().await?;
        Ok(found)
    }

    async fn messages_of(&self, run: RunId) -> Result<Vec<MessageRow>, Error> {
        let (from, to) = erase::key_range(run);
        let query = query(MESSAGES_OF).bind(from).bind(to);
        Ok(all(&mut self.reader().await?.conn(), query, rows::message).await?)
    }

    async fn flows(&self) -> Result<Vec<VersionRow>, Error> {
        let text = concat!(
            "select ",
            columns!(version),
            " from version where id in (select id from (select id, row_number() over \
               (partition by flow order by state in (1, 3) desc, id desc) as place from version where state <> 2) as placed \
             where place = 1) order by flow"
        );
        Ok(all(&mut self.reader().await?.conn(), query(text), rows::version).await?)
    }

    async fn versions_of(&self, flow: &str) -> Result<Vec<VersionRow>, Error> {
        let text = concat!("select ", columns!(version), " from version where flow = ? order by id desc");
        Ok(all(&mut self.reader().await?.conn(), query(text).bind(flow), rows::version).await?)
    }

    async fn blocks(&self, after: (i64, i64), limit: u32) -> Result<Vec<BlockRow>, Error> {
        let query = query(BLOCKS).bind(after.0).bind(after.1).bind(page(limit));
        Ok(all(&mut self.reader().await?.conn(), query, rows::block).await?)
    }

    async fn block_rows(&self, strand: i64, n: i64) -> Result<Vec<SaltedRow>, Error> {
        let query = query(BLOCK_ROWS).bind(strand).bind(n);
        Ok(all(&mut self.reader().await?.conn(), query, rows::salted).await?)
    }

    async fn journal_count(&self, heads: Vec<(i64, i64)>) -> Result<u64, Error> {
        Ok(count::journal(&mut self.reader().await?.conn(), &heads.into_iter().collect()).await?)
    }

    async fn removals(&self, after: JournalId, limit: u32) -> Result<Vec<JournalRow>, Error> {
        let query = query(REMOVALS).bind(after.0).bind(page(limit));
        Ok(all(&mut self.reader().await?.conn(), query, rows::journal).await?)
    }

    async fn active_contacts(&self, since: At, after: ContactId, limit: u32) -> Result<Vec<ContactId>, Error> {
        let query = query(ACTIVE_CONTACTS).bind(after.0).bind(since.0).bind(page(limit));
        let read = |row: Row| rows::number(row).map(ContactId);
        Ok(all(&mut self.reader().await?.conn(), query, read).await?)
    }

    async fn members(&self, tag: Option<String>, after: ContactId, limit: u32) -> Result<Vec<Member>, Error> {
        Ok(members::page(&mut self.reader().await?.conn(), tag.as_deref(), after, page(limit)).await?)
    }

    async fn traces(&self, names: Names) -> Result<Traces, Error> {
        Ok(traces::find(&mut self.reader().await?.conn(), &names).await?)
    }

    async fn unmatched(&self, limit: u32) -> Result<Vec<UnmatchedGroup>, Error> {
        Ok(unmatched::groups(&mut self.reader().await?.conn(), page(limit)).await?)
    }

    async fn rule_hits(&self, day: i64) -> Result<Vec<RuleHits>, Error> {
        Ok(hits::since(&mut self.reader().await?.conn(), day).await?)
    }

    async fn history(&self, range: (EventId, EventId), facts: bool, limit: u32) -> Result<Vec<HistoryRow>, Error> {
        match &self.shared.backend {
            Backend::Sqlite(file) => Ok(file.history(range, facts, limit).await?),
            Backend::Postgres(_) => Ok(past::page(&mut self.reader().await?.conn(), range, facts, limit).await?),
        }
    }

    async fn event_range(&self) -> Result<Option<(EventId, EventId)>, Error> {
        Ok(past::range(&mut self.reader().await?.conn()).await?)
    }

    async fn mailboxes_of(&self, flow: &str, after: MailboxId, limit: u32) -> Result<Vec<MailboxId>, Error> {
        Ok(life::mailboxes_of(&mut self.reader().await?.conn(), flow, after, page(limit)).await?)
    }

    async fn waiting(&self, flow: &str, range: (MailboxId, MailboxId)) -> Result<WaitingRows, Error> {
        let mut reader = self.reader().await?;
        let mut conn = reader.conn();
        let mut view = conn.view().await?;
        let found = life::waiting(&mut view.conn(), flow, range).await?;
        view.end().await?;
        Ok(found)
    }

    async fn held(&self, prefix: &str, after: &str, limit: u32) -> Result<Vec<WaitRow>, Error> {
        Ok(life::held(&mut self.reader().await?.conn(), prefix, after, page(limit)).await?)
    }

    async fn figures(&self) -> Result<Figures, Error> {
        let mut found = figures(&mut self.reader().await?.conn()).await?;
        found.bytes = match &self.shared.backend {
            Backend::Sqlite(file) => file.bytes().await,
            Backend::Postgres(server) => server.bytes().await?,
        };
        Ok(found)
    }
}
