//! Lists with filters: an index finds the candidates, newest first; what it does not decide is looked at here.

use std::collections::{BTreeSet, HashMap, HashSet};

use engine::expr::text::normalise;
use engine::ids::{ContactId, ConversationId, JournalId, MailboxId, MessageId, RunId};
use engine::store::{
    ContactQuery, Error, FlowFigures, JournalRow, ListedContact, ListedRun, LogQuery, MessageRow, Page, Pages,
    RunQuery, RunStatus, WaitRow,
};

use super::columns::Columns;
use super::query::{Conn, all, query as statement};
use super::rows::{self, columns};
use super::value::Row;
use super::{Database, error};

/// Candidates read at a time where each is looked at.
const CHUNK: usize = 1_000;
/// Most candidates of one page: about 50 ms.
pub(crate) const MOST: usize = 20_000;
/// Most rows of a page.
const PAGE: u32 = 500;

/// Candidates among the runs, with what filters look at.
macro_rules! candidates {
    ($condition:literal) => {
        concat!(
            "select run.id, run.version_id, run.status, run.contact_id, run.error, contact.name, contact.phone \
             from run left join contact on contact.id = run.contact_id where ",
            $condition,
            " and run.id < ?2 and run.id > ?3 order by run.id desc limit ?4"
        )
    };
}

pub(crate) const RUNS: &str = candidates!("?1 is null");
pub(crate) const RUNS_OF_VERSION: &str = candidates!("run.version_id = ?1");
pub(crate) const RUNS_OF_CONTACT: &str = candidates!("run.contact_id = ?1");
pub(crate) const RUNS_IN_STATUS: &str = candidates!("run.status <> 10 and run.status = ?1");
pub(crate) const CHOSEN_RUNS: &str = concat!(
    "select ",
    columns!(run),
    ", contact.name from json_each(?) as wanted cross join run on run.id = wanted.value \
     left join version on version.id = run.version_id left join contact on contact.id = run.contact_id \
     order by run.id desc"
);

pub(crate) const CONTACTS: &str = "select contact.id, contact.name, contact.phone from contact \
     where ?1 is null and contact.id < ?2 and contact.erased_at is null and contact.merged_into is null order by contact.id desc limit ?3";
/// Without those whose tag a person took: such a source keeps rules from giving it.
pub(crate) const CONTACTS_WITH_TAG: &str = "select contact.id, contact.name, contact.phone from \
     (select distinct contact_id from contact_tag where tag = ?1 and source <> 5 and contact_id < ?2 \
       and not exists (select 1 from contact where contact.id = contact_id and merged_into is not null) \
       order by contact_id desc limit ?3) as tagged \
     cross join contact on contact.id = tagged.contact_id order by contact.id desc";
pub(crate) const CHOSEN_CONTACTS: &str = concat!(
    "select ",
    columns!(contact),
    " from json_each(?) as wanted cross join contact on contact.id = wanted.value order by contact.id desc"
);
pub(crate) const CHOSEN_TAGS: &str = concat!(
    "select ",
    columns!(tag),
    " from json_each(?) as wanted cross join contact_tag on contact_tag.contact_id = wanted.value \
     order by contact_tag.tag, contact_tag.source"
);

pub(crate) const LOG: &str =
    "select id, by from journal where ?1 is null and id < ?2 and id > ?3 order by id desc limit ?4";
pub(crate) const LOG_ABOUT: &str =
    "select id, by from journal where subject = ?1 and id < ?2 and id > ?3 order by id desc limit ?4";
pub(crate) const CHOSEN_LOG: &str = concat!(
    "select ",
    columns!(journal),
    " from json_each(?) as wanted cross join journal on journal.id = wanted.value order by journal.id desc"
);
pub(crate) const LOG_OF: &str =
    concat!("select ", columns!(journal), " from journal where contact_id = ? and id < ? order by id desc limit ?");
pub(crate) const MESSAGES_IN: &str = concat!(
    "select ",
    columns!(message),
    " from message where conversation_id = ? and id < ? order by id desc limit ?"
);

/// For times and events that runs of these mailboxes wait for.
pub(crate) const WAITS_OF: &str = concat!(
    "select ",
    columns!(wait),
    " from json_each(?) as wanted cross join wait on wait.mailbox = wanted.value \
     where wait.state = 0 and wait.kind in (0, 1) order by wait.due_at, wait.id"
);

