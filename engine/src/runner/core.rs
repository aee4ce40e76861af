//! What the loops share, and how news of a commit spreads: calls to their connections, waits to the timers.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::Parts;
use super::activity::Activity;
use super::callers::{CallerNews, Callers};
use super::change::Change;
use super::desk::Beats;
use super::feed::Feed;
use super::line::{self, LineHandle};
use super::memory::Boxes;
use super::misses::Misses;
use crate::alarm::Raise;
use crate::book::Book;
use crate::clock::At;
use crate::connector::{Problem, Verdict};
use crate::first_hour::{HourRow, Phase};
use crate::handle::Input;
use crate::ids::{EscalationId, JournalId, MailboxId};
use crate::letter::Letter;
use crate::run::journal::{self, Head};
use crate::run::{Entry, What};
use crate::stops::Stops;
use crate::store::{self, EffectOp, EffectRow, InputRow, JournalKind, JournalRow, Reads, Store, WaitOp, Work};

/// The shared part of a running engine.
pub(super) struct Core<S: Store + Reads> {
    pub(super) parts: Parts<S>,
    /// What is published. Shared with the searches that flows make.
    pub(super) book: Arc<ArcSwap<Book>>,
    pub(super) boxes: Boxes,
    /// The connections' loops; swapped whole when one is opened.
    pub(super) lines: ArcSwap<HashMap<Arc<str>, Arc<LineHandle>>>,
    pub(super) timers: mpsc::UnboundedSender<super::timers::Armed>,
    /// Who waits for a flow's answer.
    pub(super) callers: Arc<Callers>,
    /// What changed, for whoever watches.
    pub(super) feed: Arc<Feed>,
    pub(super) activity: Activity,
    pub(super) misses: Misses,
    /// One publication at a time, so that none is built on a book that is about to be replaced.
    pub(super) publishing: tokio::sync::Mutex<()>,
    /// Why the process must end and start anew; `None` while all is well.
    pub(super) fatal: watch::Sender<Option<String>>,
    /// Whose pages are there.
    pub(super) beats: Beats,
    /// What sends nothing.
    pub(super) stops: watch::Sender<Arc<Stops>>,
    /// True once the engine is to stop.
    pub(super) closing: watch::Sender<bool>,
}

/// What others must hear of a commit.
pub(super) struct News {
    planned: Vec<EffectRow>,
    gone: Vec<(crate::ids::EffectId, bool)>,
    armed: Vec<super::timers::Armed>,
    letters: Vec<InputRow>,
    /// The mailbox whose flows are held no more.
    released: Option<MailboxId>,
    callers: CallerNews,
    /// Triggers that began to hold their starts.
    holding: Vec<HourRow>,
    changes: Vec<Change>,
    /// Escalations that will be missed unless somebody takes them soon.
    predicted: Vec<EscalationId>,
}

impl News {
    pub(super) fn of(work: &Work) -> Self {
        let callers = CallerNews::of(work);
        let holding = work.hours.iter().filter(|row| row.phase == Phase::Holding).cloned().collect();
        let letters = work.letters.clone();
        let released = work.released.then_some(work.mailbox);
        let changes = Change::of(work);
        let predicted = work.predicted.clone();
        let (planned, gone, armed) = (Vec::new(), Vec::new(), Vec::new());
        let mut news = Self { planned, gone, armed, letters, released, callers, holding, changes, predicted };
        for op in &work.effects {
            match op {
                EffectOp::Plan(row) => news.planned.push((**row).clone()),
                EffectOp::Withdraw(id) => news.gone.push((*id, false)),
                EffectOp::Finish(id) => news.gone.push((*id, true)),
                EffectOp::Park { .. } => {}
            }
        }
        for op in &work.waits {
            if let WaitOp::Arm(wait) = op {
                news.armed.push(super::timers::Armed { due_at: wait.due_at, id: wait.id, mailbox: wait.mailbox });
            }
        }
        news
    }
}

impl Work {
    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self { mailbox: self.mailbox, at: self.at, ..Self::default() }
    }
}

impl<S: Store + Reads> Core<S> {
    /// Passes an answer of the store on. When whether a commit is on disk is not known, the process must end and start anew.
    pub(super) fn watched<T>(&self, answer: Result<T, store::Error>) -> Result<T, store::Error> {
        if let Err(problem @ (store::Error::InDoubt(_) | store::Error::Taken(_))) = &answer {
            tracing::error!(%problem, "the process must end and start anew");
            self.fatal.send_replace(Some(problem.to_string()));
        }
        answer
    }

