//! Processes that the benchmark starts: told what they say, what they cost, and ended whatever happens.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// Clock ticks a second in `/proc/<pid>/stat`: fixed at 100 for user space (Linux, proc(5) and `USER_HZ`).
const TICKS: f64 = 100.0;

/// A running process. Dropping it kills it and waits for its end.
pub(crate) struct Process {
    child: Child,
    name: &'static str,
    started: Instant,
    lines: mpsc::UnboundedReceiver<(Instant, String)>,
}

impl Process {
    /// Starts it; what it writes to its standard output is kept line by line with the time of each.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        // Its input stays open as long as we live: our own kinds of process end when it closes.
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let output = child.stdout.take().context("a process without output")?;
        let (said, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody may be listening any more; it is read all the same, so that the process does not block.
                drop(said.send((Instant::now(), line)));
            }
        });
        Ok(Self { child, name, started, lines })
    }

    /// Starts this very program as another kind of process.
    pub(crate) fn own(name: &'static str, arguments: &[&str]) -> Result<Self> {
        let program = std::env::current_exe().context("where is this program?")?;
        Self::start(name, Command::new(program).arg(name).args(arguments))
    }

    /// Waits for a line that begins with `words`; answers what follows them, and how long after the start it came.
    pub(crate) async fn says(&mut self, words: &str, within: Duration) -> Result<(String, Duration)> {
        let name = self.name;
        let found = timeout(within, async {
            while let Some((at, line)) = self.lines.recv().await {
                if let Some(rest) = line.strip_prefix(words) {
                    return Some((rest.trim().to_owned(), at - self.started));
                }
            }
            None
        });
        match found.await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => bail!("{name} ended before it said `{words}`"),
            Err(_) => bail!("{name} did not say `{words}` within {within:?}"),
        }
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Ends it at once (SIGKILL).
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill().with_context(|| format!("cannot kill {}", self.name))?;
        self.child.wait().with_context(|| format!("{} does not end", self.name))?;
        Ok(())
    }

    /// Ends it in order (SIGTERM).
    pub(crate) async fn end(mut self, within: Duration) -> Result<()> {
        let name = self.name;
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(told.success(), "{name} cannot be told to end");
        // What it says ends with it.
        let silent = async { while self.lines.recv().await.is_some() {} };
        timeout(within, silent).await.with_context(|| format!("{name} did not end within {within:?}"))?;
        let ended = self.child.wait()?;
        ensure!(ended.success(), "{name} ended with {ended}");
        Ok(())
    }

    /// What it used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of(&self.child.id().to_string())
    }

    /// Nanoseconds its living threads ran, more exact than [`Process::usage`] where little happens.
    pub(crate) fn ran_ns(&self) -> Result<u64> {
        let mut sum = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end between the listing and the look.
            let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            sum += text.split_whitespace().next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(sum)
    }

    /// Anonymous memory in bytes: what is its own, without the mapped binary and files.
    pub(crate) fn anonymous_bytes(&self) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).context("no RssAnon in status")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes * 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Processor time of a process since its start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    /// Seconds, user and system, of all its threads.
    pub(crate) seconds: f64,
    /// The same of its living threads by their name.
    pub(crate) threads: BTreeMap<String, f64>,
}

impl Usage {
    /// Of the process `pid`; `self` is this one.
    pub(crate) fn of(pid: &str) -> Result<Self> {
        let folder = format!("/proc/{pid}");
        let (_, seconds) = stat(Path::new(&folder))?;
        let mut threads = BTreeMap::new();
        for thread in fs::read_dir(format!("{folder}/task"))? {
            if let Ok((name, seconds)) = stat(&thread?.path()) {
                *threads.entry(name).or_insert(0.0) += seconds;
            }
        }
        Ok(Self { seconds, threads })
    }

    /// What was used since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = |name: &String| earlier.threads.get(name).copied().unwrap_or(0.0);
        let threads = self.threads.iter().map(|(name, now)| (name.clone(), now - before(name))).collect();
        Self { seconds: self.seconds - earlier.seconds, threads }
    }
}

/// Name and processor seconds of a process or thread. Source of the fields: proc_pid_stat(5), 14 and 15.
fn stat(folder: &Path) -> Result<(String, f64)> {
    let text = fs::read_to_string(folder.join("stat"))?;
    let (head, rest) = text.rsplit_once(')').context("a stat without a name")?;
    let name = head.split_once('(').map_or("", |(_, name)| name).to_owned();
    let ticks: f64 = rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok((name, ticks / TICKS))
}

/// Blocks until whoever started this process has closed our input, which its end does too.
pub(crate) async fn until_left_alone() {
    let (left, alone) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut ignored = Vec::new();
        drop(std::io::stdin().read_to_end(&mut ignored));
        left.send(()).ok();
    });
    // An error means that the reader is gone, which is the same.
    drop(alone.await);
}
