//! Whom the desk asks, and what people and conversations tell it.

use super::*;

fn passed(world: &World, id: EscalationId) -> serde_json::Value {
    let offered = world.out.iter().rev().find_map(|(_, out)| match out {
        Out::Story(of, entry) if *of == id && !entry.data["passed"].is_null() => Some(entry.data.clone()),
        _ => None,
    });
    offered.unwrap()
}

#[test]
fn who_may_be_asked_and_why_not_is_told() {
    let mut world = World::with(&[ANNA, BEN, CHIARA, UserId(104), UserId(105), UserId(106), UserId(107)]);
    world.step(NOW, |desk| desk.page(ANNA, false));
    world.step(NOW, |desk| desk.choose_presence(BEN, Presence::Busy));
    world.step(NOW, |desk| desk.choose_presence(CHIARA, Presence::Break));
    world.profile(UserId(104)).languages = vec!["it".into(), "pt-BR".into()];
    world.profile(UserId(105)).limit = Some(1);
    world.step(NOW, |desk| {
        let (conversation, contact) = (ConversationId(9), ContactId(9));
        let agent = Some(UserId(105));
        desk.letter(ToDesk::Held { conversation, contact, agent, team: None, closed: false });
    });
    world.team().members[5].skills = vec!["refunds".into()];
    world.team().members[6].skills = vec!["refunds".into(), "legal".into()];
    let wanted = Ask { skills: vec!["refunds".into(), "legal".into()], language: "de".into(), ..ask(1, NOW) };
    let id = world.ask(NOW, wanted);
    assert_eq!(world.offered(id), [UserId(107)]);
    let told = passed(&world, id);
    assert_eq!(told["why"], "only_one");
    let why: Vec<&str> = told["passed"].as_array().unwrap().iter().map(|one| one["why"].as_str().unwrap()).collect();
    assert_eq!(why, ["offline", "busy", "break", "language", "full", "skill"]);
}

#[test]
fn the_last_agent_comes_first_then_the_least_loaded_then_the_longest_idle() {
    let mut world = World::with(&[ANNA, BEN, CHIARA]);
    world.profile(BEN).limit = Some(10);
    for (n, agent) in [(1, ANNA), (2, BEN)] {
        world.step(at(n), |desk| {
            let (conversation, contact) = (ConversationId(n), ContactId(n));
            desk.letter(ToDesk::Held { conversation, contact, agent: Some(agent), team: None, closed: false });
        });
    }
    let id = world.ask(at(10), ask(1, at(10)));
    assert_eq!((world.offered(id), &passed(&world, id)["why"]), (&[CHIARA][..], &"least_loaded".into()));
    // One of ten is less than one of six.
    let second = world.ask(at(10), ask(2, at(10)));
    assert_eq!(world.offered(second), [BEN]);
    let preferred = world.ask(at(10), Ask { prefer: Some(ANNA), ..ask(3, at(10)) });
    assert_eq!((world.offered(preferred), &passed(&world, preferred)["why"]), (&[ANNA][..], &"last_agent".into()));
}

#[test]
fn two_offers_that_pass_set_an_agent_away_and_a_decline_between_does_not() {
    let mut world = World::with(&[ANNA]);
    world.ask(NOW, ask(1, NOW));
    world.run_to(at(8_000));
    let id = world.ask(at(9_000), ask(2, at(9_000)));
    world.step(at(10_000), |desk| desk.decline(id, ANNA, "")).unwrap();
    world.ask(at(30_000), ask(3, at(30_000)));
    world.run_to(at(38_000));
    assert_eq!(world.agents[&ANNA].presence, Presence::Available);
    world.ask(at(40_000), ask(4, at(40_000)));
    world.run_to(at(48_000));
    assert_eq!(world.agents[&ANNA].presence, Presence::Away);
    let fifth = world.ask(at(50_000), ask(5, at(50_000)));
    assert_eq!(world.stage(fifth), Stage::Team, "nobody is offered it alone");
}

#[test]
fn who_goes_away_leaves_the_offer_to_the_next_one() {
    let mut world = World::with(&[ANNA, BEN]);
    let id = world.ask(NOW, ask(1, NOW));
    world.step(at(2_000), |desk| desk.page(ANNA, false));
    assert_eq!((world.offered(id), world.agents[&ANNA].passed), (&[BEN][..], 0));
    world.step(at(3_000), |desk| desk.choose_presence(BEN, Presence::Break));
    assert_eq!(world.stage(id), Stage::Team);
}

