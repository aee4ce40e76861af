//! The writer's connection: what is put is gathered, a broken connection is made anew, and whether a commit whose answer never
//! came is on disk is looked up.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::Duration;

use engine::store;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{ConnectOptions, Connection, Row as _};
use tokio::runtime::Runtime;

use super::batch::{self, Batches};
use super::{Place, lease, query, vacuum};
use crate::database::error::Error;
use crate::database::session::{self, Failure, Key, Tried};
use crate::database::value::{Param, Row, Value};

/// How often a group is tried that somebody was in the way of, or whose connection broke.
const TRIES: u32 = 5;
/// How long is waited before each further try, times its number.
const PAUSE: Duration = Duration::from_millis(20);
/// How often is asked what became of a commit; each time the server may take two seconds, or not be there for one.
const ENQUIRIES: u32 = 30;
/// The only connection that writes the database.
pub(super) struct Session {
    runtime: Runtime,
    place: Place,
    boot: i64,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    conn: Option<PgConnection>,
    batches: Batches,
    /// The rows that each statement touched, of those that tell it.
    touched: HashMap<usize, HashSet<i64>>,
    /// Answers to questions that were asked at once.
    foreseen: HashMap<(&'static str, Vec<Value>), Vec<Row>>,
    /// Groups written so far.
    written: i64,
}

/// Why a try failed.
enum Trouble {
    /// The same again.
    Again(Error),
    /// It is no use.
    Fails(Failure),
}

impl Session {
    /// Connects. Not on a thread of a runtime: it waits.
    pub(super) fn open(place: Place, boot: i64) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::Unfit(format!("no runtime for the writer: {error}")))?;
        let session = Self { runtime, place, boot, state: RefCell::default() };
        session.connect()?;
        Ok(session)
    }

    fn connect(&self) -> Result<(), Error> {
        let mut state = self.state.borrow_mut();
        if state.conn.is_none() {
            state.conn = Some(self.runtime.block_on(self.place.writing().connect())?);
        }
        Ok(())
    }

    /// Calls `ask` with the connection.
    fn with<T>(&self, ask: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>) -> Result<T, Error> {
        let mut state = self.state.borrow_mut();
        let conn = state.conn.as_mut().ok_or_else(|| Error::Unfit("the connection broke".into()))?;
        self.runtime.block_on(ask(conn))
    }

    fn simply(&self, text: &'static str) -> Result<(), Error> {
        self.with(async |conn| {
            sqlx::raw_sql(text).execute(conn).await?;
            Ok(())
        })
    }

    /// Executes everything that was put.
    fn flush(&self) -> Result<(), Error> {
        let batches = self.state.borrow_mut().batches.take();
        for batch in batches {
            let (number, query) = (batch.number, batch.query()?);
            let touched = self.with(async |conn| Ok(query.fetch_all(conn).await?))?;
            let ids = touched.iter().map(|row: &PgRow| row.try_get_unchecked(0)).collect::<Result<_, _>>()?;
            self.state.borrow_mut().touched.insert(number, ids);
        }
        Ok(())
    }

    fn attempt(&self, fill: &mut dyn FnMut() -> Result<(), Error>) -> Result<(), Trouble> {
        self.connect().map_err(|error| Trouble::Fails(Failure::Nothing(error.into())))?;
        let group = {
            let mut state = self.state.borrow_mut();
            state.batches.clear();
            state.touched.clear();
            state.foreseen.clear();
            state.written + 1
        };
        let ours =
            self.simply("begin").and_then(|()| self.with(async |conn| lease::fence(conn, self.boot, group).await));
        match ours {
            Ok(true) => {}
            Ok(false) => return Err(Trouble::Fails(self.replaced())),
            Err(error) => return Err(self.take_back(error)),
        }
        fill().and_then(|()| self.flush()).map_err(|error| self.take_back(error))?;
        match self.simply("commit") {
            Ok(()) => {}
            Err(error) if error.is_lost() => self.enquire(group, error)?,
            Err(error) => return Err(self.take_back(error)),
        }
        self.state.borrow_mut().written = group;
        Ok(())
    }

    /// Ends the transaction that `error` broke.
    fn take_back(&self, error: Error) -> Trouble {
        let lost = error.is_lost();
        if lost || self.simply("rollback").is_err() {
            // The server takes back what a connection that ends has not committed.
            self.state.borrow_mut().conn = None;
        }
        if lost || error.is_in_the_way() {
            return Trouble::Again(error);
        }
        Trouble::Fails(if error.is_full() { Failure::Nothing(error.into()) } else { Failure::Guilty(error.into()) })
    }

    fn replaced(&self) -> Failure {
        self.state.borrow_mut().conn = None;
        Failure::Final(store::Error::Taken(lease::LOST.to_owned()))
    }

    /// Finds out whether a group whose commit was not answered is on disk. Its own row of the lease, which every group changes, is
    /// read under a lock, so what still runs on the old connection is waited for.
    fn enquire(&self, group: i64, lost: Error) -> Result<(), Trouble> {
        tracing::warn!(error = %lost, "the answer to a commit did not come; looking whether it is on disk");
        for _ in 0..ENQUIRIES {
            self.state.borrow_mut().conn = None;
            let written = self.connect().and_then(|()| self.with(async |conn| lease::written(conn, self.boot).await));
            match written {
                Ok(Some(written)) if written == group => return Ok(()),
                Ok(Some(_)) => return Err(Trouble::Again(lost)),
                Ok(None) => break,
                Err(error) if error.is_in_the_way() => {}
                Err(_) => thread::sleep(Duration::from_secs(1)),
            }
        }
        Err(Trouble::Fails(Failure::Final(store::Error::InDoubt(lost.to_string()))))
    }
}

