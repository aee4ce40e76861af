//! The simulated store: rows in memory, and chance that decides what becomes of each write. It may take a while, fail, be on disk
//! without anybody hearing of it, or be the last one before the process dies.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::account::StaffRows;
use crate::audit::Anchor;
use crate::clock::At;
use crate::event::EventKey;
use crate::first_hour::HourRow;
use crate::ids::{EffectId, EventId, InputId, MailboxId, RunId, VersionId, WaitId};
use crate::publication::Publication;
use crate::stops::Stop;
use crate::store::{
    Arrival, DispatchOp, DueRow, EffectRow, EffectState, Error, EventRow, Evidence, InputRow, MailboxRows, Receipt,
    RunRow, Store, VersionRow, Work,
};
use tokio::sync::watch;
use tokio::time::sleep;

use super::random::Random;
use super::rows::Rows;

/// One write in so many fails, while failures are left.
const FAILS: u64 = 14;
/// One write in so many is the last one of its process, while deaths are left.
const DIES: u64 = 25;

/// The store of one life of the engine. Rows and chance outlive it.
#[derive(Clone)]
pub(super) struct Memory {
    rows: Arc<Mutex<Rows>>,
    chance: Arc<Mutex<Chance>>,
    dead: watch::Sender<bool>,
}

/// What still may go wrong.
pub(super) struct Chance {
    pub(super) random: Random,
    pub(super) failures: u32,
    pub(super) deaths: u32,
    /// Every write with what became of it: the same seed makes the same list.
    pub(super) trace: Vec<String>,
}

/// What becomes of a write.
#[derive(Clone, Debug)]
enum Fate {
    Done,
    Fails(Error),
    /// The process dies, and the write is not on disk.
    DiesBefore,
    /// The process dies, and the write is on disk.
    DiesAfter,
    /// Nobody knows: the process ends by itself. True when it is on disk.
    InDoubt(bool),
}

impl Memory {
    /// The store of a new life.
    pub(super) fn new(rows: Arc<Mutex<Rows>>, chance: Arc<Mutex<Chance>>) -> Self {
        Self { rows, chance, dead: watch::channel(false).0 }
    }

    /// Resolves when the process dies.
    pub(super) async fn death(&self) {
        // The sender lives in self.
        let _ = self.dead.subscribe().wait_for(|dead| *dead).await;
    }

    async fn write<T>(
        &self,
        what: &'static str,
        apply: impl FnOnce(&mut Rows) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.alive().await;
        let (fate, pause) = self.chance.lock().unwrap().of_write(what);
        sleep(pause).await;
        self.alive().await;
        match fate {
            Fate::Done => apply(&mut self.rows.lock().unwrap()),
            Fate::Fails(error) => Err(error),
            Fate::DiesBefore => self.die().await,
            Fate::DiesAfter => {
                drop(apply(&mut self.rows.lock().unwrap()));
                self.die().await
            }
            Fate::InDoubt(done) => {
                if done {
                    drop(apply(&mut self.rows.lock().unwrap()));
                }
                Err(Error::InDoubt("simulated".to_owned()))
            }
        }
    }

    async fn read<T>(&self, look: impl FnOnce(&Rows) -> T) -> Result<T, Error> {
        self.alive().await;
        let pause = self.chance.lock().unwrap().pause();
        sleep(pause).await;
        self.alive().await;
        Ok(look(&self.rows.lock().unwrap()))
    }

    /// Nothing answers any more once the process is dead.
    async fn alive(&self) {
        if *self.dead.borrow() {
            pending::<()>().await;
        }
    }

    async fn die<T>(&self) -> T {
        self.dead.send_replace(true);
        pending().await
    }
}

impl Chance {
    fn pause(&mut self) -> Duration {
        Duration::from_micros(self.random.below(3_000))
    }

    fn of_write(&mut self, what: &'static str) -> (Fate, Duration) {
        let pause = self.pause();
        let fate = match self.random.below(DIES * FAILS) {
            n if n % DIES == 0 && self.deaths > 0 => {
                self.deaths -= 1;
                match self.random.below(4) {
                    0 => Fate::DiesBefore,
                    1 => Fate::DiesAfter,
                    2 => Fate::InDoubt(false),
                    _ => Fate::InDoubt(true),
                }
            }
            n if n % FAILS == 0 && self.failures > 0 => {
                self.failures -= 1;
                Fate::Fails(match self.random.below(3) {
                    0 => Error::Full,
                    1 => Error::Busy { retry_after: Duration::from_millis(100) },
                    _ => Error::Broken("simulated".to_owned()),
                })
            }
            _ => Fate::Done,
        };
        self.trace.push(format!("{what} {fate:?}"));
        (fate, pause)
    }
}

