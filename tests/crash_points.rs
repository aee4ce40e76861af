//! The engine is stopped before and after every commit of the shipped flow, and so before and after every call it makes; it
//! must always come to the same end: one ticket, one confirmation, and a chain that verifies.
//!
//! One point is different: died between "in flight" and the send itself. Nobody can know then that nothing was sent, so the
//! confirmation is not repeated but kept in doubt, for a person to decide.

use connectors::sandbox::{Act, Item, Order, Play};
use engine::audit::verify;
use engine::ids::InputId;
use engine::runner::Engine;
use engine::store::{EffectState, FIRST_EFFECT, Reads, RunStatus, Store};

use tests::stage::mortal::Moment;
use tests::stage::{AUDIT_KEY, Stage, StageStore, runs, staged};

const ORDER_TO_TICKET: &str = include_str!("../flows/order-to-ticket.yaml");

/// Every run asks one gate, which lets in one at a time.
const ONE_AT_A_TIME: &str = r#"
format: 1
flow: one-at-a-time
on: whatsapp.order_received
concurrency: { key: '"all"', limit: 1 }
steps:
  - do: crm.create_ticket
    with: { subject: "Order {{event.order.id}}" }
"#;

fn order() -> Play {
    let item = Item { sku: "SKU-12".into(), quantity: 2, price: 19.into(), currency: "CNY".into() };
    Play {
        from: "8613800138000".into(),
        name: "Li Wei".into(),
        message_id: Some("wamid.ORDER1".into()),
        act: Act::Order { order: Order { items: vec![item], ..Order::default() } },
        ..Play::default()
    }
}

#[test]
fn whenever_the_process_dies_each_order_ends_with_one_ticket_and_one_confirmation() {
    staged(async {
        for moment in [Moment::Before, Moment::After] {
            let mut in_doubt = 0;
            let mut points = 0;
            while let Some(doubts) = dies_at(points + 1, moment).await {
                in_doubt += doubts;
                points += 1;
            }
            // Webhook, turn, and two calls with start and end: fewer points would mean that nothing was tested.
            assert!(points >= 6, "only {points} points {moment:?}");
            assert_eq!(in_doubt, usize::from(moment == Moment::After), "sends in doubt, {points} points {moment:?}");
        }
    });
}

/// Plays one order with a crash at write `at`, and counts the sends in doubt; `None` when it came to its end before.
async fn dies_at(at: u64, moment: Moment) -> Option<usize> {
    let stage = Stage::new(&[ORDER_TO_TICKET]).await;
    // The first life only publishes; crashes are counted from the second on.
    let life = stage.live(0, moment);
    stage.kill(life);

    // The provider delivers until it is answered, however often the process dies.
    let ended = async |engine: &Engine<StageStore>| has_ended(&stage, engine).await;
    let life = stage.live(at, moment);
    let (_, (life, died)) = tokio::join!(stage.sandbox.play(order()), async {
        if !stage.until(&life, ended).await {
            return (life, false);
        }
        stage.kill(life);
        let life = stage.live(0, moment);
        assert!(!stage.until(&life, ended).await, "nothing kills the last life");
        (life, true)
    });

    let place = format!("crash {moment:?} write {at}");
    let books = stage.sandbox.books();
    let in_doubt = doubts(&life.engine).await;
    assert_eq!(books.tickets().len(), 1, "tickets, {place}");
    assert_eq!(books.templates_sent("order_confirmation").count() + in_doubt, 1, "confirmations, {place}");
    assert_eq!(runs(&life.engine).await.len(), 1, "runs, {place}");
    let report = verify(life.engine.store(), Some(AUDIT_KEY), &[]).await.expect("it reads");
    assert!(report.clean(), "{place}: {report:?}");
    stage.kill(life);
    died.then_some(in_doubt)
}

#[test]
fn whenever_the_process_dies_runs_that_wait_for_each_other_all_get_their_turn() {
    staged(async {
        for moment in [Moment::Before, Moment::After] {
            let mut points = 0;
            while dies_at_the_gate(points + 1, moment).await {
                points += 1;
            }
            // Webhook, turn, gate, turn, call and the way back, of two runs.
            assert!(points >= 12, "only {points} points {moment:?}");
        }
    });
}

/// Plays the orders of two people with a crash at write `at`; false when both came to their end before.
async fn dies_at_the_gate(at: u64, moment: Moment) -> bool {
    let stage = Stage::new(&[ONE_AT_A_TIME]).await;
    let life = stage.live(0, moment);
    stage.kill(life);
    let other = || Play { from: "4915112345678".into(), message_id: Some("wamid.ORDER2".into()), ..order() };
    let ended = async |engine: &Engine<StageStore>| {
        let runs = runs(engine).await;
        let left = engine.store().inputs(InputId(i64::MIN), 10).await.expect("inputs");
        runs.len() == 2 && left.is_empty() && runs.iter().all(|run| run.status == RunStatus::Done)
    };
    let life = stage.live(at, moment);
    let (_, _, (life, died)) = tokio::join!(stage.sandbox.play(order()), stage.sandbox.play(other()), async {
        if !stage.until(&life, ended).await {
            return (life, false);
        }
        stage.kill(life);
        let life = stage.live(0, moment);
        assert!(!stage.until(&life, ended).await, "nothing kills the last life");
        (life, true)
    });
    let place = format!("crash {moment:?} write {at}");
    assert_eq!(stage.sandbox.books().tickets().len(), 2, "tickets, {place}");
    // What is there on disk says so too: nobody holds a place or waits for one.
    assert_eq!(life.engine.store().figures().await.expect("figures").waits, 0, "waits, {place}");
    let report = verify(life.engine.store(), Some(AUDIT_KEY), &[]).await.expect("it reads");
    assert!(report.clean(), "{place}: {report:?}");
    stage.kill(life);
    died
}

/// The flow's last step is to wait for the customer's answer; or its confirmation is in doubt and did not go out.
async fn has_ended(stage: &Stage, engine: &Engine<StageStore>) -> bool {
    let runs = runs(engine).await;
    assert!(runs.iter().all(|run| run.status != RunStatus::Failed), "{runs:?}");
    let waits = !runs.is_empty() && runs.iter().all(|run| run.status == RunStatus::Waiting);
    waits || (doubts(engine).await > 0 && stage.sandbox.books().messages.is_empty())
}

async fn doubts(engine: &Engine<StageStore>) -> usize {
    engine.store().effects(EffectState::InDoubt, FIRST_EFFECT, 10).await.expect("effects").len()
}
