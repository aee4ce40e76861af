//! A whole installation that faults can be done to: servers that are started again when they end, their database, providers with
//! their books, and customers who write all the time.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use connectors::sandbox::{Config, Provider};
use serde_json::Value;
use tests::cluster::Cluster;
use tests::postgres::TestDatabase;
use tokio::time::Instant;

use super::clock::WallClock;
use super::disk::SmallDisk;
use super::front;
use super::seat::{Place, Seat};
use crate::process::{Installation, WHATSAPP, free_port, run, told_within};

/// How long one answer of a server may take.
const ANSWER: Duration = Duration::from_secs(2);
/// Both servers of one database seal its anchors and its secrets with the same keys: what one sealed, the other one opens.
const KEYS: [(&str, &str); 2] = [
    ("SWITCHBOARD_AUDIT_KEY", "0707070707070707070707070707070707070707070707070707070707070707"),
    ("SWITCHBOARD_SEAL_KEY", "0606060606060606060606060606060606060606060606060606060606060606"),
];
/// Size of a disk that is to be filled: a good deal more than what doors leave free.
const SMALL_DISK_MB: u32 = 192;
/// The same for a database whose doors do not know how much is free.
const SMALL_TABLESPACE_MB: u32 = 24;
/// What is waited longest for: a call that was interrupted twice waits 30 s.
const PATIENCE: Duration = Duration::from_secs(120);

/// Which database, and on what disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// The file, on the machine's disk.
    File,
    /// The file, on a disk that can be filled.
    SmallDisk,
    /// A server of PostgreSQL, with two of ours: one serves, one stands by.
    Postgres,
    /// The same with its tables on a disk that can be filled.
    SmallTablespace,
}

impl Ground {
    /// Its name in the table.
    pub(super) fn name(self) -> &'static str {
        if self.is_postgres() { "PostgreSQL" } else { "SQLite" }
    }

    fn is_postgres(self) -> bool {
        matches!(self, Self::Postgres | Self::SmallTablespace)
    }
}

/// The installation. What it is made of goes in this order.
pub(super) struct World {
    /// Our servers.
    pub(super) seats: Vec<Seat>,
    /// The disk that can be filled.
    pub(super) disk: Option<SmallDisk>,
    /// PostgreSQL, and the database there.
    pub(super) cluster: Option<(Mutex<Cluster>, TestDatabase)>,
    /// The clock of our servers, where there is a C compiler.
    pub(super) clock: Result<WallClock, String>,
    /// Providers and files.
    pub(super) place: Installation,
    front: String,
    http: reqwest::Client,
}

impl World {
    /// Brings one up, or says why it cannot be had on this machine.
    pub(super) async fn on(ground: Ground) -> Result<Self, String> {
        // Providers repeat what is not answered; these do it often, and for long.
        let config = Config { retry_ms: vec![40; 5_000], ..Config::default() };
        let place = Installation::with(config, &["order-to-ticket", "note"]).await;
        let mut disk = None;
        if ground == Ground::SmallDisk {
            disk = Some(SmallDisk::mount(&place.path("data"), SMALL_DISK_MB, None)?);
        }
        let mut cluster = None;
        if ground.is_postgres() {
            let server = Cluster::start()?;
            let database = if ground == Ground::SmallTablespace {
                let folder = server.folder().join("small");
                disk = Some(SmallDisk::mount(&folder, SMALL_TABLESPACE_MB, server.user())?);
                server.database_in("small", &folder.display().to_string()).await
            } else {
                server.database("chaos").await
            };
            cluster = Some((Mutex::new(server), database));
        }
        let names: &[&str] = if cluster.is_some() { &["data", "data-2"] } else { &["data"] };
        let places: Vec<Place> =
            names.iter().map(|name| Place { listen: free_port(), data: place.path(name) }).collect();
        let front = front::open(places.iter().map(|place| place.listen).collect()).await;
        place.sandbox.set_webhook_url(Provider::CloudApi, Some(format!("{front}/hooks/{WHATSAPP}")));
        let clock = WallClock::make(&place.path("."));
        let http = reqwest::Client::builder().no_proxy().timeout(2 * ANSWER).build().unwrap();
        let mut world = Self { seats: Vec::new(), disk, cluster, clock, place, front, http };
        world.come_up(places).await;
        Ok(world)
    }

    async fn come_up(&mut self, places: Vec<Place>) {
        for place in places {
            let (given, listen) = (self.given(&place), place.listen.to_string());
            let flows = self.place.path("flows");
            let standby = self.cluster.is_some();
            self.seats.push(Seat::take(place, move || {
                let mut command = given();
                command.args(["serve", "--log", "warn", "--first-hour", "off", "--listen", &listen, "--flows"]);
                command.arg(&flows);
                if standby {
                    command.arg("--standby");
                }
                command
            }));
            if self.seats.len() == 1 {
                self.serves().await;
                self.command(&["connection", "setup", "hubspot-main"]).await;
                // The fields that were made are found at the next start.
                self.seats[0].kill();
            }
        }
        self.serves().await;
    }

