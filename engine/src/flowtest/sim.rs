//! The simulated world of one test: mailboxes, and a clock that jumps to whatever comes next.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::World;
use super::calls::Call;
use super::coverage::Taken;
use super::expect::Happened;
use super::given;
use super::record::Record;
use crate::book::{Book, Live, LiveRules, Published};
use crate::clock::At;
use crate::connector::Catalog;
use crate::contact::Contact;
use crate::event::EventKey;
use crate::flow::TestCase;
use crate::handle::{Input, handle};
use crate::ids::{Ids, MailboxId, VersionId, WaitId};
use crate::letter::Letter;
use crate::mailbox::Mailbox;
use crate::run::plan;
use crate::runner::hold::Hold;
use crate::sentence;
use crate::sentence::Sentence;
use crate::store::{EffectOp, InputRow, WaitOp, Work};

/// 2026-01-05T09:00:00Z, a Monday morning: when a test starts unless it says otherwise.
pub(super) const START: At = At(1_767_603_600_000);
/// Most steps of a simulation: a flow that keeps waking itself up is stopped here.
const MOST: usize = 20_000;
/// Most rows of journals that are told of a simulation.
const MOST_TOLD: usize = 10_000;
/// How far a test's time runs beyond its last event.
const FAR: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Whether a world goes on; when not, what it showed until then stands.
pub type GoOn<'a> = &'a dyn Fn() -> bool;

/// A world that is never stopped.
pub const ALWAYS: GoOn<'static> = &|| true;

/// Something that will happen.
pub(super) enum Coming {
    /// An event of the test: its place in `at`, and there.
    Event(usize, usize),
    Due(MailboxId, WaitId),
    Letter(Box<InputRow>),
    /// The test looks at the tags.
    Look,
    Attempt(Box<Call>),
    /// No proof came that a call in doubt happened.
    Unclear(Box<Call>),
    Expired(Box<Call>),
    /// A person talked with the customer until it was too late.
    TalkedTooLong(Box<Call>),
    NobodyAnswered(Box<Call>),
    /// Another version of the flow is published.
    #[cfg(test)]
    Publish(Arc<crate::flow::Version>, crate::publication::Choices),
}

pub(super) struct Sim<'a> {
    pub(super) test: &'a TestCase,
    pub(super) catalog: &'a Catalog,
    pub(super) version: Published,
    pub(super) book: Book,
    pub(super) ids: Ids,
    pub(super) now: At,
    pub(super) mails: BTreeMap<MailboxId, Mailbox>,
    pub(super) customer: MailboxId,
    pub(super) coming: BTreeMap<(At, u64), Coming>,
    order: u64,
    /// Deliveries by their key: a second one is dropped, as at every door.
    pub(super) known: HashSet<EventKey>,
    /// How many attempts of each action were answered.
    pub(super) answered: HashMap<String, usize>,
    /// Connections that are down.
    pub(super) down: BTreeMap<String, Hold>,
    /// What inputs of this instant changed and is not committed yet, by mailbox.
    open: BTreeMap<MailboxId, Work>,
    /// What they make happen, in their order and not by mailbox: how they share commits must change nothing. Without a time it
    /// comes with the commit.
    fresh: Vec<(Option<At>, Coming)>,
    /// Whether the n-th input shares its commit with what else comes at its instant; missing = it does not.
    pub(super) joined: Vec<bool>,
    inputs: usize,
    /// Tags at the times the test looks at them.
    looks: Vec<Vec<String>>,
    /// How far time runs at most.
    until: Option<At>,
    go_on: GoOn<'a>,
    pub(super) record: Record,
    #[cfg(test)]
    pub(super) witness: Option<super::witness::Witness>,
}

impl<'a> Sim<'a> {
    pub(super) fn new(version: &Published, test: &'a TestCase, world: &World<'a>) -> Self {
        let start = test.given.at.unwrap_or(START);
        let ids = Ids::new(0);
        let mail = given::customer(&test.given, &ids, start);
        let others = given::others(&test.given, &ids, start).map(|mail| (mail.id, mail));
        let mails = others.chain([(mail.id, mail.clone())]).collect();
        let mut sim = Self {
            test,
            catalog: world.catalog,
            version: version.clone(),
            book: book(version, world.versions),
            ids,
            now: start,
            customer: mail.id,
            mails,
            coming: BTreeMap::new(),
            order: 0,
            known: HashSet::new(),
            answered: HashMap::new(),
            down: BTreeMap::new(),
            open: BTreeMap::new(),
            fresh: Vec::new(),
            joined: Vec::new(),
            inputs: 0,
            looks: Vec::new(),
            until: None,
            go_on: ALWAYS,
            record: Record::new(start),
            #[cfg(test)]
            witness: None,
        };
        sim.expect_test();
        sim
    }

    /// Puts what the test says ahead: its events, and the times at which it looks at the tags.
    fn expect_test(&mut self) {
        let (test, start) = (self.test, self.record.start);
        for (place, moment) in test.at.iter().enumerate() {
            for index in 0..moment.events.len() {
                self.expect_at(start.plus(moment.after), Coming::Event(place, index));
            }
        }
        for (place, (after, _)) in test.tags_at.iter().enumerate() {
            // Behind all else that happens at that time.
            self.coming.insert((start.plus(*after), u64::MAX - place as u64), Coming::Look);
        }
    }

