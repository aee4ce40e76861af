//! What is particular to PostgreSQL; what every store promises is in the conformance suite.

use std::collections::BTreeSet;

use engine::clock::At;
use engine::flow::Kind;
use engine::ids::{BadItemId, ContactId, ConversationId, JournalId, MailboxId, MessageId, RunId, VersionId, WaitId};
use engine::store::{
    Arrival, BadItemRow, ContactQuery, DraftRow, EditOp, Editing, Error, EventRow, FIRST_WAIT, LogQuery, MetaRow,
    Pages, PublicationRow, Reads, RunQuery, RunStatus, Store, WaitKind, WaitOp, WaitRow, WaitState, Work,
};
use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::server::{self, TestDatabase};
use crate::sqlite;
use crate::{Database, Options};

/// A work that arms one wait.
fn arm(id: i64) -> Work {
    let mailbox = MailboxId(id);
    let wait = WaitRow {
        id: WaitId(id),
        shard: mailbox.shard(),
        mailbox,
        run_id: None,
        cursor: 0,
        kind: WaitKind::Timer,
        state: WaitState::Armed,
        on_kind: None,
        key: None,
        since: engine::ids::EventId(0),
        due_at: At(1),
        data: Vec::new(),
    };
    Work { mailbox, at: At(1), waits: vec![WaitOp::Arm(Box::new(wait))], ..Work::default() }
}

async fn armed(store: &Database) -> usize {
    store.due(FIRST_WAIT, At::NEVER, 1_000).await.unwrap().len()
}

async fn open(database: &TestDatabase, strand: i64) -> Result<Database, Error> {
    Database::connect(&database.url(), Options::new(strand)).await
}

async fn database() -> Option<TestDatabase> {
    Some(server::server_or_skip()?.database().await)
}

/// As if the process that writes had not been heard of for as long.
async fn silence(conn: &mut PgConnection) {
    sqlx::query("update lease set beat_at = beat_at - 60000").execute(conn).await.unwrap();
}

#[tokio::test]
async fn a_second_process_is_refused_while_the_first_is_there() {
    let Some(database) = database().await else { return };
    let first = open(&database, 1).await.unwrap();
    let Err(Error::Taken(why)) = open(&database, 2).await else { panic!("two processes write") };
    assert!(why.contains(&std::process::id().to_string()), "{why}");
    let reader = Database::connect_read_only(&database.url()).await.unwrap();
    first.commit(arm(1)).await.unwrap();
    assert_eq!(armed(&reader).await, 1);
    assert!(matches!(reader.commit(arm(2)).await, Err(Error::Broken(_))));
    first.close().await;
    open(&database, 2).await.expect("at once after the first ended well").close().await;
}

#[tokio::test]
async fn who_was_silent_for_too_long_is_replaced_and_writes_nothing_more() {
    let Some(database) = database().await else { return };
    let frozen = open(&database, 1).await.unwrap();
    frozen.commit(arm(1)).await.unwrap();
    let mut conn = database.connect().await;
    // A heartbeat may come between: then the next try finds the silence.
    let other = loop {
        silence(&mut conn).await;
        match open(&database, 2).await {
            Err(Error::Taken(_)) => {}
            other => break other.unwrap(),
        }
    };
    let late = frozen.commit(arm(2)).await;
    assert!(matches!(late, Err(Error::Taken(_))), "{late:?}");
    assert!(matches!(frozen.commit(arm(3)).await, Err(Error::Taken(_))), "nor later");
    other.commit(arm(4)).await.unwrap();
    assert_eq!(armed(&other).await, 2);
    frozen.close().await;
    assert_eq!(other.commit(arm(5)).await, Ok(()), "its end takes nothing from the other");
    other.close().await;
}

#[tokio::test]
async fn a_broken_connection_is_made_anew() {
    let Some(database) = database().await else { return };
    let store = open(&database, 1).await.unwrap();
    let mut conn = database.connect().await;
    for id in 1..=3 {
        let text = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                    where datname = current_database() and pid <> pg_backend_pid()";
        let ended: i64 = sqlx::query_scalar(text).fetch_one(&mut conn).await.unwrap();
        assert!(ended > 0);
        store.commit(arm(id)).await.unwrap();
    }
    assert_eq!(armed(&store).await, 3);
    store.close().await;
}

#[tokio::test]
async fn texts_with_any_character_are_kept() {
    let Some(database) = database().await else { return };
    let store = open(&database, 1).await.unwrap();
    let raw = "a\0b\u{1a}c\u{1a}0 \u{fffd} 李";
    let item = BadItemRow { id: BadItemId(1), connection: "wa".into(), at: At(1), raw: raw.into(), why: String::new() };
    store.receive(vec![Arrival::Bad(item.clone())]).await.unwrap();
    assert_eq!(store.bad_items(1).await.unwrap(), [item]);
    let event: Option<EventRow> = store.event_by_key(engine::event::EventKey([0; 16])).await.unwrap();
    assert_eq!(event, None);
    store.close().await;
}

#[tokio::test]
async fn a_database_of_a_newer_build_is_refused() {
    let Some(database) = database().await else { return };
    open(&database, 1).await.unwrap().close().await;
    let mut conn = database.connect().await;
    sqlx::query("update schema_version set version = 900").execute(&mut conn).await.unwrap();
    for outcome in [open(&database, 2).await, Database::connect_read_only(&database.url()).await] {
        let Err(Error::Broken(why)) = outcome else { panic!("opened") };
        assert!(why.contains("version 900"), "{why}");
    }
    assert!(matches!(Database::connect("no address", Options::new(1)).await, Err(Error::Broken(_))));
}

