//! The chaos suite: faults of every kind are done to real processes under load, and afterwards the providers' books are compared
//! with what was taken. One table counts what was lost, doubled, disordered and late.
//!
//! Short rounds are tests like all others. `make chaos` runs everything for longer:
//! `CHAOS="--seed N --minutes M --json FILE"`. The seed decides which moments and which of two processes; what the machine does in
//! between is chance, so the same seed is a similar test, not the same one. The deterministic ones are `crash_points` and
//! the engine's own simulation.
//!
//! One hole is known: a process frozen between its last look at the lease and the call itself makes that call when it wakes.
//! Calls that a provider recognises stay single, a message in doubt is not repeated; so nothing is doubled by it.

mod books;
mod clock;
mod disk;
mod front;
mod load;
pub(crate) mod random;
mod seat;
mod storm;
mod table;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use tests::cluster::End;
use tests::stage::staged;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use books::{count, settled};
use load::{Counter, wall_ms};
use random::{Random, seed};
use storm::{Storm, Weather};
use table::{Outcome, Row};
use world::{Ground, World};

pub(crate) use clock::WallClock;

/// Faults of an installation on a file.
const ON_FILE: [Storm; 3] = [Storm::Killed, Storm::Frozen, Storm::ClockSet];
/// Faults of the providers.
const WEATHER: [Storm; 6] = [
    Storm::Weather(Weather::TooMany),
    Storm::Weather(Weather::Failing),
    Storm::Weather(Weather::Down),
    Storm::Weather(Weather::Slow),
    Storm::Weather(Weather::Cut),
    Storm::Weather(Weather::Webhooks),
];
/// Faults of two processes on PostgreSQL.
const ON_POSTGRES: [Storm; 5] =
    [Storm::Killed, Storm::Frozen, Storm::Database(End::Stop), Storm::Database(End::Kill), Storm::Cut];
/// Between two strikes at least.
const REST: Duration = Duration::from_millis(100);

/// What `make chaos` was told.
pub(crate) struct Options {
    /// Default: a new one each time.
    pub(crate) seed: u64,
    /// How long each of the two suites goes on: whole rounds until then. Default 5.
    pub(crate) minutes: u64,
    /// Where the table goes as JSON.
    json: Option<PathBuf>,
}

impl Options {
    /// Reads the variable `CHAOS`.
    pub(crate) fn read() -> Self {
        let told = std::env::var_os("CHAOS").unwrap_or_default();
        let told = told.to_str().expect("CHAOS is text").to_owned();
        let mut options = Self { seed: seed(), minutes: 5, json: None };
        let mut words = told.split_whitespace();
        while let Some(word) = words.next() {
            let value = words.next().unwrap_or_else(|| panic!("CHAOS: {word} needs a value"));
            let number = || value.parse().unwrap_or_else(|_| panic!("CHAOS: {word} takes a whole number"));
            match word {
                "--seed" => options.seed = number(),
                "--minutes" => options.minutes = number(),
                "--json" => options.json = Some(value.into()),
                other => panic!("CHAOS: `{other}` is unknown; there are --seed N, --minutes M, --json FILE"),
            }
        }
        options
    }
}

#[test]
fn whatever_befalls_its_process_nothing_is_lost_doubled_disordered_or_late() {
    short(&[(Ground::File, &ON_FILE), (Ground::SmallDisk, &[Storm::DiskFull])]);
}

#[test]
fn whatever_providers_do_nothing_is_lost_doubled_disordered_or_late() {
    short(&[(Ground::File, &WEATHER)]);
}

#[test]
fn whatever_befalls_its_database_nothing_is_lost_doubled_disordered_or_late() {
    short(&[(Ground::Postgres, &ON_POSTGRES), (Ground::SmallTablespace, &[Storm::TablesFull])]);
}

/// A short round, which must leave nothing wrong.
#[track_caller]
fn short(grounds: &[(Ground, &[Storm])]) {
    staged(async {
        let (seed, mut rows) = (seed(), Vec::new());
        for (ground, storms) in grounds {
            rows.extend(all_of(*ground, storms, seed, 1).await);
        }
        expect_clean(&rows, seed);
    });
}

