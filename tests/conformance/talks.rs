//! The inbox: conversations by box, what was said in one, and who is held up by a person who talks.

use std::time::Duration;

use engine::clock::At;
use engine::connector::Status;
use engine::ids::{ContactId, ConversationId, EventId, MailboxId, MessageId, UserId, VersionId};
use engine::inbox::{Inbox, Place, RatingRow, Said, SaidKind, SaidOp, SaidRow, SaidState, Words};
use engine::store::{
    DispatchOp, EffectOp, EffectRow, ListedTalk, Mention, Reads, Sight, Store, TagOp, TalkQuery, TalkWay, Talks, Work,
};

use super::Driver;
use super::erasure::erase;
use super::make::{self, NOW};

const ANA: UserId = UserId(501);
const BEN: UserId = UserId(502);
const ALWAYS: (At, At) = (At(i64::MIN), At(i64::MAX));

fn later(seconds: u64) -> At {
    NOW.plus(Duration::from_secs(seconds))
}

/// A contact with a conversation in this state; in each something was said a second later than in the one before.
async fn talk<S: Store>(store: &S, address: &str, seconds: u64, inbox: Inbox) -> (ContactId, ConversationId) {
    let (contact, conversation) = (ContactId(make::next()), ConversationId(make::next()));
    let mut work = make::work(MailboxId::of_contact(contact));
    work.contact = Some(make::contact(contact, &format!("Name {address}"), &format!("+{address}")));
    let mut row = make::conversation(conversation, contact, address);
    row.inbox = Inbox { active_at: Some(later(seconds)), ..inbox };
    work.conversations = vec![row];
    store.commit(work).await.unwrap();
    (contact, conversation)
}

fn held_by(agent: UserId, team: Option<&str>) -> Inbox {
    let team = team.map(str::to_owned);
    Inbox { place: Place::Held, assignee: Some(agent), team, last_agent: Some(BEN), unread: 2, ..Inbox::default() }
}

fn waiting(team: Option<&str>) -> Inbox {
    Inbox { place: Place::Waits, team: team.map(str::to_owned), unread: 1, ..Inbox::default() }
}

fn place(place: Place) -> TalkWay {
    TalkWay::Place(place, ALWAYS.0, ALWAYS.1)
}

fn open() -> Vec<TalkWay> {
    vec![place(Place::Held), place(Place::Waits), place(Place::Quiet)]
}

fn query(ways: Vec<TalkWay>) -> TalkQuery {
    TalkQuery { ways, limit: 100, ..TalkQuery::default() }
}

fn ids(rows: &[ListedTalk]) -> Vec<ConversationId> {
    rows.iter().map(|row| row.conversation.id).collect()
}

/// A conversation reads back with everything people here made of it.
pub async fn a_conversation_reads_back_as_people_left_it<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let inbox = Inbox { paused_until: Some(later(60)), closed_at: None, ..held_by(ANA, Some("care")) };
    let (contact, id) = talk(&store, "4915100001", 1, inbox.clone()).await;
    let read = store.mailbox(MailboxId::of_contact(contact)).await.unwrap().conversations.remove(0);
    assert_eq!(read.inbox, Inbox { active_at: Some(later(1)), ..inbox });
    assert_eq!(store.talk(id).await.unwrap().unwrap().conversation, read);
    let mut work = make::work(MailboxId::of_contact(contact));
    let mut closed = read.clone();
    closed.inbox.close(later(9));
    work.conversations = vec![closed.clone()];
    store.commit(work).await.unwrap();
    assert_eq!(store.talk(id).await.unwrap().unwrap().conversation, closed);
}

