//! How soon a webhook is answered and its first call leaves, while orders keep coming at a fixed rate.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::time::sleep;

use crate::desk::Desk;
use crate::load::{self, Shot};
use crate::report::{Budget, Figure, Report};
use crate::serve::{Home, Serve};
use crate::stats::Spread;
use crate::{Bench, disk, throughput};

/// How long the disk is probed, right before the load.
const PROBE: Duration = Duration::from_secs(2);

/// Measures at the rate of the budgets.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let disk = disk::probe(&bench.dir, PROBE)?;
    let sync = disk.at(99.0);
    report.note(format!("disk: fdatasync of {} writes, p50 {:.2} ms, p99 {sync:.2} ms", disk.len(), disk.median()));
    let rate = bench.options.rate;
    let seen = at_rate(bench, rate, report).await?;
    let of = |what: &str| format!("{what} at {rate} events/s");
    let told = |name, what: &str, value| Figure::new(name, of(what), value, "ms", Budget::Told);
    report.add(told("webhook_p50", "webhook answered, p50", seen.answers.median()));
    let most = Budget::AtMost(10.0 + 2.0 * sync);
    report.add(Figure::new("webhook_p99", of("webhook answered, p99"), seen.answers.at(99.0), "ms", most));
    report.add(told("first_call_p50", "event to first call, p50", seen.first_calls.median()));
    let most = Budget::AtMost(50.0 + 6.0 * sync);
    report.add(Figure::new("first_call_p99", of("event to first call, p99"), seen.first_calls.at(99.0), "ms", most));
    Ok(())
}

struct Seen {
    answers: Spread,
    first_calls: Spread,
}

async fn at_rate(bench: &Bench, rate: u32, report: &mut Report) -> Result<Seen> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[throughput::ORDER]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    let target = bench.target(&desk, serve.hook());
    // Connections are made and caches filled before it counts.
    let warm = load::open(&target, rate.min(200), Duration::from_secs(1)).await?;
    load::drained(&desk, 0, taken(&warm)).await?;
    sleep(Duration::from_millis(200)).await;
    let shots = load::open(&target, rate, bench.options.open_for()).await?;
    let refused = shots.len() as u64 - taken(&shots);
    if refused > 0 {
        report.note(format!("{refused} of {} webhooks were turned away at {rate} events/s", shots.len()));
    }
    load::drained(&desk, 0, taken(&warm) + taken(&shots)).await?;
    throughput::whole(&desk, &home, taken(&warm) + taken(&shots)).await?;
    let first_calls = first_calls(&desk.books().await?, &shots)?;
    Ok(Seen { answers: Spread::of(shots.iter().map(|shot| shot.answered.unwrap_or(f64::INFINITY))), first_calls })
}

fn taken(shots: &[Shot]) -> u64 {
    shots.iter().filter(|shot| shot.answered.is_some()).count() as u64
}

/// From each event to the call that made its customer a CRM contact, which is the first call of its run, in milliseconds.
fn first_calls(books: &Value, shots: &[Shot]) -> Result<Spread> {
    let contacts = books["objects"]["contacts"].as_array().context("no contacts in the books")?;
    let made: HashMap<&str, f64> = contacts
        .iter()
        .filter_map(|contact| Some((contact["properties"]["phone"].as_str()?, contact["created_ms"].as_f64()?)))
        .collect();
    let taken = shots.iter().filter(|shot| shot.answered.is_some());
    let times: Vec<f64> = taken.filter_map(|shot| Some(made.get(&*shot.phone)? - shot.meant_at)).collect();
    ensure!(!times.is_empty(), "no event led to a call");
    Ok(Spread::of(times))
}
