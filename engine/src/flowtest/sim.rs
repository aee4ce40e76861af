//! The simulated world of one test: mailboxes, a clock that jumps, and calls that are answered from the test.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::expect::{Act, Happened};
use crate::book::{Book, Live};
use crate::clock::At;
use crate::connector::{Catalog, Done, Party, Problem, Repeat, Scope, Sent, Verdict};
use crate::contact::{Contact, Conversation, Priority, TagSource, TagSourceKind, WINDOW};
use crate::duration;
use crate::event::{self, Event, EventKey, Origin};
use crate::flow::{Fail, Fake, TestCase, Version};
use crate::handle::{Input, handle};
use crate::ids::{ContactId, ConversationId, EventId, Ids, MailboxId, RunId, WaitId};
use crate::mailbox::Mailbox;
use crate::run::plan::{self, PERSON_ANSWERS_WITHIN};
use crate::run::{Attempt, Entry, Next, Plan, State, What, journal};
use crate::store::{EffectOp, EffectRow, RunRow, WaitOp, Work};

/// 2026-01-05T09:00:00Z, a Monday morning: when a test starts unless it says otherwise.
const START: At = At(1_767_603_600_000);
/// Most steps of a simulation: a flow that keeps waking itself up is stopped here.
const MOST: usize = 20_000;
/// How far a test's time runs beyond its last event.
const FAR: Duration = Duration::from_secs(400 * 24 * 60 * 60);
const NUMBER: &str = "test-number";

/// Something that will happen.
enum Coming {
    Event(Box<Event>),
    Due(MailboxId, WaitId),
    Attempt(Box<EffectRow>, Vec<Attempt>),
    Unclear(Box<EffectRow>, Vec<Attempt>),
    NobodyAnswered(Box<EffectRow>),
}

pub(super) struct Sim<'a> {
    test: &'a TestCase,
    catalog: &'a Catalog,
    book: Book,
    ids: Ids,
    start: At,
    now: At,
    mails: BTreeMap<MailboxId, Mailbox>,
    contact: ContactId,
    coming: BTreeMap<(At, u64), Coming>,
    order: u64,
    /// How many calls of each action were answered.
    answered: HashMap<String, usize>,
    acts: Vec<Act>,
    runs: BTreeMap<RunId, RunRow>,
    entries: BTreeMap<RunId, Vec<Entry>>,
}

impl<'a> Sim<'a> {
    pub(super) fn new(version: &Arc<Version>, test: &'a TestCase, catalog: &'a Catalog) -> Self {
        let start = test.given.at.unwrap_or(START);
        let ids = Ids::new(0);
        let live = Live { version: Arc::clone(version), since: At(0) };
        let contact = ContactId(ids.next(start));
        let mut sim = Self {
            test,
            catalog,
            book: Book::new(vec![live], Vec::new(), None),
            start,
            now: start,
            mails: BTreeMap::new(),
            contact,
            coming: BTreeMap::new(),
            order: 0,
            answered: HashMap::new(),
            acts: Vec::new(),
            runs: BTreeMap::new(),
            entries: BTreeMap::new(),
            ids,
        };
        let mail = sim.customer();
        sim.mails.insert(mail.id, mail);
        for moment in &test.at {
            let at = start.plus(moment.after);
            for (kind, fields) in &moment.events {
                let event = sim.event(version, kind, fields, at);
                sim.expect_at(at, Coming::Event(Box::new(event)));
            }
        }
        sim
    }

    fn expect_at(&mut self, at: At, coming: Coming) {
        self.order += 1;
        self.coming.insert((at, self.order), coming);
    }

