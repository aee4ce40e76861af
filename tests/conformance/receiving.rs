//! What comes in through the doors.

use engine::connector::Status;
use engine::ids::{BadItemId, InputId, MailboxId};
use engine::store::{Arrival, BadItemRow, InputKind, Reads, Receipt, Store};
use futures_util::future::join_all;

use super::Driver;
use super::make::{self, arrival, party, stored, text};

/// The one message row of an effect's run, found by its key.
async fn message_of<S: Reads>(store: &S, run: engine::ids::RunId) -> engine::store::MessageRow {
    let mut found = store.messages_of(run).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Ten times one after the other, and twice in one request: one event.
pub async fn a_repeated_delivery_is_one_event<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let first = text("wamid.1", Some(party("8613800138000", "Li Wei")), "hello");
    let (again, twin) = (EventAgain(&first).copy(), EventAgain(&first).copy());
    let receipts = store.receive(vec![arrival(first), arrival(twin)]).await.unwrap();
    let (event, input) = stored(&receipts[0]);
    assert_eq!(receipts[1], Receipt::Seen, "twice in one request");
    for _ in 0..10 {
        assert_eq!(store.receive(vec![arrival(again.clone())]).await.unwrap(), [Receipt::Seen]);
    }
    assert_eq!(store.inputs(InputId(0), 10).await.unwrap(), [input]);
    assert_eq!(store.event_by_key(event.key).await.unwrap(), Some(event.clone()));
    assert_eq!(store.event_by_key(text("wamid.2", None, "").key).await.unwrap(), None);
    assert_eq!(store.event(event.id).await.unwrap(), Some(event));
    assert_eq!(store.event(again.id).await.unwrap(), None);
}

/// A delivery that is the same but for our ids.
struct EventAgain<'a>(&'a engine::store::EventArrival);

impl EventAgain<'_> {
    fn copy(&self) -> engine::store::EventArrival {
        engine::store::EventArrival {
            id: engine::ids::EventId(make::next()),
            input: InputId(make::next()),
            ..self.0.clone()
        }
    }
}

/// Sixteen requests at once, of which one is new.
pub async fn the_same_delivery_at_the_same_instant_is_one_event<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let first = text("wamid.1", Some(party("8613800138000", "Li Wei")), "hello");
    let requests = (0..16).map(|_| {
        let (store, copy) = (store.clone(), EventAgain(&first).copy());
        async move { store.receive(vec![arrival(copy)]).await.unwrap().remove(0) }
    });
    let receipts = join_all(requests).await;
    assert_eq!(receipts.iter().filter(|receipt| matches!(receipt, Receipt::New(_))).count(), 1);
    assert_eq!(receipts.iter().filter(|receipt| **receipt == Receipt::Seen).count(), 15);
    assert_eq!(store.inputs(InputId(0), 100).await.unwrap().len(), 1);
}

/// Whatever their kinds.
pub async fn receipts_come_in_the_order_of_arrivals<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (one, two) = (text("a", Some(party("8613800138000", "")), "one"), text("b", None, "two"));
    let again = EventAgain(&one).copy();
    let ids = [one.id, two.id];
    let bad = BadItemRow {
        id: BadItemId(make::next()),
        connection: "wa-main".into(),
        at: make::NOW,
        raw: "{".into(),
        why: "cut off".into(),
    };
    let arrivals =
        vec![Arrival::Bad(bad), arrival(one), make::status("c", Status::Sent, None), arrival(again), arrival(two)];
    let receipts = store.receive(arrivals).await.unwrap();
    assert_eq!(receipts[0], Receipt::Kept);
    assert_eq!(stored(&receipts[1]).0.id, ids[0]);
    assert_eq!(receipts[2], Receipt::Noted(None));
    assert_eq!(receipts[3], Receipt::Seen);
    assert_eq!(stored(&receipts[4]).0.id, ids[1]);
}

