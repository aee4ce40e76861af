//! The benchmark: measures the budgets of design section 10 with the real binary, beside a floor of the same run.
//!
//! Three processes: `switchboard serve` (or the floor in its place), the sandbox, and this one, which plays the customers,
//! counts and reports. All on loopback; everything that is started is ended, also after an error. `make bench` starts it.
//!
//! Reading order: [`options`], [`orders`] and [`load`] (what comes in), [`serve`], [`desk`] and [`floor`] (what is started),
//! [`throughput`], [`two`], [`latency`], [`reply`], [`sustained`], [`screen`], [`life`], [`journal`], [`steps`], [`condition`], [`backtest`], [`waits`],
//! [`instructions`] (what is measured), [`report`] and [`plot`].

mod backtest;
mod condition;
mod database;
mod desk;
mod disk;
mod floor;
mod instructions;
mod journal;
mod latency;
mod life;
mod load;
mod options;
mod orders;
mod plot;
mod process;
mod reply;
mod report;
mod screen;
mod serve;
mod stats;
mod steps;
mod sustained;
mod throughput;
mod two;
mod waits;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use reqwest::Client;
use tests::postgres::{Server as Postgres, Sync};
use tokio::signal::unix::{SignalKind, signal};

use crate::database::Database;
use crate::desk::Desk;
use crate::load::Target;
use crate::options::Options;
use crate::report::{Budget, Figure, Report};

/// What every measurement works with.
pub(crate) struct Bench {
    pub(crate) options: Options,
    pub(crate) binary: PathBuf,
    /// Where files are made.
    pub(crate) dir: PathBuf,
    /// Where databases are made instead of files.
    postgres: Option<Postgres>,
    pub(crate) http: Client,
}

impl Bench {
    fn new(options: Options) -> Result<Self> {
        let binary = serve::binary(options.binary.as_deref())?;
        let beside = std::env::current_exe()?.parent().map(Path::to_owned);
        let dir = options.dir.clone().or(beside).context("no folder is named: --dir DIR")?;
        let postgres = options.postgres.then(|| Postgres::start(Sync::On)).transpose().map_err(anyhow::Error::msg)?;
        let http = Client::builder().no_proxy().tcp_nodelay(true).pool_max_idle_per_host(512).build()?;
        Ok(Self { options, binary, dir, postgres, http })
    }

    /// Orders to `hook`, seen at `desk`.
    pub(crate) fn target(&self, desk: &Desk, hook: String) -> Target {
        let app_secret = desk::config().cloud_api.app_secret;
        Target { http: self.http.clone(), hook, sandbox: desk.url.clone(), app_secret }
    }

    /// A new database, for what lives in `folder`.
    pub(crate) async fn database(&self, folder: &Path) -> Database {
        match &self.postgres {
            Some(server) => Database::Server(server.database().await.url()),
            None => Database::File(folder.join("data").join("switchboard.db")),
        }
    }

    /// Runs a second, and processor time of a run in µs. Source: design section 10, which bounds the latter for SQLite only.
    pub(crate) fn budgets(&self) -> (Budget, Budget) {
        match self.postgres {
            Some(_) => (Budget::AtLeast(1000.0), Budget::Told),
            None => (Budget::AtLeast(2000.0), Budget::AtMost(600.0)),
        }
    }

    fn json(&self) -> PathBuf {
        let target = self.binary.parent().and_then(Path::parent).unwrap_or(&self.dir);
        let name = if self.options.postgres { "bench-postgres.json" } else { "bench.json" };
        self.options.json.clone().unwrap_or_else(|| target.join(name))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // An error means that a provider is there already, which is what we want.
    drop(rustls::crypto::ring::default_provider().install_default());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["sandbox"] => desk::serve().await,
        ["floor", sandbox, database] => floor::serve(sandbox, &Database::read(database)).await,
        _ => bench(&arguments).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures, and stops what it started when it is told to stop.
async fn bench(arguments: &[String]) -> Result<()> {
    let bench = Bench::new(Options::read(arguments)?)?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut report = Report::default();
    let measured = tokio::select! {
        measured = measure(&bench, &mut report) => measured,
        _ = interrupt.recv() => bail!("interrupted"),
        _ = terminate.recv() => bail!("told to stop"),
    };
    say(format_args!("\n{}", report.table()));
    let picture = report.write(&bench.json())?;
    let also = picture.map(|picture| format!(" and {}", picture.display())).unwrap_or_default();
    say(format_args!("\nwritten to {}{also}", bench.json().display()));
    measured
}

/// Goes on after a measurement that failed, and tells at the end that one did.
async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let mut failed = Vec::new();
    for name in bench.options.wanted() {
        tell(format_args!("{name}"));
        let measured = match name {
            "size" => size(bench, report),
            "condition" => condition::measure(report),
            "start" => life::cold_start(bench, report).await,
            "steps" => steps::measure(bench, report).await,
            "runs" => throughput::measure(bench, report).await,
            "two" => two::measure(bench, report).await,
            "latency" => latency::measure(bench, report).await,
            "reply" => reply::measure(bench, report).await,
            "sustained" => sustained::measure(bench, report).await,
            "screen" => screen::measure(bench, report).await,
            "kill" => life::kill(bench, report).await,
            "journal" => journal::measure(bench, report).await,
            "backtest" => backtest::measure(bench, report).await,
            "waits" => waits::measure(bench, report).await,
            "instructions" => instructions::measure(bench, report).await,
            _ => life::idle(bench, report).await,
        };
        if let Err(error) = measured {
            report.note(format!("FAILED: {name}: {error:#}"));
            failed.push(name);
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("not measured: {}", failed.join(", ")) }
}

/// The binary as it is shipped: the editor is inside.
fn size(bench: &Bench, report: &mut Report) -> Result<()> {
    let bytes = std::fs::metadata(&bench.binary)?.len() as f64;
    report.add(Figure::new("binary", "size of the binary", bytes / f64::from(1 << 20), "MB", Budget::AtMost(45.0)));
    Ok(())
}

/// One line for whoever started us.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    // Nobody may be reading any more.
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// One line about how it goes.
pub(crate) fn tell(line: fmt::Arguments<'_>) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