/// Runs of each flow that began after ?1.
pub(crate) const BEGUN: &str = "select version.flow, cast(sum((select count(*) from run \
     where run.version_id = version.id and run.id > ?1)) as bigint) from version where version.kind = 0 group by version.flow";
pub(crate) const FAILED: &str = "select version.flow, count(*) from run cross join version on version.id = run.version_id \
     where run.status <> 10 and run.status = 11 and run.id > ?1 group by version.flow";
/// From the index of open runs alone.
pub(crate) const OPEN: &str = "select version.flow, open.status, cast(sum(open.runs) as bigint) from \
     (select +version_id as version_id, status, count(*) as runs from run where status < 10 \
       group by +version_id, status) as open \
     cross join version on version.id = open.version_id where open.status > 0 group by version.flow, open.status";
const DRAFTED: &str = "select flow from version group by flow \
     having max(case when state = 0 then id else 0 end) > max(case when state in (1, 3) then id else 0 end)";

/// The ids of a page while they are gathered.
struct Gather {
    ids: Vec<i64>,
    /// The last candidate looked at.
    before: i64,
    /// Whether there may be more.
    more: bool,
    limit: usize,
    /// Candidates read at a time.
    chunk: usize,
    seen: usize,
}

impl Gather {
    /// A page of `limit` rows older than `before`; `picky` when not every candidate belongs to it.
    fn new(limit: u32, before: Option<i64>, picky: bool) -> Self {
        let limit = limit.clamp(1, PAGE) as usize;
        let chunk = if picky { CHUNK } else { limit };
        Self { ids: Vec::new(), before: before.unwrap_or(i64::MAX), more: true, limit, chunk, seen: 0 }
    }

    /// Older than which candidate, and how many are to be read next; `None` when the page is done.
    fn wants(&self) -> Option<(i64, i64)> {
        let goes_on = self.more && self.ids.len() < self.limit && self.seen < MOST;
        goes_on.then(|| (self.before, i64::try_from(self.chunk).unwrap_or(i64::MAX)))
    }

    /// Takes the candidates that were read, newest first, as far as `fits` says so.
    fn take<T>(&mut self, candidates: Vec<(i64, T)>, fits: impl Fn(&T) -> bool) {
        let last = candidates.len() < self.chunk;
        for (id, candidate) in candidates {
            self.seen += 1;
            self.before = id;
            if fits(&candidate) {
                self.ids.push(id);
            }
            if self.ids.len() == self.limit {
                return;
            }
        }
        self.more = !last;
    }

    fn next<Key>(&self, key: impl Fn(i64) -> Key) -> Option<Key> {
        self.more.then(|| key(self.before))
    }
}

/// Whether any of `texts` holds `wanted`, which is normalised.
fn mentions(wanted: Option<&str>, texts: [Option<&str>; 3]) -> bool {
    let Some(wanted) = wanted else { return true };
    texts.into_iter().flatten().any(|text| normalise(text).contains(wanted))
}

/// What filters look at of a run.
struct Candidate {
    version: i64,
    status: i64,
    contact: Option<i64>,
    error: Option<String>,
    name: Option<String>,
    phone: Option<String>,
}

fn candidate(row: Row) -> Result<(i64, Candidate), error::Error> {
    let mut c = Columns::of(row);
    let id = c.take()?;
    Ok((
        id,
        Candidate {
            version: c.take()?,
            status: c.take()?,
            contact: c.take()?,
            error: c.take()?,
            name: c.take()?,
            phone: c.take()?,
        },
    ))
}