#[test]
#[ignore = "takes minutes: `make chaos` runs it"]
fn for_as_long_as_one_wants() {
    staged(async {
        let Options { seed, minutes, json } = Options::read();
        let (began, mut pass, mut rows) = (Instant::now(), 0, Vec::new());
        while pass == 0 || began.elapsed() < Duration::from_secs(60 * minutes) {
            let seed = seed.wrapping_add(pass);
            let silent = [Storm::Weather(Weather::Silent)];
            for (ground, storms) in [
                (Ground::File, [&ON_FILE[..], &WEATHER, &silent].concat()),
                (Ground::SmallDisk, vec![Storm::DiskFull]),
                (Ground::Postgres, ON_POSTGRES.to_vec()),
                (Ground::SmallTablespace, vec![Storm::TablesFull]),
            ] {
                rows.extend(all_of(ground, &storms, seed, 5).await);
            }
            pass += 1;
        }
        let wrong = rows.iter().any(|row| row.outcome.as_ref().is_ok_and(|outcome| !outcome.count.clean()));
        let rows = table::summed(rows);
        if let Some(file) = json {
            std::fs::write(file, table::json(&rows, seed).to_string() + "\n").unwrap();
        }
        println!("{}", table::markdown(&rows));
        assert!(!wrong, "`CHAOS=\"--seed {seed}\" make chaos` repeats it");
    });
}

/// Does these faults to one installation, `times` the usual number of strikes each.
async fn all_of(ground: Ground, storms: &[Storm], seed: u64, times: u32) -> Vec<Row> {
    let row = |storm: Storm, outcome| Row { database: ground.name(), fault: storm.name(), outcome };
    let world = match World::on(ground).await {
        Ok(world) => world,
        Err(why) => return storms.iter().map(|storm| row(*storm, Err(why.clone()))).collect(),
    };
    let mut rows = Vec::new();
    for (round, storm) in storms.iter().enumerate() {
        let outcome = match &world.clock {
            Err(why) if *storm == Storm::ClockSet => Err(why.clone()),
            _ => Ok(strike(&world, *storm, round, Random::new(seed.wrapping_add(round as u64)), times).await),
        };
        rows.push(row(*storm, outcome));
        let last = &rows[rows.len() - 1..];
        println!("{}", table::markdown(last));
        if let Ok(Outcome { count, .. }) = &last[0].outcome {
            count.wrong.iter().for_each(|wrong| println!("WRONG: {wrong} (seed {seed})"));
        }
    }
    let report: serde_json::Value =
        serde_json::from_str(&world.command(&["audit", "verify", "--json"]).await).expect("it prints JSON");
    assert_eq!(report["clean"], true, "{report}");
    for seat in &world.seats {
        assert!(!seat.log().contains("panicked at"), "{}", seat.log());
    }
    rows
}

/// One fault: customers write, it strikes, they stop, all comes to its end and is counted.
async fn strike(world: &World, storm: Storm, round: usize, mut random: Random, times: u32) -> Outcome {
    let (open, counter) = (watch::channel(true).0, Counter::default());
    let strikes = times * storm.strikes();
    let striking = async {
        world.until("customers write", async || (counter.get() >= 20).then_some(()).ok_or_else(String::new)).await;
        let mut slowest = Duration::ZERO;
        for _ in 0..strikes {
            slowest = slowest.max(storm.strike(world, &mut random).await);
            sleep(REST + Duration::from_millis(random.below(300))).await;
        }
        open.send_replace(false);
        (slowest, wall_ms())
    };
    let ((slowest, calm_ms), taken) = tokio::join!(striking, load::write(world, round, open.subscribe(), &counter));
    let people = settled(world).await;
    let late_ms = u64::try_from(storm.late_after().as_millis()).unwrap();
    let count = count(&world.place.sandbox.books(), &taken, &people, calm_ms, late_ms);
    world.forget().await;
    Outcome { strikes, taken: taken.len(), count, back_ms: u64::try_from(slowest.as_millis()).unwrap() }
}

#[track_caller]
fn expect_clean(rows: &[Row], seed: u64) {
    println!("{}", table::markdown(rows));
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| Some((row.fault, row.outcome.as_ref().ok()?)))
        .flat_map(|(fault, outcome)| outcome.count.wrong.iter().map(move |wrong| format!("{fault}: {wrong}")))
        .collect();
    assert!(wrong.is_empty(), "SWITCHBOARD_SEED={seed} repeats it\n{}", wrong.join("\n"));
}
