//! Whatever is removed in between, runs come to the same end: what is over goes as soon as it is over, all the while the engine
//! works, and customers and the CRM see what they would have seen.

use connectors::sandbox::{Act, Item, Order, Play};
use engine::audit::{Aged, verify};
use engine::runner::Engine;
use engine::store::{Retention, RunStatus};
use tests::stage::mortal::Moment;
use tests::stage::{AUDIT_KEY, Stage, StageStore, runs, staged};

const ORDER_TO_TICKET: &str = include_str!("../flows/order-to-ticket.yaml");
/// Ends at once, beside the one that waits.
const COUNTED: &str = "format: 1\nflow: counted\non: whatsapp.order_received\nsteps:\n  - set: { greeting: hello }\n";
const CUSTOMERS: usize = 6;

/// What others saw of it: tickets, messages to each number, and where the runs stand that are not over.
#[derive(Debug, PartialEq)]
struct Seen {
    tickets: usize,
    messages: Vec<(String, usize)>,
    open: usize,
}

#[test]
fn runs_come_to_the_same_end_whatever_is_removed_meanwhile() {
    staged(async {
        let (kept, none) = Box::pin(play(false)).await;
        let (swept, gone) = Box::pin(play(true)).await;
        assert_eq!(kept, swept);
        assert_eq!(kept.tickets, CUSTOMERS);
        assert!(none == 0 && gone >= CUSTOMERS as u64, "{gone} runs went");
    });
}

/// Plays all customers at once; what was seen, and how many runs were removed.
async fn play(sweeping: bool) -> (Seen, u64) {
    let stage = Stage::new(&[ORDER_TO_TICKET, COUNTED]).await;
    let life = stage.live(0, Moment::Before);
    let waits = async |engine: &Engine<StageStore>| {
        let open = runs(engine).await.into_iter().filter(|run| !run.status.ended()).collect::<Vec<_>>();
        open.len() == CUSTOMERS && open.iter().all(|run| run.status == RunStatus::Waiting)
    };
    let engine = life.engine.clone();
    let (over, mut ended) = tokio::sync::watch::channel(false);
    let sweeper = async {
        let mut gone = 0;
        while sweeping && !*ended.borrow_and_update() {
            gone += sweep(&engine).await;
        }
        gone
    };
    let playing = async {
        let orders = (0..CUSTOMERS).map(|n| stage.sandbox.play(order(n)));
        let (_, died) = tokio::join!(futures_util::future::join_all(orders), stage.until(&life, waits));
        assert!(!died);
        over.send_replace(true);
    };
    let (mut gone, ()) = tokio::join!(sweeper, playing);
    if sweeping {
        gone += sweep(&engine).await;
        assert_eq!(sweep(&engine).await, 0, "nothing is left to do");
    }
    let report = verify(engine.store(), Some(AUDIT_KEY), &[]).await.expect("it reads");
    assert!(report.clean() && (report.removed > 0) == sweeping, "{report:?}");
    let books = stage.sandbox.books();
    let mut messages: Vec<(String, usize)> = Vec::new();
    for n in 0..CUSTOMERS {
        let to = phone(n);
        messages.push((to.clone(), books.messages.iter().filter(|message| message.to.ends_with(&to)).count()));
    }
    let open = runs(&engine).await.iter().filter(|run| !run.status.ended()).count();
    let seen = Seen { tickets: books.tickets().len(), messages, open };
    drop((engine, books));
    stage.kill(life);
    (seen, gone)
}

/// Removes everything that may go, however young; how many runs went.
async fn sweep(engine: &Engine<StageStore>) -> u64 {
    let mut runs = 0;
    for of in Aged::ALL {
        let before = engine::clock::At::NEVER;
        let page = engine.store().aged(of, before, i64::MIN).await.expect("it reads");
        let gone = engine.remove(of, page.ids, before).await.expect("it removes");
        runs += gone.get("run").copied().unwrap_or_default();
    }
    runs
}

fn phone(n: usize) -> String {
    format!("861380013800{n}")
}

fn order(n: usize) -> Play {
    let item = Item { sku: "SKU-12".into(), quantity: 2, price: 19.into(), currency: "CNY".into() };
    Play {
        from: phone(n),
        name: "Li Wei".into(),
        message_id: Some(format!("wamid.ORDER{n}")),
        act: Act::Order { order: Order { items: vec![item], ..Order::default() } },
        ..Play::default()
    }
}