#[test]
fn it_is_taken_once_and_pressing_twice_is_pressing_once() {
    let mut world = World::with(&[ANNA, BEN]);
    let id = world.ask(NOW, ask(1, NOW));
    assert_eq!(world.take(at(1_000), id, BEN), Ok(1_000));
    let refused = Refused::Taken { by: "agent 102".into(), at: at(1_000) };
    assert_eq!(world.take(at(1_000), id, ANNA), Err(refused));
    assert_eq!(world.take(at(4_000), id, BEN), Ok(1_000));
    assert_eq!(world.letters().len(), 1);
    assert_eq!(world.take(NOW.max(world.now), EscalationId(99), ANNA), Err(Refused::Gone));
}

#[test]
fn a_conversation_that_is_assigned_answered_or_closed_settles_what_was_asked_there() {
    let mut world = World::with(&[ANNA, BEN]);
    let of = |n: i64| (ConversationId(2_000 + n), ContactId(1_000 + n));
    let held = |n, agent, closed| {
        let (conversation, contact) = of(n);
        ToDesk::Held { conversation, contact, agent, team: None, closed }
    };
    let [assigned, answered, closed] = [1, 2, 3].map(|n| world.ask(NOW, ask(n, NOW)));
    world.step(at(1_000), |desk| desk.letter(held(1, Some(BEN), false)));
    assert_eq!(world.case(assigned).row.accepted_user, Some(BEN));
    world.step(at(1_500), |desk| desk.letter(held(1, Some(ANNA), false)));
    assert_eq!(world.case(assigned).row.accepted_user, Some(ANNA), "it was given on");
    assert!(world.agents[&BEN].held.is_empty());
    let app = ToDesk::Answered { conversation: of(2).0, agent: None, at: at(2_000) };
    world.step(at(2_000), |desk| desk.letter(app));
    let row = &world.case(answered).row;
    assert_eq!((row.accepted_by.as_deref(), row.answered_at, row.done), (Some("app"), Some(at(2_000)), true));
    world.step(at(3_000), |desk| desk.letter(held(3, None, true)));
    assert_eq!(world.stage(closed), Stage::Closed);
    world.step(at(4_000), |desk| desk.letter(held(1, None, true)));
    assert_eq!(world.agents[&ANNA].state(at(4_001)), State::WrapUp);
    assert_eq!(world.agents[&ANNA].state(at(19_000)), State::Available);
    world.run_to(at(19_000));
    assert_eq!(world.agents[&ANNA].wrap_up_until, None);
    assert!(world.cases.is_empty());
}

#[test]
fn who_is_erased_leaves_nothing_at_the_desk() {
    let mut world = World::with(&[ANNA]);
    let open = world.ask(NOW, ask(1, NOW));
    let nobodys = world.ask(NOW, Ask { contact: None, conversation: None, ..ask(2, NOW) });
    world.step(at(1), |desk| desk.letter(ToDesk::Forget { contact: Some(ContactId(1_001)), runs: Vec::new() }));
    world.step(at(1), |desk| desk.letter(ToDesk::Forget { contact: None, runs: vec![RunId(7)] }));
    for id in [open, nobodys] {
        let row = &world.case(id).row;
        assert_eq!((row.reason.as_str(), row.customer.as_str(), row.done), ("", "", true));
    }
    assert!(world.cases.is_empty());
}

#[test]
fn settings_that_contradict_themselves_are_refused() {
    let mut team = TeamBody::named("Care");
    assert_eq!(team.check(), Ok(()));
    team.accept_within_ms = 10_000;
    assert_eq!(team.check().unwrap_err().field, "accept_within_ms");
    team = TeamBody { load_limit: 0, ..TeamBody::named("Care") };
    assert_eq!(team.check().unwrap_err().to_string(), "load_limit: write 1 to 1000");
    let twice = Member { user: ANNA, skills: Vec::new(), languages: Vec::new() };
    team = TeamBody { members: vec![twice.clone(), twice], ..TeamBody::named("Care") };
    assert_eq!(team.check().unwrap_err().field, "members");
    let mut profile = ProfileBody { limit: Some(0), ..ProfileBody::default() };
    assert_eq!(profile.check().unwrap_err().field, "limit");
    profile = ProfileBody { skills: vec![String::new()], ..ProfileBody::default() };
    assert_eq!(profile.check().unwrap_err().field, "skills");
}
