//! A million runs that wait, of which a tenth falls due within a minute of the start: when the server is ready, what it holds,
//! and how late the waits' turns are on disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use engine::book::{Book, Live, Published};
use engine::clock::At;
use engine::contact::Contact;
use engine::flow::{Environment, check_document};
use engine::handle::{Input, event_from_row, handle};
use engine::ids::Ids;
use engine::mailbox::Mailbox;
use engine::store::{Reads, Receipt, Store, Stored, VersionRow, Work};
use engine_store::{Database, Options};
use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};

use crate::backtest::{BATCH, START, message};
use crate::desk::Desk;
use crate::report::{Budget, Figure, Report};
use crate::serve::{Home, Serve};
use crate::stats::Spread;
use crate::{Bench, database, tell};

const FLOW: (&str, &str) = (
    "waits.yaml",
    "format: 1\nflow: bench-waits\non: [whatsapp.message_received]\nsteps:\n  - wait: 30d\n  \
     - do: contact.add_tags\n    with: { tags: [woken] }\n",
);
/// Waits that fall due are spread over this. Source: design section 10 (100 000 within 60 s).
const MINUTE: Duration = Duration::from_secs(60);
/// From the start of the server to the first that falls due: it must be ready by then.
const LEAD: Duration = Duration::from_secs(5);
/// How long the last ones may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[FLOW]).await?;
    drop(Serve::start(&bench.binary, &home, &bench.http).await?);
    let waits = bench.options.armed_waits();
    arm(home.file()?, waits).await?;
    let due = waits / 10;
    spread(home.file()?, due).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    let ready = serve.ready_after.as_secs_f64();
    report.add(Figure::new(
        "waits_ready",
        format!("{waits} armed waits: ready after"),
        ready,
        "s",
        Budget::AtMost(3.0),
    ));
    let held = watch(&serve, &home, due).await?;
    let what = format!("{waits} armed waits: most memory held while {due} fall due");
    report.add(Figure::new("waits_memory", what, held, "MB", Budget::AtMost(200.0)));
    drop(serve);
    let late = "select (ended_at - due_at) / 1000.0 from wait join run on run.id = run_id where wait.state = 1";
    let late = Spread::of(database::numbers(home.file()?, late).await?);
    let rate = due as f64 / MINUTE.as_secs_f64();
    let what = format!("{due} waits due at {rate:.0}/s: the latest turn on disk");
    report.add(Figure::new("waits_late", what, late.at(100.0), "s", Budget::AtMost(1.0)));
    Ok(())
}

/// Runs as production makes them: an event received, handled, committed.
async fn arm(file: &Path, waits: u64) -> Result<()> {
    let ids = Ids::new(0);
    let store = Database::open(file, Options::new(ids.next(START))).await?;
    let row = store.flows().await?.into_iter().next().context("no flow is stored")?;
    let book = book(row)?;
    let mut stored = 0;
    while stored < waits {
        let count = BATCH.min(waits - stored);
        let arrivals = (stored..stored + count).map(|n| message(n, n, "hello", &ids)).collect();
        let mut works = Vec::new();
        for receipt in store.receive(arrivals).await? {
            let Receipt::New(new) = receipt else { continue };
            works.push(handled(&book, *new, &ids)?);
        }
        try_join_all(works.into_iter().map(|work| store.commit(work))).await?;
        stored += count;
        if stored % 100_000 == 0 {
            tell(format_args!("  {stored} waits armed"));
        }
    }
    store.close().await;
    Ok(())
}

fn book(row: VersionRow) -> Result<Book> {
    let catalog = connectors::registry().catalog();
    let checked = check_document(&row.source, &Environment::new(&catalog));
    let published = checked.version.with_context(|| format!("{:?}", checked.problems))?.into_version(row.id);
    let Published::Flow(version) = published else { anyhow::bail!("not a flow") };
    Ok(Book::new(vec![Live { version, since: At(0) }], Vec::new(), None))
}

fn handled(book: &Book, new: Stored, ids: &Ids) -> Result<Work> {
    let event = Arc::new(event_from_row(new.event));
    let mut mail = Mailbox::new(event.mailbox);
    mail.facts.contact = Some(Contact::new(event.contact.context("a contact")?, [7; 16]));
    let (at, input) = (event.at, Input::Event { event, input: Some(new.input.id) });
    let mut work = Work { mailbox: mail.id, ..Work::default() };
    handle(book, &mut mail, input, at, ids, &mut work)?;
    ensure!(work.waits.len() == 1, "a run that waits was expected");
    Ok(work)
}

/// Lets the first `due` waits fall due one after the other, beginning soon.
async fn spread(file: &Path, due: u64) -> Result<()> {
    let (between, lead) = (MINUTE.as_secs_f64() * 1000.0 / due as f64, LEAD.as_millis());
    let rank = "select id, row_number() over (order by id) - 1 as n from wait where state = 0 order by id limit";
    // The others are of messages of long ago: they fall due in a month, as those of today's would.
    let others = "update wait set due_at = cast(unixepoch('subsec') * 1000 as integer) + 2592000000 where state = 0";
    database::change(file, others).await?;
    let text = format!(
        "update wait set due_at = cast(unixepoch('subsec') * 1000 + {lead} + n * {between} as integer) \
         from ({rank} {due}) as ranked where wait.id = ranked.id"
    );
    database::change(file, &text).await
}

/// Waits until all that fall due have had their turns. Gives the most anonymous memory meanwhile, in MB.
async fn watch(serve: &Serve, home: &Home, due: u64) -> Result<f64> {
    let began = Instant::now();
    let mut most: f64 = 0.0;
    loop {
        most = most.max(serve.process.anonymous_bytes()? / f64::from(1 << 20));
        if began.elapsed() > MINUTE {
            let fired = home.database().number("select count(*) from wait where state = 1").await?;
            if fired as u64 >= due {
                return Ok(most);
            }
            ensure!(began.elapsed() < MINUTE + PATIENCE, "only {fired} of {due} waits fired");
        }
        sleep(Duration::from_millis(250)).await;
    }
}