    /// The same world, which ends after `until` or when `go_on` says so.
    pub(super) fn within(mut self, until: Option<Duration>, go_on: GoOn<'a>) -> Self {
        self.until = until.map(|until| self.record.start.plus(until));
        self.go_on = go_on;
        self
    }

    /// The same, of which everything is told.
    pub(super) fn told(mut self, until: Option<Duration>, go_on: GoOn<'a>) -> Self {
        self.record.keep_tape();
        self.within(until, go_on)
    }

    /// The same world with every commit watched; `forgets`: its mailboxes are read back after each, as after a crash.
    #[cfg(test)]
    pub(super) fn witnessed(mut self, forgets: bool) -> Self {
        let mut witness = super::witness::Witness::new(self.book.versions.clone(), forgets);
        self.mails.values_mut().for_each(|mail| witness.knows(mail));
        self.witness = Some(witness);
        self
    }

    /// Another version goes live, and every mailbox hears of it, as the runner does it.
    #[cfg(test)]
    fn publish(&mut self, version: Arc<crate::flow::Version>, choices: crate::publication::Choices) {
        self.commit();
        let (flow, id) = (version.flow.to_string(), version.id);
        if let Some(witness) = &mut self.witness {
            witness.keeps(&version);
        }
        let others = self.book.versions.values().cloned().collect();
        let callable = std::mem::take(&mut self.book.callable);
        self.book = Book::new(vec![Live { version, since: self.now }], others, None);
        self.book.callable.extend(callable);
        let (by, at) = ("test".to_owned(), self.now);
        let news = crate::publication::Publication { flow, version: id, removed: false, choices, by, at };
        let news = Arc::new(news);
        for mailbox in self.mails.keys().copied().collect::<Vec<_>>() {
            // A start in between tells them once more.
            for _ in 0..2 {
                self.give(mailbox, Input::Published(Arc::clone(&news)));
            }
        }
    }

    pub(super) fn expect_at(&mut self, at: At, coming: Coming) {
        self.order += 1;
        self.coming.insert((at, self.order), coming);
    }

    /// Lets time run until nothing is coming any more.
    pub(super) fn run(&mut self) -> Result<(), Sentence> {
        let looks = self.test.tags_at.iter().map(|(after, _)| *after);
        let last = self.test.at.iter().map(|moment| moment.after).chain(looks).max().unwrap_or_default();
        let far = self.record.start.plus(last).plus(FAR);
        let end = self.until.map_or(far, |until| until.min(far));
        // What was silent before the test began is watched, as when a flow is published.
        self.give(self.customer, Input::Watch);
        self.commit();
        for _ in 0..MOST {
            let Some(((at, _), coming)) = self.coming.pop_first() else { return Ok(()) };
            if at > end {
                return Ok(());
            }
            if self.record.tape().len() > MOST_TOLD {
                return Err(sentence!("more than {most} things happened, and it was stopped here", most = MOST_TOLD));
            }
            if !(self.go_on)() {
                return Err(sentence!("it took too long, and was stopped here"));
            }
            self.now = self.now.max(at);
            self.happen(coming);
            let more_now = self.coming.first_key_value().is_some_and(|((at, _), _)| *at <= self.now);
            let joins = self.joined.get(self.inputs).copied().unwrap_or(false);
            self.inputs += 1;
            if !(joins && more_now) {
                self.commit();
            }
        }
        Err(sentence!("the flow keeps waking up: stopped after {most} steps", most = MOST))
    }

    fn happen(&mut self, coming: Coming) {
        match coming {
            Coming::Event(place, index) => self.event(place, index),
            Coming::Due(mailbox, wait) => self.give(mailbox, Input::Due(wait)),
            Coming::Letter(row) => {
                if let Ok(letter) = Letter::from_row(&row) {
                    self.give(row.mailbox, Input::Letter { letter: Box::new(letter), input: Some(row.id) });
                }
            }
            Coming::Look => self.looks.push(self.tags()),
            Coming::Attempt(call) if self.wanted(&call) => self.attempt(*call),
            Coming::Unclear(call) if self.wanted(&call) => self.unclear(*call),
            Coming::Expired(call) if self.wanted(&call) => {
                self.refuse(*call, "expired", "it could not start before its deadline, and nothing stale is sent");
            }
            Coming::TalkedTooLong(call) if self.wanted(&call) => {
                self.refuse(*call, plan::HUMAN_TALKING, plan::HUMAN_TALKING_WORDS);
            }
            Coming::NobodyAnswered(call) if self.wanted(&call) => {
                self.refuse(*call, "nobody_answered", "it needed attention, and nobody answered in time");
            }
            #[cfg(test)]
            Coming::Publish(version, choices) => self.publish(version, choices),
            Coming::Attempt(_)
            | Coming::Unclear(_)
            | Coming::Expired(_)
            | Coming::TalkedTooLong(_)
            | Coming::NobodyAnswered(_) => {}
        }
    }

