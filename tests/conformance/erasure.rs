//! Erasing a person: gone from every byte, while the structure stays and the chain holds.

use engine::connector::Status;
use engine::ids::{BadItemId, ContactId, ConversationId, InputId, JournalId, MailboxId, VersionId};
use engine::store::{
    Arrival, BadItemRow, EffectOp, EffectRow, EffectState, FIRST_EFFECT, JournalKind, JournalRow, Reads, Receipt,
    RunStatus, Store, TagOp, WaitKind, WaitOp, WaitRow, Work,
};

use super::Driver;
use super::make::{self, NOW, arrival, party, stored, text};

/// What must not be found anywhere afterwards: each is only ever written about the person.
const TRACES: [&str; 9] = [
    "8613800138000",
    "Zhang Xiaoming",
    "my secret order",
    "secret-tag",
    "secret-field",
    "secret state",
    "secret reason",
    "secret input",
    "secret wait",
];

/// What the neighbour keeps.
const KEPT: [&str; 3] = ["4915123456789", "Anna Schmidt", "my public order"];

/// A person of whom every table tells.
async fn live<S: Store>(store: &S, address: &str, name: &str, words: &str, trace: &str) -> (ContactId, ConversationId) {
    let receipts = store.receive(vec![arrival(text(name, Some(party(address, name)), words))]).await.unwrap();
    let event = stored(&receipts[0]).0;
    let (contact, conversation) = (event.contact_id.unwrap(), event.conversation_id.unwrap());
    let run = engine::store::RunRow {
        state: format!("{trace} state").into_bytes(),
        ..make::run(event.mailbox, VersionId(1))
    };
    let mut work = make::work(event.mailbox);
    let mut row = make::contact(contact, name, &format!("+{address}"));
    row.fields = format!("{{\"a\":\"{trace}-field\"}}");
    work.contact = Some(row);
    work.journal = vec![make::journal(&run, 0, words)];
    work.tags = vec![TagOp::Add(make::tag(contact, &format!("{trace}-tag"), "rule-1"))];
    let input = format!("{trace} input").into_bytes();
    work.effects = vec![EffectOp::Plan(Box::new(EffectRow { input, ..make::effect(&run, 1) }))];
    let data = format!("{trace} wait").into_bytes();
    work.waits = vec![WaitOp::Arm(Box::new(WaitRow { data, ..make::wait(event.mailbox, WaitKind::Timer, NOW) }))];
    work.escalations = vec![make::escalation(&run, &format!("{trace} reason"))];
    let mut sent = make::message(&format!("out {name}"), Status::Accepted, false, words);
    sent.conversation_id = Some(conversation);
    sent.error = Some(format!("could not reach +{address}"));
    work.messages = vec![sent];
    let key = format!("{}/2", run.id);
    work.runs = vec![run];
    store.commit(work).await.unwrap();
    let mut failed = make::status(&format!("other {name}"), Status::Failed, Some(&key));
    if let Arrival::Status { report, .. } = &mut failed {
        report.error = Some(format!("no such user {address}"));
    }
    let bad = BadItemRow {
        id: BadItemId(make::next()),
        connection: "wa-main".into(),
        at: NOW,
        raw: format!("{{\"from\":\"{address}\""),
        why: "cut off".into(),
    };
    let record = text(&format!("record {name}"), None, &format!("{words} +{address}"));
    let unowned = engine::store::EventArrival { message: None, ..record };
    store.receive(vec![failed, Arrival::Bad(bad), arrival(unowned)]).await.unwrap();
    (contact, conversation)
}

fn erase(contact: ContactId) -> Work {
    let mut work = make::work(MailboxId::of_contact(contact));
    work.erase = Some(contact);
    work.journal = vec![JournalRow {
        id: JournalId(make::next()),
        subject: contact.0,
        seq: 0,
        kind: JournalKind::Erasure,
        by: "cli".into(),
        contact_id: Some(contact),
        at: NOW,
        format: 1,
        body: b"{}".to_vec(),
        data: None,
        data_digest: Vec::new(),
        strand: 0,
        block: 0,
    }];
    work
}