/// Each box has its own, the last one spoken in first, over pages.
pub async fn boxes_list_their_conversations_by_what_was_said_last<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, mine) = talk(&store, "4915100001", 1, held_by(ANA, None)).await;
    let (_, team) = talk(&store, "4915100002", 2, waiting(Some("care"))).await;
    let (_, nobodys) = talk(&store, "4915100003", 3, waiting(None)).await;
    let (_, bens) = talk(&store, "4915100004", 3, held_by(BEN, Some("care"))).await;
    let (_, closed) = talk(&store, "4915100005", 4, Inbox::default()).await;
    let list = async |ways: Vec<TalkWay>| ids(&store.talk_page(query(ways)).await.unwrap().0);
    assert_eq!(list(open()).await, [bens, nobodys, team, mine]);
    assert_eq!(list(vec![TalkWay::Assignee(ANA)]).await, [mine]);
    assert_eq!(list(vec![TalkWay::Team("care".into())]).await, [bens, team]);
    assert_eq!(list(vec![place(Place::Waits)]).await, [nobodys, team]);
    assert_eq!(list(vec![place(Place::Closed)]).await, [closed]);
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let (rows, next) = store.talk_page(TalkQuery { before, limit: 1, ..query(open()) }).await.unwrap();
        found.extend(ids(&rows));
        before = next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(found, [bens, nobodys, team, mine], "the same, one by one");
    let recent = vec![TalkWay::Place(Place::Waits, later(3), ALWAYS.1)];
    assert_eq!(list(recent).await, [nobodys]);
    assert_eq!(list(vec![TalkWay::Place(Place::Waits, ALWAYS.0, later(3))]).await, [team]);
    assert_eq!(store.talk_count(open(), None).await.unwrap(), 4);
}

/// Who may not see all sees own ones, nobody's and those of own teams.
pub async fn a_list_shows_what_its_reader_may_see<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, mine) = talk(&store, "4915100001", 1, held_by(ANA, None)).await;
    let (_, teams) = talk(&store, "4915100002", 2, held_by(BEN, Some("care"))).await;
    let (_, nobodys) = talk(&store, "4915100003", 3, waiting(None)).await;
    talk(&store, "4915100004", 4, held_by(BEN, None)).await;
    talk(&store, "4915100005", 5, waiting(Some("sales"))).await;
    let sight = Some(Sight { user: ANA, teams: vec!["care".into()] });
    let seen = store.talk_page(TalkQuery { sight: sight.clone(), ..query(open()) }).await.unwrap().0;
    assert_eq!(ids(&seen), [nobodys, teams, mine]);
    assert_eq!(store.talk_count(open(), sight).await.unwrap(), 3);
}

/// By name, number and tag.
pub async fn conversations_are_found_by_their_contact<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (one, first) = talk(&store, "4915100001", 1, waiting(None)).await;
    let (_, second) = talk(&store, "4915200002", 2, waiting(None)).await;
    let mut work = make::work(MailboxId::of_contact(one));
    work.tags = vec![TagOp::Add(make::tag(one, "vip", "rule-1"))];
    store.commit(work).await.unwrap();
    let find = async |text: Option<&str>, tag: Option<&str>| {
        let (text, tag) = (text.map(str::to_owned), tag.map(str::to_owned));
        ids(&store.talk_page(TalkQuery { text, tag, ..query(open()) }).await.unwrap().0)
    };
    assert_eq!(find(Some("name 49152"), None).await, [second]);
    assert_eq!(find(Some("+4915100001"), None).await, [first]);
    assert_eq!(find(None, Some("vip")).await, [first]);
    assert_eq!(find(None, Some("none")).await, []);
}

fn said(conversation: ConversationId, key: Option<&str>, text: &str) -> SaidRow {
    let words = Some(Words::Text(text.to_owned()));
    SaidRow {
        id: MessageId(make::next()),
        conversation_id: conversation,
        kind: if key.is_some() { SaidKind::Text } else { SaidKind::Note },
        by: Some(ANA),
        at: NOW,
        key: key.map(str::to_owned),
        text: Some(text.to_owned()),
        body: serde_json::to_string(&Said { words, ..Said::default() }).ok(),
        state: SaidState::Sending,
        error: None,
    }
}

async fn put<S: Store>(store: &S, contact: ContactId, rows: &[&SaidRow]) {
    let mut work = make::work(MailboxId::of_contact(contact));
    work.said = rows.iter().map(|row| SaidOp::Put(Box::new((*row).clone()))).collect();
    store.commit(work).await.unwrap();
}

