//! Alarms in virtual time: letters and due rows in, calls and rows out.

use serde_json::json;

use super::*;
use crate::book::Book;
use crate::calendar::Calendar;
use crate::capability::notify::{AlarmState, Level, TellAlarm};
use crate::connector::{Problem, Verdict};
use crate::event::{BUTTON_PRESSED, Event, EventKey, Origin};
use crate::handle::{Input, alarm_of, alarms, handle};
use crate::ids::{ConversationId, EventId, Ids};
use crate::letter::Letter;
use crate::mailbox::Mailbox;
use crate::order::{Error, Order};
use crate::run::Plan;
use crate::store::{EffectOp, EffectRow, WaitKind, Work};

/// 2026-11-22T12:00:00Z, a Sunday.
const NOON: At = At(1_795_348_800_000);
const MINUTE: i64 = 60_000;

struct Desk {
    book: Book,
    mail: Mailbox,
    ids: Ids,
    now: At,
    /// Calls planned and not answered.
    calls: Vec<EffectRow>,
}

impl Desk {
    fn new(policy: Policy) -> Self {
        let book = Book::default().with_alarms(true);
        let mut desk = Self { book, mail: Mailbox::new(MailboxId::ALARMS), ids: Ids::new(0), now: NOON, calls: vec![] };
        desk.order(Order::AlarmPolicy { rev: 0, policy: Box::new(policy) }).unwrap();
        desk
    }

    fn give(&mut self, input: Input) -> Result<serde_json::Value, Error> {
        let mut work = Work::default();
        let answer = handle(&self.book, &mut self.mail, input, self.now, &self.ids, &mut work);
        self.calls.extend(work.effects.iter().filter_map(|op| match op {
            EffectOp::Plan(row) => Some((**row).clone()),
            _ => None,
        }));
        answer
    }

    fn order(&mut self, order: Order) -> Result<serde_json::Value, Error> {
        self.give(Input::Order { by: "user:usr_1 Ana".into(), order, about: None })
    }

    fn raise(&mut self, raise: Raise) {
        self.letter(ToAlarms::Raise(Box::new(raise)));
    }

    fn letter(&mut self, letter: ToAlarms) {
        self.give(Input::Letter { letter: Box::new(Letter::Alarm(letter)), input: None }).unwrap();
    }

    /// Time goes on, and what falls due does.
    fn pass(&mut self, minutes: i64) {
        let until = At(self.now.0 + minutes * MINUTE);
        loop {
            let due = self.mail.waits.values().map(|wait| (wait.due_at, wait.id)).min();
            let Some((at, wait)) = due.filter(|(at, _)| *at <= until) else { break };
            self.now = self.now.max(at);
            self.give(Input::Due(wait)).unwrap();
        }
        self.now = until;
    }

    /// What is told since the last look, as (connection, input).
    fn told(&mut self) -> Vec<(String, TellAlarm)> {
        let read = |row: &EffectRow| {
            let plan: Plan = serde_json::from_slice(&row.input).unwrap();
            (row.connection.clone(), serde_json::from_value(plan.input).unwrap())
        };
        let told = self.calls.iter().map(read).collect();
        let calls = std::mem::take(&mut self.calls);
        for (place, row) in calls.into_iter().enumerate() {
            let verdict = match row.connection.as_str() {
                "broken" => Verdict::Refused(Problem::new("channel_not_found", "gone")),
                _ => Verdict::done(json!({ "message": format!("m-{place}") })),
            };
            self.give(Input::Settled { effect: Box::new(row), attempts: Vec::new(), verdict, input: None }).unwrap();
        }
        told
    }

    /// Whether a row holds `text`.
    fn keeps(&self, text: &str) -> bool {
        let waits = self.mail.waits.values().map(|wait| &wait.data);
        let mut rows = waits.chain(self.mail.effects.values().map(|effect| &effect.input));
        rows.any(|row| String::from_utf8_lossy(row).contains(text))
    }

    fn only(&self) -> Alarm {
        let all = alarms(&self.mail);
        let [alarm] = all.as_slice() else { panic!("{all:?}") };
        alarm.clone()
    }
}

/// Somebody who wrote 20 seconds before noon.
fn li_wei() -> Customer {
    let conversation = Some(ConversationId(7));
    Customer { name: "Li Wei · +86138".into(), team: "Care".into(), conversation, since: At(NOON.0 - 20_000) }
}

fn route(connection: &str, level: Level) -> Route {
    Route { level, connection: connection.into(), to: None }
}

fn policy() -> Policy {
    Policy { routes: vec![route("slack", Level::Info), route("mail", Level::Alarm)], ..Policy::default() }
}

#[test]
fn the_same_key_is_the_same_alarm_counted_and_told_once() {
    let mut desk = Desk::new(policy());
    for _ in 0..3 {
        desk.raise(Raise::attention("orders", "crm", "refused"));
    }
    let told = desk.told();
    assert_eq!(told.len(), 1, "the mail is for alarms alone: {told:?}");
    assert_eq!((told[0].0.as_str(), told[0].1.state, told[0].1.repeat), ("slack", AlarmState::Open, 0));
    assert_eq!((desk.only().count, desk.only().told), (3, 1));
    desk.raise(Raise::attention("returns", "crm", "refused"));
    assert_eq!(alarms(&desk.mail).len(), 2);
}

