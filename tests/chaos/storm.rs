//! The faults: what is done to the servers, to their database and to the providers while customers write.

use std::time::Duration;

use connectors::sandbox::{CallFault, Fail, Faults, Provider, ProviderFaults, RateLimit, Times, WebhookFaults};
use tests::cluster::{Cluster, End};
use tokio::time::{Instant, sleep};

use super::load;
use super::random::Random;
use super::world::World;

/// The longest silence after which a process counts as dead. Source: engine/DECISIONS/0025.
const LEASE: Duration = Duration::from_secs(3);
/// What is left of a disk on which doors close and work in progress goes on: half of what they leave free.
const NEARLY_FULL: u64 = 32 << 20;
/// An hour, by which clocks are set wrong.
const HOUR: Duration = Duration::from_secs(3_600);

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storm {
    /// `SIGKILL` to one of our processes at a random moment, sometimes again while it starts.
    Killed,
    /// `SIGSTOP`, and `SIGCONT` after more than the lease.
    Frozen,
    /// The wall clock an hour ahead for a moment, then an hour back for a moment.
    ClockSet,
    /// The providers misbehave.
    Weather(Weather),
    /// The disk is nearly full, then full; a process dies meanwhile; then there is room.
    DiskFull,
    /// PostgreSQL's tables find no room; then they do.
    TablesFull,
    /// PostgreSQL is stopped or killed, and started again.
    Database(End),
    /// Every connection to PostgreSQL is cut, several times.
    Cut,
}

/// How providers misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    /// 429 with `Retry-After`.
    TooMany,
    /// 500, nothing done.
    Failing,
    /// 503 to everything, for a while.
    Down,
    /// Slow answers.
    Slow,
    /// Acts, then closes the connection without an answer.
    Cut,
    /// Acts, then never answers.
    Silent,
    /// Statuses come twice, in another order, and late.
    Webhooks,
}

impl Storm {
    /// Its name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Killed => "a process killed (SIGKILL)",
            Self::Frozen => "a process frozen past its lease, and woken",
            Self::ClockSet => "clock set an hour ahead and back",
            Self::Weather(Weather::TooMany) => "providers: 429",
            Self::Weather(Weather::Failing) => "providers: 500",
            Self::Weather(Weather::Down) => "providers: down (503)",
            Self::Weather(Weather::Slow) => "providers: slow",
            Self::Weather(Weather::Cut) => "providers: cut after accepting",
            Self::Weather(Weather::Silent) => "providers: no answer after accepting",
            Self::Weather(Weather::Webhooks) => "providers: statuses doubled, disordered, late",
            Self::DiskFull => "disk nearly full, full, and freed",
            Self::TablesFull => "database's disk full, and freed",
            Self::Database(End::Stop) => "database stopped and started",
            Self::Database(End::Kill) => "database killed and started",
            Self::Cut => "database's connections cut",
        }
    }

    /// How often it strikes in a short test.
    pub(super) fn strikes(self) -> u32 {
        match self {
            Self::Killed => 3,
            _ => 1,
        }
    }

    /// How long an effect may take, counted from its message and from the end of the last fault. A call that was interrupted or
    /// failed twice waits 30 s by the promise of three tiers; what strikes no call must be through at once.
    pub(super) fn late_after(self) -> Duration {
        match self {
            Self::ClockSet | Self::Weather(Weather::Slow | Weather::Webhooks) => Duration::from_secs(10),
            Self::Weather(Weather::Silent) => Duration::from_secs(75),
            _ => Duration::from_secs(45),
        }
    }

    /// Strikes once; how long it took until work went on, from the moment at which that was possible.
    pub(super) async fn strike(self, world: &World, random: &mut Random) -> Duration {
        match self {
            Self::Killed => killed(world, random).await,
            Self::Frozen => frozen(world).await,
            Self::ClockSet => clock_set(world).await,
            Self::Weather(weather) => {
                world.place.sandbox.set_faults(weather.faults(random));
                sleep(weather.lasts()).await;
                world.place.sandbox.set_faults(Faults::default());
                world.works_again(Instant::now()).await
            }
            Self::DiskFull => disk_full(world).await,
            Self::TablesFull => tables_full(world).await,
            Self::Database(end) => database_ended(world, end, random).await,
            Self::Cut => cut(world, random).await,
        }
    }
}

async fn killed(world: &World, random: &mut Random) -> Duration {
    let which = usize::try_from(random.below(world.seats.len() as u64)).unwrap();
    // Somewhere within a turn, a commit or a call.
    sleep(Duration::from_micros(random.below(30_000))).await;
    let mut since = Instant::now();
    world.seats[which].kill();
    if random.once_in(3) {
        let starts = world.seats[which].starts();
        world.until("it is started again", async || started_since(world, which, starts)).await;
        sleep(Duration::from_millis(random.below(150))).await;
        since = Instant::now();
        world.seats[which].kill();
    }
    world.works_again(since).await
}

fn started_since(world: &World, which: usize, starts: u32) -> Result<(), String> {
    let now = world.seats[which].starts();
    if now > starts { Ok(()) } else { Err(format!("{now} starts")) }
}

