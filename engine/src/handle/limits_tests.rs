//! Limits across mailboxes: what people order, what is erased, and what a gate says to whom.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::gate::tests::{place_of, places};
use super::{Input, handle};
use crate::book::{Book, Live};
use crate::capability::web;
use crate::clock::At;
use crate::connector::{ActionSpec, Catalog, Problem, Repeat, Verdict};
use crate::contact::Contact;
use crate::erasure::Family;
use crate::event::{self, Event, EventKey, Origin};
use crate::flow::{Environment, check};
use crate::ids::{ContactId, EventId, Ids, MailboxId, RunId, VersionId, WaitId};
use crate::letter::Letter;
use crate::mailbox::Mailbox;
use crate::order::{About, Error, Order, Told};
use crate::run::{Attempt, Entry, What, journal};
use crate::store::{
    EffectOp, EffectRow, EffectState, JournalKind, RunRow, RunStatus, WaitKind, WaitOp, WaitState, Work,
};

const START: At = At(1_800_000_000_000);
/// Two people, and an object that is nobody's.
const ANNA: MailboxId = MailboxId(5);
const BEN: MailboxId = MailboxId(6);
const DEAL: MailboxId = MailboxId(-7);

const ONE_FOR_ALL: &str = r#"
on: whatsapp.message_received
concurrency: { key: '"all"' }
steps:
  - do: http.request
    with: { url: "https://shop.example/{{event.text}}" }
  - set: { done: true }
finally:
  - set: { cleaned: true }
"#;

/// Mailboxes that write to each other, and all that they wrote.
struct Stage {
    book: Book,
    mails: BTreeMap<MailboxId, Mailbox>,
    ids: Ids,
    now: At,
    works: Vec<Work>,
}

impl Stage {
    fn new(flow: &str) -> Self {
        let request = ActionSpec::of::<web::Request>(Repeat::OnlyIfRefused);
        let actions = BTreeMap::from([(request.name, request)]);
        let catalog = Catalog { actions, triggers: crate::trigger::all(), serves: BTreeMap::new() };
        let checked = check(&format!("format: 1\nflow: limited{flow}"), &Environment::new(&catalog));
        let version = checked.version.unwrap_or_else(|| panic!("{:#?}", checked.problems));
        let live = Live { version: Arc::new(version.into_version(VersionId(1))), since: At(0) };
        let person = |id: MailboxId| {
            let mut mail = Mailbox::new(id);
            mail.facts.contact = Some(Contact::new(ContactId(id.0), [7; 16]));
            (id, mail)
        };
        let mails = BTreeMap::from([person(ANNA), person(BEN)]);
        let ids = Ids::new(0);
        ids.after(1_000);
        Self { book: Book::new(vec![live], Vec::new(), None), mails, ids, now: START, works: Vec::new() }
    }

    /// Gives an input to a mailbox, and every letter that comes of it to its own.
    fn give(&mut self, mailbox: MailboxId, input: Input) -> Result<Value, Error> {
        let mut answer = None;
        let mut coming = VecDeque::from([(mailbox, input)]);
        while let Some((mailbox, input)) = coming.pop_front() {
            let mail = self.mails.entry(mailbox).or_insert_with(|| Mailbox::new(mailbox));
            let mut work = Work { mailbox, ..Work::default() };
            let said = handle(&self.book, mail, input, self.now, &self.ids, &mut work);
            answer.get_or_insert(said);
            for row in &work.letters {
                let letter = Box::new(Letter::from_row(row).unwrap());
                coming.push_back((row.mailbox, Input::Letter { letter, input: Some(row.id) }));
            }
            self.works.push(work);
        }
        answer.expect("one input was given")
    }

    fn order(&mut self, mailbox: MailboxId, order: Order, about: Option<About>) -> Result<Value, Error> {
        self.give(mailbox, Input::Order { by: "ops".into(), order, about })
    }

    fn event(id: i64, mailbox: MailboxId, kind: &str, fields: Value) -> Event {
        let event = Event {
            id: EventId(id),
            key: EventKey::new("", kind, &id.to_string()),
            mailbox,
            contact: (mailbox != DEAL).then_some(ContactId(mailbox.0)),
            conversation: None,
            connection: "main".into(),
            kind: kind.into(),
            origin: if mailbox == DEAL { Origin::Crm } else { Origin::Customer },
            at: START,
            provider_at: None,
            depth: 0,
            seen: Arc::default(),
        };
        event.with_fields(fields)
    }