    /// A loop without which the engine is not itself: when it ends before the engine closes, by a panic too, the process must
    /// end and start anew.
    pub(super) fn vital<F: Future<Output = ()> + Send>(
        self: &Arc<Self>,
        name: &'static str,
        work: F,
    ) -> impl Future<Output = ()> + Send + use<S, F> {
        let core = Arc::clone(self);
        async move {
            let panicked = AssertUnwindSafe(work).catch_unwind().await.is_err();
            if panicked || !*core.closing.borrow() {
                tracing::error!(name, "a loop ended; the process must end and start anew");
                core.fatal.send_replace(Some(format!("the loop of {name} ended")));
            }
        }
    }

    /// Lets connections and timers know what a commit brought. Calls start only now, after it.
    pub(super) fn spread(self: &Arc<Self>, news: News) {
        self.callers.tell(news.callers);
        for HourRow { flow, trigger, matches, .. } in news.holding {
            tracing::error!(
                flow,
                trigger,
                matches,
                "a trigger matched too often in its first hour: its starts are held until a person releases or drops them (`switchboard flow held`)"
            );
            metrics::counter!("switchboard_first_hours_held_total").increment(1);
            self.raise(Raise::starts_held(&flow, &trigger, matches.into()));
        }
        for escalation in news.predicted {
            tracing::warn!(%escalation, "nobody took it so far: it will be missed");
            metrics::counter!("switchboard_escalations_predicted_missed_total").increment(1);
        }
        let lines = self.lines.load();
        self.feed.tell(news.changes);
        for row in news.planned {
            match lines.get(row.connection.as_str()) {
                Some(line) => line.tell(&self.activity, line::Message::Planned(Box::new(row))),
                None if !self.parts.quiet => self.refuse(row),
                None => tracing::info!(connection = row.connection, "a call is planned; the next server makes it"),
            }
        }
        for (id, settled) in news.gone {
            for line in lines.values().filter(|_| !settled) {
                line.tell(&self.activity, line::Message::Withdrawn(id));
            }
        }
        if let Some(mailbox) = news.released {
            for line in lines.values() {
                line.tell(&self.activity, line::Message::Released(mailbox));
            }
        }
        for letter in news.letters {
            self.deliver(&letter);
        }
        for armed in news.armed {
            // The timers end only with the engine; what is armed then is read again at the next start.
            let _ = self.timers.send(armed);
        }
    }

    /// Gives a stored letter to its mailbox.
    pub(super) fn deliver(self: &Arc<Self>, row: &InputRow) {
        match Letter::from_row(row) {
            Ok(letter) => {
                self.post(row.mailbox, Input::Letter { letter: Box::new(letter), input: Some(row.id) }, None);
            }
            Err(problem) => tracing::error!(%problem, "a letter stays where it is; a newer build may read it"),
        }
    }

    /// A call for a connection that is not open would wait for ever: its run hears so at once.
    fn refuse(self: &Arc<Self>, row: EffectRow) {
        let words = format!("there is no connection `{}`: open it, or name another in the flow", row.connection);
        let verdict = Verdict::Refused(Problem::new("no_connection", words));
        let (mailbox, attempts) = (row.mailbox, Vec::new());
        self.post(mailbox, Input::Settled { effect: Box::new(row), attempts, verdict, input: None }, None);
    }

    /// A journal row about something that is no run and no event.
    pub(super) fn change_row(&self, by: &str, what: &str, id: &str, data: Value, now: At) -> JournalRow {
        let row = JournalId(self.parts.ids.next(now));
        let subject = MailboxId::of_object("", "change", id).0;
        let head = Head { id: row, subject, seq: row.0, kind: JournalKind::Change, by, person: None, at: now };
        journal::encode(head, &[Entry { what: What::Changed { what: what.into(), id: id.into() }, data }])
    }

    /// Writes such a row by itself.
    pub(super) async fn note_change(&self, what: &str, id: &str, data: Value) {
        let now = self.parts.clock.now();
        let journal = vec![self.change_row("", what, id, data, now)];
        let work = Work { mailbox: MailboxId::SYSTEM, at: now, journal, ..Work::default() };
        if let Err(problem) = self.watched(self.parts.store.commit(work).await) {
            tracing::error!(what, id, %problem, "a change could not be journaled");
        }
    }
}
