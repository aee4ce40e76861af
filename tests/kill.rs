//! The real binary is killed with SIGKILL at random moments under load, again and again, and afterwards the providers' books are
//! compared with the journal: every order taken in has one ticket and one confirmation, none has two.
//!
//! The moments depend on a seed, which is printed; `SWITCHBOARD_SEED` sets it. What the machine does in between is chance, so
//! the same seed is a similar test, not the same one. The deterministic one is `crash_points`.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use connectors::sandbox::{Books, CallFault, Config, Faults, Provider, RateLimit, Times};
use tests::stage::staged;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::process::{Api, Installation, PATIENCE, Starting, delivery, list, order, until_told};

/// Lives of the server before the one that brings everything to its end.
const LIVES: u32 = 20;
/// Customers that order at the same time.
const SENDERS: usize = 4;
/// Between an order that was not taken and its repeat.
const AGAIN: Duration = Duration::from_millis(25);
/// For how long each life takes orders at most: what is not killed by its count is killed by then.
const LIFE: Duration = Duration::from_secs(4);

#[test]
fn killed_at_random_moments_every_order_has_one_ticket_and_one_confirmation() {
    staged(kill_and_compare(None));
}

#[test]
fn killed_at_random_moments_while_providers_fail_no_order_is_lost_or_doubled() {
    staged(kill_and_compare(Some(weather)));
}

/// Bad weather that every life meets anew: answers that never come, slowness, a rate limit.
fn weather() -> Faults {
    let times = |times| Some(Times { times: Some(times) });
    let limit = RateLimit { times: Some(2), retry_after_s: 1 };
    Faults::default()
        .on(Provider::CloudApi, CallFault { delay_ms: 15, drop_after_acting: times(2), ..CallFault::default() })
        .on(Provider::CloudApi, CallFault { rate_limit: Some(limit), ..CallFault::default() })
        .on(Provider::Hubspot, CallFault { delay_ms: 20, drop_after_acting: times(3), ..CallFault::default() })
        .on(Provider::Hubspot, CallFault { rate_limit: Some(limit), ..CallFault::default() })
}

async fn kill_and_compare(weather: Option<fn() -> Faults>) {
    let seed = seed();
    println!("seed {seed}");
    let began = Instant::now();
    // Providers repeat what is not answered; these do it often enough to find each short life of the server.
    let place =
        Installation::with(Config { retry_ms: vec![40; 5_000], ..Config::default() }, &["order-to-ticket"]).await;
    let server = place.serve_with(&["--first-hour", "off"]).await;
    place.cli(&["connection", "setup", "hubspot-main"]).await.good();
    server.kill().await;

    let orders = Orders::default();
    let (taken, open) = (orders.taken.subscribe(), watch::channel(true).0);
    let killing = async {
        kill_often(&place, taken, weather, Random(seed)).await;
        open.send_replace(false);
        place.serve_with(&["--first-hour", "off"]).await
    };
    let (server, sent) = tokio::join!(killing, orders.send(&place, open.subscribe()));
    println!("{} orders taken in {LIVES} lives, {:?}", sent.len(), began.elapsed());
    assert!(sent.len() >= 4 * LIVES as usize, "only {} orders: nothing was tested", sent.len());
    place.sandbox.set_faults(Faults::default());

    let doubtful = settled(&place, &server.api, sent.len()).await;
    println!("{} calls without proof, everything else settled after {:?}", doubtful.len(), began.elapsed());
    compare(&place.sandbox.books(), &sent, &doubtful);
    assert_eq!(server.api.runs("").await.len(), sent.len(), "a run each");
    let report = place.cli(&["audit", "verify", "--json"]).await.json();
    assert_eq!(report["clean"], true, "{report}");
    assert_eq!(server.stop().await.0, Some(0));
    place.cli(&["audit", "verify"]).await.good();
}

