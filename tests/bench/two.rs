//! A second process on the same database, which stands by and passes every request on: on the same cores it takes from the first.

use anyhow::Result;

use crate::Bench;
use crate::desk::Desk;
use crate::report::{Budget, Figure, Report};
use crate::serve::{Home, Serve};
use crate::throughput::{ORDER, whole, window};

/// What two processes may lose beside one. Source: design section 10 (two processes at least 0.85 of one on 2 cores).
const SHARE: f64 = 0.85;

/// Measures one process, then two of them with all load on the one that stands by.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let one = runs_per_second(bench, false).await?;
    let two = runs_per_second(bench, true).await?;
    let what = "order to ticket, all requests passed on by a second process";
    report.add(Figure::new("two_runs_per_second", what, two, "runs/s", Budget::Told));
    let what = "two processes beside one";
    report.add(Figure::new("two_of_one", what, two / one, "", Budget::AtLeast(SHARE)));
    report.note(format!("two: {two:.0} runs/s, {one:.0} by one process alone"));
    Ok(())
}

async fn runs_per_second(bench: &Bench, passed_on: bool) -> Result<f64> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[ORDER]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    let standing = if passed_on { Some(home.stand_by(&bench.binary).await?) } else { None };
    let url = standing.as_ref().map_or(&serve.url, |(_, url)| url);
    let hook = format!("{url}/hooks/wa-main");
    desk.send_webhooks_to(&hook).await?;
    let (seen, sent) = window(bench, &desk, &serve.process, hook).await?;
    whole(&desk, &home, sent).await?;
    Ok(seen.per_second())
}
