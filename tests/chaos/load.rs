//! Customers who write whatever happens: new ones who order, and regulars who send one note after the other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::world::World;
use crate::process::{delivery, order, text};

/// New customers who order at the same time.
const BUYERS: usize = 3;
/// People who send notes.
const REGULARS: usize = 2;
/// Between a delivery that was not taken and its repeat.
const AGAIN: Duration = Duration::from_millis(25);
/// Between one message of somebody and the next: the faults are to be many, not the messages.
const PAUSE: Duration = Duration::from_millis(8);
/// What a message is called that only asks whether a door is open.
pub(super) const PROBE: &str = "PROBE";
/// Whoever is not answered for so long has found nobody.
const PATIENCE: Duration = Duration::from_secs(90);

/// What one message is to bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A ticket and a confirmation.
    Order,
    /// A ticket, behind those of the notes before it of the same regular.
    Note {
        /// Whose.
        regular: usize,
    },
}

/// A message that was taken: it was answered with 200.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// What its ticket is called by.
    pub(super) id: String,
    pub(super) wish: Wish,
    /// When it was answered, milliseconds since 1970.
    pub(super) at_ms: u64,
}

/// Counts what was taken so far.
#[derive(Default)]
pub(super) struct Counter(AtomicUsize);

impl Counter {
    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A message that only asks whether a door is open.
pub(super) fn probe() -> Value {
    let phone = "4915119999999";
    delivery(&[(phone, "Udo")], vec![text(PROBE, phone, PROBE)])
}

/// Lets everybody write until `open` is false; all that was taken, of each writer in order. `round` goes into the ids.
pub(super) async fn write(world: &World, round: usize, open: watch::Receiver<bool>, counter: &Counter) -> Vec<Taken> {
    let (told, mut taken) = mpsc::unbounded_channel();
    let wishes = (0..BUYERS).map(|_| Wish::Order).chain((0..REGULARS).map(|regular| Wish::Note { regular }));
    let writers = wishes.enumerate().map(|(writer, wish)| {
        let (told, open) = (told.clone(), open.clone());
        async move {
            for n in 0.. {
                if !*open.borrow() {
                    return;
                }
                let id = format!("R{round}W{writer}N{n}E");
                let one = message(&id, wish, (round, writer, n));
                let until_taken = async {
                    while world.deliver(&one).await != Some(200) {
                        sleep(AGAIN).await;
                    }
                };
                let found = timeout(PATIENCE, until_taken).await;
                assert!(found.is_ok(), "nobody takes {id}\n{}", world.last_words());
                counter.0.fetch_add(1, Ordering::Relaxed);
                told.send(Taken { id, wish, at_ms: wall_ms() }).expect("the list is read to its end");
                sleep(PAUSE).await;
            }
        }
    });
    futures_util::future::join_all(writers.collect::<Vec<_>>()).await;
    drop(told);
    let mut all = Vec::new();
    while let Some(one) = taken.recv().await {
        all.push(one);
    }
    all
}

fn message(id: &str, wish: Wish, (round, writer, n): (usize, usize, usize)) -> Value {
    match wish {
        // Somebody new each time.
        Wish::Order => {
            let phone = format!("39333{round:02}{writer}{n:04}");
            delivery(&[(&phone, "Giulia")], vec![order(id, &phone, 20.0)])
        }
        Wish::Note { regular } => {
            let phone = format!("49151123{round:03}{regular:02}");
            delivery(&[(&phone, "Udo")], vec![text(id, &phone, id)])
        }
    }
}

/// Milliseconds since 1970, as the sandbox writes them into its books.
#[allow(clippy::disallowed_methods, reason = "compared with the books of the providers, who have clocks of their own")]
pub(super) fn wall_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