/// Over two of our numbers, in one request and later.
pub async fn people_with_the_same_phone_are_one_contact<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let from = |number: &str| {
        let mut party = party("8613800138000", "Li Wei");
        party.party.number = number.into();
        party
    };
    let both = vec![arrival(text("a", Some(from("1")), "x")), arrival(text("b", Some(from("2")), "x"))];
    let receipts = store.receive(both).await.unwrap();
    let later = store.receive(vec![arrival(text("c", Some(from("3")), "x"))]).await.unwrap();
    let same = store.receive(vec![arrival(text("d", Some(from("1")), "x"))]).await.unwrap();
    let rows = [&receipts[0], &receipts[1], &later[0], &same[0]].map(|receipt| stored(receipt).0);
    let contact = rows[0].contact_id.unwrap();
    assert!(rows.iter().all(|row| row.contact_id == Some(contact) && row.mailbox == MailboxId::of_contact(contact)));
    assert_eq!(rows[0].conversation_id, rows[3].conversation_id);
    let person = store.person(contact).await.unwrap();
    assert_eq!(person.conversations.len(), 3);
    assert_eq!(person.contact.unwrap().phone.as_deref(), Some("+8613800138000"));
}

/// Only a turn of the contact's mailbox does that; the receipt says whether this event created contact and conversation.
pub async fn what_is_known_of_a_customer_is_not_changed_at_the_door<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let first = store.receive(vec![arrival(text("a", Some(party("86138", "Li")), "x"))]).await.unwrap();
    let contact = stored(&first[0]).0.contact_id.unwrap();
    let mut moved = text("b", Some(party("86138", "Li Wei")), "x");
    moved.connection = "wa-backup".into();
    let second = store.receive(vec![arrival(moved)]).await.unwrap();
    let person = store.person(contact).await.unwrap();
    let (row, conversation) = (person.contact.unwrap(), person.conversations[0].clone());
    assert_eq!((row.name.as_str(), conversation.connection.as_str()), ("Li", "wa-main"));
    let fresh = |receipt: &Receipt| match receipt {
        Receipt::New(stored) => stored.fresh.clone(),
        other => panic!("expected a new event, got {other:?}"),
    };
    assert_eq!(fresh(&first[0]), Some((row, conversation)));
    assert_eq!(fresh(&second[0]), None);
}

/// And concerns nobody.
pub async fn an_event_without_a_party_goes_to_the_mailbox_it_names<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let mut record = text("deal-7", None, "won");
    record.mailbox = MailboxId::of_object("hubspot-main", "deal", "7");
    let mailbox = record.mailbox;
    let receipts = store.receive(vec![arrival(record)]).await.unwrap();
    let (event, input) = stored(&receipts[0]);
    assert_eq!((event.mailbox, event.contact_id, event.conversation_id), (mailbox, None, None));
    assert_eq!((input.mailbox, input.shard, input.kind), (mailbox, mailbox.shard(), InputKind::Event));
    assert_eq!(input.reference, event.id.0);
    let mut work = make::work(mailbox);
    work.consumed = vec![input.id];
    store.commit(work).await.unwrap();
    let rows = store.mailbox(mailbox).await.unwrap();
    assert_eq!((rows.contact, rows.recent), (None, vec![event]));
}

/// By their ids, whatever the order of arrival.
pub async fn inputs_are_read_oldest_first_in_pages<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let mut events: Vec<_> = (0..5).map(|n| text(&n.to_string(), None, "x")).collect();
    let ids: Vec<InputId> = events.iter().map(|event| event.input).collect();
    events.reverse();
    store.receive(events.into_iter().map(arrival).collect()).await.unwrap();
    let page = async |after: InputId| -> Vec<InputId> {
        store.inputs(after, 2).await.unwrap().iter().map(|input| input.id).collect()
    };
    assert_eq!(page(InputId(i64::MIN)).await, ids[..2]);
    assert_eq!(page(ids[1]).await, ids[2..4]);
    assert_eq!(page(ids[3]).await, ids[4..]);
    let mut work = make::work(MailboxId(1));
    work.consumed = ids[..4].to_vec();
    store.commit(work).await.unwrap();
    assert_eq!(page(InputId(i64::MIN)).await, ids[4..]);
}

