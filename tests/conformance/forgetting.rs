//! Forgetting what is nobody's and tells of a person: changes in the customer relations and what they started.

use engine::audit;
use engine::connector::Status;
use engine::erasure::{Names, Traces};
use engine::event::FIELD_CHANGED;
use engine::ids::{EventId, InputId, JournalId, MailboxId, RunId, VersionId};
use engine::run::journal::{self, Head};
use engine::run::{Entry, What};
use engine::store::{
    EffectOp, EffectRow, EventArrival, JournalKind, Reads, RunRow, RunStatus, Store, WaitKind, WaitOp, WaitRow,
};
use serde_json::{Value, json};

use super::Driver;
use super::erasure::{forget, gone, holds};
use super::make::{self, NOW, arrival, party, stored, text};

/// A change in the customer relations of which nobody knew whom it concerns, until its run read the number.
pub(super) async fn of_nobody<S: Store>(
    store: &S,
    external: &str,
    object: &str,
    phone: &str,
    words: &str,
) -> (EventId, RunId) {
    let record = text(external, None, "");
    let body = json!({ "object": object, "object_id": external, "new": words }).to_string().into_bytes();
    let mailbox = MailboxId::of_object("crm", object, external.split('#').next().unwrap());
    let record = EventArrival { kind: FIELD_CHANGED.into(), message: None, body, mailbox, ..record };
    let event = stored(&store.receive(vec![arrival(record)]).await.unwrap()[0]).0;
    let state = zstd::bulk::compress(format!("state of {words}").as_bytes(), 3).unwrap();
    let run = RunRow { contact_id: None, event_id: event.id, state, ..make::run(event.mailbox, VersionId(1)) };
    let mut work = make::work(event.mailbox);
    let told = |subject, kind, values: Value| {
        let id = JournalId(make::next());
        let head = Head { id, subject, seq: id.0, kind, by: "", person: None, at: NOW };
        let started = What::Received { event: "crm.field_changed".into() };
        let mut row = journal::encode(head, &[Entry { what: started, data: values }]);
        journal::salt(&mut row, [9; 16]);
        row
    };
    work.journal = vec![
        told(event.id.0, JournalKind::Handling, json!({ "event.new": words })),
        told(run.id.0, JournalKind::Turn, json!({ "phone": phone, "name": words })),
        told(run.id.0, JournalKind::Change, json!({ "message": words })),
    ];
    let input = json!({ "to": phone, "text": words }).to_string().into_bytes();
    let attempts = json!([{ "problem": words }]).to_string().into_bytes();
    let planned = EffectRow { input, attempts, ..make::effect(&run, 2) };
    let parked =
        EffectOp::Park { id: planned.id, why: "refused".into(), deadline: NOW, attempts: words.as_bytes().to_vec() };
    work.effects = vec![EffectOp::Plan(Box::new(planned)), parked];
    let wait = WaitRow { run_id: Some(run.id), ..make::wait(event.mailbox, WaitKind::Event, NOW) };
    work.waits = vec![WaitOp::Arm(Box::new(WaitRow { data: words.as_bytes().to_vec(), ..wait }))];
    work.escalations = vec![make::escalation(&run, words)];
    let mut sent = make::message(&format!("out {external}"), Status::Accepted, false, words);
    sent.effect_key = Some(format!("{}/1", run.id));
    sent.error = Some(format!("{phone} is not reachable"));
    work.messages = vec![sent];
    work.runs = vec![run.clone()];
    store.commit(work).await.unwrap();
    (event.id, run.id)
}

