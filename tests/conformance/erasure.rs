//! Erasing a person: gone from every byte, while the structure stays and the chain holds.

use engine::audit;
use engine::connector::Status;
use engine::erasure::{Names, Traces};
use engine::ids::{BadItemId, ContactId, ConversationId, InputId, JournalId, MailboxId, RunId, VersionId};
use engine::run::journal::{self, Head};
use engine::run::{Entry, What};
use engine::store::{
    Arrival, BadItemRow, EffectOp, EffectRow, EffectState, EventArrival, FIRST_EFFECT, JournalKind, JournalRow, Reads,
    Receipt, RunRow, RunStatus, Store, TagOp, WaitKind, WaitOp, WaitRow, Work,
};
use futures_util::future::{join, join_all};

use super::Driver;
use super::forgetting::of_nobody;
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
    let run = RunRow { state: format!("{trace} state").into_bytes(), ..make::run(event.mailbox, VersionId(1)) };
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
    let unowned = EventArrival { message: None, ..record };
    store.receive(vec![failed, Arrival::Bad(bad), arrival(unowned)]).await.unwrap();
    (contact, conversation)
}

pub(super) fn erase(contact: ContactId) -> Work {
    let mut work = make::work(MailboxId::of_contact(contact));
    work.erase = Some(contact);
    work.journal = vec![erasure(contact.0, Some(contact))];
    work
}

pub(super) fn erasure(subject: i64, person: Option<ContactId>) -> JournalRow {
    let id = JournalId(make::next());
    let person = person.map(|contact| (contact, &make::SALT[..]));
    let head = Head { id, subject, seq: id.0, kind: JournalKind::Erasure, by: "cli", person, at: NOW };
    journal::encode(head, &[Entry::bare(What::Erased)])
}

/// Forgets what is nobody's and holds one of these names, as the engine does it.
pub(super) async fn forget<S: Reads>(store: &S, names: &Names) {
    let Traces { families, bad_items } = store.traces(names.clone()).await.unwrap();
    let families = families.iter().map(|family| (family.mailbox, Some(family)));
    for (mailbox, family) in families.chain([(MailboxId::SYSTEM, None)]) {
        let mut work = make::work(mailbox);
        let subjects = family.iter().flat_map(|family| family.runs.iter().map(|run| run.0).chain([family.event.0]));
        work.journal = subjects.map(|subject| erasure(subject, None)).collect();
        work.forget.extend(family.cloned());
        work.forget_items = if family.is_none() { bad_items.clone() } else { Vec::new() };
        store.commit(work).await.unwrap();
    }
}

/// Erases all that is known of a contact.
pub(super) async fn gone<S: Reads>(store: &S, contact: ContactId) {
    let rows = store.mailbox(MailboxId::of_contact(contact)).await.unwrap();
    forget(store, &Names::of(&rows.contact.unwrap(), &rows.conversations)).await;
    store.commit(erase(contact)).await.unwrap();
}

pub(super) fn holds(bytes: &[u8], trace: &str) -> bool {
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
    gone(&store, contact).await;
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

/// A failure may quote the number. Whoever knows the message still hears of it.
pub async fn a_failure_told_after_an_erasure_leaves_no_words<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (contact, _) = live(&store, "8613800138000", "Zhang Xiaoming", "my secret order", "secret").await;
    let (_, run) = of_nobody(&store, "deal-7", "deal", "+8613800138000", "secret").await;
    let mine = store.person(contact).await.unwrap().runs[0].id;
    let (_, kept) = of_nobody(&store, "deal-8", "deal", "+4915123456789", "public").await;
    gone(&store, contact).await;
    let failed = |external: &str, run: Option<RunId>| {
        let key = run.map(|run| format!("{run}/1"));
        let mut failed = make::status(external, Status::Failed, key.as_deref());
        if let Arrival::Status { report, .. } = &mut failed {
            report.error = Some("no such user 8613800138000".into());
        }
        failed
    };
    let late = [failed("out Zhang Xiaoming", Some(mine)), failed("out deal-7", Some(run)), failed("out Zhang", None)];
    // One after the other: the second word on a message finds the row of the first.
    for status in late.iter().chain(&late) {
        store.receive(vec![status.clone()]).await.unwrap();
    }
    assert!(!holds(&driver.bytes(&store).await, "8613800138000"));
    for (external, key) in [("out deal-8", None), ("never heard of", Some(kept))] {
        store.receive(vec![failed(external, key)]).await.unwrap();
    }
    let words: Vec<bool> = store.messages_of(kept).await.unwrap().iter().map(|row| row.error.is_some()).collect();
    assert_eq!(words, [true, true]);
}

/// A row and its salt are read at one moment.
pub async fn a_check_while_people_are_erased_finds_nothing_wrong<D: Driver>() {
    const PEOPLE: usize = 100;
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let parties = (0..PEOPLE).map(|n| text(&format!("{n}"), Some(party(&format!("49151234{n:04}"), "")), "hello"));
    let receipts = store.receive(parties.map(arrival).collect()).await.unwrap();
    let contacts: Vec<ContactId> = receipts.iter().map(|receipt| stored(receipt).0.contact_id.unwrap()).collect();
    // In as few blocks as can be: most of the time a check is at rows of somebody who is being erased.
    let commits = contacts.iter().map(|contact| {
        let mut work = make::work(MailboxId::of_contact(*contact));
        let run = make::run(work.mailbox, VersionId(1));
        work.journal = vec![make::journal(&run, 0, "words")];
        store.commit(work)
    });
    assert!(join_all(commits).await.iter().all(Result::is_ok));
    let erasing = async {
        for contact in &contacts {
            store.commit(erase(*contact)).await.unwrap();
        }
    };
    let checking = async {
        loop {
            let report = audit::verify(&store, None, &[]).await.unwrap();
            assert!(report.clean(), "{report:?}");
            if report.erased == PEOPLE as u64 {
                return;
            }
        }
    };
    join(erasing, checking).await;
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