fn holds(bytes: &[u8], trace: &str) -> bool {
    bytes.windows(trace.len()).any(|window| window == trace.as_bytes())
}

/// From the rows, from the bytes on disk; the neighbour stays.
pub async fn an_erased_person_is_gone_and_the_chain_holds<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (contact, _) = live(&store, "8613800138000", "Zhang Xiaoming", "my secret order", "secret").await;
    let (other, _) = live(&store, "4915123456789", "Anna Schmidt", "my public order", "public").await;
    let before = driver.bytes(&store).await;
    for trace in TRACES.iter().chain(&KEPT) {
        assert!(holds(&before, trace), "`{trace}` was never there: the test proves nothing");
    }
    store.commit(erase(contact)).await.unwrap();
    super::chain::verify(&store).await;

    let person = store.person(contact).await.unwrap();
    let row = person.contact.unwrap();
    assert_eq!((row.salt, row.name.as_str(), row.phone, row.erased_at), (None, "", None, Some(NOW)));
    assert_eq!(person.tags, []);
    assert_eq!(person.conversations[0].address, format!("erased:{}", person.conversations[0].id.0));
    assert!(person.events.iter().all(|event| event.body.is_none()) && !person.events.is_empty());
    assert!(person.messages.iter().all(|message| message.text.is_none() && message.norm.is_none()));
    assert!(person.journal.iter().all(|row| row.data.is_none()) && person.journal.len() == 2);
    assert!(!person.journal[0].data_digest.is_empty(), "the digest stays");
    assert_eq!(
        (person.runs.len(), person.runs[0].status, person.runs[0].ended_at),
        (1, RunStatus::Cancelled, Some(NOW))
    );
    assert_eq!(store.run(person.runs[0].id).await.unwrap().unwrap().state, b"");
    let left = store.mailbox(MailboxId::of_contact(contact)).await.unwrap();
    assert_eq!((left.runs, left.waits, left.effects), (vec![], vec![], vec![]));
    assert_eq!(store.effects(EffectState::Planned, FIRST_EFFECT, 10).await.unwrap().len(), 1, "the neighbour's");

    let after = driver.bytes(&store).await;
    for trace in TRACES {
        assert!(!holds(&after, trace), "`{trace}` is still on disk");
    }
    for kept in KEPT {
        assert!(holds(&after, kept), "`{kept}` went with somebody else");
    }
    assert_eq!(store.person(other).await.unwrap().contact.unwrap().name, "Anna Schmidt");
    super::chain::verify(&store).await;
}

/// Among many others, whose rows share their pages, and with texts that fill some of their own.
pub async fn an_erased_person_is_gone_from_the_pages_of_others<D: Driver>() {
    const OTHERS: i64 = 60;
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let mut contact = None;
    for n in 0..OTHERS {
        let receive = async |external: String, address: String, words: String| {
            let party = Some(party(&address, &format!("Name{external}")));
            let receipts = store.receive(vec![arrival(text(&external, party, &words))]).await.unwrap();
            stored(&receipts[0]).0
        };
        receive(format!("other{n}"), format!("49151234{n:04}"), "public words ".repeat(1 + (n % 40) as usize)).await;
        let words = "my secret order ".repeat((1 + n * n) as usize);
        let event = receive(format!("mine{n}"), "8613800138000".into(), words.clone()).await;
        let run = make::run(event.mailbox, VersionId(1));
        let mut work = make::work(event.mailbox);
        work.journal = vec![make::journal(&run, 0, &words)];
        work.effects = vec![EffectOp::Plan(Box::new(EffectRow { input: words.into_bytes(), ..make::effect(&run, 1) }))];
        work.runs = vec![run];
        store.commit(work).await.unwrap();
        contact = event.contact_id;
    }
    let before = driver.bytes(&store).await;
    assert!(holds(&before, "my secret order") && holds(&before, "8613800138000"), "the test proves nothing");
    store.commit(erase(contact.unwrap())).await.unwrap();
    let after = driver.bytes(&store).await;
    assert!(after.len() < before.len(), "free pages were given back");
    for trace in ["my secret order", "8613800138000", "Namemine"] {
        assert!(!holds(&after, trace), "`{trace}` is still on disk");
    }
    assert!(holds(&after, "public words") && holds(&after, "Nameother"));
    super::chain::verify(&store).await;
}