    /// Makes the binary's command for a place, with all that is given by the environment.
    fn given(&self, place: &Place) -> impl Fn() -> Command + Send + Sync + use<> {
        let base = self.place.command();
        let program = base.get_program().to_owned();
        let mut variables: Vec<_> =
            base.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
        variables.push(("SWITCHBOARD_DATA".into(), place.data.clone().into()));
        variables.extend(KEYS.map(|(name, key)| (name.into(), key.into())));
        if let Some((_, database)) = &self.cluster {
            variables.push(("SWITCHBOARD_DATABASE".into(), database.url().into()));
        }
        let clock = self.clock.as_ref().ok().cloned();
        let folder: PathBuf = self.place.path(".");
        move || {
            let mut command = Command::new(&program);
            command.current_dir(&folder).envs(variables.iter().cloned()).stdin(std::process::Stdio::null());
            if let Some(clock) = &clock {
                clock.give(&mut command);
            }
            command
        }
    }

    /// Runs a command of the place whose server serves, as one of another place is refused meanwhile; what it printed. It must go
    /// well.
    pub(super) async fn command(&self, args: &[&str]) -> String {
        let which = self.until("a server serves", async || self.serving().await.ok_or_else(String::new)).await;
        let mut command = self.given(&self.seats[which].place)();
        command.args(args);
        run(command).await.good()
    }

    /// The seat whose server is at work: to one that stands by, its token of an earlier start is no key.
    pub(super) async fn serving(&self) -> Option<usize> {
        for (which, seat) in self.seats.iter().enumerate() {
            if self.ask_at(seat, "/system").await.is_ok() {
                return Some(which);
            }
        }
        None
    }

    /// Waits until a server answers; how long that took.
    pub(super) async fn serves(&self) -> Duration {
        let began = Instant::now();
        self.until("a server answers", async || self.ask("/system").await.map(drop)).await;
        began.elapsed()
    }

    /// Looks again and again, and tells what the servers said when it takes too long.
    pub(super) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
        told_within(PATIENCE, what, async || {
            look().await.map_err(|missing| format!("{missing}\n{}", self.last_words()))
        })
        .await
    }

    /// The good answer of `GET /api/v1{path}`, of whichever server gives one.
    pub(super) async fn ask(&self, path: &str) -> Result<Value, String> {
        let mut why = "no server was started yet".to_owned();
        for seat in &self.seats {
            match self.ask_at(seat, path).await {
                Ok(answer) => return Ok(answer),
                Err(other) => why = other,
            }
        }
        Err(why)
    }

    async fn ask_at(&self, seat: &Seat, path: &str) -> Result<Value, String> {
        let token = seat.token().ok_or("no server was started yet")?;
        let address = format!("http://{}/api/v1{path}", seat.place.listen);
        match self.http.get(address).bearer_auth(token).send().await {
            Ok(answer) if answer.status().is_success() => answer.json().await.map_err(|error| error.to_string()),
            Ok(answer) => Err(format!("{path}: {}", answer.status())),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Does something by `POST /api/v1{path}` at whichever server takes it.
    pub(super) async fn tell(&self, path: &str, body: &Value) {
        for seat in &self.seats {
            let Some(token) = seat.token() else { continue };
            let address = format!("http://{}/api/v1{path}", seat.place.listen);
            let sent = self.http.post(address).bearer_auth(token).json(body).send().await;
            if sent.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
        }
    }

    /// Delivers a webhook through the front; the status, if any came.
    pub(super) async fn deliver(&self, body: &Value) -> Option<u16> {
        let body = body.to_string().into_bytes();
        let signature = crate::process::signature(&body);
        let request = self.http.post(format!("{}/hooks/{WHATSAPP}", self.front)).body(body);
        let request = request.header("content-type", "application/json").header("x-hub-signature-256", signature);
        Some(request.send().await.ok()?.status().as_u16())
    }

    /// Waits until another ticket is made; how long it took.
    pub(super) async fn works_again(&self, since: Instant) -> Duration {
        // What was on its way to a provider when the fault struck still gets there.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let before = self.place.sandbox.totals().tickets;
        self.until("another ticket is made", async || match self.place.sandbox.totals().tickets {
            now if now > before => Ok(()),
            now => Err(format!("still {now} tickets")),
        })
        .await;
        since.elapsed()
    }

    /// Begins new books: what was there is counted.
    pub(super) async fn forget(&self) {
        let address = format!("{}/_sandbox/books", self.place.sandbox.url());
        assert!(self.http.delete(address).send().await.unwrap().status().is_success());
    }

    /// The ends of what the servers printed.
    pub(super) fn last_words(&self) -> String {
        let last = |seat: &Seat| {
            let log = seat.log();
            let lines: Vec<&str> = log.lines().rev().take(8).collect();
            let lines: Vec<&str> = lines.into_iter().rev().collect();
            format!("{} ({} starts):\n{}", seat.place.data.display(), seat.starts(), lines.join("\n"))
        };
        self.seats.iter().map(last).collect::<Vec<_>>().join("\n")
    }
}
