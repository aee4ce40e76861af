//! The rungs, their times, and what the customer and the channels hear.

use super::*;

#[test]
fn one_agent_then_the_next_then_everybody_then_it_is_missed() {
    let mut world = World::with(&[ANNA, BEN, CHIARA]);
    let id = world.ask(NOW, ask(1, NOW));
    assert_eq!((world.stage(id), world.offered(id)), (Stage::Offered, &[ANNA][..]));
    world.run_to(at(7_999));
    assert_eq!(world.offered(id), [ANNA]);
    world.run_to(at(13_999));
    assert_eq!(world.offered(id), [BEN]);
    world.run_to(at(19_999));
    assert_eq!((world.stage(id), world.offered(id)), (Stage::Team, &[ANNA, BEN, CHIARA][..]));
    world.run_to(at(60_000));
    assert_eq!(world.stage(id), Stage::Missed);
    assert_eq!(
        world.story(id),
        [
            "0 asked",
            "0 offered 101",
            "8000 timed_out 101",
            "8000 offered 102",
            "12000 predicted_miss",
            "14000 timed_out 102",
            "14000 team 101 102 103",
            "20000 missed",
            "20000 customer_told",
        ]
    );
    assert_eq!(world.told(id), [(14_000, "team"), (20_000, "missed")]);
    let FromDesk::Missed(missed) = world.letters()[0] else { panic!("the asker hears of it") };
    assert_eq!((missed.why, missed.run), (MissedWhy::NobodyTook, Some((RunId(7), WaitId(8)))));
    assert!(missed.tell.as_deref().is_some_and(|text| text.starts_with("All our colleagues")));
    // Somebody still may.
    assert_eq!(world.take(at(90_000), id, BEN), Ok(90_000));
    assert!(world.case(id).row.missed && world.stage(id) == Stage::Taken);
}

#[test]
fn who_declines_is_asked_no_more_and_the_next_one_is_at_once() {
    let mut world = World::with(&[ANNA, BEN]);
    let id = world.ask(NOW, ask(1, NOW));
    assert_eq!(world.step(at(1_000), |desk| desk.decline(id, BEN, "")), Err(Refused::NotOffered));
    assert_eq!(world.step(at(2_000), |desk| desk.decline(id, ANNA, "busy")), Ok(()));
    assert_eq!(world.offered(id), [BEN]);
    // The next one has the rung's own time, and the team comes sooner.
    assert_eq!(world.case(id).progress.until, at(8_000));
    world.step(at(3_000), |desk| desk.decline(id, BEN, "")).unwrap();
    assert_eq!((world.stage(id), world.told(id)), (Stage::Team, vec![(3_000, "team")]));
}

#[test]
fn the_clock_runs_from_the_receipt_and_a_rung_whose_time_is_over_is_passed() {
    let mut world = World::with(&[ANNA, BEN]);
    let id = world.ask(at(5_000), ask(1, NOW));
    assert_eq!((world.offered(id), world.case(id).progress.until), (&[ANNA][..], at(8_000)));
    let late = world.ask(at(9_000), ask(2, NOW));
    assert_eq!((world.case(late).progress.rung, world.case(late).progress.until), (2, at(14_000)));
    let latest = world.ask(at(15_000), ask(3, NOW));
    assert_eq!((world.stage(latest), world.told(latest)), (Stage::Team, vec![(15_000, "team")]));
    let over = world.ask(at(30_000), ask(4, NOW));
    world.run_to(at(30_000));
    assert_eq!((world.stage(over), world.told(over)), (Stage::Missed, vec![(30_000, "team"), (30_000, "missed")]));
}

#[test]
fn a_shorter_promise_shortens_the_rungs_and_a_longer_one_leaves_them() {
    let mut world = World::with(&[ANNA, BEN]);
    let short = world.ask(NOW, Ask { accept_within_ms: Some(10_000), ..ask(1, NOW) });
    assert_eq!(world.case(short).progress.until, at(4_000));
    world.run_to(at(7_000));
    assert_eq!(world.stage(short), Stage::Team);
    let long = world.ask(at(7_000), Ask { accept_within_ms: Some(300_000), ..ask(2, at(7_000)) });
    assert_eq!((world.case(long).progress.until, world.case(long).row.deadline), (at(15_000), at(307_000)));
}

#[test]
fn a_lead_is_offered_over_minutes_and_nobody_is_alarmed() {
    let mut world = World::with(&[ANNA, BEN]);
    let id = world.ask(NOW, Ask { kind: AskKind::Lead, wait: None, ..ask(1, NOW) });
    assert_eq!(world.case(id).progress.until, at(6 * 60_000));
    world.run_to(at(20 * 60_000));
    assert!(world.story(id).iter().all(|line| !line.contains("predicted") && !line.contains("customer_told")));
    assert_eq!(world.stage(id), Stage::Missed);
}

