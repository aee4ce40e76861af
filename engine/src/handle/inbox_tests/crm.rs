//! What the CRM hears of people's work: call-backs, whose a contact is; and how long a conversation took.

use super::*;
use crate::account::{ProfileRow, StaffRows, TeamRow};
use crate::crm::{Account, Crm};
use crate::desk::Staff;
use crate::ids::EscalationId;
use crate::run::{Plan, journal};

/// A team, an agent whom the CRM knows, and a CRM.
fn with_crm(stage: &mut Stage, team: Value) {
    let mut body = json!({ "name": "Care", "members": [{ "user": ANA }] });
    body.as_object_mut().unwrap().extend(team.as_object().unwrap().clone());
    let profile = json!({ "handles": { "hubspot": "41002" } });
    let rows = StaffRows {
        teams: vec![TeamRow { id: "care".into(), body: body.to_string(), rev: 1, by: String::new(), at: NOW }],
        profiles: vec![ProfileRow { user: ANA, body: profile.to_string(), rev: 1, by: String::new(), at: NOW }],
        people: vec![(ANA, "Ana".into()), (BEN, "Ben".into())],
    };
    let (staff, bad) = Staff::of(rows);
    assert_eq!(bad, Vec::<String>::new());
    let account = Account { connection: "hs-main".into(), connector: "hubspot".into() };
    let crm = Crm { tickets: Some(account.clone()), owners: Some(account) };
    stage.book = book().with_staff(Arc::new(staff)).with_crm(crm);
}

fn from_desk(stage: &mut Stage, told: Value) -> Work {
    let letter = serde_json::from_value(told).unwrap();
    let letter = Box::new(Letter::FromDesk(letter));
    stage.give(Input::Letter { letter, input: None }).1
}

fn out_of_hours(call_back: bool) -> Value {
    json!({
        "told": "missed", "escalation": "esc_0000000000001", "why": "nobody_on_shift", "conversation": TALK, "team": "care",
        "reason": "A complaint", "deadline": NOW, "tell": "Write your number", "call_back": call_back,
    })
}

#[test]
fn a_call_back_that_is_left_out_of_hours_becomes_a_ticket_once() {
    let mut stage = Stage::new();
    with_crm(&mut stage, json!({}));
    stage.writes("hello?");
    from_desk(&mut stage, out_of_hours(true));
    let work = stage.event(event::MESSAGE_RECEIVED, Origin::Customer, json!({ "message": { "type": "image" } }));
    assert!(planned(&work).is_empty(), "the words may follow the picture");
    let work = stage.writes("tomorrow at 10, +49 30 123");
    let [ticket] = &planned(&work)[..] else { panic!("{work:#?}") };
    assert_eq!((&*ticket.action, &*ticket.connection), ("crm.create_ticket", "hs-main"));
    let plan: Plan = serde_json::from_slice(&ticket.input).unwrap();
    assert_eq!(plan.input["subject"], "Call back: +4915112345678");
    assert_eq!(plan.input["text"], "tomorrow at 10, +49 30 123\n\nCare: A complaint");
    assert_eq!(stage.inbox().place, Place::Waits);
    assert!(planned(&stage.writes("please!")).is_empty());
}

#[test]
fn a_call_back_makes_no_ticket_where_the_team_wants_none_or_another_crm_where_it_names_one() {
    for (team, asked, connection) in [
        (json!({ "call_back_ticket": false }), true, None),
        (json!({}), false, None),
        (json!({ "call_back_crm": "other" }), true, Some("other")),
    ] {
        let mut stage = Stage::new();
        with_crm(&mut stage, team);
        stage.writes("hello?");
        from_desk(&mut stage, out_of_hours(asked));
        let tickets = planned(&stage.writes("at 10"));
        assert_eq!(tickets.first().map(|ticket| &*ticket.connection), connection);
    }
}

#[test]
fn a_call_back_is_awaited_for_a_day() {
    let mut stage = Stage::new();
    with_crm(&mut stage, json!({}));
    stage.writes("hello?");
    from_desk(&mut stage, out_of_hours(true));
    stage.now = NOW.plus(WINDOW);
    assert!(planned(&stage.writes("at 10")).is_empty());
}

fn taken(kind: &str, agent: UserId) -> Value {
    json!({
        "told": "taken", "escalation": "esc_0000000000001", "kind": kind, "conversation": TALK, "agent": agent, "name": "Ana",
        "team": "care", "reason": "A lead", "deadline": NOW, "at": NOW, "after_ms": 5,
    })
}

#[test]
fn who_takes_a_lead_owns_the_contact_in_the_crm_and_a_failure_is_told() {
    let mut stage = Stage::new();
    with_crm(&mut stage, json!({}));
    stage.writes("hi");
    let work = from_desk(&mut stage, taken("lead", ANA));
    let [call] = &planned(&work)[..] else { panic!("{work:#?}") };
    assert_eq!((&*call.action, &*call.connection), ("crm.set_owner", "hs-main"));
    let plan: Plan = serde_json::from_slice(&call.input).unwrap();
    assert_eq!((&plan.input["owner"], plan.phone.as_deref()), (&json!("41002"), Some("+4915112345678")));
    let refused = Verdict::Refused(Problem::new("no_such_owner", "41002 is nobody"));
    let work = stage.settles(call, refused);
    let [row] = &work.journal[..] else { panic!("{work:#?}") };
    let told = journal::decode(row).unwrap();
    assert_eq!(
        (told[0].data["code"].as_str(), told[0].data["connection"].as_str()),
        (Some("no_such_owner"), Some("hs-main"))
    );
    assert_eq!(row.subject, "esc_0000000000001".parse::<EscalationId>().unwrap().0);
}

#[test]
fn an_escalation_makes_an_owner_only_where_the_team_says_so_and_somebody_unknown_to_the_crm_never() {
    for (team, kind, agent, calls) in [
        (json!({}), "escalation", ANA, 0),
        (json!({ "owner_to_crm": "always" }), "escalation", ANA, 1),
        (json!({ "owner_to_crm": "never" }), "lead", ANA, 0),
        (json!({ "owner_to_crm": "always" }), "lead", BEN, 0),
    ] {
        let mut stage = Stage::new();
        with_crm(&mut stage, team);
        stage.writes("hi");
        assert_eq!(planned(&from_desk(&mut stage, taken(kind, agent))).len(), calls);
    }
}

#[test]
fn a_close_tells_how_long_it_took_and_whose_it_was() {
    let mut stage = Stage::new();
    assert!(stage.does(ANA, Act::Close { ask: None }).1.closings.is_empty(), "the customer opened nothing");
    stage.writes("hi");
    stage.now = NOW.plus(Duration::from_secs(60));
    stage.does(ANA, Act::Assign { agent: Some(BEN), team: Some("care".into()) }).0.unwrap();
    let (_, work) = stage.acts(Actor { agent: Some(ANA), everywhere: true }, Act::Close { ask: None });
    let [closing] = &work.closings[..] else { panic!("{work:#?}") };
    assert_eq!((closing.opened_at, closing.at), (NOW, stage.now));
    assert_eq!((closing.agent, closing.team.as_deref()), (Some(BEN), Some("care")));
}
