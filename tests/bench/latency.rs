//! How soon a webhook is answered and its first call leaves, while orders keep coming at a fixed rate, beside the floor.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::time::sleep;

use crate::desk::Desk;
use crate::load::{self, Shot};
use crate::report::{Budget, Curve, Figure, Report};
use crate::serve::{Home, Serve};
use crate::stats::Spread;
use crate::{Bench, disk, floor, throughput};

/// How long the disk is probed, right before the load.
const PROBE: Duration = Duration::from_secs(2);

/// Measures at the rate of the budgets.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let disk = disk::probe(&bench.dir, PROBE)?;
    let sync = disk.at(99.0);
    report.note(format!("disk: fdatasync of {} writes, p50 {:.2} ms, p99 {sync:.2} ms", disk.len(), disk.median()));
    let rate = bench.options.rate;
    let seen = at_serve(bench, rate, report).await?;
    let floor = at_floor(bench, rate).await?;
    let parts = [
        (["webhook_p50", "webhook_p99"], "webhook answered", 10.0 + 2.0 * sync, seen.answers, floor.answers),
        (
            ["first_call_p50", "first_call_p99"],
            "event to first call",
            50.0 + 6.0 * sync,
            seen.first_calls,
            floor.first_calls,
        ),
    ];
    for ([p50, p99], what, most, serve, floor) in parts {
        for (name, percent, budget) in [(p50, 50.0, Budget::Told), (p99, 99.0, Budget::AtMost(most))] {
            let words = format!("{what}, p{percent:.0} at {rate} events/s");
            let figure = Figure::new(name, words, serve.at(percent), "ms", budget);
            report.add(Figure { floor: Some(floor.at(percent)), ..figure });
        }
        report.curve(Curve { name: p99.trim_end_matches("_p99"), what, serve, floor: Some(floor), most: Some(most) });
    }
    Ok(())
}

struct Seen {
    answers: Spread,
    first_calls: Spread,
    refused: u64,
}

async fn at_serve(bench: &Bench, rate: u32, report: &mut Report) -> Result<Seen> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[throughput::ORDER]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    let (seen, sent) = at_rate(bench, &desk, serve.hook(), rate).await?;
    if seen.refused > 0 {
        report.note(format!("{} of {sent} webhooks were turned away at {rate} events/s", seen.refused));
    }
    throughput::whole(&desk, &home, sent - seen.refused).await?;
    Ok(seen)
}

async fn at_floor(bench: &Bench, rate: u32) -> Result<Seen> {
    let desk = Desk::start(&bench.http).await?;
    let folder = tempfile::tempdir_in(&bench.dir)?;
    std::fs::create_dir(folder.path().join("data"))?;
    let floor = floor::start(&desk.url, &bench.database(folder.path()).await).await?;
    desk.send_webhooks_to(&floor.hook).await?;
    let (seen, _) = at_rate(bench, &desk, floor.hook.clone(), rate).await?;
    Ok(seen)
}

/// What was seen of orders to `hook`, and how many were sent in all.
async fn at_rate(bench: &Bench, desk: &Desk, hook: String, rate: u32) -> Result<(Seen, u64)> {
    let target = bench.target(desk, hook);
    // Connections are made and caches filled before it counts.
    let warm = load::open(&target, rate.min(200), Duration::from_secs(1)).await?;
    load::drained(desk, 0, taken(&warm)).await?;
    sleep(Duration::from_millis(200)).await;
    let shots = load::open(&target, rate, bench.options.open_for()).await?;
    let (sent, took) = ((warm.len() + shots.len()) as u64, taken(&warm) + taken(&shots));
    load::drained(desk, 0, took).await?;
    let first_calls = first_calls(&desk.books().await?, &shots)?;
    let answers = Spread::of(shots.iter().map(|shot| shot.answered.unwrap_or(f64::INFINITY)));
    Ok((Seen { answers, first_calls, refused: sent - took }, sent))
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
