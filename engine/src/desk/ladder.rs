//! The ladder: one agent, the next one, then the whole team and the fallback channels. Every rung has a time, and so has the whole.
//!
//! Rungs count from our receipt of what caused the demand, so neither a restart nor a slow flow gives anybody more time. A rung
//! that nobody can stand on is passed at once.

use std::time::Duration;

use serde_json::{Value, json};

use super::case::millis;
use super::{Ask, AskKind, Case, Desk, FromDesk, Missed, MissedWhy, Out, Presence, Stage, Team, texts};
use crate::clock::At;
use crate::ids::{EscalationId, UserId};
use crate::local::ACCEPT_WITHIN;
use crate::run::{Entry, What};

/// Offers in a row that an agent may let pass.
const MOST_PASSED: u8 = 2;
/// When the desk itself is later than this, an offer that passed meanwhile is not the agent's doing.
const LATE: Duration = Duration::from_secs(2);

impl<'a> Desk<'a> {
    /// Somebody asks for a human.
    pub(crate) fn ask(&mut self, ask: Ask) {
        let team = self.team_of(&ask.team);
        let lead = ask.kind == AskKind::Lead;
        let by_default = team.map_or(ACCEPT_WITHIN, |team| team.within(lead));
        let within = ask.accept_within_ms.map_or(by_default, Duration::from_millis);
        let mut case = Case::new(ask, within, self.now);
        let about = json!({ "skills": case.progress.skills, "language": case.progress.language });
        self.story(&case, "asked", &[], Some(case.row.deadline), about);
        match team {
            None => self.ask_everybody(&mut case, "offered"),
            Some(team) if !lead && !self.is_heard(team) => self.nobody_works(&mut case, team),
            Some(team) => self.climb(&mut case, team),
        }
        self.put(case);
    }

    /// A time came that `id` waited for.
    pub(crate) fn due(&mut self, id: EscalationId) {
        let Some(mut case) = self.cases.remove(&id) else { return };
        if case.progress.wake > self.now {
            self.cases.insert(id, case);
            return;
        }
        let asked = matches!(case.row.stage, Stage::Offered | Stage::Team);
        if asked && case.predicted_at().is_some_and(|at| at <= self.now) {
            case.progress.predicted = true;
            self.story(&case, "predicted_miss", &[], Some(case.row.deadline), Value::Null);
            self.out.push(Out::Predicted(id));
        }
        match case.row.stage {
            Stage::Offered if case.progress.until <= self.now => {
                self.lapse(&mut case);
                self.climb_on(&mut case);
            }
            Stage::Missed | Stage::OutOfHours if case.given_up_at() <= self.now => self.close(&mut case, "given_up"),
            Stage::OutOfHours if case.progress.until <= self.now => self.begin_again(&mut case),
            Stage::Taken => self.take_back(&mut case),
            _ => {}
        }
        if asked && matches!(case.row.stage, Stage::Offered | Stage::Team) && case.round_ends() <= self.now {
            self.miss(&mut case);
        }
        self.put(case);
    }

