//! Runs per second of order to ticket, what a run costs, and the floor of the same load in the same run.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::{Instant, sleep};

use crate::desk::Desk;
use crate::load::{self, Closed};
use crate::process::{Process, Usage};
use crate::report::{Budget, Figure, Report};
use crate::serve::{Home, Serve};
use crate::{Bench, floor};

/// The flow that is measured.
pub(crate) const ORDER: (&str, &str) = ("order.yaml", include_str!("order.yaml"));

/// What a window of the closed load showed.
pub(crate) struct Window {
    runs: f64,
    seconds: f64,
    calls: f64,
    statuses: f64,
    /// Of the process under load.
    used: Usage,
    /// Of the sandbox and of this process.
    sandbox: f64,
    own: f64,
}

impl Window {
    pub(crate) fn per_second(&self) -> f64 {
        self.runs / self.seconds
    }

    /// Microseconds of processor time a run.
    fn us_a_run(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.runs
    }

    fn threads(&self) -> String {
        let mut threads: Vec<_> = self.used.threads.iter().collect();
        threads.sort_by(|one, other| other.1.total_cmp(one.1));
        let shown = threads.into_iter().take(4).filter(|(_, seconds)| **seconds > 0.0);
        shown.map(|(name, seconds)| format!("{name} {:.0}", self.us_a_run(*seconds))).collect::<Vec<_>>().join(", ")
    }
}

/// Loads `process` through `hook` for the window, then waits until everything sent came to its end. Answers the window and how
/// many orders were sent in all.
pub(crate) async fn window(bench: &Bench, desk: &Desk, process: &Process, hook: String) -> Result<(Window, u64)> {
    let before = desk.totals().await?;
    let closed = Closed::start(&bench.target(desk, hook), u64::MAX).await?;
    sleep(bench.options.warm_up()).await;
    let looks =
        async || anyhow::Ok((desk.totals().await?, process.usage()?, desk.process.usage()?, Usage::of("self")?));
    let (began, first) = (Instant::now(), looks().await?);
    sleep(Duration::from_secs(bench.options.seconds)).await;
    let (seconds, last) = (began.elapsed().as_secs_f64(), looks().await?);
    let sent = closed.stop().await?;
    load::drained(desk, before.templates, sent).await?;
    let seen = Window {
        runs: (last.0.templates - first.0.templates) as f64,
        seconds,
        calls: (last.0.requests - first.0.requests) as f64,
        statuses: (last.0.webhook_items - first.0.webhook_items) as f64,
        used: last.1.since(&first.1),
        sandbox: last.2.since(&first.2).seconds,
        own: last.3.since(&first.3).seconds,
    };
    ensure!(seen.runs > 0.0, "not one order came to its end within {seconds:.0} s");
    ensure!(last.0.refused == before.refused, "the sandbox refused {} calls", last.0.refused - before.refused);
    Ok((seen, sent))
}

/// Measures `serve` and then its floor.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let served = measure_serve(bench, report).await?;
    let floor = measure_floor(bench).await?;
    let (least, most) = bench.budgets();
    let runs = Figure::new("runs_per_second", "order to ticket", served.per_second(), "runs/s", least);
    report.add(Figure { floor: Some(floor.per_second()), ..runs });
    let cost = served.us_a_run(served.used.seconds);
    let cpu = Figure::new("cpu_us_per_run", "processor time of serve a run", cost, "µs", most);
    report.add(Figure { floor: Some(floor.us_a_run(floor.used.seconds)), ..cpu });
    let ratio = served.per_second() / floor.per_second();
    report.add(Figure::new("ratio_to_floor", "runs/s beside the floor's", ratio, "", Budget::AtLeast(0.25)));
    for (name, seen) in [("serve", &served), ("floor", &floor)] {
        report.note(format!(
            "{name}: {:.0} runs in {:.1} s, {:.2} calls and {:.2} statuses a run; µs a run: {name} {:.0} ({}), sandbox {:.0}, load {:.0}",
            seen.runs,
            seen.seconds,
            seen.calls / seen.runs,
            seen.statuses / seen.runs,
            seen.us_a_run(seen.used.seconds),
            seen.threads(),
            seen.us_a_run(seen.sandbox),
            seen.us_a_run(seen.own),
        ));
    }
    Ok(())
}

async fn measure_serve(bench: &Bench, report: &mut Report) -> Result<Window> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[ORDER]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    let (seen, sent) = window(bench, &desk, &serve.process, serve.hook()).await?;
    whole(&desk, &home, sent).await?;
    tell_groups(&serve, &home, sent, report).await?;
    Ok(seen)
}

/// Nothing lost, nothing doubled: as many runs ended well as orders were taken, and as many tickets were made.
pub(crate) async fn whole(desk: &Desk, home: &Home, orders: u64) -> Result<()> {
    made(desk, orders).await?;
    let began = Instant::now();
    loop {
        let done = home.database().number("select count(*) from run where status = 10").await?;
        if done == orders as f64 {
            return Ok(());
        }
        ensure!(began.elapsed() < Duration::from_secs(10), "{orders} orders were taken and {done} runs ended well");
        sleep(Duration::from_millis(50)).await;
    }
}

/// A ticket for each order.
pub(crate) async fn made(desk: &Desk, orders: u64) -> Result<()> {
    let made = desk.totals().await?.tickets;
    ensure!(made == orders, "{orders} orders were taken and {made} tickets made");
    Ok(())
}

/// How the writer worked: its groups, their time, and what a run leaves.
async fn tell_groups(serve: &Serve, home: &Home, runs: u64, report: &mut Report) -> Result<()> {
    let (requests, groups) = serve.metric("switchboard_store_group_requests").await?;
    let (seconds, _) = serve.metric("switchboard_store_commit_seconds").await?;
    let busy = serve.counter("switchboard_store_busy_total").await?;
    let rows = home.database().number("select count(*) from journal").await?;
    report.note(format!(
        "writer: {groups:.0} groups of {:.1} requests, {:.2} ms each, {:.2} requests and {:.2} journal rows a run; {busy:.0} deliveries were turned away",
        requests / groups,
        seconds * 1000.0 / groups,
        requests / runs as f64,
        rows / runs as f64,
    ));
    Ok(())
}

async fn measure_floor(bench: &Bench) -> Result<Window> {
    let desk = Desk::start(&bench.http).await?;
    let folder = tempfile::tempdir_in(&bench.dir)?;
    std::fs::create_dir(folder.path().join("data"))?;
    let floor = floor::start(&desk.url, &bench.database(folder.path()).await).await?;
    desk.send_webhooks_to(&floor.hook).await?;
    let (seen, _) = window(bench, &desk, &floor.process, floor.hook.clone()).await?;
    Ok(seen)
}
