//! Erasing a person: gone from every byte, while the structure stays and the chain holds.

use engine::audit;
use engine::connector::Status;
use engine::erasure::{Names, Traces};
use engine::event::FIELD_CHANGED;
use engine::ids::{BadItemId, ContactId, ConversationId, EventId, InputId, JournalId, MailboxId, RunId, VersionId};
use engine::run::journal::{self, Head};
use engine::run::{Entry, What};
use engine::store::{
    Arrival, BadItemRow, EffectOp, EffectRow, EffectState, EventArrival, FIRST_EFFECT, JournalKind, JournalRow, Reads,
    Receipt, RunRow, RunStatus, Store, TagOp, WaitKind, WaitOp, WaitRow, Work,
};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

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

fn erase(contact: ContactId) -> Work {
    let mut work = make::work(MailboxId::of_contact(contact));
    work.erase = Some(contact);
    work.journal = vec![erasure(contact.0, Some(contact))];
    work
}

fn erasure(subject: i64, person: Option<ContactId>) -> JournalRow {
    let id = JournalId(make::next());
    let person = person.map(|contact| (contact, &make::SALT[..]));
    let head = Head { id, subject, seq: id.0, kind: JournalKind::Erasure, by: "cli", person, at: NOW };
    journal::encode(head, &[Entry::bare(What::Erased)])
}

/// Forgets what is nobody's and holds one of these names, as the engine does it.
async fn forget<S: Reads>(store: &S, names: &Names) {
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
async fn gone<S: Reads>(store: &S, contact: ContactId) {
    let rows = store.mailbox(MailboxId::of_contact(contact)).await.unwrap();
    forget(store, &Names::of(&rows.contact.unwrap(), &rows.conversations)).await;
    store.commit(erase(contact)).await.unwrap();
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

/// A change in the customer relations of which nobody knew whom it concerns, until its run read the number.
async fn of_nobody<S: Store>(store: &S, external: &str, object: &str, phone: &str, words: &str) -> (EventId, RunId) {
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
