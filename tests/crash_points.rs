//! The engine is stopped before and after every commit of the shipped flow, and so before and after every call it makes; it
//! must always come to the same end: one ticket, one confirmation, and a chain that verifies.

use connectors::sandbox::{Act, Item, Order, Play};
use engine::audit::verify;
use engine::store::RunStatus;

use tests::stage::mortal::Moment;
use tests::stage::{AUDIT_KEY, Stage, runs, staged};

const ORDER_TO_TICKET: &str = include_str!("../flows/order-to-ticket.yaml");

fn order() -> Play {
    let item = Item { sku: "SKU-12".into(), quantity: 2, price: 19.9, currency: "CNY".into() };
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
            for at in 1.. {
                if !dies_at(at, moment).await {
                    // Webhook, turn, three calls with start and end: fewer writes would mean that nothing was tested.
                    assert!(at > 6, "only {at} writes");
                    break;
                }
            }
        }
    });
}

/// Plays one order with a crash at write `at`; false when the run came to its end before.
async fn dies_at(at: u64, moment: Moment) -> bool {
    let stage = Stage::new(&[ORDER_TO_TICKET]).await;
    // The first life only publishes; crashes are counted from the second on.
    let life = stage.live(0, moment);
    stage.kill(life);

    let life = stage.live(at, moment);
    let played = stage.sandbox.play(order());
    let until = stage.until(&life, async |engine| waits_for_the_customer(&runs(engine).await));
    let (_, died) = tokio::join!(played, until);
    let life = if died {
        stage.kill(life);
        let life = stage.live(0, moment);
        let died = stage.until(&life, async |engine| waits_for_the_customer(&runs(engine).await)).await;
        assert!(!died);
        life
    } else {
        life
    };

    let books = stage.sandbox.books();
    let place = format!("{moment:?} write {at}");
    assert_eq!(books.tickets().len(), 1, "tickets, crash {place}");
    assert_eq!(books.templates_sent("order_confirmation").count(), 1, "confirmations, crash {place}");
    assert_eq!(runs(&life.engine).await.len(), 1, "runs, crash {place}");
    let report = verify(life.engine.store(), Some(AUDIT_KEY), &[]).await.expect("it reads");
    assert!(report.clean(), "crash {place}: {report:?}");
    stage.kill(life);
    died
}

/// The flow's last step is to wait for the customer's answer.
fn waits_for_the_customer(runs: &[engine::store::RunRow]) -> bool {
    assert!(runs.iter().all(|run| run.status != RunStatus::Failed), "{runs:?}");
    !runs.is_empty() && runs.iter().all(|run| run.status == RunStatus::Waiting)
}