/// Whoever serves is frozen for longer than its lease; where another stands by, that one goes on, and whoever wakes must not
/// write any more.
async fn frozen(world: &World) -> Duration {
    let (since, stands_by) = (Instant::now(), world.seats.len() > 1);
    let Some(which) = world.serving().await else { return world.works_again(since).await };
    let seat = &world.seats[which];
    seat.signal("STOP");
    let mut took = Duration::ZERO;
    if stands_by {
        took = world.works_again(since).await;
    }
    sleep((LEASE + Duration::from_millis(1_500)).saturating_sub(since.elapsed())).await;
    let (starts, woken) = (seat.starts(), Instant::now());
    seat.signal("CONT");
    if !stands_by {
        return world.works_again(woken).await;
    }
    world.until("who was replaced ends by itself", async || started_since(world, which, starts)).await;
    took
}

async fn clock_set(world: &World) -> Duration {
    let clock = world.clock.as_ref().expect("without one this storm is skipped");
    let mut slowest = Duration::ZERO;
    for ahead in [true, false] {
        let since = Instant::now();
        if ahead {
            clock.ahead(HOUR);
        } else {
            clock.behind(HOUR);
        }
        slowest = slowest.max(world.works_again(since).await);
        sleep(Duration::from_millis(700)).await;
        clock.ahead(Duration::ZERO);
    }
    slowest
}

async fn disk_full(world: &World) -> Duration {
    let disk = world.disk.as_ref().expect("it is on one");
    disk.fill(NEARLY_FULL);
    refused(world).await;
    // What was taken goes on: there is room for that.
    world
        .until("work in progress finishes", async || {
            let figures = world.ask("/system").await?["figures"].clone();
            if figures["inputs"] == 0 && figures["planned"] == 0 { Ok(()) } else { Err(figures.to_string()) }
        })
        .await;
    disk.fill(0);
    refused(world).await;
    world.seats[0].kill();
    sleep(Duration::from_millis(700)).await;
    disk.empty();
    world.works_again(Instant::now()).await
}

async fn tables_full(world: &World) -> Duration {
    let disk = world.disk.as_ref().expect("its tables are on one");
    disk.fill(0);
    refused(world).await;
    sleep(Duration::from_millis(500)).await;
    disk.empty();
    world.works_again(Instant::now()).await
}

/// Waits until a door refuses, as it must before it loses anything.
async fn refused(world: &World) {
    let missing = async || match world.deliver(&load::probe()).await {
        Some(503 | 429) => Ok(()),
        other => Err(format!("the door answers {other:?}")),
    };
    world.until("the door refuses", missing).await;
}

async fn database_ended(world: &World, end: End, random: &mut Random) -> Duration {
    let (cluster, _) = world.cluster.as_ref().expect("it is on one");
    sleep(Duration::from_micros(random.below(20_000))).await;
    let down = Duration::from_millis(200 + random.below(1_500));
    tokio::task::block_in_place(|| cluster.lock().unwrap().end(end));
    sleep(down).await;
    tokio::task::block_in_place(|| cluster.lock().unwrap().resume()).expect("it starts again");
    world.works_again(Instant::now()).await
}

async fn cut(world: &World, random: &mut Random) -> Duration {
    let (_, database) = world.cluster.as_ref().expect("it is on one");
    for _ in 0..5 {
        sleep(Duration::from_millis(random.below(120))).await;
        Cluster::cut(database).await;
    }
    world.works_again(Instant::now()).await
}

impl Weather {
    /// How long it lasts.
    fn lasts(self) -> Duration {
        Duration::from_millis(if self == Self::Down { 1_500 } else { 700 })
    }

    /// What the sandbox is told.
    fn faults(self, random: &mut Random) -> Faults {
        let times = Some(1 + u32::try_from(random.below(3)).unwrap());
        let strikes = Some(Times { times });
        let limit = RateLimit { times, retry_after_s: 1 };
        let call = match self {
            Self::TooMany => CallFault { rate_limit: Some(limit), ..CallFault::default() },
            Self::Failing => {
                CallFault { fail: Some(Fail { status: 500, times, ..Fail::default() }), ..CallFault::default() }
            }
            Self::Down => CallFault { down: true, ..CallFault::default() },
            Self::Slow => CallFault { delay_ms: 100 + random.below(400), ..CallFault::default() },
            Self::Cut => CallFault { drop_after_acting: strikes, ..CallFault::default() },
            Self::Silent => CallFault { timeout_after_acting: Some(Times { times: Some(1) }), ..CallFault::default() },
            Self::Webhooks => {
                let webhooks = WebhookFaults { duplicate: 1, reorder: true, delay_ms: 60, ..WebhookFaults::default() };
                let cloud_api = ProviderFaults { webhooks, ..ProviderFaults::default() };
                return Faults { cloud_api, ..Faults::default() };
            }
        };
        Faults::default().on(Provider::CloudApi, call.clone()).on(Provider::Hubspot, call)
    }
}
