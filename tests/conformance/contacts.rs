//! What is kept about contacts as a whole: who is one with whom, files brought in, what tags mean, marked messages.

use std::collections::BTreeMap;

use engine::clock::At;
use engine::ids::{ContactId, EventId, ImportId, MailboxId, MergeId};
use engine::store::{
    Contacts, ContactsOp, EditOp, ImportRow, ImportState, LabelRow, MergeOp, MergeRow, Reads, Store, TagMeaning, TagOp,
    Work,
};

use super::Driver;
use super::make::{self, NOW};

fn after(ms: i64) -> At {
    At(NOW.0 + ms)
}

/// Three contacts, each with a number and a tag.
async fn three<S: Store>(store: &S) -> [ContactId; 3] {
    let mut ids = [ContactId(0); 3];
    for (place, id) in ids.iter_mut().enumerate() {
        *id = ContactId(make::next());
        let row = make::contact(*id, "Ada", &format!("+39333000000{place}"));
        let tags = vec![TagOp::Add(make::tag(*id, "vip", "care/hot"))];
        store.commit(Work { contact: Some(row), tags, ..make::work(MailboxId::of_contact(*id)) }).await.unwrap();
    }
    ids
}

async fn change<S: Store>(store: &S, op: MergeOp) {
    store.commit(Work { merges: vec![op], ..make::work(MailboxId::SYSTEM) }).await.unwrap();
}

fn joins(id: i64, kept: ContactId, joined: ContactId) -> MergeRow {
    let (by, before) = ("user:1 Mia".to_owned(), Some("{}".to_owned()));
    MergeRow { id: MergeId(id), kept, joined, by, at: NOW, before, parted_at: None, parted_by: None }
}

/// Also over several steps, of which one in the middle is taken back.
pub async fn a_number_leads_to_whom_its_contact_joined<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let [one, two, three] = three(&store).await;
    change(&store, MergeOp::Join(joins(1, two, three))).await;
    change(&store, MergeOp::Join(joins(2, one, two))).await;
    let whose = async |phone: &str| store.find_contact(phone).await.unwrap().unwrap().id;
    assert_eq!((whose("+393330000001").await, whose("+393330000002").await), (one, one));
    assert_eq!(store.same_person(three).await.unwrap(), [one, two, three]);
    let found = store.by_phone(vec!["+393330000002".into(), "+390000000".into()]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&*found[0].0, found[0].1.contact.id, found[0].1.tags.len()), ("+393330000002", one, 1));
    for tag in [None, Some("vip".to_owned())] {
        let listed = store.members(tag, ContactId(i64::MIN), 10).await.unwrap();
        assert_eq!(listed.iter().map(|member| member.contact.id).collect::<Vec<_>>(), [one], "parts are in no list");
    }
    assert_eq!(store.contact_keys(ContactId(i64::MIN), 10).await.unwrap().len(), 1);
    assert_eq!(store.merges(10).await.unwrap().iter().map(|row| row.id.0).collect::<Vec<_>>(), [2, 1]);

    let part = MergeOp::Part { id: MergeId(2), joined: two, at: after(9), by: "cli".into() };
    change(&store, part).await;
    assert_eq!((whose("+393330000001").await, whose("+393330000002").await), (two, two), "its part goes with it");
    assert_eq!(store.same_person(one).await.unwrap(), [one]);
    assert_eq!(store.same_person(three).await.unwrap(), [two, three]);
    let parted = store.merge(MergeId(2)).await.unwrap().unwrap();
    assert_eq!((parted.parted_at, parted.before), (Some(after(9)), None), "what it took is not kept longer");
    let part = MergeOp::Part { id: MergeId(1), joined: three, at: after(10), by: "cli".into() };
    change(&store, part).await;
    assert_eq!(whose("+393330000002").await, three);
    driver.close(store).await;
}

/// And with a person goes what was marked of them, and what it took to part them.
pub async fn what_is_kept_of_contacts_reads_back_until_they_are_erased<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let [one, two, _] = three(&store).await;
    let edit = async |op: ContactsOp| {
        let edits = vec![EditOp::Contacts(op)];
        store.commit(Work { edits, ..make::work(MailboxId::SYSTEM) }).await.unwrap();
    };
    let import = ImportRow {
        id: ImportId(5),
        name: "people.csv".into(),
        by: "cli".into(),
        at: NOW,
        total: 3,
        created: 1,
        changed: 1,
        same: 0,
        refused: 1,
        refusals: vec![(3, "bad_phone".into())],
        state: ImportState::Running,
        ended_at: None,
    };
    edit(ContactsOp::Import(import.clone())).await;
    assert_eq!(store.imports(10).await.unwrap(), std::slice::from_ref(&import));
    edit(ContactsOp::Interrupt(after(5))).await;
    let interrupted = ImportRow { state: ImportState::Interrupted, ended_at: Some(after(5)), ..import };
    assert_eq!(store.imports(10).await.unwrap(), [interrupted]);

    let meaning = TagMeaning { tag: "vip".into(), meaning: "buys a lot".into(), ..TagMeaning::default() };
    edit(ContactsOp::Meaning(meaning.clone())).await;
    edit(ContactsOp::Meaning(TagMeaning { family: "value".into(), ..meaning.clone() })).await;
    assert_eq!(store.tag_meanings().await.unwrap(), [TagMeaning { family: "value".into(), ..meaning }]);
    assert_eq!(store.tag_counts().await.unwrap(), [("vip".to_owned(), 3)]);
    assert_eq!(store.tag_holders("vip").await.unwrap().len(), 3);
    edit(ContactsOp::Forgotten("vip".into())).await;
    assert!(store.tag_meanings().await.unwrap().is_empty());

    let label = |event: i64, contact| LabelRow {
        event: EventId(event),
        contact,
        text: "how much".into(),
        language: "en".into(),
        tags: [("vip".to_owned(), true)].into(),
        by: "cli".into(),
        at: At(1),
    };
    edit(ContactsOp::Label(label(7, one))).await;
    edit(ContactsOp::Label(label(8, two))).await;
    edit(ContactsOp::Label(LabelRow { tags: [("vip".to_owned(), false)].into(), ..label(8, two) })).await;
    let labels = store.labels().await.unwrap();
    assert_eq!((labels[0].tags["vip"], labels.len()), (false, 2));
    let relabel = |from: &str, to: &str| ContactsOp::Relabel { from: from.into(), to: to.into() };
    let both = [("vip".to_owned(), false), ("gold".to_owned(), true)].into();
    edit(ContactsOp::Label(LabelRow { tags: both, ..label(8, two) })).await;
    edit(relabel("vip", "gold")).await;
    let tags: Vec<_> = store.labels().await.unwrap().into_iter().map(|label| label.tags).collect();
    let gold = BTreeMap::from([("gold".to_owned(), true)]);
    assert_eq!(tags, [gold.clone(), gold], "marks follow the name; of two marks that become one, yes stays");
    edit(relabel("gold", "vip")).await;
    change(&store, MergeOp::Join(joins(3, one, two))).await;
    store.commit(Work { erase: Some(two), at: NOW, ..make::work(MailboxId::of_contact(two)) }).await.unwrap();
    assert_eq!(store.labels().await.unwrap(), [label(7, one)]);
    assert_eq!(store.merge(MergeId(3)).await.unwrap().unwrap().before, None);
    edit(ContactsOp::Label(LabelRow { tags: [].into(), ..label(7, one) })).await;
    assert!(store.labels().await.unwrap().is_empty());
    driver.close(store).await;
}
