//! Starts of a trigger that matched too often in its first hour: held as waits for a person, released or dropped by one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Handling;
use super::meet::Declined;
use crate::book::Live;
use crate::clock::At;
use crate::event::{self, Event};
use crate::first_hour::Admission;
use crate::flow::Trigger;
use crate::ids::{EventId, MailboxId, WaitId};
use crate::order::Error;
use crate::run::{Entry, What};
use crate::sentence;
use crate::store::{JournalKind, WaitKind, WaitRow, WaitState};

/// What is stored of a held start, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldStart {
    /// The flow.
    pub flow: Arc<str>,
    /// The trigger in it.
    pub trigger: Arc<str>,
    /// When it matched.
    pub at: At,
}

impl Handling<'_> {
    /// Holds a start that the trigger's first hour does not let happen. Gives what the event's journal says of it.
    pub(super) fn held_back(&mut self, live: &Live, trigger: &Trigger, event: &Event, saw: &Value) -> Option<Entry> {
        let by_hand = *event.kind == *event::MANUAL;
        let hour = self.book.hours.get(&(live.version.flow.to_string(), trigger.id.to_string())).filter(|_| !by_hand);
        let most = live.version.first_hour.unwrap_or(self.book.first_hour);
        match hour.map_or(Admission::Starts, |hour| hour.admit(most, self.now)) {
            Admission::Starts => None,
            Admission::Counts(row) => {
                self.work.hours.push(row);
                None
            }
            Admission::Held(first) => {
                if let Some(row) = first {
                    let id = format!("{}/{}", row.flow, row.trigger);
                    let what = What::Changed { what: "first_hour.holding".into(), id: id.as_str().into() };
                    let subject = MailboxId::of_object("", "change", &id).0;
                    self.journal(subject, None, JournalKind::Change, &[Entry::bare(what)]);
                    self.work.hours.push(row);
                }
                Some(self.hold(live, trigger, event, saw.clone()))
            }
        }
    }

    fn hold(&mut self, live: &Live, trigger: &Trigger, event: &Event, saw: Value) -> Entry {
        let start = HeldStart { flow: Arc::clone(&live.version.flow), trigger: Arc::clone(&trigger.id), at: self.now };
        let wait = WaitId(self.next_id());
        let (key, data) = (Some(format!("{}/{}/{}", start.flow, start.trigger, event.id)), serde_json::to_vec(&start));
        let row = WaitRow::armed(wait, self.mail.id, WaitKind::Held, At::NEVER);
        self.arm(WaitRow { key, since: event.id, data: data.unwrap_or_default(), ..row });
        let HeldStart { flow, trigger, .. } = start;
        Entry { what: What::Held { flow, trigger, wait }, data: saw }
    }

    fn held_start(&self, id: WaitId) -> Result<(EventId, HeldStart), Error> {
        let wait = self.mail.waits.get(&id).filter(|wait| wait.kind == WaitKind::Held);
        let found = wait.and_then(|wait| Some((wait.since, serde_json::from_slice(&wait.data).ok()?)));
        found.ok_or_else(|| Error::Gone(id.to_string().into()))
    }

    /// A person lets a held start happen, in the flow as it is now. Its conditions held when it was held, and are not asked again.
    pub(super) fn release_start(&mut self, id: WaitId, event: Option<&Event>) -> Result<Value, Error> {
        let (event_id, HeldStart { flow, trigger, .. }) = self.held_start(id)?;
        let event = event.filter(|event| event.id == event_id && !self.mail.erased.holds(event.id.0));
        let event =
            event.ok_or_else(|| Error::Refused(sentence!("what {id} would start with was deleted: drop it", id)))?;
        let book = self.book;
        let Some((live, trigger)) = book.trigger(&flow, &trigger) else {
            let form = sentence!(
                "the flow `{flow}` is not live with the trigger `{trigger}`: publish it, or drop {id}",
                flow,
                trigger,
                id
            );
            return Err(Error::Refused(form));
        };
        let run = self.begin_held(live, trigger, event).map_err(|declined| match declined {
            Declined::Limit(refusal) => {
                let code = refusal.code();
                Error::Refused(sentence!(
                    "a limit of the flow keeps {id} from starting ({code}): release it later, or drop it",
                    id,
                    code
                ))
            }
            Declined::Key(error) => {
                Error::Refused(sentence!("the key of a limit cannot be worked out: {why}", why = error.message))
            }
        })?;
        self.disarm(id, WaitState::Answered);
        let entry = Entry::bare(What::Released { flow, trigger: Arc::clone(&trigger.id), run });
        self.journal(event_id.0, None, JournalKind::Change, &[entry]);
        Ok(json!({ "run": run }))
    }

    /// A person does not want a held start.
    pub(super) fn drop_start(&mut self, id: WaitId) -> Result<Value, Error> {
        let (event, HeldStart { flow, trigger, .. }) = self.held_start(id)?;
        self.disarm(id, WaitState::Cancelled);
        let entry = Entry::bare(What::Dropped { flow, trigger });
        self.journal(event.0, None, JournalKind::Change, &[entry]);
        Ok(json!({ "dropped": id }))
    }

    /// Starts held with this event are not wanted any more: it is about to be deleted.
    pub(super) fn forget_starts(&mut self, event: EventId) {
        let of_event = |wait: &&WaitRow| wait.kind == WaitKind::Held && wait.since == event;
        let held: Vec<WaitId> = self.mail.waits.values().filter(of_event).map(|wait| wait.id).collect();
        for wait in held {
            self.disarm(wait, WaitState::Cancelled);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::book::{Book, LiveRules, Published};
    use crate::contact::Contact;
    use crate::erasure::Family;
    use crate::event::{EventKey, Origin};
    use crate::first_hour;
    use crate::flow::FirstHour;
    use crate::flowtest::tests::document;
    use crate::handle::{Input, handle, mailbox_from};
    use crate::ids::{ContactId, Ids, VersionId};
    use crate::mailbox::Mailbox;
    use crate::order::{About, Order};
    use crate::run::journal;
    use crate::store::{MailboxRows, RunStatus, WaitOp, Work};

    const BEGIN: At = At(1_800_000_000_000);
    const FLOW: &str = "format: 1\nflow: wide\non:\n  - whatsapp.message_received\n  - contact.tag_added: { tag: seen }\nfirst_hour: 2\nsteps:\n  - set: { text: \"{{event.type}}\" }\n";
    const RULES: &str = "format: 1\nrules: all\nlist:\n  - rule: seen\n    on: whatsapp.message_received\n    then: { add_tags: [seen] }\n";

    struct World {
        book: Book,
        ids: Ids,
        mail: Mailbox,
        now: At,
        work: Work,
    }

    impl World {
        fn new(flow: &str) -> Self {
            let Published::Flow(version) = document(flow).into_version(VersionId(1)) else { panic!("a flow") };
            let Published::Rules(rules) = document(RULES).into_version(VersionId(2)) else { panic!("rules") };
            let (hours, _) = first_hour::after(&first_hour::Hours::new(), [(&*version, BEGIN)]);
            let book = Book::new(vec![Live { version, since: BEGIN }], Vec::new(), None);
            let book = book.with_rules(vec![LiveRules { rules, since: BEGIN }]).with_hours(hours, FirstHour::Off);
            let mut mail = Mailbox::new(MailboxId(5));
            mail.facts.contact = Some(Contact::new(ContactId(5), [7; 16]));
            let ids = Ids::new(1);
            ids.after(1_000);
            Self { book, ids, mail, now: BEGIN, work: Work::default() }
        }

        fn give(&mut self, input: Input) -> Result<Value, Error> {
            self.work = Work::default();
            handle(&self.book, &mut self.mail, input, self.now, &self.ids, &mut self.work)
        }

        fn message(&mut self, id: i64) -> Event {
            let event = Event {
                id: EventId(id),
                key: EventKey::new("", "message", &id.to_string()),
                mailbox: self.mail.id,
                contact: Some(ContactId(5)),
                conversation: None,
                connection: "wa".into(),
                kind: event::MESSAGE_RECEIVED.into(),
                origin: Origin::Customer,
                at: self.now,
                provider_at: None,
                depth: 0,
                seen: Arc::default(),
            };
            let event = event.with_fields(json!({ "text": "hello" }));
            self.give(Input::Event { event: Arc::new(event.clone()), input: None }).unwrap();
            event
        }

        fn told(&self) -> Vec<What> {
            let entries = self.work.journal.iter().flat_map(|row| journal::decode(row).unwrap());
            entries.map(|entry| entry.what).collect()
        }

        fn held(&self) -> Vec<WaitId> {
            self.mail.waits.values().filter(|wait| wait.kind == WaitKind::Held).map(|wait| wait.id).collect()
        }

        fn order(&mut self, order: Order, event: Option<Event>) -> Result<Value, Error> {
            let about = event.map(|event| About::Event(Box::new(event)));
            self.give(Input::Order { by: "ops".into(), order, about })
        }
    }

    #[test]
    fn what_matches_too_often_is_held_and_rules_and_other_triggers_see_it() {
        let mut world = World::new(FLOW);
        for id in [1, 2] {
            world.message(id);
            assert!(world.work.runs.iter().any(|run| run.event_id == EventId(id)), "it started");
            assert!(world.work.hours.iter().any(|row| i64::from(row.matches) == id), "and counted, in the same commit");
        }
        world.message(3);
        assert!(world.work.runs.is_empty());
        let held = world.told().into_iter().filter(|what| matches!(what, What::Held { .. })).count();
        assert_eq!((held, world.held().len()), (1, 1));
        assert!(world.told().iter().any(|what| matches!(what, What::RuleHeld { .. })), "rules judge it all the same");
        let alarm = |what: &What| matches!(what, What::Changed { what, id } if &**what == "first_hour.holding" && &**id == "wide/whatsapp.message_received");
        assert!(world.told().iter().any(alarm), "{:#?}", world.told());
        assert!(world.work.hours.iter().any(|row| row.phase == first_hour::Phase::Holding));
        world.message(4);
        assert!(!world.told().iter().any(alarm), "said once");
        world.now = BEGIN.plus(Duration::from_secs(2 * 60 * 60));
        world.message(5);
        assert_eq!(world.held().len(), 3, "also after the hour");
    }

    #[test]
    fn a_released_start_is_a_run_with_its_event_and_is_released_once() {
        let mut world = World::new(FLOW);
        let events: Vec<Event> = (1..=3).map(|id| world.message(id)).collect();
        let start = world.held()[0];
        let waits = world.mail.waits.values().cloned().collect();
        // Read back as after a crash.
        let rows = MailboxRows { waits, ..MailboxRows::default() };
        world.mail = mailbox_from(world.mail.id, rows, &world.book.versions).unwrap();
        world.order(Order::ReleaseStart { start }, Some(events[2].clone())).unwrap();
        let run = &world.work.runs[0];
        assert_eq!((run.event_id, run.status), (EventId(3), RunStatus::Done));
        assert!(world.told().iter().any(|what| matches!(what, What::Released { .. })));
        let closed = |op: &WaitOp| matches!(op, WaitOp::Close { id, to: WaitState::Answered } if *id == start);
        assert!(world.work.waits.iter().any(closed));
        let again = world.order(Order::ReleaseStart { start }, Some(events[2].clone()));
        assert!(matches!(again, Err(Error::Gone(_))), "{again:?}");
    }

    #[test]
    fn a_dropped_start_never_happens() {
        let mut world = World::new(FLOW);
        (1..=3).for_each(|id| drop(world.message(id)));
        let start = world.held()[0];
        world.order(Order::DropStart { start }, None).unwrap();
        assert!(world.work.runs.is_empty() && world.held().is_empty());
        assert!(world.told().iter().any(|what| matches!(what, What::Dropped { .. })));
    }

    #[test]
    fn a_start_whose_event_was_deleted_or_whose_flow_is_gone_is_not_released() {
        let mut world = World::new(FLOW);
        let events: Vec<Event> = (1..=3).map(|id| world.message(id)).collect();
        let start = world.held()[0];
        let refused = world.order(Order::ReleaseStart { start }, None).unwrap_err().to_string();
        assert!(refused.contains("was deleted"), "{refused}");
        world.book.live.clear();
        let refused = world.order(Order::ReleaseStart { start }, Some(events[2].clone())).unwrap_err().to_string();
        assert!(refused.contains("publish it, or drop"), "{refused}");
        assert_eq!(world.held(), [start], "it still waits");
    }

    #[test]
    fn a_held_start_goes_with_its_event_when_that_is_forgotten() {
        let mut world = World::new(FLOW);
        (1..=4).for_each(|id| drop(world.message(id)));
        let family = Family { mailbox: world.mail.id, event: EventId(3), runs: Vec::new() };
        world.order(Order::Forget { families: vec![family] }, None).unwrap();
        let left: Vec<EventId> = world.held().iter().map(|id| world.mail.waits[id].since).collect();
        assert_eq!(left, [EventId(4)]);
    }

    #[test]
    fn a_flow_may_say_that_its_triggers_start_whatever_comes() {
        let mut world = World::new(&FLOW.replace("first_hour: 2", "first_hour: off"));
        (1..=150).for_each(|id| drop(world.message(id)));
        assert!(world.held().is_empty());
    }
}
