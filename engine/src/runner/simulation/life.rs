//! One life of the engine: it starts on what is stored, customers and providers go on with what they were about, and it dies, or all
//! comes to its end.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{At, Clock};
use crate::connector::{Incoming, Item, Party, Sender, Status, StatusReport};
use crate::crm::Crm;
use crate::event::{MESSAGE_RECEIVED, ORDER_RECEIVED, Origin};
use crate::flow::FirstHour;
use crate::ids::Ids;
use crate::order::Order;
use crate::runner::{Engine, Parts};
use crate::store::{EffectRow, EffectState};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::World;
use super::flows::compile;
use super::provider::accounts;
use super::store::Memory;

/// Between a message that was not acknowledged and its repeat.
const AGAIN: Duration = Duration::from_millis(200);
/// How often providers look whether a status is due.
const TELLS: Duration = Duration::from_millis(100);
/// How often a person looks whether something needs attention.
const LOOKS: Duration = Duration::from_secs(2);
/// A story that is not over by then is stuck: waits for proof take ten minutes each.
const STUCK: Duration = Duration::from_secs(6 * 60 * 60);

/// How a life ended.
pub(super) enum End {
    /// The process died, at this time.
    Died(At),
    /// All is done.
    Done,
    /// Nothing goes on, and it is not done.
    Stuck(String),
}

/// The time of this life.
struct Time {
    begin: At,
    started: Instant,
}

impl Clock for Time {
    fn now(&self) -> At {
        self.begin.plus(self.started.elapsed())
    }
}

/// Lives from `begin` on.
pub(super) async fn live(world: &Arc<World>, begin: At) -> End {
    let clock = Arc::new(Time { begin, started: Instant::now() });
    let store = Memory::new(Arc::clone(&world.rows), Arc::clone(&world.chance));
    let parts = Parts {
        store: store.clone(),
        clock: Arc::<Time>::clone(&clock),
        ids: Arc::new(Ids::new(0)),
        connections: accounts(&world.books, &world.chance),
        notify: None,
        crm: Crm::default(),
        first_hour: FirstHour::Off,
        quiet: false,
        compile: compile(),
        audit_key: [7; 32],
        on_anchor: Arc::new(|_| {}),
    };
    let engine = tokio::select! {
        biased;
        () = store.death() => return End::Died(clock.now()),
        engine = Engine::start(parts) => match engine {
            Ok(engine) => engine,
            // Whether a commit is on disk is not known: the next start sees.
            Err(_) => return End::Died(clock.now()),
        },
    };
    let count = world.customers.lock().unwrap().len();
    let customers = (0..count).map(|who| write(world, &engine, &clock, who));
    let all = async {
        futures_util::future::join_all(customers).await;
        look_after(world, &engine).await
    };
    tokio::select! {
        biased;
        () = store.death() => End::Died(clock.now()),
        _ = engine.fatal() => End::Died(clock.now()),
        () = tell(world, &engine, &clock) => End::Stuck("providers tell for ever".to_owned()),
        () = all => End::Done,
        () = sleep(STUCK) => End::Stuck(describe(world)),
    }
}

/// Sends what a customer has still to say.
async fn write(world: &World, engine: &Engine<Memory>, clock: &Time, who: usize) {
    loop {
        let next = {
            let customer = &world.customers.lock().unwrap()[who];
            let n = customer.acknowledged;
            customer.messages.get(n).map(|(due, is_order)| (*due, message(&customer.phone, &customer.id(n), *is_order)))
        };
        let Some((due, message)) = next else { return };
        sleep(due.since(clock.now())).await;
        while engine.receive("whatsapp", vec![message.clone()], Sender::Retried).await.is_err() {
            sleep(AGAIN).await;
        }
        world.customers.lock().unwrap()[who].acknowledged += 1;
    }
}

fn message(phone: &str, id: &str, is_order: bool) -> Item {
    let body = match is_order {
        true => {
            json!({ "order": { "id": id, "total": 20.0, "currency": "EUR", "items": [] }, "message": { "type": "order" } })
        }
        false => json!({ "text": id, "message": { "type": "text" } }),
    };
    let party =
        Party { number: "1".to_owned(), address: phone.to_owned(), phone: Some(format!("+{phone}")), name: None };
    Item::Event(Box::new(Incoming {
        external_id: id.to_owned(),
        kind: if is_order { ORDER_RECEIVED } else { MESSAGE_RECEIVED },
        origin: Origin::Customer,
        provider_at: None,
        party: Some(party),
        object: None,
        body,
    }))
}

/// Delivers statuses as they fall due.
async fn tell(world: &World, engine: &Engine<Memory>, clock: &Time) {
    loop {
        sleep(TELLS).await;
        let now = clock.now();
        let due: Vec<String> = {
            let books = world.books.lock().unwrap();
            books.statuses.iter().filter(|status| status.due <= now).map(|status| status.key.clone()).collect()
        };
        for key in due {
            let report = StatusReport {
                external_id: format!("wamid.{key}"),
                status: Status::Delivered,
                at: None,
                key: Some(key.clone()),
                error: None,
                cost: None,
            };
            if engine.receive("whatsapp", vec![Item::Status(report)], Sender::Retried).await.is_ok() {
                world.books.lock().unwrap().statuses.retain(|status| status.key != key);
            }
        }
    }
}

/// Waits until nothing goes on by itself, and decides about what needs attention as a person does who looks into the books first,
/// until nothing is left.
async fn look_after(world: &World, engine: &Engine<Memory>) {
    loop {
        sleep(LOOKS).await;
        engine.idle().await;
        if !world.rows.lock().unwrap().at_rest() || !world.books.lock().unwrap().statuses.is_empty() {
            continue;
        }
        let parked: Vec<EffectRow> = world.rows.lock().unwrap().effects.values().cloned().collect();
        if parked.is_empty() {
            return;
        }
        for row in parked.into_iter().filter(|row| row.state == EffectState::Parked) {
            world.decided.lock().unwrap().insert(row.mailbox.0);
            let happened = world.books.lock().unwrap().acts.iter().any(|act| act.key == row.key);
            let order = match happened {
                true => Order::SettleEffect { effect: row.id, output: json!({ "id": row.key, "message_id": row.key }) },
                false => Order::RetryEffect { effect: row.id, input: None },
            };
            // One that is refused was decided already, or is asked for again.
            drop(engine.order(row.mailbox, "cli", order).await);
        }
    }
}

/// What is left, for whoever looks why.
fn describe(world: &World) -> String {
    let rows = world.rows.lock().unwrap();
    let effects = rows
        .effects
        .values()
        .map(|row| format!("{} {:?} attempt {} {}", row.action, row.state, row.attempt, row.error));
    let runs = rows.runs.values().filter(|run| !run.status.ended()).map(|run| format!("{} {:?}", run.flow, run.status));
    let waits = rows.armed().map(|wait| format!("wait {:?} until {}", wait.kind, wait.due_at));
    let left: Vec<String> = effects.chain(runs).chain(waits).collect();
    format!("{} inputs\n{}", rows.inputs.len(), left.join("\n"))
}
