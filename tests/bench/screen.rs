//! How soon a complaint is on the agent's screen while orders keep coming, and what a day of notices leaves in the page's memory.
//!
//! The real inbox in a real browser; beside it, as the floor, a bare page that a bare server tells of the same, under the same load of
//! the floor's. The time is from the server's receipt of the complaint to the frame with the offer. Without a browser nothing is
//! measured, and the report says why.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use crate::desk::Desk;
use crate::load::{self, Target};
use crate::orders;
use crate::process::Process;
use crate::report::{Budget, Curve, Figure, Report};
use crate::serve::{Home, Serve};
use crate::stats::Spread;
use crate::throughput::ORDER;
use crate::{Bench, floor};

const COMPLAINT: (&str, &str) = ("complaint.yaml", include_str!("complaint.yaml"));
/// The first ones load what the others find.
const WARM: usize = 5;
/// How long a browser may take to open the inbox.
const PATIENCE: Duration = Duration::from_secs(60);
/// A complaint that is not on the screen by then is lost.
const LOST: Duration = Duration::from_secs(30);
/// Customers who write while memory is measured.
const WRITERS: u64 = 200;

/// A browser, and the page that it shows.
struct Screen {
    process: Process,
    url: String,
    http: Client,
}

impl Screen {
    async fn open(http: &Client, words: &[&str]) -> Result<Self> {
        let mut command = Command::new("node");
        command.current_dir(ui()).arg("test/screen.mjs").args(words);
        let mut process = Process::start("screen", &mut command)?;
        let (url, _) = process.says("screen on ", PATIENCE).await?;
        Ok(Self { process, url, http: http.clone() })
    }

    async fn ask(&self, method: Method, path: &str) -> Result<Value> {
        let asked = self.http.request(method, format!("{}{path}", self.url)).send().await?.error_for_status()?;
        asked.json().await.with_context(|| format!("the screen's answer to {path} cannot be read"))
    }

    /// Milliseconds that each offer took, once there are `count`.
    async fn took(&self, count: usize) -> Result<Spread> {
        let (mut known, mut since) = (0, Instant::now());
        loop {
            let seen = self.ask(Method::GET, "/seen").await?;
            let took = seen["took"].as_array().context("no times")?;
            if took.len() >= count {
                return Ok(Spread::of(took.iter().skip(WARM).filter_map(Value::as_f64)));
            }
            if took.len() > known {
                (known, since) = (took.len(), Instant::now());
            }
            ensure!(since.elapsed() < LOST, "{known} of {count} complaints came to the screen");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Megabytes of the page's heap that are in use.
    async fn heap(&self) -> Result<f64> {
        let bytes = self.ask(Method::POST, "/heap").await?["bytes"].as_f64().context("no size of the heap")?;
        Ok(bytes / f64::from(1 << 20))
    }
}

/// Measures the inbox, then its floor.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if let Some(why) = missing() {
        report.note(format!("screen: not measured: {why}"));
        return Ok(());
    }
    let (inbox, heap) = measure_inbox(bench).await?;
    let floor = measure_floor(bench).await?;
    let rate = bench.options.rate;
    report.note(format!("screen: {} complaints at {rate} events/s", inbox.len()));
    for (name, what, percent, budget) in [
        ("screen_p50", "p50", 50.0, Budget::Told),
        ("screen_p99", "p99", 99.0, Budget::Told),
        ("screen_p999", "p99.9", 99.9, Budget::AtMost(1_000.0)),
    ] {
        let what = format!("complaint to the agent's screen, {what} at {rate} events/s");
        let figure = Figure::new(name, what, inbox.at(percent), "ms", budget);
        report.add(Figure { floor: Some(floor.at(percent)), ..figure });
    }
    let what = "complaint to the agent's screen";
    report.curve(Curve { name: "screen", what, serve: inbox, floor: Some(floor), most: Some(1_000.0) });
    let notices = bench.options.notices();
    let told = |name, what: String, value| Figure::new(name, what, value, "MB", Budget::Told);
    report.add(told("inbox_heap", format!("the inbox's heap after {notices} live events"), heap.1));
    report.add(told("inbox_heap_growth", format!("the same, grown by {notices} live events"), heap.1 - heap.0));
    Ok(())
}

