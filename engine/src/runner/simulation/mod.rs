//! The whole engine in virtual time on a simulated store, with simulated providers: thousands of lives and deaths in seconds.
//!
//! A seed decides when customers write, how long each write and each call takes, which of them fails, and before or after which
//! write the process dies. Whatever it decides, nothing that was acknowledged is lost, no effect happens twice, the order of each
//! conversation is kept, joins and gates let go, and everything comes to its end. One thread and tokio's stopped clock make the
//! same seed the same story: `SWITCHBOARD_SEED=N cargo test -p engine --lib simulation`.

#![allow(clippy::print_stdout, reason = "how much was played is told")]

mod flows;
mod life;
mod provider;
mod random;
mod reads;
mod rows;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::At;
use crate::store::WaitKind;
use tokio::time::Instant;

use flows::VERSIONS;
use life::{End, live};
use provider::Books;
use rows::{BEGIN, Rows};
use store::Chance;

use random::Random;

/// Seeds of a short test.
const SEEDS: u64 = 500;
/// Most lives of one story; it has at most as many deaths as [`World::new`] says.
const LIVES: u32 = 12;

/// What outlives the engine.
struct World {
    rows: Arc<Mutex<Rows>>,
    chance: Arc<Mutex<Chance>>,
    books: Arc<Mutex<Books>>,
    customers: Mutex<Vec<Customer>>,
    /// Mailboxes in which a person decided about a call: those behind it had passed it.
    decided: Mutex<BTreeSet<i64>>,
}

/// Somebody who writes, one message after the other.
struct Customer {
    phone: String,
    /// When each message is due, and whether it is an order.
    messages: Vec<(At, bool)>,
    /// How many were acknowledged.
    acknowledged: usize,
}

impl Customer {
    fn id(&self, n: usize) -> String {
        format!("{}x{n}", self.phone)
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let customers = (0..1 + random.below(3)).map(|who| {
            let mut at = BEGIN;
            let messages = (0..1 + random.below(4)).map(|_| {
                at = at.plus(Duration::from_millis(random.below(4_000)));
                (at, random.once_in(2))
            });
            let messages = messages.collect();
            Customer { phone: format!("39333{who}"), messages, acknowledged: 0 }
        });
        let customers = customers.collect();
        let rows =
            Rows { versions: VERSIONS.iter().map(|(row, _)| (row.id, row.clone())).collect(), ..Rows::default() };
        let failures = u32::try_from(random.below(6)).unwrap();
        let books = Books { failures, ..Books::default() };
        let [failures, deaths] = [6, 5].map(|most| u32::try_from(random.below(most)).unwrap());
        let chance = Chance { random, failures, deaths, trace: Vec::new() };
        Self {
            rows: Arc::new(Mutex::new(rows)),
            chance: Arc::new(Mutex::new(chance)),
            books: Arc::new(Mutex::new(books)),
            customers: Mutex::new(customers),
            decided: Mutex::default(),
        }
    }

    /// What is not as it must be, in words.
    fn wrongs(&self) -> Vec<String> {
        let (rows, books) = (self.rows.lock().unwrap(), self.books.lock().unwrap());
        let mut wrong = Vec::new();
        let mut happened: BTreeMap<&str, usize> = BTreeMap::new();
        for act in &books.acts {
            *happened.entry(&act.what).or_default() += 1;
        }
        let mut runs = 0;
        for customer in &*self.customers.lock().unwrap() {
            for (n, (_, is_order)) in customer.messages.iter().enumerate() {
                runs += flows::RUNS[usize::from(!is_order)];
                for effect in flows::effects(&customer.id(n), *is_order) {
                    let times = happened.remove(&*effect).unwrap_or(0);
                    if times != 1 {
                        wrong.push(format!("`{effect}` happened {times} times"));
                    }
                }
            }
            wrong.extend(self.disorder(customer, &rows, &books));
        }
        wrong.extend(happened.into_keys().map(|what| format!("`{what}` happened, and nobody wanted it")));
        if rows.runs.len() != runs {
            wrong.push(format!("{} runs for {runs} matches", rows.runs.len()));
        }
        let open = rows.runs.values().filter(|run| run.status != crate::store::RunStatus::Done);
        wrong.extend(open.map(|run| format!("run {} of `{}` is {:?}", run.id, run.flow, run.status)));
        let left = rows.armed().filter(|wait| wait.run_id.is_some() || wait.kind == WaitKind::Slot);
        wrong.extend(left.map(|wait| format!("a wait of kind {:?} is left", wait.kind)));
        wrong
    }