    /// Whether a call was not withdrawn.
    fn wanted(&self, call: &Call) -> bool {
        self.mails.get(&call.row.mailbox).is_some_and(|mail| mail.effects.contains_key(&call.row.id))
    }

    /// Gives a mailbox an input.
    pub(super) fn give(&mut self, mailbox: MailboxId, input: Input) {
        let mail = self.mails.entry(mailbox).or_insert_with(|| Mailbox::new(mailbox));
        let mut work = self.open.remove(&mailbox).unwrap_or_else(|| Work { mailbox, ..Work::default() });
        let before = (work.journal.len(), work.effects.len(), work.letters.len(), work.waits.len());
        // Only orders can be refused, and a test gives none.
        let _ = handle(&self.book, mail, input, self.now, &self.ids, &mut work);
        let (journal, effects, letters, waits) = before;
        work.journal[journal..].iter().for_each(|row| self.record.read(self.now, row));
        let calls = work.effects[effects..].iter().filter_map(|op| match op {
            EffectOp::Plan(row) => Some((None, Coming::Attempt(Box::new(Call::new((**row).clone()))))),
            _ => None,
        });
        let letters = work.letters[letters..].iter().map(|row| (None, Coming::Letter(Box::new(row.clone()))));
        let waits = work.waits[waits..].iter().filter_map(|op| match op {
            WaitOp::Arm(wait) if wait.due_at != At::NEVER => Some((Some(wait.due_at), Coming::Due(mailbox, wait.id))),
            _ => None,
        });
        self.fresh.extend(calls.chain(letters).chain(waits));
        self.open.insert(mailbox, work);
    }

    /// Commits what the last inputs changed, and takes up what comes of it.
    fn commit(&mut self) {
        let open = std::mem::take(&mut self.open);
        #[cfg(test)]
        if let Some(witness) = &mut self.witness {
            for (mailbox, work) in &open {
                let mail = self.mails.remove(mailbox).unwrap_or_else(|| Mailbox::new(*mailbox));
                self.mails.insert(*mailbox, witness.committed(work, mail, &self.record.entries));
            }
        }
        self.record.runs.extend(open.into_values().flat_map(|work| work.runs).map(|run| (run.id, run)));
        for (at, coming) in std::mem::take(&mut self.fresh) {
            self.expect_at(at.unwrap_or(self.now), coming);
        }
    }

    /// What happened, for the expectations.
    pub(super) fn happened(&self) -> Happened {
        let record = &self.record;
        Happened {
            acts: record.acts.clone(),
            runs: record.runs.values().map(|run| (run.status, run.error.clone())).collect(),
            tags: self.tags(),
            tags_at: self.looks.clone(),
            contact: self.contact().map(Contact::scope).unwrap_or_default(),
            ruled: record.ruled.clone(),
            vars: record.vars(),
        }
    }

    /// The steps that runs of a version came to, as journals name them.
    pub(super) fn came_to(&self, version: VersionId) -> Vec<Arc<str>> {
        let flow = self.book.versions.get(&version);
        let taken = self.taken();
        let steps = taken.get(&version).into_iter().flat_map(Taken::steps);
        let path = |ix| flow.and_then(|flow| flow.program.step(Some(ix))).map(|step| Arc::clone(&step.path));
        steps.filter_map(path).collect()
    }

    /// What was taken of each flow that ran.
    pub(super) fn taken(&self) -> BTreeMap<VersionId, Taken> {
        let mut taken: BTreeMap<VersionId, Taken> = BTreeMap::new();
        for (run, entries) in &self.record.entries {
            let version = self.record.runs.get(run).and_then(|run| self.book.versions.get(&run.version_id));
            if let Some(version) = version {
                taken.entry(version.id).or_default().follow(version, entries);
            }
        }
        taken
    }

    fn contact(&self) -> Option<&Contact> {
        self.mails.get(&self.customer).and_then(|mail| mail.facts.contact.as_ref())
    }

    fn tags(&self) -> Vec<String> {
        self.contact().map(|contact| contact.tags.keys().cloned().collect()).unwrap_or_default()
    }
}

/// The book of a world in which `version` is live and `others` can be called and named.
fn book(version: &Published, others: &[Published]) -> Book {
    let since = At(0);
    let mut book = match version.clone() {
        Published::Flow(version) => Book::new(vec![Live { version, since }], Vec::new(), None),
        Published::Rules(rules) => Book::default().with_rules(vec![LiveRules { rules, since }]),
        Published::Calendar(_) | Published::Segment(_) => Book::default(),
    };
    for other in others {
        match other {
            Published::Flow(other) => {
                book.add_callable(other);
                book.versions.insert(other.id, Arc::clone(other));
            }
            Published::Calendar(found) => {
                book.calendars.insert(Arc::clone(&found.calendar.name), Arc::clone(&found.calendar));
            }
            Published::Segment(found) => {
                book.segments.insert(Arc::clone(&found.segment.name), Arc::clone(&found.segment));
            }
            Published::Rules(_) => {}
        }
    }
    book
}
