//! The binary as a child process: a command that ends, one that goes on, a server.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;
use tokio::sync::oneshot;

use super::patience::{PATIENCE, until_told};
use super::{Api, Installation};

/// Ends of a command.
pub(crate) struct Said {
    /// Exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Said {
    /// Standard output of a command that went well.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self.out
    }

    /// The same as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.good()).expect("it prints JSON")
    }
}

/// Runs `command` to its end without holding up the runtime.
pub(crate) async fn run(mut command: Command) -> Said {
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("the binary starts");
    let Output { status, stdout, stderr } = ended;
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// A child process and everything it printed.
pub(super) struct Process {
    child: Child,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts `command`; `told` hears each line of its standard output.
    pub(super) fn start(command: &mut Command, told: impl FnMut(&str) + Send + 'static) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let log = Arc::new(Mutex::new(String::new()));
        let out = collect(child.stdout.take().unwrap(), Arc::clone(&log), told);
        let err = collect(child.stderr.take().unwrap(), Arc::clone(&log), |_| {});
        Self { child, log, readers: vec![out, err] }
    }

    /// Waits for its end; its exit code and all it printed.
    async fn end(mut self) -> (Option<i32>, String) {
        tokio::task::spawn_blocking(move || {
            let code = self.child.wait().expect("it was started").code();
            for reader in std::mem::take(&mut self.readers) {
                reader.join().expect("a reader does not panic");
            }
            let log = self.log.lock().unwrap().clone();
            (code, log)
        })
        .await
        .unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It ended, or nobody needs it any more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A command that goes on.
pub(crate) struct Running(pub(super) Process);

impl Running {
    /// Waits until it prints this.
    pub(crate) async fn says(&self, words: &str) {
        let log = || self.0.log.lock().unwrap().clone();
        until_told(words, async || if log().contains(words) { Ok(()) } else { Err(log()) }).await;
    }
}

/// A server that does not listen yet.
pub(crate) struct Starting {
    pub(super) process: Process,
    pub(super) listening: oneshot::Receiver<()>,
}

impl Starting {
    /// Waits until it listens.
    pub(crate) async fn ready(self, installation: &Installation) -> Server {
        match tokio::time::timeout(PATIENCE, self.listening).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => panic!("the server did not start:\n{}", self.process.end().await.1),
            Err(_) => panic!("the server does not come up:\n{}", self.process.log.lock().unwrap()),
        }
        let token = std::fs::read_to_string(installation.path("data/api-token")).unwrap().trim().to_owned();
        Server { process: self.process, api: Api { url: installation.url(), token, http: installation.http().clone() } }
    }
}

/// A running server.
pub(crate) struct Server {
    process: Process,
    /// Its API, with its token.
    pub(crate) api: Api,
}

impl Server {
    /// What it printed until now.
    pub(crate) fn log(&self) -> String {
        self.process.log.lock().unwrap().clone()
    }

    /// SIGKILL, and its end.
    pub(crate) async fn kill(mut self) -> String {
        drop(self.process.child.kill());
        self.process.end().await.1
    }

    /// SIGTERM; its exit code and all it printed.
    pub(crate) async fn stop(self) -> (Option<i32>, String) {
        let mut command = Command::new("kill");
        command.args(["-TERM", &self.process.child.id().to_string()]);
        assert_eq!(run(command).await.code, Some(0), "there is nothing to stop");
        tokio::time::timeout(PATIENCE, self.process.end()).await.expect("SIGTERM ends it")
    }
}

/// Reads lines to the end, into `log`; hands each one to `told`.
pub(crate) fn collect(
    from: impl Read + Send + 'static,
    log: Arc<Mutex<String>>,
    mut told: impl FnMut(&str) + Send + 'static,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let Ok(line) = line else { return };
            told(&line);
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    })
}

pub(super) fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("SWITCHBOARD_BIN") {
        return named.into();
    }
    // This test is TARGET/PROFILE/deps/all-….
    let here = std::env::current_exe().unwrap();
    let beside = here.ancestors().nth(2).unwrap().join("switchboard");
    assert!(beside.exists(), "no {}: `cargo build --workspace --bins --tests` makes it", beside.display());
    beside
}