/// What people said stands apart from other messages, with what the provider told of it.
pub async fn what_people_said_is_read_with_its_statuses<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (contact, id) = talk(&store, "4915100001", 1, held_by(ANA, None)).await;
    let (text, note) = (said(id, Some("k1"), "Hello"), said(id, None, "A note"));
    put(&store, contact, &[&text, &note]).await;
    let latest = MessageId(i64::MAX);
    let read = store.said_in(id, latest, 10).await.unwrap();
    assert_eq!(read.iter().map(|one| &one.said).collect::<Vec<_>>(), [&note, &text]);
    assert_eq!(store.said_by_key(id, "k1").await.unwrap().unwrap().said, text);
    assert_eq!(store.said_by_key(ConversationId(1), "k1").await.unwrap(), None);

    let mut sent = make::message("wamid.1", Status::Accepted, false, "Hello");
    (sent.conversation_id, sent.effect_key) = (Some(id), Some(SaidRow::effect_key(text.id)));
    let mut other = make::message("wamid.2", Status::Received, true, "Hi");
    other.conversation_id = Some(id);
    let mut work = make::work(MailboxId::of_contact(contact));
    work.said = vec![SaidOp::Move { id: text.id, state: SaidState::Sent, error: None }];
    work.messages = vec![sent, other.clone()];
    store.commit(work).await.unwrap();
    store.receive(vec![make::status("wamid.1", Status::Read, None)]).await.unwrap();
    let read = store.said(text.id).await.unwrap().unwrap();
    assert_eq!((read.said.state, read.message.unwrap().status), (SaidState::Sent, Status::Read));
    let heard = store.heard_in(id, latest, 10).await.unwrap();
    assert_eq!(heard.iter().map(|one| one.message.id).collect::<Vec<_>>(), [other.id], "its row is no message besides");
    let listed = store.talk(id).await.unwrap().unwrap();
    assert_eq!(listed.last_message.unwrap().message.id, other.id);
    assert_eq!(listed.last_said.unwrap().said.id, text.id, "a note is no message");
    let by_key = store.messages_by_key(vec![make::external_key("wamid.2")]).await.unwrap();
    assert_eq!(by_key.iter().map(|row| row.id).collect::<Vec<_>>(), [other.id]);
}

/// Each who is named has looked or not by themselves.
pub async fn notes_are_found_by_whom_they_name_those_not_looked_at_first<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (one, here) = talk(&store, "4915100001", 1, held_by(ANA, Some("care"))).await;
    let (two, there) = talk(&store, "4915100002", 2, waiting(None)).await;
    let note = |conversation, text, to: &[UserId]| {
        let body = Said { mentions: to.to_vec(), ..Said::default() };
        SaidRow { body: serde_json::to_string(&body).ok(), ..said(conversation, None, text) }
    };
    let (first, second) = (note(here, "one", &[ANA, BEN]), note(here, "two", &[BEN]));
    let (third, message) = (note(there, "three", &[BEN]), said(here, Some("k1"), "Hello"));
    put(&store, one, &[&first, &second, &message]).await;
    put(&store, two, &[&third]).await;
    let named = async |agent, after, limit| store.mentions(agent, after, limit).await.unwrap();
    let texts = |found: &[Mention]| found.iter().map(|one| (one.text.clone(), one.seen)).collect::<Vec<_>>();
    let new = |text: &str| (text.to_owned(), false);
    assert_eq!(texts(&named(BEN, None, 10).await), [new("three"), new("two"), new("one")]);
    assert_eq!(texts(&named(ANA, None, 10).await), [new("one")]);
    assert_eq!(store.unseen_mentions(BEN, None).await.unwrap(), 3);
    assert_eq!(store.unseen_mentions(BEN, Some(there)).await.unwrap(), 1);

    let mut work = make::work(MailboxId::of_contact(two));
    work.said = vec![SaidOp::Seen { conversation: there, agent: BEN }];
    store.commit(work).await.unwrap();
    let page = named(BEN, None, 2).await;
    assert_eq!(texts(&page), [new("two"), new("one")]);
    let rest = named(BEN, page.last().map(Mention::place), 2).await;
    assert_eq!(texts(&rest), [("three".to_owned(), true)]);
    assert_eq!((rest[0].conversation, rest[0].contact, rest[0].by), (there, two, Some(ANA)));
    assert_eq!(named(BEN, rest.last().map(Mention::place), 2).await, []);
    assert_eq!(store.unseen_mentions(ANA, None).await.unwrap(), 1, "Ana has not looked");

    store.commit(erase(one)).await.unwrap();
    assert_eq!(texts(&named(BEN, None, 10).await), [("three".to_owned(), true)], "what was erased is no mention");
    assert_eq!(store.unseen_mentions(ANA, None).await.unwrap(), 0);
}

