//! What a run leaves: the bytes of its journal and of the chain over it, after a vacuum.

use anyhow::Result;

use crate::desk::Desk;
use crate::load::{self, Closed};
use crate::report::{Budget, Figure, Report};
use crate::serve::{Home, Serve};
use crate::{Bench, database, throughput};

/// A run of ten steps.
const TEN: (&str, &str) = ("ten.yaml", include_str!("ten.yaml"));
/// Tables told beside the journal.
const OTHERS: [&str; 5] = ["event", "message", "run", "contact", "conversation"];

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[TEN]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    serve.check_accounts(&home).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    let orders = bench.options.journal_runs();
    let sent = Closed::start(&bench.target(&desk, serve.hook()), orders).await?.finish().await?;
    load::drained(&desk, 0, sent).await?;
    throughput::whole(&desk, &home, sent).await?;
    drop(serve);
    let file = home.file()?;
    let a_run = |bytes: f64| bytes / sent as f64;
    let bytes = a_run(database::bytes_of(file, &["journal", "block"]).await?);
    let what = format!("journal of a 10-step run, mean of {sent}");
    report.add(Figure::new("journal_bytes", what, bytes, "B", Budget::AtMost(2048.0)));
    let mut parts = Vec::new();
    for table in ["journal", "block"].iter().chain(&OTHERS) {
        parts.push(format!("{table} {:.0}", a_run(database::bytes_of(file, &[table]).await?)));
    }
    let rows = a_run(home.database().number("select count(*) from journal").await?);
    report.note(format!("bytes a 10-step run with indexes: {}; {rows:.1} journal rows", parts.join(", ")));
    Ok(())
}