    /// The customer's mailbox as the test gives it.
    fn customer(&self) -> Mailbox {
        let mut contact = Contact::new(self.contact, [0; 16]);
        let given = &self.test.given.contact;
        let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
        contact.name = text("name").unwrap_or_else(|| "Test Customer".into());
        contact.phone = Some(text("phone").unwrap_or_else(|| "+15550100".into()));
        contact.language = text("language").unwrap_or_default();
        contact.order_status = text("order_status").unwrap_or_default();
        contact.unread_count = given.get("unread_count").and_then(Value::as_i64).unwrap_or(0);
        contact.fields = given.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(priority) = given.get("priority") {
            contact.priority = serde_json::from_value::<Priority>(priority.clone()).unwrap_or_default();
        }
        for tag in given.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let source = TagSource { kind: TagSourceKind::Import, id: String::new(), at: self.start };
            contact.tags.insert(tag.to_owned(), vec![source]);
        }
        let id = ConversationId(self.ids.next(self.start));
        let address = contact.phone.as_deref().unwrap_or_default().trim_start_matches('+').to_owned();
        let mut mail = Mailbox::new(MailboxId::of_contact(self.contact));
        mail.facts.contact = Some(contact);
        mail.facts.conversations = vec![self.conversation(id, address)];
        mail
    }

    fn conversation(&self, id: ConversationId, address: String) -> Conversation {
        let empty = serde_json::Map::new();
        let given = self.test.given.conversation.as_ref().unwrap_or(&empty);
        let time = |name: &str| {
            let text = given.get(name)?.as_str()?;
            chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| At::from(time.to_utc()))
        };
        let last_inbound_at = time("last_inbound_at");
        let open = given.get("window_open").and_then(Value::as_bool);
        Conversation {
            id,
            contact: self.contact,
            number: NUMBER.into(),
            address,
            connection: given.get("channel").and_then(Value::as_str).unwrap_or("whatsapp").into(),
            window_closes_at: match open {
                Some(true) => Some(self.start.plus(WINDOW)),
                Some(false) => None,
                None => last_inbound_at.map(|at| at.plus(WINDOW)),
            },
            session_messages: 0,
            session_opened_at: None,
            last_inbound_at,
            last_outbound_at: time("last_outbound_at"),
            rev: 0,
        }
    }

    /// An event: the test's fields laid over the catalogue's sample.
    fn event(&self, version: &Version, kind: &str, fields: &Value, at: At) -> Event {
        let spec = self.catalog.triggers.get(kind);
        let mut body = spec.map(|spec| spec.sample.clone()).unwrap_or_else(|| json!({}));
        let mut fields = fields.as_object().cloned().unwrap_or_default();
        let mut own = |name: &str| fields.remove(name).and_then(|value| value.as_str().map(str::to_owned));
        let (connection, origin) = (own("connection"), own("origin"));
        if kind == event::NO_REPLY
            && let Some(trigger) = version.triggers.iter().find(|trigger| &*trigger.kind == kind)
        {
            overlay(&mut body, &json!({ "after": trigger.params["after"], "silent": trigger.params["silent"] }));
        }
        if kind == event::MANUAL {
            overlay(&mut body, &json!({ "flow": *version.flow }));
        }
        overlay(&mut body, &Value::Object(fields));
        let in_conversation = spec.is_none_or(|spec| spec.in_conversation);
        let id = EventId(self.ids.next(at));
        let mailbox = if in_conversation { MailboxId::of_contact(self.contact) } else { MailboxId::of_event(id) };
        let conversation = self.mails.values().next().and_then(|mail| mail.facts.conversations.first());
        Event {
            id,
            key: EventKey::new("test", kind, &id.to_string()),
            mailbox,
            contact: in_conversation.then_some(self.contact),
            conversation: conversation.filter(|_| in_conversation).map(|known| known.id),
            connection: connection.unwrap_or_else(|| "test".into()).into(),
            kind: kind.into(),
            origin: origin.and_then(|origin| serde_json::from_value(origin.into()).ok()).unwrap_or(origin_of(kind)),
            at,
            provider_at: Some(at),
            depth: 0,
            body,
        }
    }

    /// Lets time run until nothing is coming any more.
    pub(super) fn run(&mut self) -> Result<(), String> {
        let last = self.test.at.iter().map(|moment| moment.after).max().unwrap_or_default();
        let end = self.start.plus(last).plus(FAR);
        for _ in 0..MOST {
            let Some(((at, _), coming)) = self.coming.pop_first() else { return Ok(()) };
            if at > end {
                return Ok(());
            }
            self.now = self.now.max(at);
            self.happen(coming);
        }
        Err(format!("the flow keeps waking up: stopped after {MOST} steps"))
    }

    fn happen(&mut self, coming: Coming) {
        match coming {
            Coming::Event(event) => {
                let mailbox = event.mailbox;
                self.give(mailbox, Input::Event { event: Arc::new(*event), input: None });
            }
            Coming::Due(mailbox, wait) => self.give(mailbox, Input::Due(wait)),
            Coming::Attempt(row, attempts) => self.attempt(*row, attempts),
            Coming::Unclear(row, attempts) => self.next(*row, attempts, Next::Park { why: "may_have_happened" }, None),
            Coming::NobodyAnswered(row) => {
                let problem = Problem::new("nobody_answered", "it needed attention, and nobody answered in time");
                self.settle(*row, Vec::new(), Verdict::Refused(problem));
            }
        }
    }

    /// Gives a mailbox an input, and takes up what comes of it.
    fn give(&mut self, mailbox: MailboxId, input: Input) {
        let mail = self.mails.entry(mailbox).or_insert_with(|| Mailbox::new(mailbox));
        let mut work = Work { mailbox, ..Work::default() };
        // Only orders can be refused, and a test gives none.
        let _ = handle(&self.book, mail, input, self.now, &self.ids, &mut work);
        for row in &work.journal {
            self.read(row);
        }
        for run in work.runs {
            self.runs.insert(run.id, run);
        }
        let mut withdrawn = BTreeSet::new();
        for op in work.effects {
            match op {
                EffectOp::Plan(row) => self.expect_at(self.now, Coming::Attempt(row, Vec::new())),
                EffectOp::Withdraw(id) => drop(withdrawn.insert(id)),
                EffectOp::Finish(_) | EffectOp::Park { .. } => {}
            }
        }
        self.coming.retain(|_, coming| match coming {
            Coming::Attempt(row, _) | Coming::Unclear(row, _) | Coming::NobodyAnswered(row) => {
                !withdrawn.contains(&row.id)
            }
            _ => true,
        });
        for op in work.waits {
            if let WaitOp::Arm(wait) = op
                && wait.due_at != At::NEVER
            {
                self.expect_at(wait.due_at, Coming::Due(mailbox, wait.id));
            }
        }
    }

    fn read(&mut self, row: &crate::store::JournalRow) {
        let entries = journal::decode(row).unwrap_or_default();
        for entry in &entries {
            match &entry.what {
                What::Planned { action, .. } => self.note(action, entry.data.clone()),
                What::Acted { action, .. } => self.note(action, entry.data["input"].clone()),
                _ => {}
            }
        }
        if row.kind == crate::store::JournalKind::Turn {
            self.entries.entry(RunId(row.subject)).or_default().extend(entries);
        }
    }

    fn note(&mut self, action: &str, input: Value) {
        let after = self.now.since(self.start);
        self.acts.push(Act { after, action: action.to_owned(), input });
    }

    fn attempt(&mut self, row: EffectRow, mut attempts: Vec<Attempt>) {
        let Ok(plan) = serde_json::from_slice::<Plan>(&row.input) else { return };
        let verdict = self.answer(&row, &plan);
        attempts.push(Attempt {
            attempt: row.attempt + 1,
            at: self.now,
            took_ms: 0,
            verdict: verdict.name().into(),
            problem: verdict.problem().cloned(),
        });
        let repeat = self.catalog.actions.get(row.action.as_str()).map_or(Repeat::Safe, |spec| spec.repeat);
        let next = plan::next(&plan, repeat, row.attempt, &verdict, self.now);
        self.next(row, attempts, next, Some(verdict));
    }

    fn next(&mut self, mut row: EffectRow, attempts: Vec<Attempt>, next: Next, verdict: Option<Verdict>) {
        match (next, verdict) {
            (Next::Settle, Some(verdict)) => self.settle(row, attempts, verdict),
            (Next::Again { attempt, not_before }, _) => {
                row.attempt = attempt;
                self.expect_at(not_before, Coming::Attempt(Box::new(row), attempts));
            }
            (Next::Hold { after }, _) => {
                let probe = self.now.plus(after.unwrap_or(Duration::from_secs(1)));
                if probe > row.deadline {
                    let problem = Problem::new("expired", "it could not start before its deadline");
                    return self.settle(row, attempts, Verdict::Refused(problem));
                }
                self.expect_at(probe, Coming::Attempt(Box::new(row), attempts));
            }
            (Next::Doubt { until }, _) => self.expect_at(until, Coming::Unclear(Box::new(row), attempts)),
            (Next::Park { why }, _) => {
                let first = attempts.first().map_or(self.now, |attempt| attempt.at);
                row.deadline = first.plus(PERSON_ANSWERS_WITHIN);
                self.expect_at(row.deadline, Coming::NobodyAnswered(Box::new(row.clone())));
                let mailbox = row.mailbox;
                self.give(mailbox, Input::Parked { effect: Box::new(row), attempts, why });
            }
            (Next::Settle, None) => {}
        }
    }

    fn settle(&mut self, row: EffectRow, attempts: Vec<Attempt>, verdict: Verdict) {
        let mailbox = row.mailbox;
        self.give(mailbox, Input::Settled { effect: Box::new(row), attempts, verdict, input: None });
    }

    /// What the test's `fake` says, else the catalogue's sample.
    fn answer(&mut self, row: &EffectRow, plan: &Plan) -> Verdict {
        let conversation = row.window.and_then(|id| self.mails.get(&row.mailbox)?.facts.conversation(id));
        if conversation.is_some_and(|conversation| !conversation.window_open(self.now)) {
            let words = "24 hours have passed since the customer's last message: only a template can be sent now";
            return Verdict::Refused(Problem::new("window_closed", words));
        }
        let count = self.answered.entry(row.action.clone()).or_default();
        *count += 1;
        let fakes = self.test.fake.get(&row.action).map_or(&[][..], Vec::as_slice);
        let sample = self.catalog.actions.get(row.action.as_str()).map(|spec| spec.sample.clone()).unwrap_or_default();
        match fakes.get(*count - 1).or(fakes.last()) {
            Some(Fake::Fail { how, code, message }) => failure(*how, code.as_deref(), message.as_deref()),
            Some(Fake::Reply(fields)) => {
                let mut output = sample;
                overlay(&mut output, fields);
                self.done(row, plan, output)
            }
            None => self.done(row, plan, sample),
        }
    }

    fn done(&self, row: &EffectRow, plan: &Plan, output: Value) -> Verdict {
        let sent = plan.address.as_ref().filter(|_| row.action.starts_with("whatsapp.send")).map(|address| Sent {
            external_id: row.key.clone(),
            party: Party { number: NUMBER.into(), address: address.to_string(), phone: None, name: None },
            text: plan.input["text"].as_str().unwrap_or_default().to_owned(),
        });
        Verdict::Done(Done { output, sent })
    }

    /// What happened, for the expectations.
    pub(super) fn happened(&self, version: &Version) -> Happened {
        let customer =
            self.mails.get(&MailboxId::of_contact(self.contact)).and_then(|mail| mail.facts.contact.as_ref());
        let mut vars = serde_json::Map::new();
        for entries in self.entries.values() {
            vars.extend(State::fold(version, Value::Null, entries).vars);
        }
        Happened {
            acts: self.acts.clone(),
            runs: self.runs.values().map(|run| (run.status, run.error.clone())).collect(),
            tags: customer.map(|contact| contact.tags.keys().cloned().collect()).unwrap_or_default(),
            vars,
        }
    }

    /// What happened, for reading.
    pub(super) fn log(&self) -> Vec<String> {
        let line = |act: &Act| format!("{:>8}  {} {}", duration::format(act.after), act.action, act.input);
        self.acts.iter().map(line).collect()
    }
}

fn origin_of(kind: &str) -> Origin {
    match kind.split('.').next() {
        Some("whatsapp") => Origin::Customer,
        Some("crm") => Origin::Crm,
        Some("webhook" | "manual") => Origin::Api,
        _ => Origin::System,
    }
}

fn failure(how: Fail, code: Option<&str>, message: Option<&str>) -> Verdict {
    let problem = |default: &str| Problem::new(code.unwrap_or(default), message.unwrap_or("the test says so"));
    match how {
        Fail::Later => Verdict::Later { after: None, scope: Scope::Item, problem: problem("later") },
        Fail::Refused => Verdict::Refused(problem("refused")),
        Fail::Unknown => Verdict::Unknown(problem("unknown")),
        Fail::Auth => Verdict::Auth(problem("auth")),
        Fail::Down => Verdict::Later { after: None, scope: Scope::Connection, problem: problem("down") },
    }
}

/// Lays `over` on `base`: objects are joined field by field, everything else is replaced.
fn overlay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                overlay(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}