async fn run_page(conn: &mut Conn<'_>, query: &RunQuery) -> Result<Page<ListedRun, RunId>, error::Error> {
    let versions = match (&query.flow, query.version) {
        (_, Some(version)) => Some(vec![version.0]),
        (Some(flow), None) => {
            let text = "select id from version where flow = ? and kind = 0";
            Some(all(conn, statement(text).bind(flow), rows::number).await?)
        }
        (None, None) => None,
    };
    let status = query.status.map(|status| status as i64);
    let after = query.after.map_or(i64::MIN, |run| run.0);
    // The index that leaves the fewest candidates. Of those that are done there are too many for one of their own.
    let by_status = status.filter(|status| *status != RunStatus::Done as i64);
    let ways: Vec<(&'static str, Option<i64>)> = match (query.contact, by_status, &versions) {
        (Some(contact), _, _) => vec![(RUNS_OF_CONTACT, Some(contact.0))],
        (None, Some(status), _) => vec![(RUNS_IN_STATUS, Some(status))],
        (None, None, Some(versions)) => versions.iter().map(|version| (RUNS_OF_VERSION, Some(*version))).collect(),
        (None, None, None) => vec![(RUNS, None)],
    };
    let picky = query.text.is_some()
        || status.is_some()
        || (versions.is_some() && ways[..].iter().all(|way| way.0 != RUNS_OF_VERSION));
    let fits = |one: &Candidate| {
        status.is_none_or(|status| status == one.status)
            && versions.as_ref().is_none_or(|versions| versions.contains(&one.version))
            && query.contact.is_none_or(|contact| Some(contact.0) == one.contact)
            && mentions(query.text.as_deref(), [one.error.as_deref(), one.name.as_deref(), one.phone.as_deref()])
    };
    let mut found = Gather::new(query.limit, query.before.map(|run| run.0), picky);
    while let Some((before, chunk)) = found.wants() {
        let mut candidates = Vec::new();
        for (text, key) in &ways {
            let bound = statement(text).bind(key).bind(before).bind(after).bind(chunk);
            candidates.extend(all(conn, bound, candidate).await?);
        }
        candidates.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
        candidates.truncate(usize::try_from(chunk).unwrap_or(usize::MAX));
        found.take(candidates, fits);
    }
    let listed = |row: Row| {
        let mut c = Columns::of(row);
        let (run, name) = (rows::take_run(&mut c)?, c.take::<Option<String>>()?);
        Ok(ListedRun { run, name: name.filter(|name| !name.is_empty()) })
    };
    let rows = all(conn, statement(CHOSEN_RUNS).bind(&found.ids), listed).await?;
    Ok(Page { rows, next: found.next(RunId) })
}

async fn contact_page(
    conn: &mut Conn<'_>,
    query: &ContactQuery,
) -> Result<Page<ListedContact, ContactId>, error::Error> {
    let text = if query.tag.is_some() { CONTACTS_WITH_TAG } else { CONTACTS };
    let candidate = |row: Row| {
        let mut c = Columns::of(row);
        Ok((c.take::<i64>()?, (c.take::<String>()?, c.take::<Option<String>>()?)))
    };
    let fits = |(name, phone): &(String, Option<String>)| {
        mentions(query.text.as_deref(), [Some(name), phone.as_deref(), None])
    };
    let mut found = Gather::new(query.limit, query.before.map(|id| id.0), query.text.is_some());
    while let Some((before, chunk)) = found.wants() {
        let bound = statement(text).bind(&query.tag).bind(before).bind(chunk);
        found.take(all(conn, bound, candidate).await?, fits);
    }
    let mut tags: HashMap<ContactId, Vec<_>> = HashMap::new();
    for tag in all(conn, statement(CHOSEN_TAGS).bind(&found.ids), rows::tag).await? {
        tags.entry(tag.contact_id).or_default().push(tag);
    }
    let contacts = all(conn, statement(CHOSEN_CONTACTS).bind(&found.ids), rows::contact).await?;
    let listed = contacts.into_iter().map(|contact| {
        let tags = tags.remove(&contact.id).unwrap_or_default();
        ListedContact { contact, tags }
    });
    Ok(Page { rows: listed.collect(), next: found.next(ContactId) })
}

async fn log_page(conn: &mut Conn<'_>, query: &LogQuery) -> Result<Page<JournalRow, JournalId>, error::Error> {
    let text = if query.subject.is_some() { LOG_ABOUT } else { LOG };
    let after = query.after.map_or(i64::MIN, |row| row.0);
    let candidate = |row: Row| {
        let mut c = Columns::of(row);
        Ok((c.take::<i64>()?, c.take::<String>()?))
    };
    let fits = |by: &String| query.by.as_ref().is_none_or(|wanted| wanted == by) && !(query.people && by.is_empty());
    let picky = query.by.is_some() || query.people;
    let mut found = Gather::new(query.limit, query.before.map(|row| row.0), picky);
    while let Some((before, chunk)) = found.wants() {
        let bound = statement(text).bind(query.subject).bind(before).bind(after).bind(chunk);
        found.take(all(conn, bound, candidate).await?, fits);
    }
    let rows = all(conn, statement(CHOSEN_LOG).bind(&found.ids), rows::journal).await?;
    Ok(Page { rows, next: found.next(JournalId) })
}

