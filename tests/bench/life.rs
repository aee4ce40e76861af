//! Starting, resting and dying: cold start, what an idle server holds, and how soon work goes on after a kill.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use tokio::time::{Instant, sleep};

use crate::Bench;
use crate::desk::{Desk, Totals};
use crate::load::{self, Closed};
use crate::report::{Budget, Figure, Report};
use crate::serve::{Home, Serve};
use crate::stats::Spread;
use crate::throughput::ORDER;

/// Cold starts measured.
const STARTS: usize = 5;
/// Orders before the server rests. Source: design section 10, review of budgets (1 000 runs).
const RUNS_BEFORE_REST: u64 = 1000;
/// How long its processor time is watched while it rests.
const WATCH: Duration = Duration::from_secs(10);
/// Idle still counts as 0 % below this: a clock that looks once a second costs less.
const NOTHING: f64 = 0.05;
/// On PostgreSQL, which is told twice a second who serves it. Source: design section 10.
const HEARTBEAT: f64 = 0.5;
/// How long the load runs before the kill.
const BEFORE_KILL: Duration = Duration::from_secs(2);
/// How long work may take to go on after it.
const PATIENCE: Duration = Duration::from_secs(20);

/// From the start of the process with an empty database to its line `listening on`.
pub(crate) async fn cold_start(bench: &Bench, report: &mut Report) -> Result<()> {
    let desk = Desk::start(&bench.http).await?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let home = Home::new(bench, &desk.url, &[ORDER]).await?;
        times.push(Serve::start(&bench.binary, &home, &bench.http).await?.ready_after.as_secs_f64() * 1000.0);
    }
    let what = format!("cold start, empty database, median of {STARTS}");
    report.add(Figure::new("cold_start", what, Spread::of(times).median(), "ms", Budget::AtMost(300.0)));
    Ok(())
}

/// Memory and processor time of a server that has worked and has nothing to do.
pub(crate) async fn idle(bench: &Bench, report: &mut Report) -> Result<()> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[ORDER]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    let sent = Closed::start(&bench.target(&desk, serve.hook()), RUNS_BEFORE_REST).await?.finish().await?;
    load::drained(&desk, 0, sent).await?;
    let rest = bench.options.rest();
    sleep(rest).await;
    let megabytes = serve.process.anonymous_bytes()? / f64::from(1 << 20);
    let what = format!("idle: anonymous memory {} s after {sent} runs", rest.as_secs());
    report.add(Figure::new("idle_memory", what, megabytes, "MB", Budget::AtMost(40.0)));
    let before = serve.process.ran_ns()?;
    sleep(WATCH).await;
    let percent = (serve.process.ran_ns()? - before) as f64 / WATCH.as_nanos() as f64 * 100.0;
    let most = if bench.options.postgres { HEARTBEAT } else { NOTHING };
    report.add(Figure::new("idle_cpu", "idle: processor time", percent, "%", Budget::AtMost(most)));
    Ok(())
}

/// Kills the server under load and starts it again: from the start of the new process to the first ticket or template after
/// it. Then every order must have its one ticket.
pub(crate) async fn kill(bench: &Bench, report: &mut Report) -> Result<()> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[ORDER]).await?;
    let mut serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    let closed = Closed::start(&bench.target(&desk, serve.hook()), u64::MAX).await?;
    sleep(BEFORE_KILL).await;
    serve.process.kill()?;
    let before = desk.totals().await?;
    let (serve, turned) = tokio::try_join!(
        // At the same address: webhooks that were not answered come again.
        Serve::start_at(&bench.binary, &home, &bench.http, serve.address()),
        next_turn(&desk, before),
    )?;
    let took = (turned - serve.process.started()).as_secs_f64() * 1000.0;
    report.add(Figure::new("kill_to_turn", "kill -9: new start to the next turn", took, "ms", Budget::AtMost(1000.0)));
    let sent = closed.stop().await?;
    let found = tickets(&desk, sent).await?;
    ensure!(found.tickets == sent, "{sent} orders were taken and {} tickets made", found.tickets);
    let doubtful = sent.saturating_sub(found.templates);
    report.note(format!("kill -9: {sent} orders, a ticket each, {} templates, {doubtful} in doubt", found.templates));
    Ok(())
}

async fn next_turn(desk: &Desk, before: Totals) -> Result<Instant> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let now = desk.totals().await?;
        if now.tickets + now.templates > before.tickets + before.templates {
            return Ok(Instant::now());
        }
        sleep(Duration::from_millis(1)).await;
    }
    bail!("no ticket and no template within {PATIENCE:?} after the new start")
}

/// Waits until there are `wanted` tickets and templates, or nothing moves any more.
async fn tickets(desk: &Desk, wanted: u64) -> Result<Totals> {
    let (mut last, mut moved) = (desk.totals().await?, Instant::now());
    while last.tickets.min(last.templates) < wanted && moved.elapsed() < PATIENCE {
        sleep(Duration::from_millis(50)).await;
        let now = desk.totals().await?;
        if (now.tickets, now.templates) != (last.tickets, last.templates) {
            (last, moved) = (now, Instant::now());
        }
    }
    Ok(last)
}