/// Starts the server and kills it, some time after it listens or even before.
async fn kill_often(
    place: &Installation,
    taken: watch::Receiver<usize>,
    weather: Option<fn() -> Faults>,
    mut random: Random,
) {
    for life in 0..LIVES {
        place.sandbox.set_faults(weather.map(|weather| weather()).unwrap_or_default());
        let starting: Starting = place.spawn(&["--log", "warn", "--first-hour", "off"]);
        if life % 4 == 3 {
            sleep(Duration::from_millis(random.below(150))).await;
            starting.kill().await;
            continue;
        }
        let server = starting.ready(place).await;
        let most = *taken.borrow() + 5 + usize::try_from(random.below(120)).unwrap();
        let mut taken = taken.clone();
        drop(timeout(LIFE, taken.wait_for(|count| *count >= most)).await);
        // Somewhere within a turn, a commit or a call.
        sleep(Duration::from_micros(random.below(30_000))).await;
        let log = server.kill().await;
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// Orders of new customers, sent until told to stop; what is not answered with 200 is sent again, as a provider does.
#[derive(Default)]
struct Orders {
    taken: watch::Sender<usize>,
}

impl Orders {
    /// Their ids, once all of them are taken.
    async fn send(&self, place: &Installation, open: watch::Receiver<bool>) -> Vec<String> {
        let (ids, mut sent) = mpsc::unbounded_channel();
        let senders = (0..SENDERS).map(|sender| self.sender(place, open.clone(), sender, ids.clone()));
        futures_util::future::join_all(senders).await;
        drop(ids);
        let mut all = Vec::new();
        while let Some(id) = sent.recv().await {
            all.push(id);
        }
        all
    }

    async fn sender(
        &self,
        place: &Installation,
        open: watch::Receiver<bool>,
        sender: usize,
        sent: mpsc::UnboundedSender<String>,
    ) {
        for n in 0.. {
            if !*open.borrow() {
                return;
            }
            let (id, phone) = (format!("wamid.S{sender}N{n}E"), format!("39333{sender}{n:06}"));
            let one = delivery(&[(&phone, "Giulia")], vec![order(&id, &phone, 20.0)]);
            let until_taken = async {
                while !matches!(place.deliver(&one).await, Ok(200)) {
                    sleep(AGAIN).await;
                }
            };
            timeout(PATIENCE, until_taken).await.unwrap_or_else(|_| panic!("nobody takes {id}"));
            self.taken.send_modify(|count| *count += 1);
            sent.send(id).expect("the list is read to its end");
        }
    }
}

/// Waits until nothing is planned or under way, and every call in doubt is one the books cannot clear up. Those: by key, with the
/// order they are for.
async fn settled(place: &Installation, api: &Api, orders: usize) -> BTreeMap<String, String> {
    until_told("all orders come to their end", async || {
        let figures = api.get("/system").await["figures"].clone();
        if figures["inputs"] != 0 || figures["planned"] != 0 {
            return Err(figures.to_string());
        }
        let connections = api.get("/connections").await;
        if list(&connections, "connections").iter().any(|connection| connection["in_flight"] != 0) {
            return Err(connections.to_string());
        }
        let runs = api.runs("").await;
        if runs.len() < orders {
            return Err(format!("{} runs for {orders} orders", runs.len()));
        }
        let books = place.sandbox.books();
        let mut doubtful = BTreeMap::new();
        for run in runs.iter().filter(|run| run["status"] != "waiting") {
            assert_ne!(run["status"], "failed", "{run}");
            let run = api.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await;
            for call in list(&run, "effects") {
                let key = call["key"].as_str().unwrap().to_owned();
                let state = call["state"].as_str().unwrap();
                // A send that reached the provider is proved by its statuses, a ticket can be asked for again.
                let provable = books.messages.iter().any(|message| message.callback.as_deref() == Some(&*key));
                let unclear = ["in_doubt", "parked"].contains(&state) && call["action"] == "whatsapp.send_template";
                if provable || !unclear {
                    return Err(format!("provable: {provable}, {call}"));
                }
                let id = run["trigger"]["body"]["order"]["id"].as_str().unwrap_or_default();
                doubtful.insert(id.to_owned(), key);
            }
        }
        Ok(doubtful)
    })
    .await
}

/// Every order that was taken has exactly one ticket, and exactly one confirmation or a call of which nobody can know.
fn compare(books: &Books, sent: &[String], doubtful: &BTreeMap<String, String>) {
    let mut tickets: BTreeMap<&str, u32> = BTreeMap::new();
    for ticket in books.tickets() {
        let subject = ticket.properties["subject"].as_str();
        let id = subject.strip_prefix("Order ").and_then(|rest| rest.split_once(' ')).expect("our subject").0;
        *tickets.entry(id).or_default() += 1;
    }
    let mut confirmed: BTreeMap<&str, u32> = BTreeMap::new();
    for message in books.templates_sent("order_confirmation") {
        *confirmed.entry(&*message.params["order"]).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for id in sent {
        let (ticket, message) = (tickets.remove(&**id).unwrap_or(0), confirmed.remove(&**id).unwrap_or(0));
        let expected = u32::from(!doubtful.contains_key(id));
        if (ticket, message) != (1, expected) {
            wrong.push(format!("{id}: {ticket} tickets, {message} confirmations (expected {expected})"));
        }
    }
    wrong.extend(tickets.keys().map(|id| format!("{id}: a ticket for an order nobody sent")));
    wrong.extend(confirmed.keys().map(|id| format!("{id}: a confirmation for an order nobody sent")));
    assert_eq!(books.templates_sent("order_reminder").count(), 0);
    assert!(wrong.is_empty(), "{} of {} orders:\n{}", wrong.len(), sent.len(), wrong.join("\n"));
}

fn seed() -> u64 {
    let given = std::env::var_os("SWITCHBOARD_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    given.unwrap_or_else(|| RandomState::new().hash_one(()))
}

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): small, seeded, good enough for moments.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}
