//! One run of forty steps with forty calls, each answered at once, on a server that does nothing else.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::Bench;
use crate::desk::Desk;
use crate::load;
use crate::report::{Budget, Figure, Report};
use crate::serve::{Home, Serve};
use crate::stats::Spread;

/// Steps of the run, a call each.
const STEPS: usize = 40;
/// Runs measured, one after the other.
const RUNS: usize = 5;

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let desk = Desk::start(&bench.http).await?;
    let flow = flow();
    let home = Home::new(bench, &desk.url, &[("forty.yaml", &flow)]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    let target = bench.target(&desk, serve.hook());
    let mut times = Vec::new();
    for _ in 0..RUNS {
        desk.forget().await?;
        let shots = load::open(&target, 1, Duration::from_secs(1)).await?;
        load::drained(&desk, 0, STEPS as u64).await?;
        let books = desk.books().await?;
        let messages = books["messages"].as_array().context("no messages in the books")?;
        let last = messages.last().and_then(|message| message["at_ms"].as_f64()).context("no message was sent")?;
        times.push(last - shots[0].meant_at);
    }
    let what = format!("{STEPS} steps with {STEPS} instant calls, median of {RUNS}");
    report.add(Figure::new("forty_steps", what, Spread::of(times).median(), "ms", Budget::AtMost(250.0)));
    Ok(())
}

fn flow() -> String {
    let head = "format: 1\nflow: bench-forty\non:\n  - whatsapp.order_received\nsteps:\n";
    let step = "  - do: whatsapp.send_template\n    with: { template: order_reminder }\n";
    format!("{head}{}", step.repeat(STEPS))
}
