//! Lists with filters over many rows.

use engine::ids::{ContactId, JournalId, RunId, VersionId};
use engine::store::{ContactQuery, ListedRun, LogQuery, Page, Pages, RunQuery, RunStatus};
use rusqlite::Connection;
use tempfile::TempDir;

use super::open;
use crate::database::pages::MOST;
use crate::{Database, Options};

/// Runs stored: enough that a filter without an index does not look at all of them for one page.
const RUNS: i64 = 100_000;

/// Flow `a` has versions 1 and 2, flow `b` has 3; every 1 000th run failed, run 10 waits; contact 7 has every 100th run.
fn fill(conn: &Connection) {
    let text = "
begin;
insert into version (id, flow, meaning, text_no, language, source, state, owner, by, at, kind)
  select value, iif(value = 3, 'b', 'a'), zeroblob(32), value, 1, '', iif(value = 1, 2, 1), 'db', '', 0, 0
  from (select 1 as value union select 2 union select 3);
insert into version (id, flow, meaning, text_no, language, source, state, owner, by, at, kind)
  values (4, 'b', zeroblob(32), 9, 1, '', 0, 'db', '', 0, 0);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
insert into run (id, version_id, mailbox, shard, contact_id, event_id, status, format, state, turns, effects, started_at,
    error)
  select i, 1 + i % 3, 1, 1, iif(i % 100 = 0, 7, null), i, case when i = 10 then 1 when i % 1000 = 0 then 11 else 10 end,
    2, zeroblob(0), 1, 0, i, iif(i = 1000, 'Zürich refused', null) from n;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 30)
insert into contact (id, name, phone, language, priority, order_status, fields, consent, unread, rev, erased_at)
  select i, iif(i = 7, 'Éva Li', 'Nobody ' || i), iif(i = 9, '+393331234567', null), 'en', 1, '', '{}', '{}', 0, 1,
    iif(i = 30, 5, null) from n;
insert into contact_tag (contact_id, tag, source, source_id, at) values
  (3, 'vip', 0, 'r', 1), (3, 'vip', 2, 'mia', 1), (5, 'vip', 5, 'mia', 1), (8, 'vip', 1, 'f', 1);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
insert into journal (id, subject, seq, kind, by, at, format, body, data_digest, strand, block)
  select i, i % 4, i, 3, iif(i = 5, 'mia', ''), i, 2, zeroblob(0), zeroblob(0), 1, i from n;
commit;";
    conn.execute_batch(text).unwrap();
}

async fn filled() -> (TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    open::up_to_date(&path).await.unwrap();
    fill(&open::writer(&path).unwrap());
    let store = Database::open(&path, Options::new(1)).await.unwrap();
    (folder, store)
}

fn ids(page: &Page<ListedRun, RunId>) -> Vec<i64> {
    page.rows.iter().map(|row| row.run.id.0).collect()
}

#[tokio::test]
async fn runs_are_filtered_and_paged_newest_first() {
    let (_folder, store) = filled().await;
    let page = store.run_page(RunQuery { limit: 3, ..RunQuery::default() }).await.unwrap();
    assert_eq!((ids(&page), page.next), (vec![RUNS, RUNS - 1, RUNS - 2], Some(RunId(RUNS - 2))));
    let older = RunQuery { limit: 2, before: page.next, ..RunQuery::default() };
    assert_eq!(ids(&store.run_page(older).await.unwrap()), [RUNS - 3, RUNS - 4]);
    let between = RunQuery { limit: 9, before: Some(RunId(5)), after: Some(RunId(2)), ..RunQuery::default() };
    let page = store.run_page(between).await.unwrap();
    assert_eq!((ids(&page), page.next), (vec![4, 3], None));

    let flow = RunQuery { flow: Some("a".into()), limit: 4, ..RunQuery::default() };
    assert_eq!(
        ids(&store.run_page(flow.clone()).await.unwrap()),
        [RUNS, RUNS - 1, RUNS - 3, RUNS - 4],
        "of both versions"
    );
    let version = RunQuery { version: Some(VersionId(3)), limit: 2, ..RunQuery::default() };
    assert_eq!(ids(&store.run_page(version).await.unwrap()), [RUNS - 2, RUNS - 5]);
    let failed = RunQuery { status: Some(RunStatus::Failed), limit: 500, ..flow.clone() };
    let page = store.run_page(failed).await.unwrap();
    assert!(page.rows.iter().all(|row| row.run.flow == "a" && row.run.status == RunStatus::Failed));
    assert_eq!((page.rows.len(), page.next), (67, None), "of 100 that failed, 33 are of the other flow");

    let contact =
        RunQuery { contact: Some(ContactId(7)), status: Some(RunStatus::Failed), limit: 2, ..RunQuery::default() };
    let page = store.run_page(contact).await.unwrap();
    assert_eq!((ids(&page), page.rows[0].name.as_deref()), (vec![RUNS, RUNS - 1_000], Some("Éva Li")));
    let nothing = RunQuery { flow: Some("c".into()), limit: 2, ..RunQuery::default() };
    assert_eq!(store.run_page(nothing).await.unwrap(), Page { rows: vec![], next: None });
}