impl session::Session for Session {
    fn transact(&self, fill: &mut dyn FnMut() -> Result<(), Error>) -> Result<(), Failure> {
        let mut tries = 1;
        loop {
            match self.attempt(fill) {
                Ok(()) => return Ok(()),
                Err(Trouble::Fails(failure)) => return Err(failure),
                Err(Trouble::Again(error)) if tries == TRIES => return Err(Failure::Nothing(error.into())),
                Err(Trouble::Again(error)) => {
                    tracing::warn!(%error, "a group of writes is tried again");
                    metrics::counter!("switchboard_store_groups_again_total").increment(1);
                    thread::sleep(PAUSE * tries);
                    tries += 1;
                }
            }
        }
    }

    fn execute(&self, text: &'static str, values: &[Param<'_>]) -> Result<usize, Error> {
        self.flush()?;
        let values = values.iter().map(|value| (*value).into()).collect();
        let done = self.with(async |conn| Ok(query::bound(text, values).execute(conn).await?))?;
        Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
    }

    fn rows(&self, text: &'static str, values: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        let values: Vec<Value> = values.iter().map(|value| (*value).into()).collect();
        if let Some(known) = self.state.borrow().foreseen.get(&(text, values.clone())) {
            return Ok(known.clone());
        }
        self.flush()?;
        let found = self.with(async |conn| Ok(query::bound(text, values).fetch_all(conn).await?))?;
        found.iter().map(query::row).collect()
    }

    fn is_far(&self) -> bool {
        true
    }

    fn foresee(&self, questions: &[(&'static str, Vec<Vec<Value>>)]) -> Result<(), Error> {
        self.flush()?;
        self.state.borrow_mut().foreseen.clear();
        for (text, asked) in questions.iter().filter(|(_, asked)| !asked.is_empty()) {
            let query = batch::question(text, asked)?;
            let found = self.with(async |conn| Ok(query.fetch_all(conn).await?))?;
            let mut state = self.state.borrow_mut();
            for values in asked {
                state.foreseen.insert((text, values.clone()), Vec::new());
            }
            for row in &found {
                let mut row = query::row(row)?;
                // The number of the question stands before its answer.
                let Value::Number(Some(number)) = row.0.remove(0) else { continue };
                let asked = usize::try_from(number).ok().and_then(|number| asked.get(number));
                if let Some(answers) = asked.and_then(|values| state.foreseen.get_mut(&(*text, values.clone()))) {
                    answers.push(row);
                }
            }
        }
        Ok(())
    }

    fn put(&self, text: &'static str, key: Key, values: &[Param<'_>]) -> Result<(), Error> {
        self.state.borrow_mut().batches.put(text, key, values);
        Ok(())
    }

    fn try_put(&self, text: &'static str, values: &[Param<'_>]) -> Result<Tried, Error> {
        let Some(Param::Number(Some(id))) = values.first() else {
            return Err(Error::Unfit(format!("the first value of `{text}` is no id")));
        };
        let number = self.state.borrow_mut().batches.put(text, Key::of(*id), values);
        Ok(Tried::Waits(number, *id))
    }

    fn changed(&self, tried: Tried) -> Result<bool, Error> {
        match tried {
            Tried::Done(changed) => Ok(changed),
            Tried::Waits(number, id) => {
                self.flush()?;
                Ok(self.state.borrow().touched.get(&number).is_some_and(|ids| ids.contains(&id)))
            }
        }
    }

    fn upsert(
        &self,
        _: (&'static str, &[Param<'_>]),
        put: (&'static str, &[Param<'_>]),
        key: Key,
    ) -> Result<(), Error> {
        // One statement for many rows; an index whose columns stay is not touched anyway.
        self.put(put.0, key, put.1)
    }

    fn mark(&self) -> Result<(), Error> {
        self.flush()?;
        self.simply("savepoint mark")
    }

    fn undo(&self) -> Result<(), Error> {
        self.state.borrow_mut().batches.take();
        self.simply("rollback to mark; release mark")
    }

    fn keep(&self) -> Result<(), Error> {
        self.flush()?;
        self.simply("release mark")
    }

    fn vacuum(&self) -> Result<(), Error> {
        self.connect()?;
        // It may take longer than a statement of ours, and waits for readers.
        self.simply("set statement_timeout = 0; set lock_timeout = 0")?;
        let done = self.with(async |conn| vacuum::all(conn).await);
        self.simply("reset statement_timeout; reset lock_timeout")?;
        done
    }

    fn give_back(&self, _: u32) -> Result<u64, Error> {
        // Its own cleaning lets the space be used again.
        Ok(0)
    }

    fn close(self: Box<Self>) {
        let boot = self.boot;
        let given_up = self.with(async |conn| lease::give_up(conn, boot).await);
        let conn = self.state.borrow_mut().conn.take();
        let closed = conn.map_or(Ok(()), |conn| self.runtime.block_on(conn.close()));
        if let Err(error) = given_up.and(closed.map_err(Error::from)) {
            tracing::warn!(%error, "the database did not close cleanly; nothing is lost, the next start may wait 3 s");
        }
    }
}
