//! What the desk's board reads.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::connector::Status;
use engine::contact::TagSourceKind;
use engine::ids::{ContactId, ConversationId, EscalationId, MailboxId, RunId, VersionId};
use engine::store::{DeskDay, EscalationRow, MailboxRows, Reads, Store, TagOp, TagRow, WaitKind, WaitOp};

use super::make::{self, NOW, arrival, party, stored, text};
use super::{Driver, erasure};

/// A customer who wrote `words`, one message each, and was answered.
async fn spoke<S: Store>(store: &S, address: &str, words: &[&str]) -> (ContactId, ConversationId) {
    let mut known = None;
    for said in words {
        let event = text(&format!("{address} {said}"), Some(party(address, "Ann")), said);
        let event = stored(&store.receive(vec![arrival(event)]).await.unwrap()[0]).0;
        known = event.contact_id.zip(event.conversation_id);
    }
    let (contact, conversation) = known.unwrap();
    let mut answer = make::message(&format!("out {address}"), Status::Accepted, false, "We are on it.");
    answer.conversation_id = Some(conversation);
    let mut work = make::work(MailboxId::of_contact(contact));
    work.messages = vec![answer];
    store.commit(work).await.unwrap();
    (contact, conversation)
}

/// Each with their tags and their own last words; who is erased or unknown is left out.
pub async fn who_waits_is_read_at_once<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (ann, with_ann) = spoke(&store, "491511234561", &["one", "two"]).await;
    let (ben, with_ben) = spoke(&store, "491511234562", &["three"]).await;
    let (gone, with_gone) = spoke(&store, "491511234563", &["four"]).await;
    let mut work = make::work(MailboxId::of_contact(ann));
    let tag = |source: TagSourceKind| TagRow { source: source as i64, ..make::tag(ann, "vip", "some") };
    work.tags = vec![TagOp::Add(tag(TagSourceKind::Person)), TagOp::Add(make::tag(ann, "cold", "rule-1"))];
    store.commit(work).await.unwrap();
    erasure::gone(&store, gone).await;

    let found = store.contacts(vec![ann, ben, gone, ContactId(7)]).await.unwrap();
    let found: BTreeMap<ContactId, Vec<&str>> =
        found.iter().map(|one| (one.contact.id, one.tags.iter().map(|tag| &*tag.tag).collect())).collect();
    assert_eq!(found, BTreeMap::from([(ann, vec!["cold", "vip"]), (ben, vec![])]));
    let conversations = vec![with_ann, with_ben, with_gone, ConversationId(7)];
    let last = store.last_inbound(conversations).await.unwrap();
    let last: BTreeMap<_, _> = last.iter().map(|row| (row.conversation_id, row.text.as_deref())).collect();
    let expected = [(Some(with_ann), Some("two")), (Some(with_ben), Some("three")), (Some(with_gone), None)];
    assert_eq!(last, BTreeMap::from(expected));
    assert_eq!(store.contacts(Vec::new()).await.unwrap(), []);
    assert_eq!(store.last_inbound(Vec::new()).await.unwrap(), []);
}

/// Nothing of what is over, and nothing of other mailboxes.
pub async fn the_desk_is_its_open_rows<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    assert_eq!(store.desk().await.unwrap(), MailboxRows::default());
    let desk = make::run(MailboxId::DESK, VersionId(1));
    let open = EscalationRow { run_id: RunId::NONE, contact_id: None, ..make::escalation(&desk, "open") };
    let over = EscalationRow { done: true, id: EscalationId(make::next()), ..open.clone() };
    let wait = make::wait(MailboxId::DESK, WaitKind::Escalation, NOW);
    let mut work = make::work(MailboxId::DESK);
    work.escalations = vec![open.clone(), over];
    work.waits = vec![WaitOp::Arm(Box::new(wait.clone()))];
    store.commit(work).await.unwrap();
    let elsewhere = make::run(MailboxId(77), VersionId(1));
    let mut work = make::work(MailboxId(77));
    work.escalations = vec![make::escalation(&elsewhere, "elsewhere")];
    work.waits = vec![WaitOp::Arm(Box::new(make::wait(MailboxId(77), WaitKind::Timer, NOW)))];
    store.commit(work).await.unwrap();
    let expected = MailboxRows { escalations: vec![open], waits: vec![wait], ..MailboxRows::default() };
    assert_eq!(store.desk().await.unwrap(), expected);
}

/// What came before is not counted; outside working hours nothing is kept.
pub async fn a_day_of_escalations_is_counted<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    assert_eq!(store.desk_day(NOW).await.unwrap(), DeskDay::default());
    let run = make::run(MailboxId(1), VersionId(1));
    let came = || make::escalation(&run, "a reason");
    let taken = |after_s| EscalationRow { accepted_at: Some(NOW.plus(Duration::from_secs(after_s))), ..came() };
    let mut work = make::work(MailboxId(1));
    work.escalations = vec![
        taken(2),
        taken(9),
        EscalationRow { missed: true, fallback_at: Some(NOW), ..taken(60) },
        EscalationRow { missed: true, ..came() },
        EscalationRow { out_of_hours: true, ..taken(4) },
        came(),
        EscalationRow { received_at: NOW.minus(Duration::from_secs(1)), ..taken(1) },
    ];
    store.commit(work).await.unwrap();
    let counted = DeskDay { taken: 4, kept: 2, fallback: 1, missed: 2, out_of_hours: 1, median_ms: Some(9_000) };
    assert_eq!(store.desk_day(NOW).await.unwrap(), counted);
}
