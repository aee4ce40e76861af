//! What is particular to SQLite; what every store promises is in the conformance suite.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::clock::At;
use engine::ids::{BadItemId, EventId, MailboxId, WaitId};
use engine::store::{Arrival, BadItemRow, Error, FIRST_WAIT, Reads, Store, WaitKind, WaitOp, WaitRow, WaitState, Work};
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};

use super::checkpoint::checkpoint;
use super::session::Session;
use super::{file, migrate, open};
use crate::database::chain::Chain;
use crate::database::group;
use crate::database::queue::{Ask, Queue, Taker};
use crate::database::session::{Failure, Session as _};
use crate::database::writer::Writer;
use crate::database::{Backend, Shared};
use crate::{Database, Options};

/// Whether a future is ready when it is polled once.
async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

async fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

fn bad(id: i64, bytes: usize) -> Arrival {
    let item = BadItemRow {
        id: BadItemId(id),
        connection: "wa-main".into(),
        at: At(1),
        raw: "x".repeat(bytes),
        why: "cut off".into(),
    };
    Arrival::Bad(item)
}

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
        since: EventId(0),
        due_at: At(1),
        data: Vec::new(),
    };
    Work { mailbox, at: At(1), waits: vec![WaitOp::Arm(Box::new(wait))], ..Work::default() }
}

/// How many waits are armed.
async fn armed(store: &Database) -> usize {
    store.due(FIRST_WAIT, At::NEVER, 1_000).await.unwrap().len()
}

fn pragma(path: &std::path::Path, name: &str) -> i64 {
    open::writer(path).unwrap().query_row(&format!("pragma {name}"), [], |row| row.get(0)).unwrap()
}

/// A store whose requests wait until `Writer::start`.
async fn paused(path: &std::path::Path, options: Options) -> (Database, Writer) {
    open::up_to_date(path).await.unwrap();
    let queue = Arc::new(Queue::default());
    let session = Box::new(Session::open(path, Arc::default()).unwrap());
    let writer = Writer::open(session, options.strand, Taker(Arc::clone(&queue)), watch::channel(()).0).unwrap();
    let shared = Shared::new(Backend::Sqlite(file(path).await.unwrap()), Some(queue), options, None);
    (Database { shared: Arc::new(shared) }, writer)
}

#[tokio::test]
async fn the_file_is_set_up_for_full_durability_and_real_deletion() {
    let (_folder, path) = folder().await;
    Database::open(&path, Options::new(1)).await.unwrap().close().await;
    let conn = open::writer(&path).unwrap();
    let mode: String = conn.query_row("pragma journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    for (name, value) in [("synchronous", 2), ("auto_vacuum", 2), ("secure_delete", 1), ("wal_autocheckpoint", 0)] {
        assert_eq!(pragma(&path, name), value, "{name}");
    }
}

