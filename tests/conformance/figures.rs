//! What figures about people are counted from.

use std::time::Duration;

use engine::clock::At;
use engine::event::Origin;
use engine::ids::{ConversationId, EventId, MailboxId, MessageId, RunId, UserId};
use engine::inbox::{SaidKind, SaidOp, SaidRow, SaidState};
use engine::store::{ClosingRow, HeardOf, PeopleFigures, RanIn, Spoken, Store, VersionState};

use super::Driver;
use super::make::{self, NOW};

const ANA: UserId = UserId(501);
/// Before every id of the suite, and behind all of them.
const FIRST: i64 = 0;
const BEFORE_ALL: At = At(0);

/// By time, each once, with and without a team and an agent.
pub async fn closed_sessions_are_read_by_time<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let closing = |seconds: u64, agent: Option<UserId>, team: Option<&str>| ClosingRow {
        id: make::next(),
        conversation_id: ConversationId(7),
        opened_at: NOW,
        at: NOW.plus(Duration::from_secs(seconds)),
        agent,
        team: team.map(str::to_owned),
    };
    let (one, two) = (closing(1, Some(ANA), Some("care")), closing(2, None, None));
    let mut work = make::work(MailboxId(7));
    work.closings = vec![two.clone(), one.clone(), one.clone()];
    store.commit(work).await.unwrap();
    assert_eq!(store.closings(NOW, NOW.plus(Duration::from_secs(9))).await.unwrap(), [one.clone(), two]);
    assert_eq!(store.closings(NOW, NOW.plus(Duration::from_secs(2))).await.unwrap(), [one]);
}

/// Events, what people said but notes, and runs.
pub async fn what_was_said_and_what_ran_is_read_by_time_in_order<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let party = make::party("4915100001", "Udo");
    let text = make::arrival(make::text("m1", Some(party), "hi"));
    let nobodys = make::arrival(make::text("m2", None, "a webhook"));
    let receipts = store.receive(vec![text, nobodys]).await.unwrap();
    let [(first, _), (second, _)] = [make::stored(&receipts[0]), make::stored(&receipts[1])];
    let talk = first.conversation_id.unwrap();
    let heard = |event: EventId, conversation| HeardOf { event, conversation, origin: Origin::Customer };
    let all = store.heard_page(EventId(FIRST), NOW).await.unwrap();
    assert_eq!(all, [heard(first.id, Some(talk)), heard(second.id, None)]);
    assert_eq!(store.heard_page(first.id, NOW).await.unwrap(), [heard(second.id, None)]);
    assert_eq!(store.heard_page(EventId(FIRST), BEFORE_ALL).await.unwrap(), []);

    let mailbox = MailboxId::of_contact(first.contact_id.unwrap());
    let said = |kind, by| SaidRow {
        id: MessageId(make::next()),
        conversation_id: talk,
        kind,
        by,
        at: NOW,
        key: None,
        text: Some("words".into()),
        body: None,
        state: SaidState::Sent,
        error: None,
    };
    let rows = [said(SaidKind::Text, Some(ANA)), said(SaidKind::Note, Some(ANA)), said(SaidKind::Choices, None)];
    let version = make::version("welcome", 1, VersionState::Live);
    let mut run = make::run(mailbox, version.id);
    run.conversation_id = Some(talk);
    let mut work = make::work(mailbox);
    work.said = rows.iter().map(|row| SaidOp::Put(Box::new(row.clone()))).collect();
    work.versions = vec![version];
    work.runs = vec![run.clone()];
    store.commit(work).await.unwrap();
    let spoken = |row: &SaidRow| Spoken { message: row.id, conversation: talk, by: row.by };
    assert_eq!(store.spoken_page(MessageId(FIRST), NOW).await.unwrap(), [spoken(&rows[0]), spoken(&rows[2])]);
    assert_eq!(store.spoken_page(rows[0].id, NOW).await.unwrap(), [spoken(&rows[2])]);
    let ran = RanIn { run: run.id, conversation: Some(talk), flow: "welcome".into() };
    assert_eq!(PeopleFigures::run_page(&store, RunId(FIRST), NOW).await.unwrap(), [ran]);
    assert_eq!(PeopleFigures::run_page(&store, run.id, NOW).await.unwrap(), []);
}

/// Of one subject alone, oldest first.
pub async fn a_subjects_journal_is_read_from_a_time_on<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let version = make::version("welcome", 1, VersionState::Live);
    let (one, other) = (make::run(MailboxId(7), version.id), make::run(MailboxId(8), version.id));
    let mut work = make::work(MailboxId(7));
    let rows = [make::journal(&one, 1, "a"), make::journal(&one, 2, "b")];
    work.journal = vec![rows[0].clone(), make::journal(&other, 1, "c"), rows[1].clone()];
    store.commit(work).await.unwrap();
    let read = store.journal_since(one.id.0, BEFORE_ALL).await.unwrap();
    assert_eq!(read.iter().map(|row| row.id).collect::<Vec<_>>(), rows.map(|row| row.id));
    assert_eq!(store.journal_since(one.id.0, NOW).await.unwrap().len(), 0);
}