impl Store for Memory {
    async fn receive(&self, arrivals: Vec<Arrival>) -> Result<Vec<Receipt>, Error> {
        self.write("receive", |rows| rows.receive(&arrivals)).await
    }

    async fn commit(&self, work: Work) -> Result<(), Error> {
        self.write("commit", |rows| {
            rows.commit(&work);
            Ok(())
        })
        .await
    }

    async fn dispatch(&self, ops: Vec<DispatchOp>) -> Result<Vec<EffectId>, Error> {
        self.write("dispatch", |rows| Ok(rows.dispatch(&ops))).await
    }

    async fn anchor(&self, _: At, _: [u8; 32]) -> Result<Option<Anchor>, Error> {
        Ok(None)
    }

    async fn inputs(&self, after: InputId, limit: u32) -> Result<Vec<InputRow>, Error> {
        self.read(|rows| {
            rows.inputs.range(after..).filter(|(id, _)| **id > after).map(|(_, row)| row.clone()).collect()
        })
        .await
        .map(|found: Vec<InputRow>| first(found, limit))
    }

    async fn mailbox(&self, id: MailboxId) -> Result<MailboxRows, Error> {
        self.read(|rows| rows.mailbox(id)).await
    }

    async fn event(&self, id: EventId) -> Result<Option<EventRow>, Error> {
        self.read(|rows| rows.events.get(&id).cloned()).await
    }

    async fn event_by_key(&self, key: EventKey) -> Result<Option<EventRow>, Error> {
        self.read(|rows| rows.by_key(key)).await
    }

    async fn due(&self, after: (At, WaitId), until: At, limit: u32) -> Result<Vec<DueRow>, Error> {
        self.read(|rows| {
            let due = rows.armed().filter(|wait| (wait.due_at, wait.id) > after && wait.due_at <= until);
            let mut due: Vec<DueRow> =
                due.map(|wait| DueRow { due_at: wait.due_at, id: wait.id, mailbox: wait.mailbox }).collect();
            due.sort_by_key(|row| (row.due_at, row.id));
            first(due, limit)
        })
        .await
    }

    async fn effects(&self, state: EffectState, after: EffectId, limit: u32) -> Result<Vec<EffectRow>, Error> {
        self.read(|rows| {
            let found = rows.effects.values().filter(|row| row.state == state && row.id > after);
            first(found.cloned().collect(), limit)
        })
        .await
    }

    async fn effect(&self, id: EffectId) -> Result<Option<EffectRow>, Error> {
        self.read(|rows| rows.effects.get(&id).cloned()).await
    }

    async fn evidence(&self, keys: Vec<String>) -> Result<Vec<Evidence>, Error> {
        self.read(|rows| {
            let proved = keys.into_iter().filter_map(|key| Some((*rows.proofs.get(&key)?, key)));
            proved.map(|(status, key)| Evidence { key, status }).collect()
        })
        .await
    }

    async fn versions(&self) -> Result<Vec<VersionRow>, Error> {
        self.read(|rows| rows.versions.values().cloned().collect()).await
    }

    async fn version(&self, id: VersionId) -> Result<Option<VersionRow>, Error> {
        self.read(|rows| rows.versions.get(&id).cloned()).await
    }

    async fn stops(&self) -> Result<Vec<Stop>, Error> {
        Ok(Vec::new())
    }

    async fn publications(&self) -> Result<Vec<Publication>, Error> {
        Ok(Vec::new())
    }

    async fn hours(&self) -> Result<Vec<HourRow>, Error> {
        self.read(|rows| rows.hours.values().cloned().collect()).await
    }

    async fn staff(&self) -> Result<StaffRows, Error> {
        Ok(StaffRows::default())
    }

    async fn last_id(&self) -> Result<i64, Error> {
        self.read(|rows| rows.last_id).await
    }

    async fn run(&self, id: RunId) -> Result<Option<RunRow>, Error> {
        self.read(|rows| rows.runs.get(&id).cloned()).await
    }
}

fn first<T>(mut rows: Vec<T>, limit: u32) -> Vec<T> {
    rows.truncate(limit as usize);
    rows
}