    fn says(&mut self, id: i64, mailbox: MailboxId, text: &str) {
        let event = Self::event(id, mailbox, event::MESSAGE_RECEIVED, json!({ "text": text }));
        self.give(mailbox, Input::Event { event: Arc::new(event), input: None }).unwrap();
    }

    /// Calls planned so far.
    fn calls(&self) -> Vec<EffectRow> {
        let ops = self.works.iter().flat_map(|work| &work.effects);
        ops.filter_map(|op| if let EffectOp::Plan(row) = op { Some((**row).clone()) } else { None }).collect()
    }

    fn last_call(&self) -> EffectRow {
        self.calls().pop().expect("a call was planned")
    }

    fn settle(&mut self, call: EffectRow) {
        let (mailbox, verdict) = (call.mailbox, Verdict::done(json!({ "status": 200 })));
        let input = Input::Settled { effect: Box::new(call), attempts: Vec::new(), verdict, input: None };
        self.give(mailbox, input).unwrap();
    }

    fn last(&self, run: RunId) -> RunRow {
        let mut runs = self.works.iter().flat_map(|work| &work.runs);
        runs.rfind(|row| row.id == run).expect("the run").clone()
    }

    /// The only open run of a mailbox.
    fn run_of(&self, mailbox: MailboxId) -> RunId {
        let runs: Vec<RunId> = self.mails[&mailbox].runs.keys().copied().collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0]
    }

    fn told(&self, subject: i64) -> Vec<Entry> {
        let rows = self.works.iter().flat_map(|work| &work.journal).filter(|row| row.subject == subject);
        rows.flat_map(|row| journal::decode(row).unwrap()).collect()
    }

    fn did(&self, run: RunId) -> Vec<What> {
        self.told(run.0).into_iter().map(|entry| entry.what).collect()
    }

    /// Time goes on to when the next wait of a mailbox falls due.
    fn fall_due(&mut self, mailbox: MailboxId) {
        let next = self.mails[&mailbox].waits.values().min_by_key(|wait| wait.due_at).expect("it waits").clone();
        self.now = self.now.max(next.due_at);
        self.give(mailbox, Input::Due(next.id)).unwrap();
    }

    /// Nobody holds or waits for a place anywhere.
    fn all_is_free(&self) -> bool {
        self.mails.values().all(|mail| places(mail).next().is_none())
    }
}

#[test]
fn two_people_wait_for_each_other_where_the_key_says_so() {
    let mut stage = Stage::new(ONE_FOR_ALL);
    stage.says(901, ANNA, "a");
    stage.says(902, BEN, "b");
    assert_eq!(stage.calls().len(), 1);
    let waiting = stage.run_of(BEN);
    assert_eq!(stage.last(waiting).status, RunStatus::Waiting);
    assert!(matches!(stage.did(waiting)[..], [What::Started { gate: Some(_), .. }, What::Queued]));
    assert_eq!(stage.told(waiting.0)[0].data["key"], "all");
    stage.settle(stage.last_call());
    assert_eq!(stage.calls().len(), 2);
    assert!(stage.did(waiting).contains(&What::Admitted));
    stage.settle(stage.last_call());
    assert_eq!(stage.last(waiting).status, RunStatus::Done);
    assert!(stage.all_is_free());
}

#[test]
fn who_is_erased_leaves_the_place_to_others_whether_at_work_or_waiting() {
    for erased in [ANNA, BEN] {
        let mut stage = Stage::new(ONE_FOR_ALL);
        stage.says(901, ANNA, "a");
        stage.says(902, BEN, "b");
        stage.order(erased, Order::ErasePerson, None).unwrap();
        let other = if erased == ANNA { BEN } else { ANNA };
        stage.settle(stage.last_call());
        assert!(stage.mails[&other].runs.is_empty() && stage.all_is_free(), "{:#?}", stage.mails);
        stage.says(903, other, "c");
        assert!(place_of(&stage.mails[&other], stage.run_of(other)).unwrap().held);
    }
}

/// It has done nothing, so there is nothing to clean up; and it leaves its place in the queue.
#[test]
fn a_run_that_waits_to_begin_is_cancelled_without_clean_up() {
    let mut stage = Stage::new(ONE_FOR_ALL);
    stage.says(901, ANNA, "a");
    stage.says(902, BEN, "b");
    let waiting = stage.run_of(BEN);
    stage.order(BEN, Order::CancelRun { run: waiting }, None).unwrap();
    assert_eq!(stage.did(waiting).last(), Some(&What::Ended { status: RunStatus::Cancelled }));
    assert!(!stage.did(waiting).iter().any(|what| matches!(what, What::Finishing { .. })));
    stage.settle(stage.last_call());
    assert!(stage.all_is_free());
}

