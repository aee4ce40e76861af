//! What tag rules leave behind and back-tests read: messages nothing understood, and the history of handled events.

use std::time::Duration;

use engine::clock::At;
use engine::event::Event;
use engine::flow::Kind;
use engine::ids::{ContactId, EventId, MailboxId, RetagId};
use engine::order::Retagging;
use engine::run::journal::{self, Head};
use engine::run::{Entry, What};
use engine::store::{
    EditOp, Editing, JournalKind, Reads, RetagOp, RetagRow, RuleHit, RuleHits, Store, UnmatchedRow, VersionRow,
    VersionState, Work,
};

use super::Driver;
use super::make::{self, NOW, arrival, party, stored, text};

fn after(ms: u64) -> At {
    NOW.plus(Duration::from_millis(ms))
}

fn unmatched(contact: i64, norm: &str, words: &str, ms: u64) -> UnmatchedRow {
    let event_id = EventId(make::next());
    UnmatchedRow { event_id, contact_id: ContactId(contact), at: after(ms), norm: norm.into(), text: words.into() }
}

/// The most frequent first, with the last one's own words, and erased with the person.
pub async fn what_nothing_understood_is_grouped_by_its_normalised_text<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let receipts = store.receive(vec![arrival(text("a", Some(party("8613800138000", "Li Wei")), "x"))]).await.unwrap();
    let (event, _) = stored(&receipts[0]);
    let contact = event.contact_id.unwrap();
    let mut work = make::work(event.mailbox);
    work.unmatched = vec![
        unmatched(1, "where", "Where", 0),
        unmatched(contact.0, "hello", "hello", 1),
        unmatched(2, "where", "where?", 2),
        unmatched(2, "where", "WHERE", 3),
    ];
    store.commit(work).await.unwrap();
    let groups = store.unmatched(10).await.unwrap();
    let shown: Vec<_> = groups.iter().map(|group| (&*group.norm, &*group.text, group.messages, group.people)).collect();
    assert_eq!(shown, [("where", "WHERE", 3, 2), ("hello", "hello", 1, 1)]);
    assert_eq!((groups[0].first_at, groups[0].last_at), (NOW, after(3)));
    assert_eq!(store.unmatched(1).await.unwrap().len(), 1);
    let mut work = make::work(event.mailbox);
    work.erase = Some(contact);
    store.commit(work).await.unwrap();
    assert_eq!(store.unmatched(10).await.unwrap().len(), 1, "the other person's words stay");
}

/// The list never grows beyond 10 000.
pub async fn only_the_newest_of_what_nothing_understood_are_kept<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    for round in 0..2 {
        let mut work = make::work(engine::ids::MailboxId(1));
        work.unmatched = (0..5_001).map(|n| unmatched(1, if round == 0 { "old" } else { "new" }, "x", n)).collect();
        store.commit(work).await.unwrap();
    }
    let groups = store.unmatched(10).await.unwrap();
    let counts: Vec<_> = groups.iter().map(|group| (&*group.norm, group.messages)).collect();
    assert_eq!(counts, [("new", 5_001), ("old", 4_999)]);
}

/// By rule and day, whoever wrote them; from the day asked for on.
pub async fn hits_of_rules_are_counted_by_the_day<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let hit = |rule: &str, at: At, watched| RuleHit { rules: "care".into(), rule: rule.into(), at, watched };
    let day = Duration::from_secs(86_400);
    for hits in [
        vec![hit("hot", NOW, false), hit("hot", after(5), false), hit("cold", NOW, true)],
        vec![hit("hot", after(2), true), hit("hot", NOW.plus(day), false)],
    ] {
        store.commit(Work { hits, ..make::work(MailboxId(1)) }).await.unwrap();
    }
    let today = RuleHit::day(NOW);
    let row = |day, rule: &str, held, watched, last_at| RuleHits {
        day,
        rules: "care".into(),
        rule: rule.into(),
        held,
        watched,
        last_at,
    };
    let cold = row(today, "cold", 0, 1, NOW);
    let hot = row(today, "hot", 2, 1, after(5));
    let tomorrow = row(today + 1, "hot", 1, 0, NOW.plus(day));
    assert_eq!(store.rule_hits(today).await.unwrap(), [cold, hot, tomorrow.clone()]);
    assert_eq!(store.rule_hits(today + 1).await.unwrap(), [tomorrow]);
}