#[test]
fn a_team_that_is_not_known_is_told_at_once_and_anybody_takes_it() {
    let mut world = World::with(&[ANNA]);
    let id = world.ask(NOW, Ask { team: "legal".into(), ..ask(1, NOW) });
    assert_eq!((world.stage(id), world.told(id)), (Stage::Team, vec![(0, "offered")]));
    world.run_to(at(20_000));
    // Nothing is said to the customer: flows do that, as they did before there were teams.
    assert_eq!((world.stage(id), world.case(id).row.told_at), (Stage::Missed, None));
    let machine = Taker { user: None, name: "Mia".into() };
    assert_eq!(world.step(at(21_000), |desk| desk.take(id, machine)), Ok(21_000));
    assert!(world.cases.is_empty(), "whoever is no user answers elsewhere");
}

#[test]
fn outside_the_hours_the_customer_hears_it_at_once_and_it_is_offered_when_they_begin() {
    let mut world = World::with(&[ANNA]);
    world.office_hours();
    let evening = at(10 * 3_600_000);
    let id = world.ask(evening, Ask { language: "it-IT".into(), ..ask(1, evening) });
    assert_eq!(world.stage(id), Stage::OutOfHours);
    let FromDesk::Missed(missed) = world.letters()[0] else { panic!("the asker hears of it") };
    assert_eq!(missed.why, MissedWhy::NobodyOnShift);
    assert!(missed.tell.as_deref().is_some_and(|text| text.contains("ti richiamiamo")));
    assert_eq!(world.told(id), [(10 * 3_600_000, "out_of_hours")]);
    let morning = at(24 * 3_600_000);
    world.run_to(morning);
    assert_eq!((world.stage(id), world.offered(id)), (Stage::Offered, &[ANNA][..]));
    world.run_to(at(24 * 3_600_000 + 60_000));
    let row = &world.case(id).row;
    assert!(row.out_of_hours && !row.missed, "it is counted as out of hours");
    assert_eq!(row.stage, Stage::OutOfHours);
    assert_eq!(world.letters().len(), 1, "the customer is told once");
}

#[test]
fn with_nobody_here_the_channels_are_told_at_once_and_without_channels_the_customer_is() {
    let mut world = World::with(&[ANNA]);
    world.step(NOW, |desk| desk.page(ANNA, false));
    let id = world.ask(NOW, ask(1, NOW));
    assert_eq!((world.stage(id), world.told(id)), (Stage::Team, vec![(0, "team")]));
    world.notify = false;
    let silent = world.ask(NOW, ask(2, NOW));
    assert_eq!(world.stage(silent), Stage::OutOfHours);
    // Whoever comes is asked.
    world.step(at(60_000), |desk| desk.page(ANNA, true));
    assert_eq!((world.stage(silent), world.offered(silent)), (Stage::Offered, &[ANNA][..]));
}

#[test]
fn whoever_takes_it_and_keeps_silent_loses_it_to_others() {
    let mut world = World::with(&[ANNA, BEN]);
    let id = world.ask(NOW, ask(1, NOW));
    world.take(at(3_000), id, ANNA).unwrap();
    assert_eq!(world.agents[&ANNA].held.len(), 1);
    world.run_to(at(62_999));
    assert_eq!(world.stage(id), Stage::Taken);
    world.run_to(at(63_000));
    assert_eq!((world.stage(id), world.offered(id)), (Stage::Offered, &[BEN][..]));
    assert!(world.agents[&ANNA].held.is_empty());
    assert!(matches!(world.letters()[1], FromDesk::TakenBack { .. }));
    world.take(at(65_000), id, BEN).unwrap();
    let conversation = ConversationId(2_001);
    world.step(at(70_000), |desk| {
        desk.letter(ToDesk::Answered { conversation, agent: Some(BEN), at: at(70_000) });
    });
    let row = &world.case(id).row;
    assert_eq!((row.accepted_at, row.answered_at, row.done), (Some(at(65_000)), Some(at(70_000)), true));
    assert!(row.missed, "what was given back was not kept");
}

#[test]
fn after_a_restart_an_offer_stands_with_its_remaining_time_or_the_next_rung_is_called() {
    let mut world = World::with(&[ANNA, BEN]);
    let id = world.ask(NOW, ask(1, NOW));
    // Between two steps everything is read back from what is stored; so nothing but time is lost while nobody runs.
    assert_eq!((world.case(id).progress.until, world.offered(id)), (at(8_000), &[ANNA][..]));
    world.step(at(12_500), |desk| desk.due(id));
    assert_eq!((world.offered(id), world.case(id).progress.until), (&[BEN][..], at(14_000)));
    assert_eq!(world.agents[&ANNA].passed, 0, "nobody could press while the server was down");
}

#[test]
fn what_nobody_takes_for_a_week_leaves_the_board() {
    let mut world = World::with(&[ANNA]);
    let id = world.ask(NOW, ask(1, NOW));
    world.run_to(at(7 * 24 * 3_600_000));
    assert_eq!(world.stage(id), Stage::Closed);
    assert!(world.cases.is_empty() && matches!(world.letters().last(), Some(FromDesk::Over { .. })));
}