async fn flow_figures(conn: &mut Conn<'_>, since: RunId) -> Result<Vec<FlowFigures>, error::Error> {
    let counted = |row: Row| {
        let mut c = Columns::of(row);
        Ok((c.take::<String>()?, c.take::<i64>()?.unsigned_abs()))
    };
    let open = |row: Row| {
        let mut c = Columns::of(row);
        Ok((c.take::<String>()?, c.take::<i64>()?, c.take::<i64>()?.unsigned_abs()))
    };
    let mut figures: HashMap<String, FlowFigures> = HashMap::new();
    let mut of = |flow: String, note: &dyn Fn(&mut FlowFigures)| {
        note(figures.entry(flow.clone()).or_insert_with(|| FlowFigures { flow, ..FlowFigures::default() }));
    };
    for (flow, runs) in all(conn, statement(BEGUN).bind(since.0), counted).await? {
        of(flow, &|one| one.runs = runs);
    }
    for (flow, failed) in all(conn, statement(FAILED).bind(since.0), counted).await? {
        of(flow, &|one| one.failed = failed);
    }
    for (flow, status, runs) in all(conn, statement(OPEN), open).await? {
        let waits = status == RunStatus::Waiting as i64;
        of(flow, &|one| if waits { one.waiting = runs } else { one.attention = runs });
    }
    Ok(figures.into_values().collect())
}

impl Pages for Database {
    async fn run_page(&self, query: RunQuery) -> Result<Page<ListedRun, RunId>, Error> {
        Ok(run_page(&mut self.reader().await?.conn(), &query).await?)
    }

    async fn contact_page(&self, query: ContactQuery) -> Result<Page<ListedContact, ContactId>, Error> {
        Ok(contact_page(&mut self.reader().await?.conn(), &query).await?)
    }

    async fn log_page(&self, query: LogQuery) -> Result<Page<JournalRow, JournalId>, Error> {
        Ok(log_page(&mut self.reader().await?.conn(), &query).await?)
    }

    async fn log_of(&self, contact: ContactId, before: JournalId, limit: u32) -> Result<Vec<JournalRow>, Error> {
        let query = statement(LOG_OF).bind(contact.0).bind(before.0).bind(limit.clamp(1, PAGE));
        Ok(all(&mut self.reader().await?.conn(), query, rows::journal).await?)
    }

    async fn messages_in(
        &self,
        conversation: ConversationId,
        before: MessageId,
        limit: u32,
    ) -> Result<Vec<MessageRow>, Error> {
        let query = statement(MESSAGES_IN).bind(conversation.0).bind(before.0).bind(limit.clamp(1, PAGE));
        Ok(all(&mut self.reader().await?.conn(), query, rows::message).await?)
    }

    async fn waits_of(&self, runs: Vec<(MailboxId, RunId)>) -> Result<Vec<WaitRow>, Error> {
        let (mailboxes, wanted): (BTreeSet<i64>, HashSet<RunId>) =
            runs.into_iter().map(|(mailbox, run)| (mailbox.0, run)).unzip();
        let query = statement(WAITS_OF).bind(mailboxes.into_iter().collect::<Vec<i64>>());
        let mut waits = all(&mut self.reader().await?.conn(), query, rows::wait).await?;
        waits.retain(|wait| wait.run_id.is_some_and(|run| wanted.contains(&run)));
        Ok(waits)
    }

    async fn flow_figures(&self, since: RunId) -> Result<Vec<FlowFigures>, Error> {
        Ok(flow_figures(&mut self.reader().await?.conn(), since).await?)
    }

    async fn drafted(&self) -> Result<Vec<String>, Error> {
        let read = |row: Row| Columns::of(row).take();
        Ok(all(&mut self.reader().await?.conn(), statement(DRAFTED), read).await?)
    }
}