/// Who is still to come is kept until it is done; what ended leaves nobody.
pub async fn operations_over_tags_go_on_where_they_were<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let what = Retagging::TakeBack { tags: vec!["hot".into()], since: NOW };
    let row = |id: i64| RetagRow {
        id: RetagId(id),
        rules: "care".into(),
        rule: "hot".into(),
        what: what.clone(),
        by: "user:1 Mia".into(),
        at: NOW,
        total: 3,
        done: 0,
        changed: 0,
        ended_at: None,
    };
    let carry_out = async |op| {
        let edits = vec![EditOp::Retag(op)];
        store.commit(Work { edits, ..make::work(MailboxId::SYSTEM) }).await.unwrap();
    };
    let contacts = || vec![ContactId(3), ContactId(1), ContactId(2)];
    carry_out(RetagOp::Begin(Box::new(row(1)), contacts())).await;
    carry_out(RetagOp::Begin(Box::new(row(2)), contacts())).await;
    assert_eq!(store.retags(10).await.unwrap(), [row(2), row(1)]);
    assert_eq!(store.retag_contacts(RetagId(1), 2).await.unwrap(), [ContactId(1), ContactId(2)]);
    let done = || RetagOp::Done { id: RetagId(1), contacts: vec![ContactId(1), ContactId(2)], changed: 1 };
    carry_out(done()).await;
    assert_eq!(store.retag_contacts(RetagId(1), 10).await.unwrap(), [ContactId(3)]);
    assert_eq!(store.retag_contacts(RetagId(2), 10).await.unwrap().len(), 3, "another one's");
    carry_out(RetagOp::End(RetagId(1), after(9))).await;
    let ended = RetagRow { done: 2, changed: 1, ended_at: Some(after(9)), ..row(1) };
    assert_eq!(store.retags(10).await.unwrap()[1], ended);
    assert!(store.retag_contacts(RetagId(1), 10).await.unwrap().is_empty());
    let renames = |id, from: &str, to: &str| {
        let what = Retagging::Rename { from: from.into(), to: to.into() };
        RetagOp::Begin(Box::new(RetagRow { rules: String::new(), rule: from.into(), what, ..row(id) }), contacts())
    };
    carry_out(renames(3, "hot", "warm")).await;
    carry_out(renames(4, "warm", "cold")).await;
    let names = [("hot".to_owned(), "warm".to_owned()), ("warm".to_owned(), "cold".to_owned())];
    assert_eq!(store.tag_renamings().await.unwrap(), names, "the oldest first, and nothing else");
}

/// In pages, with the journal's data of the handling and the contact, and only where there is a contact.
pub async fn history_is_read_oldest_first_with_what_was_known<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    assert_eq!(store.event_range().await.unwrap(), None);
    let who = || Some(party("8613800138000", "Li Wei"));
    let arrivals =
        vec![arrival(text("a", who(), "one")), arrival(text("b", None, "nobody")), arrival(text("c", who(), "two"))];
    let receipts = store.receive(arrivals).await.unwrap();
    let events: Vec<_> = receipts.iter().map(|receipt| stored(receipt).0.clone()).collect();
    let entry = Entry { what: What::Received { event: "x".into() }, data: serde_json::json!({ "unread": 1 }) };
    let person = Some((events[0].contact_id.unwrap(), &[0_u8; 16][..]));
    let id = engine::ids::JournalId(make::next());
    let head = Head { id, subject: events[0].id.0, seq: id.0, kind: JournalKind::Handling, by: "", person, at: NOW };
    let mut work = make::work(events[0].mailbox);
    work.journal = vec![journal::encode(head, &[entry])];
    store.commit(work).await.unwrap();

    let (first, last) = store.event_range().await.unwrap().unwrap();
    assert_eq!((first, last), (events[0].id, events[2].id));
    let from = EventId(first.0 - 1);
    let page = store.history((from, last), true, 10).await.unwrap();
    assert_eq!(page.iter().map(|row| row.event.id).collect::<Vec<_>>(), [events[0].id, events[2].id]);
    let past = page[0].past.as_ref().unwrap();
    assert_eq!((past.phone.as_deref(), past.handled.is_some()), (Some("+8613800138000"), true));
    assert!(page[1].past.as_ref().unwrap().handled.is_none(), "the second was not handled yet");
    let bare = store.history((from, last), false, 1).await.unwrap();
    assert_eq!((bare.len(), &bare[0].past), (1, &None));
    let event: Event = engine::handle::event_from_row(bare[0].event.clone());
    assert_eq!(event.seen["text"], "one");
    assert_eq!(store.history((first, last), false, 10).await.unwrap().len(), 1, "after the first");
}

/// And its id is one among those of all kinds: one of them is live.
pub async fn a_version_reads_back_as_the_kind_it_is<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let rules = VersionRow { kind: Kind::Rules, ..make::version("care", 1, VersionState::Live) };
    let flow = make::version("greet", 2, VersionState::Live);
    let mut work = make::work(engine::ids::MailboxId(0));
    work.versions = vec![rules.clone(), flow.clone()];
    store.commit(work).await.unwrap();
    assert_eq!(store.versions().await.unwrap(), [rules.clone(), flow]);
    assert_eq!(store.versions_of("care").await.unwrap(), [rules]);
}