/// In one request, in several, and in any order.
pub async fn a_status_never_goes_down<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let run = make::run(MailboxId(5), engine::ids::VersionId(1));
    let key = format!("{}/1", run.id);
    let report = |status| make::status("wamid.out", status, Some(&key));
    store.receive(vec![report(Status::Read), report(Status::Sent)]).await.unwrap();
    store.receive(vec![report(Status::Delivered)]).await.unwrap();
    assert_eq!(message_of(&store, run.id).await.status, Status::Read);
    store.receive(vec![report(Status::Played)]).await.unwrap();
    assert_eq!(message_of(&store, run.id).await.status, Status::Played);
}

/// Nor does its error stay when the message arrives after all.
pub async fn a_failure_does_not_overwrite_a_delivery<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let run = make::run(MailboxId(5), engine::ids::VersionId(1));
    let key = format!("{}/1", run.id);
    let report = |status| make::status("wamid.out", status, Some(&key));
    store.receive(vec![report(Status::Sent)]).await.unwrap();
    store.receive(vec![report(Status::Failed)]).await.unwrap();
    let failed = message_of(&store, run.id).await;
    assert_eq!((failed.status, failed.error.is_some()), (Status::Failed, true));
    store.receive(vec![report(Status::Delivered)]).await.unwrap();
    store.receive(vec![report(Status::Failed)]).await.unwrap();
    let delivered = message_of(&store, run.id).await;
    assert_eq!((delivered.status, delivered.error), (Status::Delivered, None));
}

/// The provider's status can overtake its own answer.
pub async fn a_status_that_comes_before_the_message_joins_it<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let receipts = store.receive(vec![arrival(text("a", Some(party("86138", "Li")), "x"))]).await.unwrap();
    let event = stored(&receipts[0]).0;
    let run = make::run(event.mailbox, engine::ids::VersionId(1));
    let key = format!("{}/1", run.id);
    store.receive(vec![make::status("wamid.out", Status::Delivered, Some(&key))]).await.unwrap();
    let mut work = make::work(event.mailbox);
    let mut sent = make::message("wamid.out", Status::Accepted, false, "Thank you");
    sent.conversation_id = event.conversation_id;
    sent.effect_key = Some(key.clone());
    work.messages = vec![sent];
    store.commit(work).await.unwrap();
    let joined = message_of(&store, run.id).await;
    assert_eq!((joined.status, joined.text.as_deref()), (Status::Delivered, Some("Thank you")));
    assert_eq!((joined.conversation_id, joined.effect_key), (event.conversation_id, Some(key)));
}

/// And its cost stays when a later status names none.
pub async fn a_status_brings_the_key_that_its_message_has_not<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let run = make::run(MailboxId(5), engine::ids::VersionId(1));
    let key = format!("{}/1", run.id);
    let costly = |mut arrival: Arrival| {
        let Arrival::Status { report, .. } = &mut arrival else { panic!("not a status") };
        report.cost = Some(serde_json::json!({ "category": "utility" }));
        arrival
    };
    store.receive(vec![make::status("wamid.out", Status::Accepted, None)]).await.unwrap();
    store.receive(vec![costly(make::status("wamid.out", Status::Sent, Some(&key)))]).await.unwrap();
    let sent = message_of(&store, run.id).await;
    assert_eq!((sent.status, sent.effect_key.as_deref()), (Status::Sent, Some(&key[..])));
    let other = format!("{}/1", make::run(MailboxId(5), engine::ids::VersionId(1)).id);
    store.receive(vec![make::status("wamid.out", Status::Read, Some(&other))]).await.unwrap();
    let read = message_of(&store, run.id).await;
    assert!(read.cost.is_some());
    assert_eq!((read.status, read.effect_key, read.cost), (Status::Read, Some(key), sent.cost));
}

/// With its bytes.
pub async fn a_bad_item_is_kept<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let item = |raw: &str| BadItemRow {
        id: BadItemId(make::next()),
        connection: "wa-main".into(),
        at: make::NOW,
        raw: raw.into(),
        why: "no `type`".into(),
    };
    let (one, two) = (item("{\"a\":1}"), item("\u{0}\u{1f}"));
    store.receive(vec![Arrival::Bad(one.clone()), Arrival::Bad(two.clone())]).await.unwrap();
    assert_eq!(store.bad_items(10).await.unwrap(), [two.clone(), one], "newest first");
    assert_eq!(store.bad_items(1).await.unwrap(), [two]);
}
