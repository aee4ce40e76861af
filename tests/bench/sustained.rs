//! Ten minutes at a thousand webhooks a second: whether memory, latency, the log and the tables of what is under way stay as they were.

use std::convert::Infallible;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::{interval, sleep};

use crate::database::Database;
use crate::desk::Desk;
use crate::load::{self, Target};
use crate::report::{Budget, Figure, Report};
use crate::serve::{Home, Serve};
use crate::stats::Spread;
use crate::throughput::ORDER;
use crate::{Bench, throughput};

/// Between two looks at memory and log.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rows of what is under way; in the end there are none.
const HOT: &str =
    "(select count(*) from input) + (select count(*) from effect) + (select count(*) from wait where state = 0)";

/// What a stretch of the load showed.
struct Stretch {
    answers: Spread,
    most: Most,
}

/// The most anonymous memory that was held, and the longest log, in MB.
#[derive(Default)]
struct Most {
    memory: f64,
    log: f64,
}

impl Most {
    /// Looks until it is dropped.
    async fn watch(&mut self, home: &Home, serve: &Serve) -> Result<Infallible> {
        let mut every = interval(LOOK_EVERY);
        loop {
            every.tick().await;
            self.memory = self.memory.max(serve.process.anonymous_bytes()? / f64::from(1 << 20));
            self.log = self.log.max(log_bytes(home) / f64::from(1 << 20));
        }
    }
}

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[ORDER]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    let target = bench.target(&desk, serve.hook());
    let hot = home.database().number(HOT).await?;
    let (count, each) = bench.options.stretches();
    let mut stretches = Vec::new();
    for n in 0..count {
        stretches.push(stretch(bench, (&desk, &home, &serve), &target, each).await?);
        crate::tell(format_args!("  {} of {count}", n + 1));
    }
    let left = home.database().number(HOT).await? - hot;
    // The first one fills caches.
    let (Some(first), Some(last)) = (stretches.get(1), stretches.last()) else { return Ok(()) };
    let p99 = (first.answers.at(99.0), last.answers.at(99.0));
    let seconds = each.as_secs() * u64::from(count);
    let what = |what: &str| format!("{what}, {seconds} s at {} events/s", bench.options.rate);
    report.add(Figure::new("sustained_p99", what("webhook p99 of the last stretch"), p99.1, "ms", Budget::Told));
    let ratio = what("the same beside that of the second");
    report.add(Figure::new("sustained_p99_ratio", ratio, p99.1 / p99.0, "", Budget::AtMost(1.5)));
    let grown = last.most.memory - first.most.memory;
    report.add(Figure::new("sustained_memory", what("memory grown"), grown, "MB", Budget::AtMost(20.0)));
    if matches!(home.database(), Database::File(_)) {
        let longest = stretches.iter().map(|stretch| stretch.most.log).fold(0.0, f64::max);
        report.add(Figure::new("sustained_log", what("longest log"), longest, "MB", Budget::AtMost(256.0)));
    }
    report.add(Figure::new("sustained_rows", what("rows under way afterwards"), left, "", Budget::AtMost(0.0)));
    Ok(())
}

/// One stretch; what was ordered in it came to its end.
async fn stretch(
    bench: &Bench,
    (desk, home, serve): (&Desk, &Home, &Serve),
    target: &Target,
    each: Duration,
) -> Result<Stretch> {
    // The sandbox keeps everything it is asked: not of ten minutes.
    desk.forget().await?;
    let mut most = Most::default();
    let shots = tokio::select! {
        shots = load::open(target, bench.options.rate, each) => shots?,
        ended = most.watch(home, serve) => match ended? {},
    };
    let took = shots.iter().filter(|shot| shot.answered.is_some()).count() as u64;
    ensure!(took == shots.len() as u64, "{} webhooks were turned away", shots.len() as u64 - took);
    load::drained(desk, 0, took).await?;
    throughput::made(desk, took).await.context("at the end of a stretch")?;
    // The last statuses.
    sleep(Duration::from_secs(1)).await;
    Ok(Stretch { answers: Spread::of(shots.iter().filter_map(|shot| shot.answered)), most })
}

/// The length of SQLite's log; none on a server.
fn log_bytes(home: &Home) -> f64 {
    let log = home.file().map(|file| file.with_extension("db-wal"));
    log.ok().and_then(|log| fs::metadata(log).ok()).map_or(0.0, |log| log.len() as f64)
}
