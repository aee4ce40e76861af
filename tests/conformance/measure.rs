//! How many order runs a second a driver stores, without an engine: the work of `make bench`'s floor.

use std::time::Duration;

use engine::ids::VersionId;
use engine::store::{DispatchOp, EffectOp, EffectRow, JournalRow, RunRow, RunStatus, Store, TagOp, Work};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::Driver;
use super::make::{self, NOW, arrival, party, stored, text};

/// Calls that one order run makes.
const CALLS: i64 = 3;

/// Stores `at_once * rounds` order runs, `at_once` of them at a time, each of a new contact. Answers the time it took.
pub async fn order_runs<D: Driver>(at_once: usize, rounds: usize) -> Duration {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let started = Instant::now();
    let lines = (0..at_once).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..rounds {
                order_run(&store).await;
            }
        })
    });
    for line in join_all(lines).await {
        line.unwrap();
    }
    let took = started.elapsed();
    driver.close(store).await;
    took
}

/// An event, then a turn for it and one for each call's outcome, and each call put in flight between them.
async fn order_run<S: Store>(store: &S) {
    let address = format!("86{}", make::next());
    let order = text(&address, Some(party(&address, "Li Wei")), &"x".repeat(500));
    let (event, input) = stored(&store.receive(vec![arrival(order)]).await.unwrap()[0]);
    let run = RunRow { state: vec![7; 400], event_id: event.id, ..make::run(event.mailbox, VersionId(7)) };
    let contact = event.contact_id.unwrap();
    let mut effect: Option<EffectRow> = None;
    for n in 1..=CALLS + 1 {
        let mut work = Work { mailbox: event.mailbox, at: NOW, ..Work::default() };
        let last = n == CALLS + 1;
        work.runs = vec![RunRow { status: if last { RunStatus::Done } else { RunStatus::Working }, ..run.clone() }];
        work.journal = vec![JournalRow { body: vec![7; 260], ..make::journal(&run, n, &"x".repeat(180)) }];
        work.effects.extend(effect.take().map(|done| EffectOp::Finish(done.id)));
        if n == 1 {
            work.consumed = vec![input.id];
            work.contact = Some(make::contact(contact, "Li Wei", &format!("+{address}")));
            work.conversations = vec![make::conversation(event.conversation_id.unwrap(), contact, &address)];
        }
        if last {
            work.tags = vec![TagOp::Add(make::tag(contact, "vip", "order-to-ticket"))];
            work.runs[0].state = Vec::new();
        } else {
            let row = EffectRow { input: vec![7; 180], ..make::effect(&run, n) };
            work.effects.push(EffectOp::Plan(Box::new(row.clone())));
            effect = Some(row);
        }
        store.commit(work).await.unwrap();
        if let Some(effect) = &effect {
            let moved = store.dispatch(vec![DispatchOp::Start { id: effect.id, at: NOW }]).await.unwrap();
            assert_eq!(moved, [effect.id]);
        }
    }
}
