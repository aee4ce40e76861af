//! One side of a back-test: a version that lives through the past, contact by contact, in the time of the events.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::Around;
use crate::book::{Book, Live};
use crate::clock::At;
use crate::connector::{Done, Problem, Verdict};
use crate::event::Event;
use crate::flow::Version;
use crate::flowtest::calls::sent;
use crate::handle::{Input, handle, relive};
use crate::ids::{ContactId, EventId, Ids, MailboxId, RunId, WaitId};
use crate::mailbox::{Facts, Mailbox};
use crate::run::plan::WINDOW_CLOSED;
use crate::run::{Attempt, Entry, Plan, What, journal};
use crate::store::{EffectOp, EffectRow, JournalKind, WaitKind, Work};

/// Most times that one contact's waits fall due between two of its events: a flow that keeps waking itself up is left there.
const MOST_DUE: usize = 1_000;

/// What came of one event.
#[derive(Debug, Default)]
pub(super) struct Did {
    pub(super) started: bool,
    pub(super) actions: BTreeSet<Arc<str>>,
    /// What the trigger's condition saw.
    pub(super) saw: Value,
}

/// How calls were answered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calls {
    pub(super) recorded: u64,
    pub(super) assumed: u64,
}

#[derive(Debug)]
pub(super) struct Side {
    pub(super) version: Arc<Version>,
    pub(super) calls: Calls,
    book: Book,
    around: Arc<Around>,
    ids: Ids,
    /// Contacts with unfinished runs.
    mails: HashMap<ContactId, Mailbox>,
    /// The event that each unfinished run goes back to.
    roots: HashMap<RunId, EventId>,
    done: HashMap<EventId, Did>,
}

impl Side {
    pub(super) fn new(version: Arc<Version>, around: &Arc<Around>) -> Self {
        let live = vec![Live { version: Arc::clone(&version), since: At(0) }];
        let mut book = Book::new(live, Vec::new(), None);
        book.calendars.clone_from(&around.calendars);
        for other in around.flows.iter().filter(|other| other.flow != version.flow) {
            book.add_callable(other);
            book.versions.insert(other.id, Arc::clone(other));
        }
        Self {
            version,
            calls: Calls::default(),
            book,
            around: Arc::clone(around),
            ids: Ids::new(0),
            mails: HashMap::new(),
            roots: HashMap::new(),
            done: HashMap::new(),
        }
    }

    /// Puts `event` before the version, with the contact's facts as they were. Gives whether it started a run.
    pub(super) fn meet(&mut self, event: &Arc<Event>, facts: &Facts, first: bool) -> bool {
        let Some(contact) = event.contact else { return false };
        let known = self.mails.remove(&contact);
        if known.is_none() && self.book.hearing(&event.kind).next().is_none() {
            return false;
        }
        let mut mail = known.unwrap_or_else(|| Mailbox::new(MailboxId::of_contact(contact)));
        mail.facts = facts.clone();
        let mut work = Work { at: event.at, ..Work::default() };
        let entries = relive(&self.book, &mut mail, event, first, &self.ids, &mut work);
        let matched = entries.into_iter().find(|entry| matches!(entry.what, What::Matched { .. }));
        let started = matched.is_some();
        if let Some(Entry { data, .. }) = matched {
            self.done.insert(event.id, Did { started, saw: data, ..Did::default() });
        }
        self.take_up(&mut mail, event.id, work);
        self.keep(contact, mail);
        started
    }

    /// Lets the contact's waits fall due, up to `until`.
    pub(super) fn advance(&mut self, contact: ContactId, until: At) {
        let Some(mut mail) = self.mails.remove(&contact) else { return };
        for _ in 0..MOST_DUE {
            let Some((at, wait, root)) = self.next_due(&mail, until) else { break };
            let mut work = Work::default();
            // Only orders can be refused.
            let _ = handle(&self.book, &mut mail, Input::Due(wait), at, &self.ids, &mut work);
            mail.waits.remove(&wait);
            self.take_up(&mut mail, root, work);
        }
        self.keep(contact, mail);
    }

    /// Lets everybody's waits fall due up to `until`. Gives how many runs are not over even then.
    pub(super) fn finish(&mut self, until: At) -> usize {
        let contacts: Vec<ContactId> = self.mails.keys().copied().collect();
        contacts.into_iter().for_each(|contact| self.advance(contact, until));
        self.mails.values().map(|mail| mail.runs.len()).sum()
    }

    /// Whether a run of `contact` goes back to `event` and is not over.
    pub(super) fn is_open(&self, contact: ContactId, event: EventId) -> bool {
        let runs = self.mails.get(&contact).into_iter().flat_map(|mail| mail.runs.keys());
        runs.into_iter().any(|run| self.roots.get(run) == Some(&event))
    }