#[tokio::test]
async fn a_file_of_a_newer_build_is_refused() {
    let (_folder, path) = folder().await;
    Database::open(&path, Options::new(1)).await.unwrap().close().await;
    assert_eq!(pragma(&path, "user_version"), migrate::NEWEST);
    open::writer(&path).unwrap().execute_batch("pragma user_version = 900").unwrap();
    for outcome in [Database::open(&path, Options::new(2)).await, Database::read_only(&path).await] {
        let Err(Error::Broken(why)) = outcome else { panic!("opened") };
        assert!(why.contains("version 900") && why.contains("store.db"), "{why}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_with_its_name() {
    let (_folder, path) = folder().await;
    std::fs::write(&path, "no database at all, but long enough to look at").unwrap();
    let Err(Error::Broken(why)) = Database::open(&path, Options::new(1)).await else { panic!("opened") };
    assert!(why.contains("store.db"), "{why}");
    assert!(Database::open(&path.with_file_name("new.db"), Options::new(0)).await.is_err(), "strand 0 is not ours");
}

#[tokio::test]
async fn reading_only_needs_a_file_sees_what_is_written_and_writes_nothing() {
    let (_folder, path) = folder().await;
    assert!(Database::read_only(&path).await.is_err());
    assert!(!path.exists(), "looking made a file");
    let store = Database::open(&path, Options::new(1)).await.unwrap();
    store.commit(arm(1)).await.unwrap();
    let reader = Database::read_only(&path).await.unwrap();
    store.commit(arm(2)).await.unwrap();
    assert_eq!(armed(&reader).await, 2);
    assert!(matches!(reader.commit(arm(3)).await, Err(Error::Broken(_))));
    store.close().await;
    assert_eq!(armed(&reader).await, 2);
    assert_eq!(armed(&Database::read_only(&path).await.unwrap()).await, 2);
}

#[tokio::test]
async fn closing_writes_what_waits_and_refuses_what_comes_later() {
    let (_folder, path) = folder().await;
    let store = Database::open(&path, Options::new(1)).await.unwrap();
    let commits = join_all((1..=500).map(|id| store.commit(arm(id))));
    // The commits are polled first and stand in the queue when it closes.
    let (outcomes, ()) = tokio::join!(commits, store.close());
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(matches!(store.commit(arm(501)).await, Err(Error::Broken(_))));
    let reader = Database::read_only(&path).await.unwrap();
    assert_eq!(armed(&reader).await, 500);
}

#[tokio::test]
async fn nobody_waits_for_a_writer_that_ended() {
    let (_folder, path) = folder().await;
    let (store, writer) = paused(&path, Options::new(1)).await;
    let mut waiting = std::pin::pin!(store.commit(arm(1)));
    assert!(!poll_once(waiting.as_mut()).await, "it stands in the queue");
    // A panic drops it in the same way.
    drop(writer);
    let limit = Duration::from_secs(10);
    let waited = tokio::time::timeout(limit, waiting).await.unwrap();
    assert!(matches!(waited, Err(Error::InDoubt(_))), "{waited:?}");
    let later = tokio::time::timeout(limit, store.commit(arm(2))).await.unwrap();
    assert!(matches!(later, Err(Error::InDoubt(_))), "{later:?}");
    tokio::time::timeout(limit, store.close()).await.unwrap();
}

#[tokio::test]
async fn closing_waits_until_the_thread_has_ended() {
    let (_folder, path) = folder().await;
    let store = Database::open(&path, Options::new(1)).await.unwrap();
    store.commit(arm(1)).await.unwrap();
    let queue = Arc::downgrade(store.shared.queue.as_ref().unwrap());
    store.close().await;
    assert_eq!(queue.strong_count(), 1, "the writer still holds the queue");
}

#[tokio::test]
async fn a_store_that_was_never_used_closes() {
    let (_folder, path) = folder().await;
    let store = Database::open(&path, Options::new(1)).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), store.close()).await.unwrap();
}

#[tokio::test]
async fn doors_are_told_to_come_later_when_too_many_bytes_wait() {
    let (_folder, path) = folder().await;
    let (store, writer) = paused(&path, Options { max_waiting_bytes: 3_000, ..Options::new(1) }).await;
    let mut receiving = std::pin::pin!(join_all((1..=5).map(|id| store.receive(vec![bad(id, 1_000)]))));
    assert!(!poll_once(receiving.as_mut()).await, "three stand in the queue");
    let thread = writer.start().unwrap();
    let outcomes = receiving.await;
    assert!(outcomes[..3].iter().all(Result::is_ok), "{outcomes:?}");
    assert!(outcomes[3..].iter().all(|outcome| matches!(outcome, Err(Error::Busy { .. }))), "{outcomes:?}");
    assert!(store.receive(vec![bad(9, 1_000)]).await.is_ok(), "once it caught up");
    assert_eq!(store.bad_items(10).await.unwrap().len(), 4);
    store.close().await;
    thread.join().unwrap();
}

