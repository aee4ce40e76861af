//! Instructions that a run costs the server: the same on a busy machine as on a quiet one, so that a regression shows.
//!
//! Counted by Valgrind over two loads of different size; what they differ by is what the runs cost, without the start.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::desk::Desk;
use crate::load::{self, Closed};
use crate::report::{Budget, Figure, Report};
use crate::serve::{Home, Serve};
use crate::throughput::ORDER;
use crate::{Bench, throughput};

/// Orders of the two loads.
const LOADS: (u64, u64) = (100, 500);
/// A counted program is about fifty times slower.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        report.note("instructions: not measured: there is no valgrind".to_owned());
        return Ok(());
    }
    let (few, many) = (counted(bench, LOADS.0).await?, counted(bench, LOADS.1).await?);
    let a_run = (many - few) / (LOADS.1 - LOADS.0) as f64 / 1e6;
    report.add(Figure::new("instructions_per_run", "instructions of serve a run", a_run, "million", Budget::Told));
    Ok(())
}

/// Instructions from the start of a server to its end, with `orders` between.
async fn counted(bench: &Bench, orders: u64) -> Result<f64> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[ORDER]).await?;
    let counts = home.path().join("counts");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet", &format!("--callgrind-out-file={}", counts.display())]);
    valgrind.arg(&bench.binary);
    let serve = Serve::start_as(valgrind, &home, &bench.http, "127.0.0.1:0", PATIENCE).await?;
    serve.check_accounts(&home).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    Closed::start(&bench.target(&desk, serve.hook()), orders).await?.finish().await?;
    load::drained(&desk, 0, orders).await?;
    throughput::whole(&desk, &home, orders).await?;
    serve.process.end(PATIENCE).await?;
    total(&counts)
}

/// The sum that the file ends with (Valgrind, "Callgrind format": `totals:`).
fn total(counts: &Path) -> Result<f64> {
    let text = std::fs::read_to_string(counts).context("valgrind left no counts")?;
    let line = text.lines().rev().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    line.context("counts without a sum")?.trim().parse().context("a sum that is no number")
}