/// Times to the screen, and the heap before and after a day of notices.
async fn measure_inbox(bench: &Bench) -> Result<(Spread, (f64, f64))> {
    let sandbox = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &sandbox.url, &[ORDER, COMPLAINT]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    sandbox.send_webhooks_to(&serve.hook()).await?;
    let link = set_up_link(bench, &home)?;
    let screen = Screen::open(&bench.http, &["inbox", &serve.url, &link, serve.token()]).await?;
    let target = bench.target(&sandbox, serve.hook());
    let (count, every) = bench.options.complaints();
    let complaints = async {
        let began = Instant::now();
        for n in 0..count {
            sleep_until(began + every * n).await;
            let post = orders::text(&target.app_secret, load::wall_ms() as u64 / 1000, u64::from(n), "A complaint!");
            load::deliver(&target, &post).await?;
        }
        anyhow::Ok(())
    };
    // Orders come for as long as complaints do, and a moment longer.
    let orders = load::open(&target, bench.options.rate, every * count + Duration::from_secs(1));
    let (complained, ordered) = tokio::join!(complaints, orders);
    complained?;
    ordered?;
    let took = screen.took(count as usize).await?;
    let heap = measure_heap(bench, &screen, &target).await?;
    Ok((took, heap))
}

/// The heap before and after what comes to an inbox in eight hours.
async fn measure_heap(bench: &Bench, screen: &Screen, target: &Target) -> Result<(f64, f64)> {
    let at_s = load::wall_ms() as u64 / 1000;
    let write = |n: u64| orders::text(&target.app_secret, at_s, 1_000_000 + n % WRITERS, "Where is my parcel?");
    let first = (0..WRITERS).map(write).collect();
    load::shoot(target, bench.options.rate, first).await?;
    screen.ask(Method::POST, "/talk").await?;
    let before = screen.heap().await?;
    let day = (WRITERS..WRITERS + bench.options.notices()).map(write).collect();
    load::shoot(target, bench.options.rate, day).await?;
    // The page reads its lists anew once a second.
    sleep(Duration::from_secs(3)).await;
    Ok((before, screen.heap().await?))
}

async fn measure_floor(bench: &Bench) -> Result<Spread> {
    let sandbox = Desk::start(&bench.http).await?;
    let folder = tempfile::tempdir_in(&bench.dir)?;
    std::fs::create_dir(folder.path().join("data"))?;
    let floor = floor::start(&sandbox.url, &bench.database(folder.path()).await).await?;
    sandbox.send_webhooks_to(&floor.hook).await?;
    let screen = Screen::open(&bench.http, &["floor"]).await?;
    let (count, every) = bench.options.complaints();
    let complaints = async {
        let began = Instant::now();
        for n in 0..count {
            sleep_until(began + every * n).await;
            let url = format!("{}/complaint/{n}", screen.url);
            bench.http.post(url).send().await?.error_for_status()?;
        }
        anyhow::Ok(())
    };
    let target = bench.target(&sandbox, floor.hook.clone());
    let orders = load::open(&target, bench.options.rate, every * count + Duration::from_secs(1));
    let (complained, ordered) = tokio::join!(complaints, orders);
    complained?;
    ordered?;
    let took = screen.took(count as usize).await?;
    drop(screen.process);
    Ok(took)
}

/// The link with which the first admin of a server is made.
fn set_up_link(bench: &Bench, home: &Home) -> Result<String> {
    let mut command = Command::new(&bench.binary);
    let said = command.current_dir(home.path()).args(["user", "setup-link", "--data", "data"]).output()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let link = text.split_whitespace().find(|word| word.contains("/setup#"));
    link.map(str::to_owned).with_context(|| format!("no set-up link: {text}{}", String::from_utf8_lossy(&said.stderr)))
}

/// Where the web app's tests are.
fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/ui")
}

/// What a browser needs and is not here.
#[allow(clippy::disallowed_methods, reason = "settings of the server are read in its one place; this names a browser")]
fn missing() -> Option<String> {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !Path::new(&chromium).is_file() {
        return Some(format!("there is no Chromium at {chromium}: name one with CHROMIUM=…"));
    }
    if !ui().join("node_modules/playwright-core").is_dir() {
        return Some("web/ui has no node_modules: npm ci there".to_owned());
    }
    let node = Command::new("node").arg("--version").output();
    node.is_err().then(|| "there is no node".to_owned())
}
