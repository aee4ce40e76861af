//! What mailboxes say to each other, and events that wait in bursts.

use engine::ids::{ContactId, InputId, MailboxId, RunId, WaitId};
use engine::letter::Letter;
use engine::store::{InputRow, Store, WaitKind, WaitOp, WaitRow, WaitState};

use super::Driver;
use super::make::{self, arrival, party, stored, text};

const SENDER: MailboxId = MailboxId(77);
const GATE: MailboxId = MailboxId(-88);

fn letter(to: MailboxId) -> InputRow {
    Letter::Leave { run: RunId(5), ticket: WaitId(6) }.to_row(InputId(make::next()), to)
}

async fn inputs<S: Store>(store: &S) -> Vec<InputRow> {
    store.inputs(InputId(i64::MIN), 100).await.unwrap()
}

/// With the work that wants it said, to the last field; until the work that handles it.
pub async fn a_letter_is_there_until_it_is_handled<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (first, second) = (letter(GATE), letter(GATE));
    let mut work = make::work(SENDER);
    work.letters = vec![first.clone(), second.clone()];
    store.commit(work).await.unwrap();
    assert_eq!(inputs(&store).await, [first.clone(), second.clone()]);
    driver.close(store).await;
    let store = driver.open(2).await;
    assert_eq!(inputs(&store).await, [first.clone(), second.clone()], "also after a new start");
    let mut work = make::work(GATE);
    work.consumed = vec![first.id];
    store.commit(work).await.unwrap();
    assert_eq!(inputs(&store).await, [second]);
}

/// The same run told twice under one number: such a work is refused, and says nothing.
pub async fn a_work_that_fails_says_nothing<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let run = make::run(SENDER, engine::ids::VersionId(1));
    let mut work = make::work(SENDER);
    work.journal = vec![make::journal(&run, 1, "a"), make::journal(&run, 1, "b")];
    work.letters = vec![letter(GATE)];
    assert!(store.commit(work).await.is_err());
    assert_eq!(inputs(&store).await, []);
}

/// And one to the neighbour is not.
pub async fn a_letter_to_somebody_who_is_erased_is_gone<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let mut work = make::work(GATE);
    work.letters = vec![letter(SENDER), letter(GATE)];
    let kept = work.letters[1].clone();
    work.contact = Some(make::contact(ContactId(SENDER.0), "Li Wei", "+8613800138000"));
    store.commit(work).await.unwrap();
    store.commit(super::erasure::erase(ContactId(SENDER.0))).await.unwrap();
    assert_eq!(inputs(&store).await, [kept]);
}

/// Oldest first, also those that are too old to be looked back on.
pub async fn events_of_a_burst_are_read_back_while_they_wait<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let who = || Some(party("8613800138000", "Li Wei"));
    let events = (0..40).map(|n| arrival(text(&n.to_string(), who(), "x"))).collect();
    let receipts = store.receive(events).await.unwrap();
    let (rows, handled): (Vec<_>, Vec<_>) = receipts.iter().map(stored).unzip();
    let mailbox = rows[0].mailbox;
    let wait = |place: usize| WaitRow { since: rows[place].id, ..make::wait(mailbox, WaitKind::Debounce, make::NOW) };
    let (one, other) = (wait(1), wait(39));
    let mut work = make::work(mailbox);
    work.consumed = handled.iter().map(|input| input.id).collect();
    let arm = |wait: &WaitRow| WaitOp::Arm(Box::new(wait.clone()));
    // One that waits for something else is not in a burst.
    let waits = WaitRow { since: rows[2].id, ..make::wait(mailbox, WaitKind::Event, make::NOW) };
    work.waits = vec![arm(&other), arm(&one), arm(&waits)];
    store.commit(work).await.unwrap();
    assert_eq!(store.mailbox(mailbox).await.unwrap().gathered, [rows[1].clone(), rows[39].clone()]);
    let mut work = make::work(mailbox);
    work.waits = vec![WaitOp::Close { id: one.id, to: WaitState::Fired }];
    store.commit(work).await.unwrap();
    assert_eq!(store.mailbox(mailbox).await.unwrap().gathered, [rows[39].clone()]);
}

/// A place that is let in, a count that goes on, a burst whose end moves: the row is written anew.
pub async fn a_wait_that_is_armed_again_is_replaced<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    for kind in [WaitKind::Slot, WaitKind::Throttle, WaitKind::Debounce] {
        let first = make::wait(GATE, kind, make::NOW);
        let again = WaitRow { due_at: engine::clock::At::NEVER, data: b"again".to_vec(), ..first.clone() };
        for row in [&first, &again] {
            let mut work = make::work(GATE);
            work.waits = vec![WaitOp::Arm(Box::new(row.clone()))];
            store.commit(work).await.unwrap();
        }
        let found = store.mailbox(GATE).await.unwrap().waits;
        assert_eq!(found.iter().filter(|wait| wait.kind == kind).collect::<Vec<_>>(), [&again]);
    }
}
