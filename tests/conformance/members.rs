//! Contacts as segments look at them, and the events that schedules give them.

use engine::contact::TagSourceKind;
use engine::erasure::Names;
use engine::event::{CRON, EventKey};
use engine::ids::{ContactId, EventId, InputId, MailboxId};
use engine::store::{Arrival, InputRow, Lane, Member, Reads, Receipt, Store, Stored, TagOp, TagRow, Work};
use serde_json::json;

use super::Driver;
use super::erasure::{forget, gone, holds};
use super::forgetting::of_nobody;
use super::make::{self, NOW, arrival, party, stored, text};

/// A contact with a conversation.
async fn met<S: Store>(store: &S, address: &str) -> ContactId {
    let receipts = store.receive(vec![arrival(text(address, Some(party(address, "Ann")), "hi"))]).await.unwrap();
    stored(&receipts[0]).0.contact_id.unwrap()
}

async fn ids<S: Reads>(store: &S, tag: Option<&str>, after: ContactId, limit: u32) -> Vec<ContactId> {
    let page = store.members(tag.map(str::to_owned), after, limit).await.unwrap();
    page.iter().map(|member| member.contact.id).collect()
}

/// A tag of several sources counts once, one that a person took not at all, and the erased are not there.
pub async fn contacts_are_paged_by_id_and_narrowed_by_a_tag<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let mut known = Vec::new();
    for n in 0..5 {
        known.push(met(&store, &format!("49151123456{n}0")).await);
    }
    let off = TagSourceKind::PersonOff as i64;
    for (n, sources) in [(0, vec![0]), (1, vec![0, 1]), (2, vec![off]), (4, vec![0])] {
        let mut work = make::work(MailboxId::of_contact(known[n]));
        let tag = |source: &i64| TagRow { source: *source, ..make::tag(known[n], "cold", "some") };
        work.tags = sources.iter().map(|source| TagOp::Add(tag(source))).collect();
        store.commit(work).await.unwrap();
    }
    let first = ContactId(i64::MIN);
    assert_eq!(ids(&store, None, first, 10).await, known);
    assert_eq!(ids(&store, None, known[1], 2).await, known[2..4]);
    assert_eq!(ids(&store, Some("cold"), first, 2).await, known[..2]);
    assert_eq!(ids(&store, Some("cold"), known[1], 2).await, known[4..]);
    assert_eq!(ids(&store, Some("warm"), first, 2).await, []);

    let page = store.members(Some("cold".into()), known[0], 1).await.unwrap();
    let [Member { tags, conversation, .. }] = &page[..] else { panic!("{page:?}") };
    let rows = store.mailbox(MailboxId::of_contact(known[1])).await.unwrap();
    assert_eq!((tags, *conversation), (&rows.tags, Some(rows.conversations[0].id)));

    gone(&store, known[0]).await;
    assert_eq!(ids(&store, None, first, 1).await, known[1..2]);
    assert_eq!(ids(&store, Some("cold"), first, 1).await, known[1..2]);
}

fn own(contact: ContactId, slot: &str) -> Arrival {
    let mailbox = MailboxId::of_contact(contact);
    let id = EventId(make::next());
    let event = engine::store::EventRow {
        id,
        key: EventKey::new("", CRON, &format!("{slot}/{contact}")),
        mailbox,
        contact_id: Some(contact),
        conversation_id: None,
        connection: String::new(),
        kind: CRON.into(),
        origin: engine::event::Origin::System,
        at: NOW,
        provider_at: Some(NOW),
        depth: 0,
        format: 1,
        body: Some(b"{}".to_vec()),
    };
    let input = InputRow {
        id: InputId(make::next()),
        shard: mailbox.shard(),
        mailbox,
        lane: Lane::Bulk,
        kind: engine::store::InputKind::Event,
        reference: id.0,
        body: None,
    };
    Arrival::Own(Box::new(Stored { event, input, fresh: None }))
}

/// However often a page is gone over; also after its input was handled.
pub async fn a_contacts_own_event_is_stored_once<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let contact = met(&store, "4915112345678").await;
    let receipts = store.receive(vec![own(contact, "a"), own(contact, "a"), own(contact, "b")]).await.unwrap();
    let [Receipt::New(first), Receipt::Seen, Receipt::New(_)] = &receipts[..] else { panic!("{receipts:?}") };
    let waiting = store.inputs(InputId(i64::MIN), 10).await.unwrap();
    assert!(waiting.contains(&first.input) && waiting.len() == 3, "{waiting:?}");
    assert_eq!(store.event(first.event.id).await.unwrap().as_ref(), Some(&first.event));
    let consumed = waiting.iter().map(|input| input.id).collect();
    store.commit(Work { consumed, ..make::work(first.event.mailbox) }).await.unwrap();
    assert_eq!(store.receive(vec![own(contact, "a")]).await.unwrap(), [Receipt::Seen]);
    assert_eq!(store.inputs(InputId(i64::MIN), 10).await.unwrap(), []);
}

/// By our id of them, as a contact may have no number.
pub async fn what_found_a_person_for_others_is_forgotten_with_them<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let contact = met(&store, "US.1a-user").await;
    let found = json!({ "id": contact.to_string(), "name": "Zebulon" }).to_string();
    of_nobody(&store, "found#1", "list", "", &found).await;
    of_nobody(&store, "found#2", "list", "", "Quartermaine").await;
    assert!(holds(&driver.bytes(&store).await, "Zebulon"), "it was never there: the test proves nothing");
    let rows = store.mailbox(MailboxId::of_contact(contact)).await.unwrap();
    forget(&store, &Names::of(&rows.contact.unwrap(), &rows.conversations)).await;
    let after = driver.bytes(&store).await;
    assert!(!holds(&after, "Zebulon") && holds(&after, "Quartermaine"));
    super::chain::verify(&store).await;
}
