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
use crate::letter::Letter;
use crate::mailbox::{Facts, Mailbox};
use crate::run::plan::WINDOW_CLOSED;
use crate::run::{Attempt, Entry, Plan, What, journal};
use crate::store::{EffectOp, EffectRow, InputRow, JournalKind, RunStatus, WaitKind, Work};

/// Most times that one contact's waits fall due between two of its events: a flow that keeps waking itself up is left there.
const MOST_DUE: usize = 1_000;

/// What came of one event.
#[derive(Debug, Default)]
pub(super) struct Did {
    pub(super) started: bool,
    /// Why its trigger matched and no run began: a code or the words of [`crate::letter::Refusal`], or `joined`: a
    /// later event of its burst starts it.
    pub(super) declined: Option<Arc<str>>,
    pub(super) actions: BTreeSet<Arc<str>>,
    /// What the trigger's condition saw.
    pub(super) saw: Value,
}

/// What an input leads to.
enum Next {
    Call(EffectRow),
    Letter(InputRow, At),
}

/// What a trigger that matched came to so far.
fn matched(entry: Entry) -> Option<Did> {
    let saw = entry.data;
    match entry.what {
        What::Matched { .. } => Some(Did { started: true, saw, ..Did::default() }),
        What::Gathered { .. } => Some(Did { declined: Some("joined".into()), saw, ..Did::default() }),
        What::Passed { why, .. } if !matches!(&*why, "params" | "when" | "origin" | "taken" | "depth" | "error") => {
            Some(Did { declined: Some(why), saw, ..Did::default() })
        }
        _ => None,
    }
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
    /// Contacts with something unfinished.
    mails: HashMap<ContactId, Mailbox>,
    /// Where runs of several contacts are counted.
    gates: HashMap<MailboxId, Mailbox>,
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
            gates: HashMap::new(),
            roots: HashMap::new(),
            done: HashMap::new(),
        }
    }

    /// Puts `event` before the version, with the contact's facts as they were. Gives whether a trigger matched.
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
        let met = entries.into_iter().filter_map(matched).next();
        let matched = met.is_some();
        if let Some(did) = met {
            self.done.insert(event.id, did);
        }
        self.take_up(&mut mail, event.id, work);
        self.keep(contact, mail);
        matched
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

    /// Whether `event` still waits in a burst, or a run of `contact` goes back to it and is not over.
    pub(super) fn is_open(&self, contact: ContactId, event: EventId) -> bool {
        self.mails.get(&contact).is_some_and(|mail| {
            mail.gathered.contains_key(&event) || mail.runs.keys().any(|run| self.roots.get(run) == Some(&event))
        })
    }

    /// What came of `event`; nothing is kept of it.
    pub(super) fn did(&mut self, event: EventId) -> Did {
        self.done.remove(&event).unwrap_or_default()
    }

    pub(super) fn join(&mut self, other: Self) {
        self.calls.recorded += other.calls.recorded;
        self.calls.assumed += other.calls.assumed;
        self.mails.extend(other.mails);
        self.gates.extend(other.gates);
        self.roots.extend(other.roots);
        self.done.extend(other.done);
    }

    /// What of a mailbox is told by history itself: silences, slots, missed escalations and tags that ended are events there.
    fn next_due(&self, mail: &Mailbox, until: At) -> Option<(At, WaitId, EventId)> {
        let told = |kind| {
            matches!(kind, WaitKind::Silence | WaitKind::Cron | WaitKind::Sweep | WaitKind::Escalation | WaitKind::Tag)
        };
        let waits = mail.waits.values().filter(|wait| !told(wait.kind) && wait.due_at <= until);
        let wait = waits.min_by_key(|wait| (wait.due_at, wait.id))?;
        let root = wait.run_id.and_then(|run| self.roots.get(&run)).copied();
        Some((wait.due_at, wait.id, root.unwrap_or_default()))
    }

    fn keep(&mut self, contact: ContactId, mail: Mailbox) {
        let counts = |kind| matches!(kind, WaitKind::Throttle | WaitKind::Slot | WaitKind::Debounce);
        if !mail.runs.is_empty() || mail.waits.values().any(|wait| counts(wait.kind)) {
            self.mails.insert(contact, mail);
        }
    }

    /// Notes what an input made runs do, and answers their calls and letters until there are none.
    fn take_up(&mut self, mail: &mut Mailbox, root: EventId, work: Work) {
        let mut open = VecDeque::new();
        self.note(root, work, &mut open);
        while let Some((next, root)) = open.pop_front() {
            let mut work = Work::default();
            // Only orders can be refused.
            match next {
                Next::Call(row) if mail.effects.contains_key(&row.id) => {
                    let now = row.planned_at;
                    let input = self.answered(mail, row, root);
                    drop(handle(&self.book, mail, input, now, &self.ids, &mut work));
                }
                Next::Call(_) => {}
                Next::Letter(row, now) => {
                    let Ok(letter) = Letter::from_row(&row) else { continue };
                    let input = Input::Letter { letter: Box::new(letter), input: None };
                    // Letters go between this mailbox and gates; to whom else a gate lets in, its next event tells.
                    if row.mailbox == mail.id {
                        drop(handle(&self.book, mail, input, now, &self.ids, &mut work));
                    } else {
                        let other = self.gates.entry(row.mailbox).or_insert_with(|| Mailbox::new(row.mailbox));
                        drop(handle(&self.book, other, input, now, &self.ids, &mut work));
                    }
                }
            }
            self.note(root, work, &mut open);
        }
    }

    fn answered(&mut self, mail: &Mailbox, row: EffectRow, root: EventId) -> Input {
        let verdict = self.answer(mail, &row, root);
        let (verdict_name, problem) = (verdict.name().into(), verdict.problem().cloned());
        let attempt = Attempt { attempt: 1, at: row.planned_at, took_ms: 0, verdict: verdict_name, problem };
        Input::Settled { effect: Box::new(row), attempts: vec![attempt], verdict, input: None }
    }

    fn note(&mut self, root: EventId, work: Work, open: &mut VecDeque<(Next, EventId)>) {
        for run in &work.runs {
            // The run of a burst goes back to its last event, one that a flow called to what the caller goes back to.
            let own = Some(run.event_id).filter(|event| self.done.contains_key(event));
            self.roots.entry(run.id).or_insert(own.unwrap_or(root));
        }
        for row in work.journal.iter().filter(|row| row.kind == JournalKind::Turn) {
            let root = self.roots.get(&RunId(row.subject)).copied().unwrap_or(root);
            let did = self.done.entry(root).or_default();
            for entry in journal::decode(row).unwrap_or_default() {
                match entry.what {
                    What::Planned { action, .. } | What::Acted { action, .. } => drop(did.actions.insert(action)),
                    What::Started { .. } => did.started = true,
                    What::Ended { status: RunStatus::Cancelled } if did.actions.is_empty() => {
                        did.started = false;
                        did.declined = entry.data["reason"].as_str().map(Arc::from);
                    }
                    _ => {}
                }
            }
        }
        for op in work.effects {
            if let EffectOp::Plan(row) = op {
                let root = self.roots.get(&row.run_id).copied().unwrap_or(root);
                open.push_back((Next::Call(*row), root));
            }
        }
        open.extend(work.letters.into_iter().map(|row| (Next::Letter(row, work.at), root)));
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