#[tokio::test]
async fn a_filter_without_an_index_looks_at_so_many_and_says_where_to_go_on() {
    let (_folder, store) = filled().await;
    let mut query = RunQuery { text: Some("zurich".into()), limit: 10, ..RunQuery::default() };
    let (mut pages, mut found) = (0, Vec::new());
    loop {
        let page = store.run_page(query.clone()).await.unwrap();
        pages += 1;
        found.extend(ids(&page));
        query.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(found, [1_000]);
    assert_eq!(pages, RUNS.unsigned_abs() as usize / MOST + 1);
    let name = RunQuery { text: Some("eva".into()), limit: 2, ..RunQuery::default() };
    assert_eq!(ids(&store.run_page(name).await.unwrap()), [RUNS, RUNS - 100], "by the name of the contact too");
}

#[tokio::test]
async fn contacts_are_found_by_name_number_and_tag() {
    let (_folder, store) = filled().await;
    let found = async |query: ContactQuery| {
        let page = store.contact_page(ContactQuery { limit: 2, ..query }).await.unwrap();
        (page.rows.iter().map(|row| row.contact.id.0).collect::<Vec<_>>(), page.next.map(|id| id.0))
    };
    assert_eq!(found(ContactQuery::default()).await, (vec![29, 28], Some(28)), "an erased one is left out");
    assert_eq!(found(ContactQuery { before: Some(ContactId(3)), ..ContactQuery::default() }).await.0, [2, 1]);
    assert_eq!(found(ContactQuery { text: Some("eva".into()), ..ContactQuery::default() }).await, (vec![7], None));
    assert_eq!(found(ContactQuery { text: Some("3331234".into()), ..ContactQuery::default() }).await.0, [9]);
    let tagged = ContactQuery { tag: Some("vip".into()), ..ContactQuery::default() };
    assert_eq!(found(tagged.clone()).await, (vec![8, 3], Some(3)), "each once, and not who had it taken");
    let page = store.contact_page(ContactQuery { limit: 9, ..tagged }).await.unwrap();
    assert_eq!(page.rows[1].tags.len(), 2);
}

#[tokio::test]
async fn the_log_is_read_by_subject_and_by_who_did_it() {
    let (_folder, store) = filled().await;
    let found = async |query: LogQuery| {
        let page = store.log_page(LogQuery { limit: 2, ..query }).await.unwrap();
        (page.rows.iter().map(|row| row.id.0).collect::<Vec<_>>(), page.next.map(|id| id.0))
    };
    assert_eq!(found(LogQuery::default()).await, (vec![2_000, 1_999], Some(1_999)));
    assert_eq!(found(LogQuery { people: true, ..LogQuery::default() }).await, (vec![5], None));
    assert_eq!(found(LogQuery { by: Some("mia".into()), ..LogQuery::default() }).await, (vec![5], None));
    let about =
        LogQuery { subject: Some(3), after: Some(JournalId(10)), before: Some(JournalId(16)), ..LogQuery::default() };
    assert_eq!(found(about).await, (vec![15, 11], Some(11)));
}

#[tokio::test]
async fn figures_count_each_flow_over_all_its_versions() {
    let (_folder, store) = filled().await;
    let mut figures = store.flow_figures(RunId(RUNS - 3_000)).await.unwrap();
    figures.sort_by(|one, other| one.flow.cmp(&other.flow));
    let told: Vec<_> =
        figures.iter().map(|one| (one.flow.as_str(), one.runs, one.failed, one.waiting, one.attention)).collect();
    assert_eq!(told, [("a", 2_000, 2, 1, 0), ("b", 1_000, 1, 0, 0)]);
    assert_eq!(store.drafted().await.unwrap(), ["b"]);
}