#[tokio::test]
async fn a_checkpoint_that_only_reports_moves_nothing() {
    let (_folder, path) = folder().await;
    let store = Database::open(&path, Options::new(1)).await.unwrap();
    store.commit(arm(1)).await.unwrap();
    let mut conn = open::checkpointer(&path).await.unwrap();
    let before = checkpoint(&mut conn, "pragma wal_checkpoint(noop)").await.unwrap();
    assert!(before.pages > 0 && before.moved < before.pages, "{before:?}");
    let after = checkpoint(&mut conn, "pragma wal_checkpoint(passive)").await.unwrap();
    assert_eq!(after.moved, after.pages);
}

#[tokio::test]
async fn a_log_that_begins_anew_is_written_over() {
    let (_folder, path) = folder().await;
    open::up_to_date(&path).await.unwrap();
    let anew = Arc::<AtomicBool>::default();
    let session = Session::open(&path, Arc::clone(&anew)).unwrap();
    let chain = Chain::load(&session, 1).unwrap();
    let log = || std::fs::metadata(path.with_file_name("store.db-wal")).unwrap().len();
    let write = |id| {
        let written = group::write(&session, &chain, &[Ask::Receive(vec![bad(id, 100_000)], oneshot::channel().0)]);
        assert!(written.is_ok());
        session.after_group();
        log()
    };
    let (first, second) = (write(1), write(2));
    assert!(second > first, "it grows while nobody asks");
    anew.store(true, Ordering::Relaxed);
    assert!(write(3) > second, "what is asked for is done after a group");
    let full = log();
    assert_eq!((write(4), write(5)), (full, full), "written over");
    let kept: i64 = session.conn().query_row("select count(*) from bad_item", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 5);
}

#[tokio::test]
async fn under_steady_writing_the_log_begins_anew() {
    let (_folder, path) = folder().await;
    let store = Database::open(&path, Options::new(1)).await.unwrap();
    // Bytes 12 to 15 of its head count how often it did (SQLite, "WAL file format").
    let begun = || {
        let mut head = [0; 16];
        File::open(path.with_file_name("store.db-wal")).unwrap().read_exact(&mut head).unwrap();
        u32::from_be_bytes([head[12], head[13], head[14], head[15]])
    };
    store.receive(vec![bad(1, 1_000)]).await.unwrap();
    let (first, mut id) = (begun(), 1);
    let steady = async {
        while begun() == first {
            id += 1;
            store.receive(vec![bad(id, 400_000)]).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), steady).await.expect("the log only grows");
    store.close().await;
}

#[tokio::test]
async fn a_full_disk_writes_nothing_and_is_told_apart() {
    let (_folder, path) = folder().await;
    open::up_to_date(&path).await.unwrap();
    let session = Session::open(&path, Arc::default()).unwrap();
    let chain = Chain::load(&session, 1).unwrap();
    let conn = session.conn();
    let pages: i64 = conn.query_row("pragma page_count", [], |row| row.get(0)).unwrap();
    let limit = |pages: i64| {
        let set: i64 = conn.query_row(&format!("pragma max_page_count = {pages}"), [], |row| row.get(0)).unwrap();
        assert_eq!(set, pages);
    };
    let ask = |id| [Ask::Receive(vec![bad(id, 100_000)], oneshot::channel().0)];
    limit(pages + 2);
    assert!(matches!(group::write(&session, &chain, &ask(1)), Err(Failure::Nothing(Error::Full))));
    limit(pages + 1_000);
    assert!(group::write(&session, &chain, &ask(2)).is_ok(), "the connection goes on");
    let kept: i64 = conn.query_row("select count(*) from bad_item", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_read_that_is_given_up_leaves_no_view_open() {
    let (_folder, path) = folder().await;
    let store = Database::open(&path, Options::new(1)).await.unwrap();
    for polls in 1..40 {
        let mut reading = std::pin::pin!(store.mailbox(MailboxId(1)));
        for _ in 0..polls {
            if poll_once(reading.as_mut()).await {
                break;
            }
            // Another read takes about as long as one step of the first.
            store.event(EventId(1)).await.unwrap();
        }
    }
    store.commit(arm(1)).await.unwrap();
    for _ in 0..8 {
        assert_eq!(armed(&store).await, 1, "an old view");
        store.mailbox(MailboxId(1)).await.unwrap();
    }
}
