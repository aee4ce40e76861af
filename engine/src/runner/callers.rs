//! Callers of webhooks that wait for a flow's `answer_webhook`.
//!
//! A caller listens before the event's mailbox hears of the event, and is told of every commit that concerns it. What it then
//! gets is read from the journal, so that a repeated delivery gets the same, whatever happened in between.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::core::Core;
use crate::event::{Event, EventKey};
use crate::handle::event_from_row;
use crate::ids::{EventId, RunId};
use crate::run::{Entry, Reply, What, journal};
use crate::store::{self, JournalKind, JournalRow, Reads, Store, Work};

/// How long a caller waits for a flow: most senders give up after 10 to 30 s themselves.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most callers that wait at once; others are told at once that the flow works on it.
const MOST_WAITING: usize = 1_000;

/// What a caller is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The flow answered.
    Reply(Reply),
    /// Nothing was answered in time. These runs were started, and may still be working.
    Later(Vec<RunId>),
    /// No flow answers this call.
    Nobody,
}

/// Who waits, by event.
#[derive(Default)]
pub(super) struct Callers {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    count: usize,
    /// Whether nobody may wait any more.
    closed: bool,
    /// The sender holds the answer, once a commit brought one, and is touched by every commit that concerns the event.
    events: HashMap<EventId, watch::Sender<Option<Reply>>>,
}

impl Callers {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more that waits for `event`, unless there are too many or the engine is about to close.
    fn listen(self: &Arc<Self>, event: EventId) -> Option<Listening> {
        let mut waiting = self.lock();
        if waiting.closed || waiting.count >= MOST_WAITING {
            return None;
        }
        waiting.count += 1;
        let news = waiting.events.entry(event).or_insert_with(|| watch::channel(None).0).subscribe();
        gauge(waiting.count);
        Some(Listening { callers: Arc::clone(self), event, news })
    }

    /// Lets everybody go: each is told what is known.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.events.clear();
    }

    /// Tells those whom a commit concerns.
    pub(super) fn tell(&self, news: CallerNews) {
        if news.events.is_empty() {
            return;
        }
        let waiting = self.lock();
        for event in news.events {
            if let Some(sender) = waiting.events.get(&event) {
                let reply = news.replies.iter().find(|reply| reply.event == event);
                sender.send_modify(|told| *told = told.take().or_else(|| reply.cloned()));
            }
        }
    }
}

/// What callers must hear of a commit.
pub(super) struct CallerNews {
    /// Events that were handled, or whose runs moved.
    events: Vec<EventId>,
    replies: Vec<Reply>,
}

impl CallerNews {
    pub(super) fn of(work: &Work) -> Self {
        let handled = work.journal.iter().filter(|row| row.kind == JournalKind::Handling);
        let handled = handled.map(|row| EventId(row.subject));
        let events = handled.chain(work.runs.iter().map(|run| run.event_id)).collect();
        Self { events, replies: work.replies.clone() }
    }
}

/// A place among those who wait; given back when dropped.
struct Listening {
    callers: Arc<Callers>,
    event: EventId,
    news: watch::Receiver<Option<Reply>>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut waiting = self.callers.lock();
        waiting.count -= 1;
        gauge(waiting.count);
        // This one still counts among the receivers.
        if waiting.events.get(&self.event).is_some_and(|sender| sender.receiver_count() <= 1) {
            waiting.events.remove(&self.event);
        }
    }
}

/// A caller whom a flow may answer.
pub struct Caller<S: Store + Reads> {
    core: Arc<Core<S>>,
    event: EventId,
    /// Whether a flow that is live now could answer.
    hopes: bool,
    place: Option<Listening>,
}

impl<S: Store + Reads> Core<S> {
    /// The caller of `event`, if there is anything to wait or to look for.
    pub(super) fn caller_of(self: &Arc<Self>, event: &Event, repeated: bool) -> Option<Caller<S>> {
        let hopes = self.book.load().can_answer(event);
        let place = hopes.then(|| self.callers.listen(event.id)).flatten();
        (hopes || repeated).then(|| Caller { core: Arc::clone(self), event: event.id, hopes, place })
    }

    /// The caller of a delivery that came before, as an event with this key.
    pub(super) async fn caller_again(self: &Arc<Self>, key: EventKey) -> Result<Option<Caller<S>>, store::Error> {
        let event = self.parts.store.event_by_key(key).await?.map(event_from_row);
        Ok(event.and_then(|event| self.caller_of(&event, true)))
    }
}

