//! Group commit: what joins others does not feel them.

use engine::ids::{MailboxId, VersionId};
use engine::store::{EffectOp, Error, Reads, Store, WaitKind, WaitOp, Work};
use futures_util::future::join_all;

use super::Driver;
use super::make::{self, NOW, arrival, party, text};

/// A work that tells of its run twice under one number: refused.
fn bad(mailbox: MailboxId) -> Work {
    let mut work = make::work(mailbox);
    let run = make::run(mailbox, VersionId(1));
    work.journal = vec![make::journal(&run, 1, "a"), make::journal(&run, 1, "b")];
    work.runs = vec![run];
    work
}

fn good(mailbox: MailboxId) -> Work {
    let mut work = make::work(mailbox);
    let run = make::run(mailbox, VersionId(1));
    work.journal = vec![make::journal(&run, 0, "a")];
    work.effects = vec![EffectOp::Plan(Box::new(make::effect(&run, 1)))];
    work.waits = vec![WaitOp::Arm(Box::new(make::wait(mailbox, WaitKind::Timer, NOW)))];
    work.runs = vec![run];
    work
}

/// Its neighbours in the group, of every kind, are written.
pub async fn a_failed_work_fails_alone<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let commits = (1..=30).map(|n| {
        let work = if n % 10 == 0 { bad(MailboxId(n)) } else { good(MailboxId(n)) };
        store.commit(work)
    });
    let received = store.receive(vec![arrival(text("a", Some(party("86138", "Li")), "x"))]);
    let (outcomes, received) = tokio::join!(join_all(commits), received);
    assert_eq!(received.unwrap().len(), 1);
    for (n, outcome) in (1..=30).zip(outcomes) {
        let rows = store.mailbox(MailboxId(n)).await.unwrap();
        if n % 10 == 0 {
            assert!(matches!(outcome, Err(Error::Refused(_))), "{outcome:?}");
            assert_eq!(rows.runs, [], "nothing of a bad work is there");
        } else {
            assert_eq!(outcome, Ok(()));
            assert_eq!((rows.runs.len(), rows.effects.len(), rows.waits.len()), (1, 1, 1));
        }
    }
    super::chain::verify(&store).await;
}

/// One after the other, or all at once.
pub async fn works_split_into_groups_differently_leave_the_same_rows<D: Driver>() {
    let works: Vec<Work> = (1..=40).map(|n| good(MailboxId(n))).collect();
    let (one, other) = (D::fresh().await, D::fresh().await);
    let (singly, together) = (one.open(1).await, other.open(1).await);
    for work in works.clone() {
        singly.commit(work).await.unwrap();
    }
    for outcome in join_all(works.iter().map(|work| together.commit(work.clone()))).await {
        outcome.unwrap();
    }
    for work in &works {
        assert_eq!(singly.mailbox(work.mailbox).await.unwrap(), together.mailbox(work.mailbox).await.unwrap());
        let mut told =
            [singly.journal(work.runs[0].id.0).await.unwrap(), together.journal(work.runs[0].id.0).await.unwrap()];
        // Only the place in the chain may differ.
        told.iter_mut().flatten().for_each(|row| row.block = 0);
        assert_eq!(told[0], told[1]);
    }
}

/// To the last row.
pub async fn what_was_answered_survives_a_new_start<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    store.receive(vec![arrival(text("a", Some(party("86138", "Li")), "x"))]).await.unwrap();
    store.commit(good(MailboxId(1))).await.unwrap();
    let before = (store.inputs(engine::ids::InputId(0), 10).await.unwrap(), store.mailbox(MailboxId(1)).await.unwrap());
    driver.close(store).await;
    let store = driver.open(2).await;
    let after = (store.inputs(engine::ids::InputId(0), 10).await.unwrap(), store.mailbox(MailboxId(1)).await.unwrap());
    assert_eq!(before, after);
    assert_eq!(before.0.len(), 1);
}