#[test]
fn it_is_told_again_until_somebody_looks_and_at_most_so_often() {
    let mut desk = Desk::new(Policy { most: 3, repeat_minutes: 10, ..policy() });
    desk.raise(Raise::starts_held("orders", "message", 50));
    assert_eq!(desk.told().len(), 2);
    desk.pass(9);
    assert_eq!(desk.told().len(), 0);
    desk.pass(60);
    let repeats: Vec<u32> = desk.told().into_iter().map(|(_, told)| told.repeat).collect();
    assert_eq!(repeats, [1, 1, 2, 2], "three times in all");
    let mut quiet = Desk::new(policy());
    quiet.raise(Raise::starts_held("orders", "message", 50));
    quiet.told();
    let id = quiet.only().id;
    quiet.order(Order::Acknowledge { alarm: id }).unwrap();
    let told = quiet.told();
    let changed: Vec<_> = told.iter().map(|(_, told)| (told.state, told.earlier.as_deref())).collect();
    assert_eq!(changed, [(AlarmState::Acknowledged, Some("m-0")), (AlarmState::Acknowledged, Some("m-1"))]);
    assert_eq!(told[0].1.by.as_deref(), Some("Ana"));
    quiet.pass(600);
    assert!(quiet.told().is_empty());
    quiet.order(Order::Acknowledge { alarm: id }).unwrap();
    assert!(quiet.told().is_empty(), "twice is once");
}

#[test]
fn a_connection_must_be_down_for_a_while_but_refused_credentials_are_told_at_once() {
    let mut desk = Desk::new(policy());
    desk.raise(Raise::connection_down("crm", "503", false));
    desk.pass(4);
    desk.letter(ToAlarms::End { key: Raise::connection_key("crm") });
    desk.pass(60);
    assert!(desk.told().is_empty() && alarms(&desk.mail).is_empty());
    desk.raise(Raise::connection_down("crm", "503", false));
    desk.pass(5);
    assert_eq!(desk.told().len(), 2);
    desk.letter(ToAlarms::End { key: Raise::connection_key("crm") });
    let told = desk.told();
    assert!(told.iter().all(|(_, told)| told.state == AlarmState::Ended && told.earlier.is_some()), "{told:?}");
    assert_eq!(desk.only().stage, Stage::Ended);
    desk.raise(Raise::connection_down("crm", "503", false));
    desk.raise(Raise::connection_down("crm", "401", true));
    assert_eq!(desk.told().len(), 2, "it became urgent");
    desk.pass(8 * 24 * 60);
    assert_eq!(alarms(&desk.mail).len(), 1, "what is over is listed for a week");
}

#[test]
fn in_quiet_hours_only_alarms_are_told() {
    let hours = |from: &str, until: &str| (from.parse().unwrap(), Some(until.parse().unwrap()));
    let mut calendar = Calendar {
        name: "office".into(),
        zone: chrono_tz::Europe::Rome,
        hours: std::array::from_fn(|_| Vec::new()),
        holidays: std::collections::BTreeSet::new(),
    };
    calendar.hours[0] = vec![hours("09:00:00", "18:00:00")];
    let mut desk = Desk::new(Policy { working_hours: Some("office".into()), ..policy() });
    desk.book.calendars.insert("office".into(), Arc::new(calendar));
    desk.raise(Raise::attention("orders", "crm", "refused"));
    desk.raise(Raise::starts_held("orders", "message", 50));
    let told = desk.told();
    assert!(told.iter().all(|(_, told)| told.kind == "starts_held"), "{told:?}");
    // Monday, 9:00 in Rome is 8:00 UTC: 20 hours on.
    desk.pass(20 * 60 - 1);
    assert!(desk.told().iter().all(|(_, told)| told.kind == "starts_held"));
    desk.pass(1);
    assert!(desk.told().iter().any(|(_, told)| told.kind == "attention"));
}