#[test]
fn a_call_that_a_person_tries_again_goes_out_and_what_follows_waits_for_its_turn() {
    for key in ["'\"all\"'", "contact.id"] {
        let mut stage = Stage::new(&ONE_FOR_ALL.replace("'\"all\"'", key));
        stage.says(901, ANNA, "a");
        let (parked, run) = (stage.last_call(), stage.run_of(ANNA));
        let problem = Some(Problem::new("503", "down"));
        let attempts = vec![Attempt { attempt: 1, at: START, took_ms: 1, verdict: "unknown".into(), problem }];
        let effect = Box::new(parked.clone());
        stage.give(ANNA, Input::Parked { effect, attempts, why: "may_have_happened" }).unwrap();
        assert!(stage.all_is_free(), "who waits for a person has no place");
        stage.says(902, ANNA, "b");
        let other = stage.last_call();
        assert_ne!(other.run_id, run);
        let row = EffectRow { state: EffectState::Parked, ..parked };
        let order = Order::RetryEffect { effect: row.id, input: None };
        stage.order(ANNA, order, Some(About::Effect(Box::new(row)))).unwrap();
        let again = stage.last_call();
        assert_eq!((again.run_id, again.n), (run, 2));
        stage.settle(again);
        assert_eq!(stage.did(run).last(), Some(&What::Queued), "{key}");
        stage.settle(other);
        assert_eq!(stage.last(run).status, RunStatus::Done, "{key}");
        assert!(stage.all_is_free());
    }
}

#[test]
fn a_queue_that_is_full_takes_no_more() {
    let mut stage = Stage::new(&ONE_FOR_ALL.replace("'\"all\"'", "contact.id"));
    stage.says(901, ANNA, "a");
    stage.says(902, ANNA, "b");
    let mail = stage.mails.get_mut(&ANNA).unwrap();
    let waits = mail.waits.values().max_by_key(|wait| wait.id).unwrap().clone();
    for n in 1..1_000 {
        let id = WaitId(waits.id.0 + n);
        mail.waits.insert(id, crate::store::WaitRow { id, ..waits.clone() });
    }
    stage.ids.after(waits.id.0 + 1_000);
    stage.says(903, ANNA, "c");
    let passed = stage.told(903).into_iter().any(|entry| {
        let What::Passed { why, .. } = entry.what else { return false };
        &*why == "queue_full"
    });
    assert!(passed, "{:#?}", stage.told(903));
    assert_eq!(&*stage.mails[&ANNA].missed.last().unwrap().why, "queue_full");
}

#[test]
fn a_start_that_a_gate_elsewhere_turns_away_is_told_as_missed() {
    let mut stage = Stage::new(&ONE_FOR_ALL.replace("'\"all\"'", "'\"all\"', busy: skip"));
    stage.says(901, ANNA, "a");
    stage.says(902, BEN, "b");
    assert!(stage.mails[&BEN].runs.is_empty());
    let missed = stage.mails[&BEN].missed.last().expect("it was missed");
    assert_eq!((&*missed.why, &*missed.trigger, missed.event), ("busy", event::MESSAGE_RECEIVED, EventId(902)));
    stage.settle(stage.last_call());
    assert!(stage.all_is_free());
}

/// Its second newer run waits as well: for the clean-up, and in place of the first.
#[test]
fn a_run_that_is_replaced_keeps_its_place_while_it_cleans_up_and_is_not_told_twice() {
    let cleaning = "finally:\n  - do: http.request\n    with: { url: \"https://shop.example/clean\" }\n";
    for key in ["'\"all\"'", "contact.id"] {
        let flow = ONE_FOR_ALL.replace("'\"all\"'", &format!("{key}, busy: replace"));
        let mut stage = Stage::new(&flow.replace("finally:\n  - set: { cleaned: true }\n", cleaning));
        stage.says(901, ANNA, "a");
        let old = stage.run_of(ANNA);
        stage.says(902, ANNA, "b");
        let clean = stage.last_call();
        assert_eq!(clean.run_id, old, "only the clean-up works");
        stage.says(903, ANNA, "c");
        assert_eq!(stage.last(old).status, RunStatus::Working, "{key}");
        assert_eq!(
            stage.mails[&ANNA].missed.last().map(|missed| (&*missed.why, missed.event)),
            Some(("replaced", EventId(902)))
        );
        stage.settle(clean);
        assert_eq!(stage.last(old).status, RunStatus::Cancelled, "{key}");
        let newest = stage.last_call();
        assert_eq!((stage.last(newest.run_id).event_id, stage.calls().len()), (EventId(903), 3), "{key}");
    }
}

