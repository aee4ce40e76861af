//! A place in which the server runs: a server that ends is started again, as an init system would.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::time::sleep;

use crate::process::collect;

/// Until a server that ended is started again. Source: the unit file that ships (`RestartSec`).
const RESTART: Duration = Duration::from_millis(200);

/// Where a server listens and keeps its files.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its address.
    pub(super) listen: SocketAddr,
    /// Its data folder.
    pub(super) data: PathBuf,
}

/// A place with its server. Dropping it kills the server for good.
pub(super) struct Seat {
    /// Where.
    pub(super) place: Place,
    chair: Arc<Chair>,
}

#[derive(Default)]
struct Chair {
    child: Mutex<Option<Child>>,
    log: Arc<Mutex<String>>,
    /// How often a server was started here; none is any more once it is over.
    starts: Mutex<Starts>,
}

#[derive(Clone, Copy, Default)]
struct Starts {
    count: u32,
    over: bool,
}

impl Seat {
    /// Runs the command that `make` makes, again and again.
    pub(super) fn take(place: Place, make: impl Fn() -> Command + Send + Sync + 'static) -> Self {
        let chair = Arc::<Chair>::default();
        let seat = Self { place, chair: Arc::clone(&chair) };
        tokio::spawn(async move {
            while let Some(readers) = chair.start(make()) {
                let ended = tokio::task::spawn_blocking(|| readers.into_iter().for_each(|reader| drop(reader.join())));
                drop(ended.await);
                chair.reap();
                sleep(RESTART).await;
            }
        });
        seat
    }

    /// `SIGKILL`.
    pub(super) fn kill(&self) {
        if let Some(child) = &mut *self.chair.child.lock().unwrap() {
            drop(child.kill());
        }
    }

    /// A signal by name, such as `STOP`.
    pub(super) fn signal(&self, name: &str) {
        if let Some(child) = &*self.chair.child.lock().unwrap() {
            drop(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status());
        }
    }

    /// How often a server was started here.
    pub(super) fn starts(&self) -> u32 {
        self.chair.starts.lock().unwrap().count
    }

    /// Everything that its servers printed.
    pub(super) fn log(&self) -> String {
        self.chair.log.lock().unwrap().clone()
    }

    /// The token that its server made for scripts, once it did.
    pub(super) fn token(&self) -> Option<String> {
        std::fs::read_to_string(self.place.data.join("api-token")).ok().map(|token| token.trim().to_owned())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.chair.starts.lock().unwrap().over = true;
        self.kill();
        self.chair.reap();
    }
}

impl Chair {
    /// Starts a server, unless it is over; answers who reads what it prints, until it ends.
    fn start(&self, mut command: Command) -> Option<[JoinHandle<()>; 2]> {
        let mut child = self.child.lock().unwrap();
        let mut starts = self.starts.lock().unwrap();
        if starts.over {
            return None;
        }
        starts.count += 1;
        let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let started = child.insert(started);
        let (out, err) = (started.stdout.take().unwrap(), started.stderr.take().unwrap());
        Some([collect(out, Arc::clone(&self.log), |_| {}), collect(err, Arc::clone(&self.log), |_| {})])
    }

    /// Waits for the end of a server that was killed or has closed its output.
    fn reap(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            drop(child.wait());
        }
    }
}