/// A change in the customer relations of which nobody knew whom it concerns, until its flow wrote to the number in it.
pub async fn what_runs_of_nobody_wrote_to_an_erased_person_is_gone<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let who = Some(party("8613800138000", "Zhang Xiaoming"));
    let receipts = store.receive(vec![arrival(text("a", who, "hello"))]).await.unwrap();
    let contact = stored(&receipts[0]).0.contact_id.unwrap();
    let wrote = async |external: &str, phone: &str, words: &str| {
        let record = engine::store::EventArrival { message: None, ..text(external, None, phone) };
        let event = stored(&store.receive(vec![arrival(record)]).await.unwrap()[0]).0;
        let run = engine::store::RunRow {
            contact_id: None,
            event_id: event.id,
            status: RunStatus::Done,
            ..make::run(event.mailbox, VersionId(1))
        };
        let mut work = make::work(event.mailbox);
        let mut sent = make::message(&format!("out {external}"), Status::Accepted, false, words);
        sent.effect_key = Some(format!("{}/1", run.id));
        (work.messages, work.runs) = (vec![sent], vec![run.clone()]);
        store.commit(work).await.unwrap();
        run.id
    };
    let run = wrote("deal-7", "+8613800138000", "Zhang Xiaoming, your secret parcel").await;
    let other = wrote("deal-8", "+4915123456789", "Anna Schmidt, your public parcel").await;
    store.commit(erase(contact)).await.unwrap();
    assert_eq!(store.messages_of(run).await.unwrap()[0].text, None);
    assert!(store.messages_of(other).await.unwrap()[0].text.is_some());
    let after = driver.bytes(&store).await;
    assert!(!holds(&after, "secret parcel") && !holds(&after, "Zhang Xiaoming"));
    assert!(holds(&after, "public parcel"));
}

/// A turn that began before commits after.
pub async fn a_mailbox_in_memory_does_not_bring_an_erased_person_back<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (contact, conversation) = live(&store, "8613800138000", "Zhang Xiaoming", "my secret order", "secret").await;
    store.commit(erase(contact)).await.unwrap();
    let mut late = make::work(MailboxId::of_contact(contact));
    late.contact = Some(make::contact(contact, "Zhang Xiaoming", "+8613800138000"));
    late.conversations = vec![make::conversation(conversation, contact, "8613800138000")];
    store.commit(late).await.unwrap();
    let person = store.person(contact).await.unwrap();
    assert_eq!(person.contact.unwrap().name, "");
    assert!(person.conversations[0].address.starts_with("erased:"));
    assert_eq!(store.find_contact("+8613800138000").await.unwrap(), None);
}

/// Providers repeat for days; whoever writes anew is somebody new.
pub async fn a_delivery_repeated_after_erasure_brings_nobody_back<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let delivery = || arrival(text("wamid.1", Some(party("8613800138000", "Zhang Xiaoming")), "hello"));
    let receipts = store.receive(vec![delivery()]).await.unwrap();
    let contact = stored(&receipts[0]).0.contact_id.unwrap();
    store.commit(erase(contact)).await.unwrap();
    assert_eq!(store.receive(vec![delivery()]).await.unwrap(), [Receipt::Seen]);
    assert_eq!(store.find_contact("+8613800138000").await.unwrap(), None);
    assert_eq!(store.inputs(InputId(0), 10).await.unwrap(), []);
    let anew = arrival(text("wamid.2", Some(party("8613800138000", "Zhang Xiaoming")), "hello again"));
    let receipts = store.receive(vec![anew]).await.unwrap();
    assert_ne!(stored(&receipts[0]).0.contact_id, Some(contact));
}
