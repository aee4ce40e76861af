//! 200 demands in a minute for five agents of whom two vanish without signing off.

use super::*;

const AGENTS: [UserId; 5] = [UserId(1), UserId(2), UserId(3), UserId(4), UserId(5)];
const GONE: [UserId; 2] = [UserId(2), UserId(4)];
const LIMIT: usize = 6;
/// How long the others take to press, and until the server knows that a page is gone.
const PRESSED_AFTER: i64 = 2_000;
const KNOWN_GONE_AT: i64 = 10_000;

#[test]
fn all_are_offered_and_taken_or_sent_to_the_channels_in_time_and_none_is_held_by_two() {
    let mut world = World::with(&AGENTS);
    let ids: Vec<EscalationId> = (0..200).map(|n| EscalationId(1_000 + n)).collect();
    let mut next = 0;
    for ms in (0..=90_000).step_by(100) {
        world.run_to(at(ms));
        if ms == KNOWN_GONE_AT {
            GONE.iter().for_each(|user| world.step(at(ms), |desk| desk.page(*user, false)));
        }
        while next < 200 && next * 300 <= ms {
            let received = at(next * 300);
            world.ask(at(ms), Ask { escalation: EscalationId(1_000 + next), ..ask(next, received) });
            next += 1;
        }
        press(&mut world, ms);
        holds_to_limits(&world);
    }
    // Whoever is here takes what is offered until the limit is reached; all else goes to the channels, none of it later than
    // when the team's rung begins, and is missed at its deadline.
    let taken: Vec<_> = ids.iter().filter(|id| world.case(**id).row.accepted_at.is_some()).collect();
    assert_eq!(taken.len(), (AGENTS.len() - GONE.len()) * LIMIT);
    assert_eq!(ids.iter().filter(|id| world.stage(**id) == Stage::Missed).count(), 200 - taken.len());
    for id in &ids {
        let row = &world.case(*id).row;
        let waited = |when: i64| at(when).0 - row.received_at.0;
        match row.accepted_at {
            Some(accepted) => assert!(accepted <= row.deadline, "{id} was taken in time"),
            None => {
                let told = world.told(*id);
                assert!(told[0].1 == "team" && waited(told[0].0) <= 14_000, "{id}: {told:?}");
                assert!(told[1].1 == "missed" && (20_000..20_100).contains(&waited(told[1].0)), "{id}: {told:?}");
            }
        }
    }
    let held: usize = world.agents.values().map(|agent| agent.held.len()).sum();
    assert_eq!(held, taken.len());
}

/// Those who are here take what is offered to them alone, after a moment.
fn press(world: &mut World, ms: i64) {
    let ripe = |case: &&Case| {
        case.row.stage == Stage::Offered
            && at(ms).0 - case.progress.since.0 >= PRESSED_AFTER
            && !case.progress.offered.iter().any(|user| GONE.contains(user))
    };
    let ripe: Vec<_> = world.cases.values().filter(ripe).map(|case| (case.row.id, case.progress.offered[0])).collect();
    for (id, user) in ripe {
        world.take(at(ms), id, user).unwrap();
        let conversation = world.case(id).row.conversation_id.unwrap();
        world.step(at(ms), |desk| desk.letter(ToDesk::Answered { conversation, agent: Some(user), at: at(ms) }));
    }
}

fn holds_to_limits(world: &World) {
    for user in AGENTS {
        let offered = world.cases.values().filter(|case| case.is_offered_to(user)).count();
        assert!(world.agents[&user].held.len() + offered <= LIMIT, "{user} has too much");
    }
    let mut seen = BTreeSet::new();
    let held = world.agents.values().flat_map(|agent| &agent.held);
    held.for_each(|conversation| assert!(seen.insert(*conversation), "{conversation} is held by two"));
}