/// A client's key is one message; the work that uses it again is refused whole.
pub async fn a_key_is_used_once_in_a_conversation<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (contact, id) = talk(&store, "4915100001", 1, held_by(ANA, None)).await;
    put(&store, contact, &[&said(id, Some("k1"), "Hello")]).await;
    let again = SaidOp::Put(Box::new(said(id, Some("k1"), "Hello")));
    let work = Work { said: vec![again], ..make::work(MailboxId::of_contact(contact)) };
    assert!(store.commit(work).await.is_err());
    assert_eq!(store.said_in(id, MessageId(i64::MAX), 10).await.unwrap().len(), 1);
}

/// Looked at in the transaction that puts it in flight.
pub async fn a_message_of_a_flow_does_not_start_while_a_person_talks<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (contact, id) = talk(&store, "4915100001", 1, waiting(None)).await;
    let mailbox = MailboxId::of_contact(contact);
    let run = make::run(mailbox, VersionId(1));
    let flows = EffectRow { yields: true, ..make::effect(&run, 1) };
    let (urgent, third) = (make::effect(&run, 2), EffectRow { yields: true, ..make::effect(&run, 3) });
    let mut work = make::work(mailbox);
    work.runs = vec![run];
    work.effects = [&flows, &urgent, &third].map(|row| EffectOp::Plan(Box::new(row.clone()))).to_vec();
    store.commit(work).await.unwrap();
    assert_eq!(store.effect(flows.id).await.unwrap(), Some(flows.clone()));
    let pause = async |until: Option<At>| {
        let mut work = make::work(mailbox);
        let mut row = store.talk(id).await.unwrap().unwrap().conversation;
        row.inbox.paused_until = until;
        work.conversations = vec![row];
        store.commit(work).await.unwrap();
    };
    let start = async |id| store.dispatch(vec![DispatchOp::Start { id, at: NOW }]).await.unwrap();
    pause(Some(later(1))).await;
    assert_eq!(start(flows.id).await, []);
    assert_eq!(start(urgent.id).await, [urgent.id], "this one yields to nobody");
    pause(Some(NOW)).await;
    assert_eq!(start(flows.id).await, [flows.id], "it ends at this instant");
    pause(None).await;
    assert_eq!(start(third.id).await, [third.id]);
}

/// Nothing that people said of an erased person is left, and a late failure leaves no words.
pub async fn what_people_said_of_an_erased_person_is_gone<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (contact, id) = talk(&store, "4915100001", 1, held_by(ANA, Some("care"))).await;
    let (text, note) = (said(id, Some("k-trace"), "trace text"), said(id, None, "trace note"));
    put(&store, contact, &[&text, &note]).await;
    assert_eq!(store.person(contact).await.unwrap().said.len(), 2);
    store.commit(erase(contact)).await.unwrap();
    let mut work = make::work(MailboxId::of_contact(contact));
    let error = Some("131026 trace".to_owned());
    work.said = vec![SaidOp::Move { id: text.id, state: SaidState::Failed, error }];
    store.commit(work).await.unwrap();
    let mut failed = make::status("wamid.late", Status::Failed, Some(&SaidRow::effect_key(text.id)));
    if let engine::store::Arrival::Status { report, .. } = &mut failed {
        report.error = Some("no such user trace".into());
    }
    store.receive(vec![failed]).await.unwrap();
    let left = store.said(text.id).await.unwrap().unwrap();
    assert_eq!((left.said.text, left.said.body, left.said.key, left.said.error), (None, None, None, None));
    assert_eq!(left.message.unwrap().error, None);
    assert_eq!(store.talk(id).await.unwrap(), None);
    assert_eq!(store.talk_page(query(open())).await.unwrap().0, []);
    let bytes = driver.bytes(&store).await;
    assert!(!bytes.windows(5).any(|part| part == b"trace"), "words are left on disk");
}

/// By time, each answer once.
pub async fn answers_about_conversations_are_read_by_time<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (contact, id) = talk(&store, "4915100001", 1, Inbox::default()).await;
    let rating = |at: At, stars: i64| RatingRow {
        id: EventId(make::next()),
        conversation_id: id,
        at,
        agent: Some(ANA),
        team: Some("care".into()),
        stars,
        of: 5,
    };
    let (one, two) = (rating(later(1), 5), rating(later(2), 3));
    let mut work = make::work(MailboxId::of_contact(contact));
    work.ratings = vec![two.clone(), one.clone(), one.clone()];
    store.commit(work).await.unwrap();
    assert_eq!(store.ratings(NOW, later(9)).await.unwrap(), [one.clone(), two]);
    assert_eq!(store.ratings(NOW, later(2)).await.unwrap(), [one]);
}