    /// Whether the first effects of a customer's messages stand in the order of the messages.
    fn disorder(&self, customer: &Customer, rows: &Rows, books: &Books) -> Option<String> {
        let contact =
            rows.contacts.values().find(|contact| contact.phone.as_ref() == Some(&format!("+{}", customer.phone)))?;
        if self.decided.lock().unwrap().contains(&contact.id.0) {
            return None;
        }
        let firsts: Vec<String> = customer
            .messages
            .iter()
            .enumerate()
            .map(|(n, (_, is_order))| flows::effects(&customer.id(n), *is_order).remove(0))
            .collect();
        let happened: Vec<&String> =
            books.acts.iter().filter_map(|act| firsts.iter().find(|first| **first == act.what)).collect();
        let in_order = happened.iter().copied().eq(firsts.iter());
        (!in_order).then(|| format!("{happened:?} instead of {firsts:?}"))
    }
}

/// Plays the story of one seed to its end; the writes that were made, and how often the process died.
///
/// # Errors
/// What was wrong at its end.
fn play(seed: u64) -> Result<(Vec<String>, u32), String> {
    let world = Arc::new(World::new(seed));
    let mut at = BEGIN;
    for life in 0..LIVES {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let end = runtime.block_on(live(&world, at));
        // All its tasks end where they are.
        drop(runtime);
        match end {
            End::Died(died_at) => {
                let pause = world.chance.lock().unwrap().random.below(3_000);
                at = died_at.plus(Duration::from_millis(pause));
            }
            End::Stuck(what) => return Err(what),
            End::Done => {
                let wrongs = world.wrongs();
                let trace = std::mem::take(&mut world.chance.lock().unwrap().trace);
                return if wrongs.is_empty() { Ok((trace, life)) } else { Err(wrongs.join("\n")) };
            }
        }
    }
    Err(format!("it did not come to its end in {LIVES} lives"))
}

#[track_caller]
fn play_all(seeds: impl Iterator<Item = u64>) -> u32 {
    let mut deaths = 0;
    for seed in seeds {
        match play(seed) {
            Ok((_, died)) => deaths += died,
            Err(wrong) => {
                panic!("`SWITCHBOARD_SEED={seed} cargo test -p engine --lib simulation` repeats it:\n{wrong}")
            }
        }
    }
    deaths
}

/// The seeds to play: the one that is asked for, else so many of them.
fn seeds(count: u64) -> Range<u64> {
    let asked = std::env::var_os("SWITCHBOARD_SEED").and_then(|seed| seed.to_str()?.parse::<u64>().ok());
    asked.map_or(0..count, |seed| seed..seed + 1)
}

/// A number that `make chaos` was told, `--minutes 5`.
fn told(name: &str) -> Option<u64> {
    let words = std::env::var_os("CHAOS")?;
    let mut words = words.to_str()?.split_whitespace();
    words.find(|word| *word == name)?;
    words.next()?.parse().ok()
}

#[test]
fn whatever_fails_and_whenever_it_dies_the_engine_keeps_its_promises() {
    let seeds = seeds(SEEDS);
    let few = seeds.end - seeds.start == 1;
    let deaths = play_all(seeds);
    assert!(few || u64::from(deaths) > SEEDS / 2, "only {deaths} deaths: nothing was tested");
}

#[test]
fn the_same_seed_is_the_same_story() {
    for seed in seeds(20) {
        assert_eq!(play(seed), play(seed), "seed {seed}");
    }
}

#[test]
#[ignore = "takes minutes: `make chaos` runs it"]
fn for_as_long_as_one_wants() {
    let (first, minutes) = (told("--seed").unwrap_or(SEEDS), told("--minutes").unwrap_or(5));
    let (began, mut seed) = (Instant::now(), first);
    while began.elapsed() < Duration::from_secs(60 * minutes) {
        play_all(seed..seed + SEEDS);
        seed += SEEDS;
    }
    println!("{} stories from seed {first} on: nothing lost, doubled, disordered or left", seed - first);
}