    pub(super) fn team_of(&self, id: &str) -> Option<&'a Team> {
        let staff = self.staff;
        staff.team(id)
    }

    /// Keeps a case, and when the desk looks at it next.
    pub(super) fn put(&mut self, mut case: Case) {
        case.progress.wake = self.wake_at(&case);
        self.touched.insert(case.row.id);
        self.cases.insert(case.row.id, case);
    }

    fn wake_at(&self, case: &Case) -> At {
        let progress = &case.progress;
        match case.row.stage {
            Stage::Waiting | Stage::Closed => At::NEVER,
            Stage::Offered => progress.until.min(case.round_ends()).min(case.predicted_at().unwrap_or(At::NEVER)),
            Stage::Team => case.round_ends().min(case.predicted_at().unwrap_or(At::NEVER)),
            Stage::Missed => case.given_up_at(),
            Stage::OutOfHours => case.given_up_at().min(progress.until),
            Stage::Taken => {
                let silent = self.team_of(&case.row.team).map_or(60_000, |team| team.silent_ms);
                case.row.accepted_at.map_or(At::NEVER, |at| at.plus(Duration::from_millis(silent)))
            }
        }
    }

    /// Whether anybody can hear a demand on `team`: somebody is here, or a fallback channel is told. Outside the hours, nobody.
    fn is_heard(&self, team: &Team) -> bool {
        let here = || team.members.iter().any(|member| self.is_online(member.user));
        self.works(team) && (here() || !team.fallback.is_empty() || self.notify)
    }

    pub(super) fn works(&self, team: &Team) -> bool {
        let calendar = team.calendar.as_deref().and_then(|name| self.calendars.get(name));
        calendar.is_none_or(|calendar| calendar.is_open(self.now))
    }

    pub(super) fn is_online(&self, user: UserId) -> bool {
        self.agents.get(&user).is_some_and(|agent| agent.online)
    }

    /// The next rung, whatever team it is.
    pub(super) fn climb_on(&mut self, case: &mut Case) {
        match self.team_of(&case.row.team) {
            Some(team) => self.climb(case, team),
            None => self.ask_everybody(case, "offered"),
        }
    }

    /// To the next rung on which somebody can be asked.
    fn climb(&mut self, case: &mut Case, team: &Team) {
        while case.progress.rung < 2 {
            case.progress.rung += 1;
            let until = self.rung_ends(case, team);
            if until <= self.now {
                continue;
            }
            let choice = self.choose(team, case);
            let Some((agent, why)) = choice.chosen else {
                self.story(case, "nobody", &[], None, json!({ "passed": choice.passed }));
                break;
            };
            if case.row.stage == Stage::Waiting {
                case.row.offered_at = self.now;
            }
            case.row.stage = Stage::Offered;
            (case.progress.offered, case.progress.since, case.progress.until) = (vec![agent], self.now, until);
            self.story(case, "offered", &[agent], Some(until), json!({ "why": why, "passed": choice.passed }));
            return;
        }
        self.ask_everybody(case, "team");
    }

    /// When the present rung ends: after its time, and never later than if those before had taken theirs.
    fn rung_ends(&self, case: &Case, team: &Team) -> At {
        let (lasts, whole) = (case.progress.lasts_ms, team.accept_within_ms.max(1));
        let scaled = |ms: u64| {
            let shorter = lasts < whole || case.row.kind == AskKind::Lead;
            Duration::from_millis(if shorter { ms.saturating_mul(lasts) / whole } else { ms })
        };
        let (first, second) = (scaled(team.first_ms), scaled(team.second_ms));
        let (span, sum) = if case.progress.rung == 1 { (first, first) } else { (second, first + second) };
        self.now.plus(span).min(case.progress.base.plus(sum))
    }

    /// The last rung: the whole team, and the fallback channels are told `state`.
    fn ask_everybody(&mut self, case: &mut Case, state: &'static str) {
        let members = self.team_of(&case.row.team).map(|team| team.members.as_slice()).unwrap_or_default();
        let here = members.iter().map(|member| member.user).filter(|user| self.is_online(*user)).collect();
        case.row.stage = Stage::Team;
        case.progress.rung = 3;
        (case.progress.offered, case.progress.since, case.progress.until) = (here, self.now, case.round_ends());
        self.story(case, "team", &case.progress.offered, Some(case.progress.until), Value::Null);
        self.out.push(Out::Tell(case.row.id, state));
    }

    /// An offer passed that was open to one agent.
    fn lapse(&mut self, case: &mut Case) {
        let own_fault = self.now.since(case.progress.until) <= LATE;
        for user in std::mem::take(&mut case.progress.offered) {
            self.story(case, "timed_out", &[user], None, Value::Null);
            case.progress.tried.push(user);
            if !own_fault {
                continue;
            }
            let agent = self.agent(user);
            agent.passed += 1;
            if agent.passed >= MOST_PASSED {
                agent.passed = 0;
                self.set_presence(user, Presence::Away, "two_offers_passed");
                self.story(case, "away", &[user], None, json!({ "why": "two_offers_passed" }));
            }
        }
    }

    /// Nobody took it in this round.
    fn miss(&mut self, case: &mut Case) {
        let team = self.team_of(&case.row.team);
        case.progress.offered.clear();
        if case.row.out_of_hours {
            case.row.stage = Stage::OutOfHours;
            case.progress.until = At::NEVER;
            return self.story(case, "nobody_came", &[], None, Value::Null);
        }
        let first = !case.row.missed;
        (case.row.stage, case.row.missed) = (Stage::Missed, true);
        let id = case.row.id;
        self.out.push(Out::Story(id, Entry::bare(What::Missed { escalation: id })));
        self.out.push(Out::Tell(id, "missed"));
        if !first {
            return;
        }
        let tells = team.is_some() && case.row.kind == AskKind::Escalation;
        let tell = tells.then(|| texts::late(&case.progress.language).to_owned());
        self.say_missed(case, MissedWhy::NobodyTook, tell);
    }

    /// Nobody can hear it: the customer is told at once.
    fn nobody_works(&mut self, case: &mut Case, team: &Team) {
        case.row.out_of_hours = true;
        case.row.stage = Stage::OutOfHours;
        let calendar = team.calendar.as_deref().and_then(|name| self.calendars.get(name)).filter(|_| !self.works(team));
        case.progress.until = calendar.and_then(|calendar| calendar.open_from(self.now)).unwrap_or(At::NEVER);
        let opens = Some(case.progress.until).filter(|until| *until != At::NEVER);
        self.story(case, "out_of_hours", &[], opens, json!({ "call_back": team.call_back }));
        self.out.push(Out::Tell(case.row.id, "out_of_hours"));
        let text = team.away_text(&case.progress.language);
        self.say_missed(case, MissedWhy::NobodyOnShift, Some(text));
    }

    fn say_missed(&mut self, case: &mut Case, why: MissedWhy, tell: Option<String>) {
        let tell = tell.filter(|_| case.row.conversation_id.is_some());
        if tell.is_some() {
            case.row.told_at = Some(self.now);
            self.story(case, "customer_told", &[], None, Value::Null);
        }
        let missed = Missed {
            escalation: case.row.id,
            why,
            conversation: case.row.conversation_id,
            team: case.row.team.clone(),
            reason: case.row.reason.clone(),
            deadline: case.row.deadline,
            call_back: tell.is_some() && why == MissedWhy::NobodyOnShift && self.asks_call_back(&case.row.team),
            tell,
            depth: case.progress.depth,
            run: case.progress.run.take(),
        };
        self.out.push(Out::Letter(case.progress.from, FromDesk::Missed(Box::new(missed))));
    }

    fn asks_call_back(&self, team: &str) -> bool {
        self.team_of(team).is_some_and(|team| team.call_back)
    }

    /// A new round, which begins now.
    pub(super) fn begin_again(&mut self, case: &mut Case) {
        let team = self.team_of(&case.row.team);
        let lasts = team.map_or(ACCEPT_WITHIN, |team| team.within(case.row.kind == AskKind::Lead));
        let progress = &mut case.progress;
        (progress.base, progress.lasts_ms, progress.rung) = (self.now, millis(lasts), 0);
        progress.offered.clear();
        self.story(case, "again", &[], None, Value::Null);
        self.climb_on(case);
    }

    /// Whoever took it kept silent: it is nobody's, and asked again, of others first.
    fn take_back(&mut self, case: &mut Case) {
        let agent = case.row.accepted_user.take();
        (case.row.accepted_at, case.row.accepted_by) = (None, None);
        case.row.missed |= !case.row.out_of_hours && case.row.deadline <= self.now;
        if let (Some(agent), Some(conversation)) = (agent, case.row.conversation_id) {
            self.agent(agent).held.remove(&conversation);
        }
        case.progress.tried = agent.into_iter().collect();
        case.progress.again += 1;
        let silent: Vec<UserId> = agent.into_iter().collect();
        self.story(case, "silent", &silent, None, Value::Null);
        let (escalation, conversation) = (case.row.id, case.row.conversation_id);
        self.out.push(Out::Letter(case.progress.from, FromDesk::TakenBack { escalation, conversation }));
        self.begin_again(case);
    }

    /// It is over, and nobody has it.
    pub(super) fn close(&mut self, case: &mut Case, why: &'static str) {
        (case.row.stage, case.row.done) = (Stage::Closed, true);
        case.progress.offered.clear();
        self.story(case, why, &[], None, Value::Null);
        self.out.push(Out::Letter(case.progress.from, FromDesk::Over { escalation: case.row.id }));
    }

    /// Tells the story of a case one line further.
    pub(super) fn story(&mut self, case: &Case, how: &'static str, agents: &[UserId], until: Option<At>, data: Value) {
        let escalation = case.row.id;
        let what = What::Desk { escalation, how: how.into(), agents: agents.to_vec(), until };
        self.out.push(Out::Story(escalation, Entry { what, data }));
    }
}
