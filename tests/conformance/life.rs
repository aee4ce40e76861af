//! What happens to runs from outside: publications, the first hour of triggers, and who waits where.

use std::collections::BTreeMap;

use engine::clock::At;
use engine::first_hour::{HourRow, Phase};
use engine::flow::OnPublish;
use engine::ids::{EventId, MailboxId, RunId, VersionId};
use engine::publication::{Publication, PublicationOp};
use engine::store::{
    HELD_KEY, Reads, RunRow, RunStatus, Store, VersionRow, VersionState, WaitKind, WaitOp, WaitRow, WaitState,
    WaitingRow, WaitingRows, Work,
};

use super::{Driver, make};

const FIRST: MailboxId = MailboxId(i64::MIN);

fn publication(version: i64) -> Publication {
    Publication {
        flow: "orders".into(),
        version: VersionId(version),
        removed: version == 7,
        choices: BTreeMap::from([("later".to_owned(), OnPublish::Stop)]),
        by: "cli".into(),
        at: make::NOW,
    }
}

/// A publication that runs are told of is there after a new start, and only the one that is over goes.
pub async fn a_publication_is_kept_until_it_is_over<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let change = async |store: &D::Store, op: PublicationOp| {
        let work = Work { publications: vec![op], ..make::work(MailboxId::SYSTEM) };
        store.commit(work).await.unwrap();
    };
    change(&store, PublicationOp::Begin(publication(6))).await;
    change(&store, PublicationOp::Begin(publication(7))).await;
    // The older one is over: the newer one is not.
    change(&store, PublicationOp::Done { flow: "orders".into(), version: VersionId(6) }).await;
    driver.close(store).await;
    let store = driver.open(2).await;
    assert_eq!(store.publications().await.unwrap(), [publication(7)]);
    change(&store, PublicationOp::Done { flow: "orders".into(), version: VersionId(7) }).await;
    assert_eq!(store.publications().await.unwrap(), []);
    driver.close(store).await;
}

/// Of counts that come in any order the greatest stays; another meaning begins anew.
pub async fn a_first_hour_never_goes_back_until_it_is_another<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let row = |matches, phase, meaning| HourRow {
        flow: "orders".into(),
        trigger: "manual".into(),
        meaning: [meaning; 32],
        since: At(make::NOW.0 + i64::from(matches)),
        matches,
        phase,
    };
    let after = async |rows: Vec<HourRow>| {
        store.commit(Work { hours: rows, ..make::work(MailboxId(5)) }).await.unwrap();
        store.hours().await.unwrap()
    };
    let begun = row(0, Phase::Counting, 1);
    // Two mailboxes that count at the same time may commit in any order.
    let counted = after(vec![begun.clone(), row(9, Phase::Holding, 1), row(2, Phase::Counting, 1)]).await;
    assert_eq!(counted, [HourRow { matches: 9, phase: Phase::Holding, ..begun }]);
    let other = row(1, Phase::Counting, 2);
    assert_eq!(after(vec![other.clone()]).await, [other]);
    driver.close(store).await;
}

fn held(mailbox: MailboxId, key: &str) -> WaitRow {
    let since = EventId(make::next());
    WaitRow { key: Some(key.to_owned()), since, ..make::wait(mailbox, WaitKind::Held, At::NEVER) }
}

/// What begins with the prefix, in order, without what is closed.
pub async fn held_starts_are_listed_by_flow_and_trigger_in_pages<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let rows = ["a/one/evt_1", "a/one/evt_2", "a/two/evt_1", "ab/one/evt_1"].map(|key| held(MailboxId(5), key));
    let mut work = make::work(MailboxId(5));
    work.waits = rows.iter().cloned().map(|row| WaitOp::Arm(Box::new(row))).collect();
    work.waits.push(WaitOp::Arm(Box::new(held(MailboxId(5), "a/one/evt_3"))));
    let WaitOp::Arm(last) = work.waits.last().unwrap() else { panic!("it is armed") };
    let last = last.id;
    store.commit(work).await.unwrap();
    let mut work = make::work(MailboxId(5));
    work.waits = vec![WaitOp::Close { id: last, to: WaitState::Cancelled }];
    store.commit(work).await.unwrap();
    assert_eq!(store.held("", HELD_KEY, 9).await.unwrap(), rows);
    assert_eq!(store.held("a/", HELD_KEY, 9).await.unwrap(), rows[..3]);
    assert_eq!(store.held("a/one/", HELD_KEY, 1).await.unwrap(), rows[..1]);
    assert_eq!(store.held("a/one/", "a/one/evt_1", 9).await.unwrap(), rows[1..2]);
    driver.close(store).await;
}

/// A run that waits at a place, with its wait.
fn waits(mailbox: MailboxId, version: &VersionRow, cursor: i64, due_at: At) -> (RunRow, WaitRow) {
    let run = RunRow { status: RunStatus::Waiting, ..make::run(mailbox, version.id) };
    let wait = WaitRow { run_id: Some(run.id), cursor, ..make::wait(mailbox, WaitKind::Event, due_at) };
    (run, wait)
}

/// Of one flow, without deadlines and without runs that are over.
pub async fn waiting_runs_are_counted_by_version_and_place<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (old, new) = (make::version("orders", 1, VersionState::Old), make::version("orders", 2, VersionState::Live));
    let other = make::version("other", 3, VersionState::Live);
    let boxes = [MailboxId(-9), MailboxId(5), MailboxId(6)];
    let runs = [
        waits(boxes[0], &old, 3, At(make::NOW.0 + 2)),
        waits(boxes[1], &old, 3, At(make::NOW.0 + 1)),
        waits(boxes[1], &new, 1, At::NEVER),
        waits(boxes[2], &other, 1, make::NOW),
    ];
    let versions = vec![old.clone(), new.clone(), other];
    store.commit(Work { versions, ..make::work(MailboxId::SYSTEM) }).await.unwrap();
    for (run, wait) in &runs {
        let mut work = make::work(run.mailbox);
        let deadline = WaitRow { run_id: Some(run.id), ..make::wait(run.mailbox, WaitKind::Deadline, make::NOW) };
        work.waits = [wait.clone(), deadline].map(|wait| WaitOp::Arm(Box::new(wait))).into();
        // One that is over is not told.
        let over =
            RunRow { id: RunId(make::next()), status: RunStatus::Done, ended_at: Some(make::NOW), ..run.clone() };
        work.runs = vec![run.clone(), over];
        store.commit(work).await.unwrap();
    }
    assert_eq!(store.mailboxes_of("orders", FIRST, 9).await.unwrap(), boxes[..2]);
    assert_eq!(store.mailboxes_of("orders", boxes[0], 9).await.unwrap(), boxes[1..2]);
    assert_eq!(store.mailboxes_of("orders", FIRST, 1).await.unwrap(), boxes[..1]);
    let mut found = store.waiting("orders", (FIRST, boxes[1])).await.unwrap();
    found.places.sort_by_key(|row| row.version);
    let places = vec![
        WaitingRow { version: old.id, cursor: 3, count: 2, next_due: At(make::NOW.0 + 1) },
        WaitingRow { version: new.id, cursor: 1, count: 1, next_due: At::NEVER },
    ];
    assert_eq!(found, WaitingRows { runs: 3, places });
    assert_eq!(store.waiting("orders", (boxes[0], boxes[1])).await.unwrap().runs, 2);
    driver.close(store).await;
}
