//! A team over a day, at random: whatever people do, nothing is held by two, nothing is forgotten, and every time is kept.

use super::*;

/// How many days are played, and how long each is.
const DAYS: u64 = 12;
const DAY: i64 = 24 * 3_600_000;
const STAFF: [UserId; 4] = [UserId(1), UserId(2), UserId(3), UserId(4)];

/// Numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[usize::try_from(self.roll(of.len() as u64)).unwrap()])
    }
}

#[test]
fn nothing_is_held_by_two_or_forgotten_and_every_time_is_kept() {
    for seed in 0..DAYS {
        let mut dice = Dice(seed);
        let mut world = World::with(&STAFF);
        world.team().load_limit = 3;
        if seed % 3 == 0 {
            world.office_hours();
        }
        world.notify = seed % 4 != 0;
        let (mut now, mut asked) = (0, 0);
        while now < DAY {
            now += i64::try_from(dice.roll(400_000)).unwrap();
            world.run_to(at(now));
            if dice.roll(3) == 0 {
                asked += 1;
                let late = i64::try_from(dice.roll(30_000)).unwrap() * i64::from(dice.roll(4) == 0);
                let kind = if dice.roll(5) == 0 { AskKind::Lead } else { AskKind::Escalation };
                world.ask(at(now), Ask { kind, ..ask(asked, at(now - late)) });
            }
            act(&mut world, &mut dice, at(now));
            // What came too late for its rungs is looked at again at once.
            world.run_to(at(now));
            check(&world);
        }
        world.run_to(at(now + 8 * DAY));
        // Whatever was asked is somebody's or was given up, and the asker heard of it.
        for n in 1..=asked {
            let case = world.case(EscalationId(n));
            let settled = case.row.accepted_at.is_some() || case.row.stage == Stage::Closed;
            assert!(settled, "seed {seed}: {:?} stands at {:?}", case.row.id, case.row.stage);
            assert!(heard_of(&world, n), "seed {seed}: nobody heard of {n}");
        }
    }
}

/// Somebody does something.
fn act(world: &mut World, dice: &mut Dice, now: At) {
    let Some(user) = dice.one(&STAFF) else { return };
    let open: Vec<EscalationId> = world.cases.keys().copied().collect();
    let of = |world: &World, id: EscalationId| world.case(id).row.conversation_id.unwrap();
    match (dice.roll(8), dice.one(&open)) {
        (0, _) => world.step(now, |desk| desk.page(user, false)),
        (1 | 2, _) => {
            world.step(now, |desk| desk.page(user, true));
            world.step(now, |desk| desk.choose_presence(user, Presence::Available));
        }
        (3, _) => world.step(now, |desk| desk.choose_presence(user, Presence::Break)),
        (4, Some(id)) => drop(world.take(now, id, user)),
        (5, Some(id)) => drop(world.step(now, |desk| desk.decline(id, user, ""))),
        (6, Some(id)) => {
            let (conversation, agent) = (of(world, id), world.case(id).row.accepted_user);
            world.step(now, |desk| desk.letter(ToDesk::Answered { conversation, agent, at: now }));
        }
        _ => {
            let held: Vec<_> = world.agents.values().flat_map(|agent| agent.held.iter().copied()).collect();
            let Some(conversation) = dice.one(&held) else { return };
            let (agent, closed) = if dice.roll(2) == 0 { (Some(user), false) } else { (None, true) };
            let contact = ContactId(conversation.0 - 1_000);
            world.step(now, |desk| desk.letter(ToDesk::Held { conversation, contact, agent, team: None, closed }));
        }
    }
}

fn check(world: &World) {
    let mut seen = BTreeSet::new();
    for conversation in world.agents.values().flat_map(|agent| &agent.held) {
        assert!(seen.insert(*conversation), "{conversation} is held by two");
    }
    for case in world.cases.values() {
        let (row, progress) = (&case.row, &case.progress);
        assert!(progress.wake > world.now, "{} is looked at when its time comes", row.id);
        // The desk itself asks one at a time, and nobody twice in a round.
        match row.stage {
            Stage::Offered => {
                assert_eq!(progress.offered.len(), 1, "{}", row.id);
                assert!(!progress.tried.contains(&progress.offered[0]) && world.agents[&progress.offered[0]].online);
                assert!(progress.wake <= progress.until);
            }
            Stage::Team => assert!(progress.wake <= case.round_ends()),
            Stage::Taken => assert!(row.accepted_at.is_some() && progress.wake < At::NEVER),
            Stage::Missed => assert!(row.missed && row.accepted_at.is_none()),
            Stage::OutOfHours => assert!(row.out_of_hours && !row.missed),
            Stage::Waiting | Stage::Closed => panic!("{} stands at {:?}", row.id, row.stage),
        }
        if row.kind == AskKind::Escalation && matches!(row.stage, Stage::Offered | Stage::Team) && progress.again == 0 {
            assert!(row.out_of_hours || row.deadline >= world.now, "{} is missed at its deadline", row.id);
        }
    }
}

fn heard_of(world: &World, n: i64) -> bool {
    let of = |letter: &&FromDesk| match letter {
        FromDesk::Taken(taken) => taken.escalation.0 == n,
        FromDesk::Missed(missed) => missed.escalation.0 == n,
        FromDesk::TakenBack { .. } => false,
        FromDesk::Over { escalation } => escalation.0 == n,
    };
    world.letters().iter().any(of)
}
