//! Slots that were missed, over every change of the clocks; and slots that go over a segment.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::sweep::{Page, Sweep};
use super::{Input, handle, schedule_mailbox};
use crate::book::{Book, Live};
use crate::clock::At;
use crate::contact::{Contact, TagSource, TagSourceKind};
use crate::event::{CRON, EventKey};
use crate::flow::{Program, Trigger, Version};
use crate::ids::{ContactId, EventId, Ids, MailboxId, VersionId};
use crate::mailbox::Mailbox;
use crate::order::{Error, Order};
use crate::run::{What, journal};
use crate::schedule::changes::{kinds_of_zones, rules};
use crate::store::{WaitKind, Work};

const NOW: At = At(1_800_000_000_000);

/// A flow without steps that a schedule starts.
fn version(params: Value) -> Version {
    let trigger = Trigger { id: CRON.into(), kind: CRON.into(), params, when: Vec::new() };
    Version {
        id: VersionId(1),
        flow: "timed".into(),
        name: "Timed".into(),
        meaning: [0; 32],
        triggers: vec![trigger],
        first_hour: None,
        limits: crate::flow::Limits::default(),
        program: Program::default(),
    }
}

/// A schedule's mailbox, or a contact's.
struct World {
    book: Book,
    mail: Mailbox,
    ids: Ids,
}

impl World {
    fn new(version: Version) -> Self {
        let live = Live { version: Arc::new(version), since: At(0) };
        let mail = Mailbox::new(schedule_mailbox("timed", CRON));
        Self { book: Book::new(vec![live], Vec::new(), None), mail, ids: Ids::new(0) }
    }

    fn try_give(&mut self, input: Input, now: At) -> (Work, Result<Value, Error>) {
        let mut work = Work::default();
        let answer = handle(&self.book, &mut self.mail, input, now, &self.ids, &mut work);
        (work, answer)
    }

    fn give(&mut self, input: Input, now: At) -> Work {
        self.try_give(input, now).0
    }

    /// The wait of this kind falls due.
    fn due(&mut self, kind: WaitKind, now: At) -> Work {
        let wait = self.mail.waits.values().find(|wait| wait.kind == kind).expect("it is armed").id;
        self.give(Input::Due(wait), now)
    }

    fn sweep(&self) -> Option<Sweep> {
        self.mail.waits.values().find_map(Sweep::of)
    }
}

#[test]
fn missed_slots_follow_their_policy_over_every_change_of_the_clocks() {
    let outage = TimeDelta::hours(5);
    let mut checked = 0;
    for (zone, changes) in kinds_of_zones() {
        for change in changes {
            for rule in rules(change) {
                let (first, now) = (change.at - outage, change.at + outage);
                let missed: Vec<At> =
                    rule.fires(zone, change).into_iter().filter(|at| *at > first && *at <= now).map(At::from).collect();
                let now = At::from(now).plus(std::time::Duration::from_secs(61));
                let missed: Vec<At> = missed.into_iter().filter(|at| now.since(*at).as_secs() > 60).collect();
                let wanted = [("skip", 0), ("last", 1), ("all", 24)];
                for (policy, most) in wanted {
                    let params = json!({ "at": rule.text, "zone": zone.name(), "missed": policy });
                    let mut world = World::new(version(params));
                    let (flow, trigger) = ("timed".into(), CRON.into());
                    world.give(Input::Schedule { flow, trigger }, first.into());
                    let due = world.mail.waits.values().next().expect("a slot is armed").due_at;
                    let ran = if due > now { Vec::new() } else { slots(&world.due(WaitKind::Cron, now)) };
                    let expected = &missed[missed.len().saturating_sub(most)..];
                    assert_eq!(ran, expected, "{zone} `{}` {policy} around {change:?}", rule.text);
                    let next = world.mail.waits.values().next().expect("the next slot is armed").due_at;
                    assert!(next > now, "{zone} `{}`: a slot in the past stays armed", rule.text);
                    checked += ran.len();
                }
            }
        }
    }
    assert!(checked > 3_000, "only {checked} slots ran");
}

fn slots(work: &Work) -> Vec<At> {
    work.events.iter().map(|event| event.provider_at.expect("the slot")).collect()
}

fn sweeping() -> World {
    let params = json!({ "at": "0 9 * * 1", "missed": "last", "each": "contacts with tag cold" });
    let mut world = World::new(version(params));
    let (flow, trigger) = ("timed".into(), CRON.into());
    world.give(Input::Schedule { flow, trigger }, NOW.minus(std::time::Duration::from_secs(8 * 86_400)));
    let work = world.due(WaitKind::Cron, NOW);
    assert!(work.events.is_empty() && work.runs.is_empty(), "the slot itself starts nobody");
    world
}

