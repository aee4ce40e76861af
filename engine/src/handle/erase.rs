//! Erasing: a person whose mailbox this is, or what nobody's events and their runs tell of one.
//!
//! What runs is ended first, so that nothing goes on in memory; the data are deleted by the store in the same commit. What
//! comes later (a call that was under way, an event that waited) finds the mailbox's [`Erased`] and leaves no values.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Handling;
use crate::desk::ToDesk;
use crate::erasure::Family;
use crate::ids::{MailboxId, RunId};
use crate::letter::Letter;
use crate::mailbox::{Erased, Mailbox};
use crate::order::Error;
use crate::run::{Entry, Wake, What};
use crate::sentence;
use crate::store::JournalKind;

impl Handling<'_> {
    /// Ends what runs for the person, then deletes the person's data; the structure stays.
    pub(super) fn erase(&mut self) -> Result<Value, Error> {
        let Some(contact) = self.mail.facts.contact.as_ref().map(|contact| contact.id) else {
            return Err(Error::Gone(sentence!("this person")));
        };
        let runs: Vec<RunId> = self.mail.runs.keys().copied().collect();
        for run in &runs {
            self.wake(*run, Wake::Kill);
        }
        self.note_erasure(contact.0);
        *self.mail = Mailbox { erased: Erased::Person, ..Mailbox::new(self.mail.id) };
        self.work.erase = Some(contact);
        self.send(MailboxId::DESK, Letter::Desk(ToDesk::Forget { contact: Some(contact), runs: Vec::new() }));
        Ok(json!({ "contact": contact, "runs_cancelled": runs.len() }))
    }

    /// Ends what these events started, then deletes what they and their runs tell; the structure stays.
    pub(super) fn forget(&mut self, families: Vec<Family>) -> Value {
        let mut cancelled = 0;
        let mut gone = BTreeSet::new();
        let mut runs_gone = Vec::new();
        for mut family in families {
            // The list was made before this turn: the event may have started others meanwhile.
            let open: Vec<RunId> =
                self.mail.runs.values().filter(|run| run.event == family.event).map(|run| run.id).collect();
            cancelled += open.len();
            family.runs.extend(open.iter().filter(|run| !family.runs.contains(run)).collect::<Vec<_>>());
            for run in open {
                self.wake(run, Wake::Kill);
            }
            self.forget_starts(family.event);
            self.forget_gathered(family.event);
            self.note_erasure(family.event.0);
            gone.insert(family.event.0);
            for run in &family.runs {
                self.note_erasure(run.0);
                gone.insert(run.0);
            }
            runs_gone.extend(&family.runs);
            self.work.forget.push(family);
        }
        if !runs_gone.is_empty() {
            self.send(MailboxId::DESK, Letter::Desk(ToDesk::Forget { contact: None, runs: runs_gone }));
        }
        self.mail.recent.retain(|event| !gone.contains(&event.id.0));
        if let Erased::Some(erased) = &mut self.mail.erased {
            erased.append(&mut gone);
        }
        json!({ "runs_cancelled": cancelled })
    }

    /// Missing values count as erased when the journal says so of their subject or their person.
    fn note_erasure(&mut self, subject: i64) {
        self.journal(subject, None, JournalKind::Erasure, &[Entry::bare(What::Erased)]);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::book::{Book, Live};
    use crate::capability::whatsapp::SendText;
    use crate::clock::At;
    use crate::connector::{ActionSpec, Catalog, Done, Party, Problem, Repeat, Sent, Verdict};
    use crate::contact::Contact;
    use crate::event::{self, Event, EventKey, Origin};
    use crate::flow::{Environment, check};
    use crate::handle::{Input, handle, mailbox_from};
    use crate::ids::{ContactId, EventId, Ids, VersionId};
    use crate::order::Order;
    use crate::run::Attempt;
    use crate::store::{ContactRow, EffectOp, EffectRow, MailboxRows, Work};

    const NOW: At = At(1_795_000_000_000);
    const FLOW: &str = r#"
format: 1
flow: tell
on:
  - whatsapp.message_received
  - crm.field_changed: { object: contact, field: stage, to: won }
when: event.id != ""
steps:
  - do: whatsapp.send_text
    with: { text: "A secret of {{event.id}}", to: "+8613800138000" }
"#;

    fn book() -> Book {
        let mut catalog =
            Catalog { actions: crate::local::actions(), triggers: crate::trigger::all(), ..Catalog::default() };
        let spec = ActionSpec::of::<SendText>(Repeat::Evidence { settle_s: 600 });
        catalog.actions.insert(spec.name, spec);
        let checked = check(FLOW, &Environment::new(&catalog));
        let version = checked.version.unwrap_or_else(|| panic!("{:#?}", checked.problems)).into_version(VersionId(1));
        Book::new(vec![Live { version: Arc::new(version), since: NOW }], Vec::new(), None)
    }

    fn happened(id: i64, mailbox: MailboxId, kind: &str) -> Input {
        let event = Event {
            id: EventId(id),
            key: EventKey::new("", kind, &id.to_string()),
            mailbox,
            contact: (kind == event::MESSAGE_RECEIVED).then_some(ContactId(mailbox.0)),
            conversation: None,
            connection: "main".into(),
            kind: kind.into(),
            origin: if kind == event::MESSAGE_RECEIVED { Origin::Customer } else { Origin::Crm },
            at: NOW,
            provider_at: None,
            depth: 0,
            seen: Arc::default(),
        };
        let event =
            event.with_fields(json!({ "object": "contact", "object_id": "501", "field": "stage", "new": "won" }));
        Input::Event { event: Arc::new(event), input: None }
    }

    fn order(order: Order) -> Input {
        Input::Order { by: "cli".into(), order, about: None }
    }

    /// The message went out after all, at the second try; the service quotes what it was given.
    fn settled(effect: &EffectRow) -> Input {
        let problem = Some(Problem::new("400", "cannot send `secret`"));
        let attempt = Attempt { attempt: 1, at: NOW, took_ms: 1, verdict: "later".into(), problem };
        let party = Party { number: String::new(), address: "8613800138000".into(), phone: None, name: None };
        let sent = Some(Sent { external_id: "wamid.1".into(), party, text: "secret".into() });
        let verdict = Verdict::Done(Done { output: json!({ "message_id": "wamid.1" }), sent });
        Input::Settled { effect: Box::new(effect.clone()), attempts: vec![attempt], verdict, input: None }
    }

    struct Stage {
        book: Book,
        ids: Ids,
        mail: Mailbox,
    }

    impl Stage {
        fn new(mailbox: MailboxId) -> Self {
            let ids = Ids::new(1);
            ids.after(1_000);
            Self { book: book(), ids, mail: Mailbox::new(mailbox) }
        }

        /// What these inputs change, in one commit.
        fn work(&mut self, inputs: Vec<Input>) -> Work {
            let mut work = Work::default();
            for input in inputs {
                handle(&self.book, &mut self.mail, input, NOW, &self.ids, &mut work).unwrap();
            }
            work
        }

        /// The call that an event of this kind plans.
        fn called(&mut self, id: i64, kind: &str) -> EffectRow {
            let work = self.work(vec![happened(id, self.mail.id, kind)]);
            match &work.effects[..] {
                [EffectOp::Plan(row)] => (**row).clone(),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Neither values nor anything that would go on.
    #[track_caller]
    fn leaves_nothing(work: &Work) {
        assert!(work.journal.iter().all(|row| row.data.is_none()), "{:#?}", work.journal);
        assert!(work.runs.iter().all(|run| run.status.ended() && run.state.is_empty()), "{:#?}", work.runs);
        assert!(!work.effects.iter().any(|op| matches!(op, EffectOp::Plan(_))), "{:#?}", work.effects);
        assert_eq!((&work.messages[..], &work.waits[..], &work.contact), (&[][..], &[][..], &None));
    }

    fn person() -> Stage {
        let mut stage = Stage::new(MailboxId(5));
        stage.mail.facts.contact = Some(Contact::new(ContactId(5), [7; 16]));
        stage
    }

    fn family(event: i64, mailbox: MailboxId, runs: Vec<RunId>) -> Input {
        order(Order::Forget { families: vec![Family { mailbox, event: EventId(event), runs }] })
    }

    #[test]
    fn what_waited_behind_the_erasure_of_a_person_leaves_nothing() {
        let mut stage = person();
        let effect = stage.called(900, event::MESSAGE_RECEIVED);
        let behind = happened(901, stage.mail.id, event::MESSAGE_RECEIVED);
        let work = stage.work(vec![order(Order::ErasePerson), behind.clone(), settled(&effect)]);
        assert_eq!(work.erase, Some(ContactId(5)));
        leaves_nothing(&work);
        // The same when the mailbox was read anew.
        let erased = ContactRow {
            id: ContactId(5),
            salt: None,
            name: String::new(),
            phone: None,
            language: String::new(),
            priority: 1,
            order_status: String::new(),
            consent: "{}".into(),
            fields: "{}".into(),
            last_at: None,
            unread: 0,
            rev: 1,
            erased_at: Some(NOW),
        };
        let rows = MailboxRows { contact: Some(erased), ..MailboxRows::default() };
        stage.mail = mailbox_from(stage.mail.id, rows, &stage.book.versions).unwrap();
        let work = stage.work(vec![behind, settled(&effect)]);
        leaves_nothing(&work);
        assert!(matches!(work.effects[..], [EffectOp::Finish(id)] if id == effect.id));
    }

    #[test]
    fn what_waited_behind_the_erasure_of_an_event_leaves_nothing_and_others_go_on() {
        let mut stage = Stage::new(MailboxId(-5));
        let effect = stage.called(900, event::FIELD_CHANGED);
        let (mailbox, run) = (stage.mail.id, effect.run_id);
        let behind = happened(900, mailbox, event::FIELD_CHANGED);
        let work = stage.work(vec![family(900, mailbox, Vec::new()), behind.clone(), settled(&effect)]);
        let erased: Vec<i64> =
            work.journal.iter().filter(|row| row.kind == JournalKind::Erasure).map(|row| row.subject).collect();
        assert_eq!(erased, [900, run.0]);
        assert_eq!(work.forget[0].runs, [run], "a run begun since the list was made");
        leaves_nothing(&work);
        let rows = MailboxRows { erased: vec![900, run.0], ..MailboxRows::default() };
        stage.mail = mailbox_from(mailbox, rows, &stage.book.versions).unwrap();
        leaves_nothing(&stage.work(vec![behind, settled(&effect)]));
        let other = stage.called(902, event::FIELD_CHANGED);
        let work = stage.work(vec![settled(&other)]);
        assert_eq!(work.messages[0].text.as_deref(), Some("secret"));
    }

    #[test]
    fn a_run_of_another_event_of_the_mailbox_goes_on() {
        let mut stage = Stage::new(MailboxId(-5));
        let one = stage.called(900, event::FIELD_CHANGED);
        let other = stage.called(901, event::FIELD_CHANGED);
        let mailbox = stage.mail.id;
        let work = stage.work(vec![family(900, mailbox, vec![one.run_id])]);
        let ended: Vec<RunId> = work.runs.iter().map(|run| run.id).collect();
        assert_eq!(ended, [one.run_id]);
        assert!(stage.mail.runs.contains_key(&other.run_id) && stage.mail.recent.len() == 1);
    }
}