/// What is kept from starting is no message that nothing understands.
#[test]
fn a_message_that_a_limit_stops_is_understood() {
    let mut stage = Stage::new("\non: whatsapp.message_received\nthrottle: { every: 1h }\nsteps: []\n");
    stage.says(901, ANNA, "a");
    stage.says(902, ANNA, "b");
    assert!(
        stage.told(902).iter().any(|entry| matches!(&entry.what, What::Passed { why, .. } if **why == *"throttled"))
    );
    assert!(stage.works.iter().all(|work| work.unmatched.is_empty()));
}

const GATHERING: &str = r#"
on: [whatsapp.message_received, "crm.field_changed": { object: deal, field: stage }]
debounce: 5s
steps:
  - set: { said: "= event.texts" }
"#;

/// Of a deal's events one told of somebody who is erased.
#[test]
fn what_is_forgotten_leaves_its_burst() {
    let mut stage = Stage::new(GATHERING);
    for (id, text) in [(901, "public"), (902, "secret")] {
        let fields = json!({ "object": "deal", "object_id": "1", "field": "stage", "new": "won", "text": text });
        let event = Stage::event(id, DEAL, event::FIELD_CHANGED, fields);
        stage.give(DEAL, Input::Event { event: Arc::new(event), input: None }).unwrap();
    }
    let family = Family { mailbox: DEAL, event: EventId(902), runs: Vec::new() };
    stage.order(DEAL, Order::Forget { families: vec![family] }, None).unwrap();
    stage.fall_due(DEAL);
    let set = stage.works.iter().flat_map(|work| &work.journal).filter(|row| row.kind == JournalKind::Turn);
    let entries: Vec<Entry> = set.flat_map(|row| journal::decode(row).unwrap()).collect();
    assert!(entries.iter().any(|entry| entry.data["said"] == json!(["public"])), "{entries:#?}");
    assert!(stage.mails[&DEAL].gathered.is_empty());
}

#[test]
fn a_person_who_is_erased_leaves_no_burst() {
    let mut stage = Stage::new(GATHERING);
    stage.says(901, ANNA, "secret");
    stage.order(ANNA, Order::ErasePerson, None).unwrap();
    let mail = &stage.mails[&ANNA];
    assert!(mail.waits.is_empty() && mail.gathered.is_empty());
}

/// The joined event is stored with the run alone, and a run that repeats it sees it whole.
#[test]
fn a_run_of_a_burst_is_replayed_with_all_its_texts() {
    let mut stage = Stage::new(GATHERING);
    stage.says(901, ANNA, "one");
    stage.says(902, ANNA, "two");
    stage.fall_due(ANNA);
    let matched = stage.told(902).into_iter().find_map(|entry| match entry.what {
        What::Matched { run, .. } => Some(run),
        _ => None,
    });
    let run = matched.expect("the burst started a run");
    let event = Stage::event(902, ANNA, event::MESSAGE_RECEIVED, json!({ "text": "two" }));
    let version = Arc::clone(&stage.book.live[0].version);
    let told = Told { row: stage.last(run), version, earlier: Vec::new(), event, entries: stage.told(run.0) };
    let answer = stage.order(ANNA, Order::ReplayRun { run }, Some(About::Run(Box::new(told)))).unwrap();
    let again: RunId = serde_json::from_value(answer["run"].clone()).unwrap();
    let said = stage.told(again.0).into_iter().find(|entry| matches!(entry.what, What::Assigned { .. }));
    assert_eq!(said.unwrap().data["said"], json!(["one", "two"]));
}

/// Its timer was set before the next message came; only the row of the newest event counts.
#[test]
fn an_early_timer_starts_no_burst() {
    let mut stage = Stage::new(GATHERING);
    stage.says(901, ANNA, "one");
    let early = stage.mails[&ANNA].waits.values().next().unwrap().clone();
    stage.now = early.due_at.minus(std::time::Duration::from_secs(1));
    stage.says(902, ANNA, "two");
    stage.now = early.due_at;
    stage.give(ANNA, Input::Due(early.id)).unwrap();
    assert_eq!(stage.mails[&ANNA].gathered.len(), 2);
    let closed = |op: &WaitOp| matches!(op, WaitOp::Close { to: WaitState::Fired, .. });
    assert!(!stage.works.last().unwrap().waits.iter().any(closed));
    let rows = stage.mails[&ANNA].waits.values().filter(|wait| wait.kind == WaitKind::Debounce);
    assert_eq!(rows.count(), 2);
}