fn told(work: &Work) -> Vec<What> {
    let entries = work.journal.iter().flat_map(|row| journal::decode(row).unwrap());
    entries.map(|entry| entry.what).collect()
}

fn page(from: i64, to: i64, last: bool) -> Page {
    Page { from: ContactId(from), to: ContactId(to), last, found: 2, failed: 1 }
}

#[test]
fn a_slot_goes_over_its_segment_page_by_page_and_a_page_told_twice_counts_once() {
    let mut world = sweeping();
    let due = world.due(WaitKind::Sweep, NOW);
    let (mailbox, sweep) = due.pages[0].clone();
    assert_eq!((mailbox, &*sweep.segment, sweep.after), (world.mail.id, "contacts with tag cold", ContactId(i64::MIN)));
    let key = sweep.key();
    for _ in 0..2 {
        world.give(Input::Swept { key: key.clone(), page: page(i64::MIN, 7, false) }, NOW);
        let sweep = world.sweep().expect("it goes on");
        assert_eq!((sweep.after, sweep.found, sweep.failed), (ContactId(7), 2, 1));
    }
    let wait = world.mail.waits.values().find(|wait| wait.kind == WaitKind::Sweep).expect("it goes on");
    assert!(wait.due_at > NOW, "with a pause");
    let work = world.give(Input::Swept { key: key.clone(), page: page(7, 9, true) }, NOW);
    assert_eq!(told(&work), [What::SweepEnded { slot: sweep.slot, how: "done".into(), found: 4, failed: 2 }]);
    assert_eq!(world.sweep(), None);
    assert_eq!(world.give(Input::Swept { key, page: page(9, 9, true) }, NOW).journal, []);
}

#[test]
fn a_person_ends_a_sweep_and_one_whose_schedule_is_gone_ends_by_itself() {
    let mut world = sweeping();
    let key = world.sweep().expect("it began").key();
    let order = || Input::Order { by: "ops".into(), order: Order::CancelSweep { sweep: key.clone() }, about: None };
    let (work, answer) = world.try_give(order(), NOW);
    assert_eq!(answer.unwrap()["sweep"], json!(key));
    assert!(matches!(&told(&work)[..], [What::SweepEnded { how, .. }] if **how == *"cancelled"));
    assert!(matches!(world.try_give(order(), NOW).1, Err(Error::Gone(_))));

    let mut world = sweeping();
    world.book = Book::default();
    let work = world.due(WaitKind::Sweep, NOW);
    assert!(work.pages.is_empty() && world.sweep().is_none());
    assert!(matches!(&told(&work)[..], [What::SweepEnded { how, .. }] if **how == *"withdrawn"));

    let mut world = sweeping();
    let version = version(json!({ "at": "0 9 * * 1", "each": "cold-leads" }));
    world.book = Book::new(vec![Live { version: Arc::new(version), since: At(0) }], Vec::new(), None);
    assert!(
        matches!(&told(&world.due(WaitKind::Sweep, NOW))[..], [What::SweepEnded { how, .. }] if **how == *"withdrawn")
    );
}

#[test]
fn whether_a_contact_is_in_the_segment_is_decided_in_its_own_turn() {
    let sweep = sweeping().sweep().expect("it began");
    for (tags, starts) in [(&["cold"][..], true), (&["warm"][..], false)] {
        let mut contact = Contact::new(ContactId(70), [0; 16]);
        for tag in tags {
            contact.give_tag(tag, TagSource { kind: TagSourceKind::Import, id: String::new(), at: NOW });
        }
        let mut world = sweeping();
        world.mail = Mailbox::new(MailboxId::of_contact(contact.id));
        world.mail.facts.contact = Some(contact);
        let event = sweep.event(ContactId(70), None, EventId(71), NOW);
        assert_eq!(event.key, EventKey::new("", CRON, &format!("{}/{}", sweep.key(), ContactId(70))));
        let work = world.give(Input::Event { event: Arc::new(event), input: None }, NOW);
        assert_eq!(work.runs.len(), usize::from(starts), "{tags:?}");
        let said = |what: &What| {
            matches!(what, What::Matched { .. }) == starts
                || matches!(what, What::Passed { why, .. } if **why == *"when")
        };
        assert!(told(&work).iter().any(said), "{:?}", told(&work));
    }
}