    /// What the trigger's condition saw of `event`; null unless it started a run.
    pub(super) fn saw(&self, event: EventId) -> Value {
        self.done.get(&event).map(|did| did.saw.clone()).unwrap_or_default()
    }

    /// What came of `event`; nothing is kept of it.
    pub(super) fn did(&mut self, event: EventId) -> Did {
        self.done.remove(&event).unwrap_or_default()
    }

    pub(super) fn join(&mut self, other: Self) {
        self.calls.recorded += other.calls.recorded;
        self.calls.assumed += other.calls.assumed;
        self.mails.extend(other.mails);
        self.roots.extend(other.roots);
        self.done.extend(other.done);
    }

    /// What of a mailbox is told by history itself: silences, slots, missed escalations and tags that ended are events there.
    fn next_due(&self, mail: &Mailbox, until: At) -> Option<(At, WaitId, EventId)> {
        let told = |kind| matches!(kind, WaitKind::Silence | WaitKind::Cron | WaitKind::Escalation | WaitKind::Tag);
        let waits = mail.waits.values().filter(|wait| !told(wait.kind) && wait.due_at <= until);
        let wait = waits.min_by_key(|wait| (wait.due_at, wait.id))?;
        let root = wait.run_id.and_then(|run| self.roots.get(&run)).copied();
        Some((wait.due_at, wait.id, root.unwrap_or_default()))
    }

    fn keep(&mut self, contact: ContactId, mail: Mailbox) {
        if !mail.runs.is_empty() {
            self.mails.insert(contact, mail);
        }
    }

    /// Notes what an input made runs do, and answers their calls until there are none.
    fn take_up(&mut self, mail: &mut Mailbox, root: EventId, work: Work) {
        let mut calls = VecDeque::new();
        self.note(root, work, &mut calls);
        while let Some((row, root)) = calls.pop_front() {
            if !mail.effects.contains_key(&row.id) {
                continue;
            }
            let now = row.planned_at;
            let verdict = self.answer(mail, &row, root);
            let name = verdict.name().into();
            let attempt =
                Attempt { attempt: 1, at: now, took_ms: 0, verdict: name, problem: verdict.problem().cloned() };
            let input = Input::Settled { effect: Box::new(row), attempts: vec![attempt], verdict, input: None };
            let mut work = Work::default();
            let _ = handle(&self.book, mail, input, now, &self.ids, &mut work);
            self.note(root, work, &mut calls);
        }
    }

    fn note(&mut self, root: EventId, work: Work, calls: &mut VecDeque<(EffectRow, EventId)>) {
        for run in &work.runs {
            self.roots.entry(run.id).or_insert(root);
        }
        for row in work.journal.iter().filter(|row| row.kind == JournalKind::Turn) {
            let root = self.roots.get(&RunId(row.subject)).copied().unwrap_or(root);
            let did = self.done.entry(root).or_default();
            for entry in journal::decode(row).unwrap_or_default() {
                if let What::Planned { action, .. } | What::Acted { action, .. } = entry.what {
                    did.actions.insert(action);
                }
            }
        }
        for op in work.effects {
            if let EffectOp::Plan(row) = op {
                let root = self.roots.get(&row.run_id).copied().unwrap_or(root);
                calls.push_back((*row, root));
            }
        }
        for run in work.runs.iter().filter(|run| run.status.ended()) {
            self.roots.remove(&run.id);
        }
    }

    /// What a call answers: as it did then, else as the catalogue says that such calls do.
    fn answer(&mut self, mail: &Mailbox, row: &EffectRow, root: EventId) -> Verdict {
        let Ok(plan) = serde_json::from_slice::<Plan>(&row.input) else {
            return Verdict::Refused(Problem::new("unreadable", "the plan of this call cannot be read"));
        };
        let conversation = row.window.and_then(|id| mail.facts.conversation(id));
        if conversation.is_some_and(|conversation| !conversation.window_open(row.planned_at)) {
            return Verdict::Refused(Problem::new(
                WINDOW_CLOSED,
                "24 hours have passed since the customer's last message",
            ));
        }
        let recorded = self.around.recorded.answer(root, &row.action, &plan.input);
        let counter = if recorded.is_some() { &mut self.calls.recorded } else { &mut self.calls.assumed };
        *counter += 1;
        match recorded {
            Some(Verdict::Done(done)) => Verdict::Done(Done { output: done.output.clone(), sent: sent(row, &plan) }),
            Some(verdict) => verdict.clone(),
            None => {
                let output = self.around.samples.get(row.action.as_str()).cloned().unwrap_or_default();
                Verdict::Done(Done { output, sent: sent(row, &plan) })
            }
        }
    }
}
