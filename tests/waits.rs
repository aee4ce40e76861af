//! Very many waits, by the whole engine over a real database.

use std::time::Duration;

use engine::connector::{Incoming, Item, Party, Sender};
use engine::event::{MESSAGE_RECEIVED, Origin};
use engine::runner::Engine;
use serde_json::json;
use tests::stage::mortal::Moment;
use tests::stage::{Stage, StageStore, staged};

/// More than the engine lets fall due at once, by a quarter.
const PEOPLE: usize = 2_500;
/// Most mailboxes that may be at work on waits, with some room for what else asks.
const AT_ONCE: u64 = 2_100;

const PATIENT: &str = "
format: 1
flow: patient
on: whatsapp.message_received
first_hour: off
steps:
  - wait: 1d
  - do: contact.add_tags
    with: { tags: [woken] }
";

fn hello(n: usize) -> Item {
    let address = format!("4915112{n:05}");
    Item::Event(Box::new(Incoming {
        external_id: format!("wamid.{n}"),
        kind: MESSAGE_RECEIVED,
        origin: Origin::Customer,
        provider_at: None,
        party: Some(Party { number: "700100200300".into(), phone: Some(format!("+{address}")), address, name: None }),
        object: None,
        body: json!({ "text": "hi", "message": { "id": format!("wamid.{n}"), "type": "text" } }),
    }))
}

/// Runs that are not over.
async fn open(engine: &Engine<StageStore>) -> u64 {
    engine.waiting("patient").await.expect("it reads").runs
}

/// P5: a server that was off finds everything that fell due meanwhile, and does not try to do it all at the same moment.
#[test]
fn waits_that_fell_due_together_are_worked_off_in_order_and_not_at_once() {
    staged(async {
        let mut stage = Stage::new(&[PATIENT]).await;
        let life = stage.live(0, Moment::Before);
        life.engine.receive("wa", (0..PEOPLE).map(hello).collect(), Sender::Retried).await.expect("they are stored");
        assert!(!stage.until(&life, async |engine| open(engine).await == PEOPLE as u64).await);
        stage.kill(life);
        stage.ahead = Duration::from_secs(2 * 24 * 60 * 60);
        let life = stage.live(0, Moment::Before);
        assert!(!stage.until(&life, async |engine| open(engine).await == 0).await);
        let most = life.engine.store().most_at_once();
        assert!(most <= AT_ONCE, "the store was asked {most} things at once");
        stage.kill(life);
    });
}