impl<S: Store + Reads> Caller<S> {
    /// Waits for the flow's answer, 10 s at most and not once callers are let go.
    ///
    /// # Errors
    /// When the store fails. The event is stored all the same.
    pub async fn answer(mut self) -> Result<Answer, store::Error> {
        let answer = self.wait().await?;
        let outcome = match &answer {
            Answer::Reply(_) => "replied",
            Answer::Later(_) => "later",
            Answer::Nobody => "nobody",
        };
        metrics::counter!("switchboard_callers_total", "outcome" => outcome).increment(1);
        Ok(answer)
    }

    async fn wait(&mut self) -> Result<Answer, store::Error> {
        let until = Instant::now() + PATIENCE;
        loop {
            let (over, answer) = self.look().await?;
            let Some(place) = self.place.as_mut().filter(|_| !over) else { return Ok(answer) };
            tokio::select! {
                () = tokio::time::sleep_until(until) => self.place = None,
                told = place.news.changed() => {
                    // The journal has it too, but this is there without reading.
                    if let Some(reply) = place.news.borrow().clone() {
                        return Ok(Answer::Reply(reply));
                    }
                    if told.is_err() {
                        self.place = None;
                    }
                }
            }
        }
    }

    /// What the journal says, and whether nothing more can come.
    async fn look(&self) -> Result<(bool, Answer), store::Error> {
        let store = &self.core.parts.store;
        let handled = store.journal(self.event.0).await?;
        let mut over = !handled.is_empty();
        let mut runs = Vec::new();
        let mut first: Option<(i64, Reply)> = None;
        for run in matched(&handled)? {
            runs.push(run);
            // The row before the journal: what ended before it was read has its whole story there.
            over &= store.run(run).await?.is_none_or(|row| row.status.ended());
            for row in store.journal(run.0).await? {
                let reply = entries(&row)?.into_iter().find_map(|entry| self.reply(entry));
                if let Some(reply) = reply.filter(|_| first.as_ref().is_none_or(|(known, _)| row.id.0 < *known)) {
                    first = Some((row.id.0, reply));
                }
            }
        }
        Ok(match first {
            Some((_, reply)) => (true, Answer::Reply(reply)),
            None if self.hopes && !(over && runs.is_empty()) => (over, Answer::Later(runs)),
            None => (true, Answer::Nobody),
        })
    }

    fn reply(&self, mut entry: Entry) -> Option<Reply> {
        let What::Replied { status, .. } = entry.what else { return None };
        Some(Reply { event: self.event, status, body: entry.data["body"].take() })
    }
}

/// The runs that an event started, by what was told of it.
fn matched(handled: &[JournalRow]) -> Result<Vec<RunId>, store::Error> {
    let mut runs = Vec::new();
    for row in handled {
        runs.extend(entries(row)?.into_iter().filter_map(|entry| match entry.what {
            What::Matched { run, .. } => Some(run),
            _ => None,
        }));
    }
    Ok(runs)
}

fn entries(row: &JournalRow) -> Result<Vec<Entry>, store::Error> {
    journal::decode(row).map_err(|error| store::Error::Broken(error.to_string()))
}

fn gauge(count: usize) {
    metrics::gauge!("switchboard_callers_waiting").set(u32::try_from(count).unwrap_or(u32::MAX));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_bounded_and_given_back_by_whoever_leaves() {
        let callers = Arc::new(Callers::default());
        let mut waiting: Vec<Listening> = (0..MOST_WAITING).map_while(|_| callers.listen(EventId(1))).collect();
        assert_eq!(waiting.len(), MOST_WAITING);
        assert!(callers.listen(EventId(2)).is_none());
        waiting.pop();
        assert!(callers.listen(EventId(2)).is_some());
        waiting.clear();
        {
            let left = callers.lock();
            assert_eq!((left.count, left.events.len()), (0, 0));
        }
        callers.close();
        assert!(callers.listen(EventId(3)).is_none(), "nobody begins to wait while the engine closes");
    }

    #[test]
    fn everybody_who_waits_for_an_event_hears_its_first_answer() {
        let callers = Arc::new(Callers::default());
        let waiting: Vec<Listening> = (0..2).filter_map(|_| callers.listen(EventId(1))).collect();
        let other = callers.listen(EventId(2)).unwrap();
        for status in [200, 500] {
            let reply = Reply { event: EventId(1), status, body: json!("yes") };
            callers.tell(CallerNews { events: vec![EventId(1)], replies: vec![reply] });
        }
        for one in &waiting {
            assert_eq!(one.news.borrow().as_ref().map(|reply| reply.status), Some(200));
        }
        assert!(!other.news.has_changed().unwrap());
    }
}
