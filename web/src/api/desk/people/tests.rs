//! What people did, counted from rows of a past that is told by hand.

use std::collections::{BTreeSet, HashMap};

use engine::clock::At;
use engine::desk::{AskKind, Stage};
use engine::ids::{ContactId, ConversationId, EscalationId, EventId, MailboxId, RunId, UserId};
use engine::inbox::RatingRow;
use engine::store::{ClosingRow, EscalationRow};

use super::read::Seen;
use super::tally::{self, Tally};
use super::{By, Row, Satisfaction, Spread};

/// Sunday, 22 November 2026, midnight UTC.
const DAY: At = At(1_795_305_600_000);
const ANA: UserId = UserId(1);
const BEN: UserId = UserId(2);
const ONE: ConversationId = ConversationId(11);
const TWO: ConversationId = ConversationId(12);
const THREE: ConversationId = ConversationId(13);
const FOUR: ConversationId = ConversationId(14);

fn later(minutes: i64) -> At {
    At(DAY.0 + minutes * 60_000)
}

fn escalation(talk: ConversationId, received: i64, taker: Option<UserId>, took_s: i64) -> EscalationRow {
    let at = later(received);
    EscalationRow {
        id: EscalationId(received + 100),
        mailbox: MailboxId::DESK,
        run_id: RunId(7),
        contact_id: Some(ContactId(5)),
        conversation_id: Some(talk),
        team: "care".into(),
        reason: String::new(),
        received_at: at,
        offered_at: at,
        deadline: At(at.0 + 20_000),
        accepted_at: taker.map(|_| At(at.0 + took_s * 1_000)),
        accepted_by: taker.map(|_| "Ana".to_owned()),
        missed: took_s > 20,
        kind: AskKind::Escalation,
        stage: Stage::Taken,
        customer: String::new(),
        provider_at: None,
        accepted_user: taker,
        answered_at: taker.map(|_| At(at.0 + 60_000)),
        fallback_at: None,
        told_at: None,
        out_of_hours: false,
        done: true,
    }
}

/// Ana took two and closed one of them, Ben wrote in a third without being asked, of the fourth only a flow knows.
fn world() -> Seen {
    let closing = ClosingRow {
        id: 1,
        conversation_id: ONE,
        opened_at: later(0),
        at: later(30),
        agent: Some(ANA),
        team: Some("care".into()),
    };
    let rating = |stars, of| RatingRow {
        id: EventId(stars),
        conversation_id: ONE,
        at: later(31),
        agent: Some(ANA),
        team: Some("care".into()),
        stars,
        of,
    };
    let yesterday = At(DAY.0 - 60_000);
    Seen {
        escalations: vec![escalation(ONE, 1, Some(ANA), 5), escalation(TWO, 2, Some(ANA), 25)],
        closings: vec![closing],
        ratings: vec![rating(4, 5), rating(1, 2)],
        days: [(super::super::midnight(yesterday), [FOUR].into()), (DAY, [ONE, TWO, THREE, FOUR].into())].into(),
        wrote: vec![(ONE, Some(ANA), later(2)), (THREE, Some(BEN), later(3))],
        ran: HashMap::from([(ONE, BTreeSet::from(["welcome".to_owned(), "complaint".to_owned()]))]),
        asked: HashMap::from([(RunId(7), "complaint".to_owned())]),
        complete: true,
    }
}

fn rows(by: By) -> Vec<Row> {
    let seen = world();
    let name = |user| if user == ANA { "Ana".to_owned() } else { "Ben".to_owned() };
    Tally::of(&seen, by, name).rows()
}

fn shares(rows: &[Row]) -> Vec<(&str, usize, Option<f64>)> {
    rows.iter().map(|row| (&*row.key, row.conversations, row.human_share)).collect()
}

#[test]
fn an_agent_has_what_they_took_wrote_in_and_closed() {
    let rows = rows(By::Agent);
    let (ana, ben) = (ANA.to_string(), BEN.to_string());
    assert_eq!(shares(&rows), [("", 1, Some(0.0)), (&*ana, 2, Some(0.5)), (&*ben, 1, Some(1.0))]);
    let row = &rows[1];
    assert_eq!((row.name.as_deref(), row.within, row.missed), (Some("Ana"), Some(0.5), 1));
    assert_eq!(row.accept_ms, Spread { p50: Some(5_000), p90: Some(25_000) });
    assert_eq!(row.resolution_ms, Spread { p50: Some(30 * 60_000), p90: Some(30 * 60_000) });
    // Four of five stars, and a thumb down, which is one.
    assert_eq!(row.satisfaction, Satisfaction { mean: Some(2.5), n: 2 });
    assert_eq!((rows[2].within, &rows[2].satisfaction), (None, &Satisfaction { mean: None, n: 0 }));
}

#[test]
fn a_team_has_what_it_was_asked_and_a_flow_what_it_talked_in() {
    assert_eq!(shares(&rows(By::Team)), [("", 2, Some(0.5)), ("care", 2, Some(0.5))]);
    let by_flow = rows(By::Flow);
    assert_eq!(shares(&by_flow), [("", 2, Some(0.5)), ("complaint", 2, Some(0.5)), ("welcome", 1, Some(1.0))]);
    assert_eq!(by_flow[2].resolution_ms.p50, Some(30 * 60_000));
}

#[test]
fn a_day_counts_what_was_said_on_it() {
    let rows = rows(By::Day);
    assert_eq!(shares(&rows), [("2026-11-21", 1, Some(0.0)), ("2026-11-22", 4, Some(0.5))]);
}

#[test]
fn the_total_counts_each_conversation_once() {
    let seen = world();
    let total = tally::total(&seen);
    assert_eq!((total.conversations, total.human_share, total.missed), (4, Some(0.5), 1));
    assert_eq!(total.satisfaction.n, 2);
}

#[test]
fn somebody_who_left_is_one_line_with_the_name_of_then() {
    let seen = world();
    let rows = Tally::of(&seen, By::Agent, |_| String::new()).rows();
    assert_eq!(rows.iter().filter(|row| row.key == ANA.to_string()).count(), 1);
    assert_eq!(rows[1].name.as_deref(), Some("Ana"));
}