/// A deal's mailbox has several of them: one is of the person, its neighbour is not.
pub async fn what_was_nobodys_and_told_of_an_erased_person_is_gone<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let who = Some(party("8613800138000", "Zhang Xiaoming"));
    let receipts = store.receive(vec![arrival(text("a", who, "hello"))]).await.unwrap();
    let contact = stored(&receipts[0]).0.contact_id.unwrap();
    let (event, run) = of_nobody(&store, "deal-7#1", "deal", "+86 138-0013-8000", "secret parcel of Zhang").await;
    let (other_event, other) = of_nobody(&store, "deal-7#2", "deal", "+4915123456789", "public parcel").await;
    let before = driver.bytes(&store).await;
    for trace in ["secret parcel", "138-0013-8000", "state of secret", "public parcel", "state of public"] {
        assert!(holds(&before, trace), "`{trace}` was never there: the test proves nothing");
    }
    gone(&store, contact).await;
    let after = driver.bytes(&store).await;
    for trace in ["secret parcel", "8613800138000", "138-0013-8000", "Zhang"] {
        assert!(!holds(&after, trace), "`{trace}` is still on disk");
    }
    for kept in ["public parcel", "+4915123456789", "state of public"] {
        assert!(holds(&after, kept), "`{kept}` went with somebody else");
    }
    let row = store.run(run).await.unwrap().unwrap();
    assert_eq!((row.status, row.ended_at, row.state), (RunStatus::Cancelled, Some(NOW), Vec::new()));
    assert_eq!(store.event(event).await.unwrap().unwrap().body, None);
    assert_eq!((store.effects_of(run).await.unwrap().len(), store.effects_of(other).await.unwrap().len()), (0, 1));
    assert!(store.event(other_event).await.unwrap().unwrap().body.is_some());
    let left = store.mailbox(row.mailbox).await.unwrap();
    assert_eq!((left.runs.len(), left.waits.len()), (1, 1), "the neighbour's");
    let report = audit::verify(&store, None, &[]).await.unwrap();
    assert!(report.clean() && report.erased == 3, "{report:?}");
}

/// We wrote to them, they never wrote to us.
pub async fn somebody_who_never_was_a_contact_is_forgotten_by_number<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    of_nobody(&store, "deal-7", "deal", "+525512345678", "secret parcel").await;
    of_nobody(&store, "deal-8", "deal", "+525512345679", "public parcel").await;
    // WhatsApp spells it with another digit.
    let names = Names::of_number("+5215512345678").unwrap();
    forget(&store, &names).await;
    assert_eq!(store.traces(names).await.unwrap(), Traces::default());
    let after = driver.bytes(&store).await;
    assert!(!holds(&after, "secret parcel") && !holds(&after, "525512345678"));
    assert!(holds(&after, "public parcel"));
    assert!(audit::verify(&store, None, &[]).await.unwrap().clean());
}

/// A change of the name alone holds no number; it is the same record.
pub async fn what_the_crm_told_of_a_contact_goes_with_its_number<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    of_nobody(&store, "501#1", "contact", "", "secretly renamed").await;
    of_nobody(&store, "501#2", "contact", "+8613800138000", "won").await;
    of_nobody(&store, "502#1", "contact", "", "publicly renamed").await;
    forget(&store, &Names::of_number("+8613800138000").unwrap()).await;
    let after = driver.bytes(&store).await;
    assert!(!holds(&after, "secretly renamed") && holds(&after, "publicly renamed"));
    assert!(audit::verify(&store, None, &[]).await.unwrap().clean());
}

/// So that a call that was under way leaves nothing when it comes back, also after a new start.
pub async fn a_mailbox_of_nobody_knows_what_was_erased_in_it<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (event, run) = of_nobody(&store, "deal-7#1", "deal", "+8613800138000", "secret").await;
    of_nobody(&store, "deal-7#2", "deal", "+4915123456789", "public").await;
    let mailbox = store.run(run).await.unwrap().unwrap().mailbox;
    assert!(store.mailbox(mailbox).await.unwrap().erased.is_empty());
    forget(&store, &Names::of_number("+8613800138000").unwrap()).await;
    let mut erased = store.mailbox(mailbox).await.unwrap().erased;
    erased.sort_unstable();
    assert_eq!(erased, [event.0, run.0]);
    assert_eq!(store.inputs(InputId(0), 10).await.unwrap().len(), 1, "the neighbour's event is still to be handled");
}