/// Statements that the conformance suite does not reach.
#[tokio::test]
async fn the_server_understands_every_list() {
    let Some(database) = database().await else { return };
    let store = open(&database, 1).await.unwrap();
    let (text, contact) = (Some("li".to_owned()), Some(ContactId(1)));
    for query in [
        RunQuery { limit: 1, ..RunQuery::default() },
        RunQuery { limit: 1, text: text.clone(), flow: Some("a".into()), ..RunQuery::default() },
        RunQuery { limit: 1, version: Some(VersionId(1)), ..RunQuery::default() },
        RunQuery { limit: 1, contact, status: Some(RunStatus::Failed), ..RunQuery::default() },
        RunQuery { limit: 1, status: Some(RunStatus::Waiting), ..RunQuery::default() },
    ] {
        assert_eq!(store.run_page(query).await.unwrap().rows, []);
    }
    for tag in [None, Some("vip".to_owned())] {
        let query = ContactQuery { limit: 1, tag, text: text.clone(), ..ContactQuery::default() };
        assert_eq!(store.contact_page(query).await.unwrap().rows, []);
    }
    for subject in [None, Some(1)] {
        let query = LogQuery { limit: 1, subject, people: true, ..LogQuery::default() };
        assert_eq!(store.log_page(query).await.unwrap().rows, []);
    }
    assert_eq!(store.log_of(ContactId(1), JournalId(9), 1).await.unwrap(), []);
    assert_eq!(store.messages_in(ConversationId(1), MessageId(9), 1).await.unwrap(), []);
    assert_eq!(store.flow_figures(RunId(0)).await.unwrap(), []);
    assert_eq!(store.drafted().await.unwrap(), [""; 0]);
    assert_eq!(store.active_contacts(At(0), ContactId(0), 1).await.unwrap(), []);
    assert_eq!(store.event_range().await.unwrap(), None);
    assert!(store.figures().await.unwrap().bytes > 0);
    store.close().await;
}

#[tokio::test]
async fn what_the_editor_keeps_is_read_back() {
    let Some(database) = database().await else { return };
    let store = open(&database, 1).await.unwrap();
    let by = "mia".to_owned();
    let flow = "price".to_owned();
    let draft = DraftRow {
        flow: flow.clone(),
        kind: Kind::Flow,
        text: Some("format: 1".into()),
        revision: 1,
        based_on: None,
        by: by.clone(),
        at: At(1),
        authors: vec!["mia".into(), "ugo".into()],
    };
    let meta = MetaRow { flow: flow.clone(), labels: vec!["a".into()], folder: "f".into(), rev: 1 };
    let published = PublicationRow {
        flow: flow.clone(),
        version: VersionId(1),
        at: At(1),
        by,
        comment: String::new(),
        rollback: true,
        authors: vec!["mia".into()],
    };
    let edits = vec![
        EditOp::Draft(draft.clone()),
        EditOp::Meta(meta.clone()),
        EditOp::Published(published.clone()),
        EditOp::Published(published.clone()),
    ];
    store.commit(Work { at: At(1), edits, ..Work::default() }).await.unwrap();
    let again = Work { at: At(1), edits: vec![EditOp::Draft(draft.clone())], ..Work::default() };
    assert!(store.commit(again).await.is_err(), "only over the revision before");
    let again = Work { at: At(1), edits: vec![EditOp::Meta(meta.clone())], ..Work::default() };
    assert!(store.commit(again).await.is_err(), "only over the revision before");
    assert_eq!(store.draft(&flow).await.unwrap(), Some(draft.clone()));
    assert_eq!(store.drafts().await.unwrap(), [draft]);
    assert_eq!(store.metas().await.unwrap(), [meta]);
    assert_eq!(store.published(&flow).await.unwrap(), [published.clone(), published]);
    assert_eq!(store.review(&flow).await.unwrap(), None);
    store.close().await;
}

/// Tables of PostgreSQL's own.
const OWN: [&str; 2] = ["lease", "schema_version"];

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let Some(database) = database().await else { return };
    open(&database, 1).await.unwrap().close().await;
    let text = "select table_name || '.' || column_name || ' ' || \
                  case data_type when 'bigint' then 'INTEGER' when 'bytea' then 'BLOB' else upper(data_type) end || \
                  case is_nullable when 'NO' then ' not null' else '' end, table_name::text \
                from information_schema.columns where table_schema = 'public'";
    let rows = sqlx::query(text).fetch_all(&mut database.connect().await).await.unwrap();
    let ours = |row: &&sqlx::postgres::PgRow| !OWN.contains(&row.get::<&str, _>(1));
    let server: BTreeSet<String> = rows.iter().filter(ours).map(|row| row.get(0)).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    sqlite::open::up_to_date(&path).await.unwrap();
    let conn = sqlite::open::writer(&path).unwrap();
    // A primary key is never null, though SQLite does not say so of all.
    let text = "select t.name || '.' || c.name || ' ' || c.type || iif(c.\"notnull\" or c.pk, ' not null', '') \
                from sqlite_master as t, pragma_table_info(t.name) as c where t.type = 'table'";
    let mut statement = conn.prepare(text).unwrap();
    let file: BTreeSet<String> = statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let drift: Vec<_> = file.symmetric_difference(&server).collect();
    assert!(drift.is_empty(), "only one of the two migrations has {drift:?}: see `engine/store/README.md`");
}