#[test]
fn a_press_elsewhere_acknowledges_and_a_failure_to_tell_is_seen() {
    let routes = vec![route("slack", Level::Info), route("broken", Level::Info)];
    let mut desk = Desk::new(Policy { routes, ..Policy::default() });
    desk.raise(Raise::attention("orders", "crm", "refused"));
    desk.told();
    let alarm = desk.only();
    let failed: Vec<_> = alarm.told_by.iter().map(|told| (&*told.connection, told.failed.as_deref())).collect();
    assert_eq!(failed, [("slack", None), ("broken", Some("channel_not_found"))]);
    let event = Event {
        id: EventId(9),
        key: EventKey([0; 16]),
        mailbox: MailboxId::ALARMS,
        contact: None,
        conversation: None,
        connection: "slack".into(),
        kind: BUTTON_PRESSED.into(),
        origin: Origin::Api,
        at: desk.now,
        provider_at: None,
        depth: 0,
        seen: Arc::default(),
    };
    let event = event.with_fields(json!({
        "alarm": alarm.id, "press": "acknowledge", "person": { "id": "U1", "name": "Leo" }, "channel": "C1", "message": "m",
    }));
    desk.give(Input::Event { event: Arc::new(event), input: None }).unwrap();
    assert_eq!((desk.only().stage, desk.only().by.as_deref()), (Stage::Acknowledged, Some("Leo (slack)")));
    assert_eq!(desk.told().len(), 1, "only where there is a message to change");
    desk.raise(Raise::attention("orders", "crm", "refused"));
    let all = alarms(&desk.mail);
    assert_eq!((all.len(), all[0].stage, all[1].stage), (2, Stage::Open, Stage::Ended), "after that it is news");
}

#[test]
fn what_nobody_wants_to_hear_is_no_alarm() {
    let mut desk = Desk::new(Policy { off: [Kind::Attention].into(), ..policy() });
    desk.raise(Raise::attention("orders", "crm", "refused"));
    desk.raise(Raise::flow_failed("orders"));
    assert!(alarms(&desk.mail).is_empty());
    desk.order(Order::AlarmFlow { flow: "orders".into(), on: true }).unwrap();
    desk.raise(Raise::flow_failed("orders"));
    desk.raise(Raise::flow_failed("returns"));
    assert_eq!(desk.only().raise.kind, Kind::FlowFailed);
    desk.order(Order::AlarmFlow { flow: "orders".into(), on: false }).unwrap();
    assert_eq!(crate::handle::alarm_policy(&desk.mail).rev, 3);
}

#[test]
fn a_policy_is_changed_by_whoever_saw_the_last_one_and_a_wrong_one_is_refused() {
    let mut desk = Desk::new(policy());
    let change = |rev, policy| Order::AlarmPolicy { rev, policy: Box::new(policy) };
    assert_eq!(desk.order(change(0, policy())), Err(Error::Changed));
    for wrong in [
        Policy { repeat_minutes: 0, ..policy() },
        Policy { most: 101, ..policy() },
        Policy { down_minutes: 1_441, ..policy() },
        Policy { routes: vec![route("", Level::Info)], ..policy() },
    ] {
        assert!(matches!(desk.order(change(1, wrong)), Err(Error::Refused(_))));
    }
    desk.order(change(1, Policy::default())).unwrap();
    desk.raise(Raise::starts_held("orders", "message", 50));
    assert!(desk.told().is_empty(), "without routes it is only shown");
    desk.pass(600);
    assert_eq!(desk.only().told, 1);
}

#[test]
fn rows_read_back_as_they_were_written() {
    let mut desk = Desk::new(policy());
    desk.raise(Raise::escalation_missed("esc_0000000000001", li_wei()));
    let rows: Vec<_> = desk.mail.waits.values().filter(|wait| wait.kind == WaitKind::Alarm).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows.iter().filter_map(|row| alarm_of(row)).count(), 1);
    let letter = Letter::Alarm(ToAlarms::Raise(Box::new(Raise::flow_failed("x"))));
    let row = letter.to_row(crate::ids::InputId(1), MailboxId::ALARMS);
    assert_eq!(Letter::from_row(&row), Ok(letter));
}

#[test]
fn a_missed_customer_is_named_with_the_team_and_the_time_while_they_wait_and_not_afterwards() {
    let mut desk = Desk::new(policy());
    desk.raise(Raise::escalation_missed("esc_0000000000001", li_wei()));
    let told = desk.told();
    let TellAlarm { title, url, team, customer, waits_s, .. } = &told[0].1;
    assert_eq!((title.as_str(), team.as_deref()), ("Nobody of Care took a customer in time", Some("Care")));
    assert_eq!(url.as_deref(), Some(&*format!("/inbox/{}", ConversationId(7))));
    assert_eq!((customer.as_deref(), *waits_s), (Some("Li Wei · +86138"), Some(20)));
    desk.pass(15);
    assert_eq!(desk.told()[0].1.waits_s, Some(15 * 60 + 20));
    desk.letter(ToAlarms::End { key: Raise::escalation_key("esc_0000000000001") });
    let told = desk.told();
    assert!(told.iter().all(|(_, told)| told.customer.is_none() && told.waits_s.is_none()), "{told:?}");
    assert!(!desk.keeps("Li Wei"));
}

#[test]
fn nobody_is_told_of_a_customer_who_was_erased() {
    let mut desk = Desk::new(policy());
    desk.raise(Raise::escalation_missed("esc_0000000000001", li_wei()));
    assert!(desk.keeps("Li Wei") && desk.mail.effects.len() == 2);
    desk.letter(ToAlarms::Forget { key: Raise::escalation_key("esc_0000000000001") });
    assert_eq!((desk.only().stage, desk.mail.effects.len()), (Stage::Ended, 0));
    assert!(!desk.keeps("Li Wei"));
}
