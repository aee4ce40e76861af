//! What the benchmark is told on its command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// How it is used.
pub(crate) const USAGE: &str =
    "usage: bench [--quick] [--postgres] [--only NAME,…] [--seconds N] [--rate N] [--binary FILE] [--dir DIR] [--json FILE]
names: runs latency reply sustained screen start idle kill journal backtest waits steps condition instructions size
with --postgres: start steps runs two latency reply sustained kill idle, on a private PostgreSQL server made for it";

/// The names that `--only` takes, in the order in which they are measured.
const NAMES: [&str; 16] = [
    "size",
    "condition",
    "start",
    "steps",
    "runs",
    "two",
    "latency",
    "reply",
    "sustained",
    "screen",
    "kill",
    "journal",
    "backtest",
    "waits",
    "instructions",
    "idle",
];

/// Of those, what is measured on PostgreSQL: the others are of no database, or of a file.
const ON_POSTGRES: [&str; 9] = ["start", "steps", "runs", "two", "latency", "reply", "sustained", "kill", "idle"];

/// What needs a server that several processes reach.
const ONLY_POSTGRES: &str = "two";

/// The command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Everything shorter: for a look while developing.
    pub(crate) quick: bool,
    /// On PostgreSQL instead of a file.
    pub(crate) postgres: bool,
    /// What to measure; empty means all.
    only: Vec<String>,
    /// Seconds of the window in which runs are counted. Default 60, quick 10.
    pub(crate) seconds: u64,
    /// Events a second of the open load. Default 1 000.
    pub(crate) rate: u32,
    /// The server. Default: `switchboard` beside this program.
    pub(crate) binary: Option<PathBuf>,
    /// Where databases are made: the disk that is measured. Default: beside this program.
    pub(crate) dir: Option<PathBuf>,
    /// Where the JSON goes. Default: `bench.json` in the target folder.
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    /// Reads the command line.
    pub(crate) fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self { rate: 1000, ..Self::default() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value\n{USAGE}"));
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--postgres" => options.postgres = true,
                "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
                "--seconds" => options.seconds = value()?.parse().context("--seconds takes a whole number")?,
                "--rate" => options.rate = value()?.parse().context("--rate takes a whole number")?,
                "--binary" => options.binary = Some(value()?.into()),
                "--dir" => options.dir = Some(value()?.into()),
                "--json" => options.json = Some(value()?.into()),
                other => bail!("`{other}` is unknown\n{USAGE}"),
            }
        }
        if options.seconds == 0 {
            options.seconds = if options.quick { 10 } else { 60 };
        }
        ensure!(options.rate > 0, "--rate must be 1 or more");
        let unknown = options.only.iter().find(|name| !options.names().any(|known| known == *name));
        ensure!(unknown.is_none(), "nothing is called `{}` here\n{USAGE}", unknown.map_or("", String::as_str));
        Ok(options)
    }

    /// What can be measured on this database, in the order in which it is.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().filter(|name| if self.postgres { ON_POSTGRES.contains(name) } else { *name != ONLY_POSTGRES })
    }

    /// What is to be measured.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &'static str> {
        self.names().filter(|name| self.only.is_empty() || self.only.iter().any(|wanted| wanted == name))
    }

    /// Until runs are counted: caches, statements and connections are there then.
    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs(if self.quick { 2 } else { 5 })
    }

    /// How long the open load lasts.
    pub(crate) fn open_for(&self) -> Duration {
        Duration::from_secs(if self.quick { 5 } else { 30 })
    }

    /// How often the load of ten minutes is looked at, and how long each stretch of it is.
    pub(crate) fn stretches(&self) -> (u32, Duration) {
        if self.quick { (3, Duration::from_secs(5)) } else { (10, Duration::from_secs(60)) }
    }

    /// How long the server rests before its memory is read. Source: design section 10, review of budgets (60 s).
    pub(crate) fn rest(&self) -> Duration {
        Duration::from_secs(if self.quick { 10 } else { 60 })
    }

    /// Messages that a back-test goes through. Source: design section 10.
    pub(crate) fn stored_messages(&self) -> u64 {
        if self.quick { 100_000 } else { 1_000_000 }
    }

    /// Runs that wait. Source: the same (1 000 000).
    pub(crate) fn armed_waits(&self) -> u64 {
        if self.quick { 100_000 } else { 1_000_000 }
    }

    /// How many customers complain while the screen is measured, and how far apart. A thousand show one in a thousand.
    pub(crate) fn complaints(&self) -> (u32, Duration) {
        if self.quick { (55, Duration::from_millis(200)) } else { (1_005, Duration::from_millis(100)) }
    }

    /// Live events that come to an inbox meanwhile: about eight hours of a busy one.
    pub(crate) fn notices(&self) -> u64 {
        if self.quick { 4_000 } else { 20_000 }
    }

    /// Runs whose journal is measured. Source: the same (10 000 runs).
    pub(crate) fn journal_runs(&self) -> u64 {
        if self.quick { 500 } else { 10_000 }
    }
}
