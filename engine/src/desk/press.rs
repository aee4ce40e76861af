//! What people do: take, decline, come and go.

use serde_json::{Value, json};

use super::{Case, Desk, FromDesk, Out, Presence, Stage, Taken};
use crate::clock::At;
use crate::ids::{EscalationId, UserId};
use crate::run::{Entry, What};

/// Who takes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taker {
    /// The person; `None` when a machine takes it in the name of somebody who is no user here.
    pub user: Option<UserId>,
    /// That one's name.
    pub name: String,
}

/// Why it was not done. Nothing changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is over, or never was.
    #[error("it is not open (any more)")]
    Gone,
    /// Somebody else has it.
    #[error("{by} has taken it")]
    Taken {
        /// Who.
        by: String,
        /// When.
        at: At,
    },
    /// It is not offered to whoever declines.
    #[error("it is not offered to you")]
    NotOffered,
}

impl Desk<'_> {
    /// Somebody takes it; the first one has it. Gives the milliseconds since what caused it was received.
    ///
    /// # Errors
    /// When it is gone, or somebody else's.
    pub(crate) fn take(&mut self, id: EscalationId, taker: Taker) -> Result<u64, Refused> {
        let Some(case) = self.cases.get(&id).filter(|case| case.row.stage != Stage::Closed) else {
            return Err(Refused::Gone);
        };
        if let Some(at) = case.row.accepted_at {
            // Pressed twice, or the answer was lost.
            let same = taker.user.is_some() && case.row.accepted_user == taker.user;
            let by = case.row.accepted_by.clone().unwrap_or_default();
            return if same { Ok(since(case.row.received_at, at)) } else { Err(Refused::Taken { by, at }) };
        }
        let Some(mut case) = self.cases.remove(&id) else { return Err(Refused::Gone) };
        self.accept(&mut case, taker, self.now);
        let after = since(case.row.received_at, self.now);
        self.put(case);
        Ok(after)
    }

    /// It is `taker`'s since `at`.
    pub(super) fn accept(&mut self, case: &mut Case, taker: Taker, at: At) {
        let row = &mut case.row;
        row.stage = Stage::Taken;
        (row.accepted_at, row.accepted_user, row.accepted_by) = (Some(at), taker.user, Some(taker.name.clone()));
        // Whoever is no user answers elsewhere, and nothing can be answered where there is no conversation.
        row.done = taker.user.is_none() || row.conversation_id.is_none();
        case.progress.offered.clear();
        let (id, conversation) = (case.row.id, case.row.conversation_id);
        if let Some(user) = taker.user {
            let now = self.now;
            let agent = self.agent(user);
            (agent.passed, agent.idle_since) = (0, now);
            agent.held.extend(conversation);
        }
        let after_ms = since(case.row.received_at, at);
        let data = json!({ "agent": taker.user, "name": taker.name });
        self.out.push(Out::Story(id, Entry { what: What::Taken { escalation: id, after_ms }, data }));
        self.out.push(Out::Tell(id, "taken"));
        let taken = Taken {
            escalation: id,
            kind: case.row.kind,
            conversation,
            agent: taker.user,
            name: taker.name,
            team: case.row.team.clone(),
            reason: case.row.reason.clone(),
            deadline: case.row.deadline,
            at,
            after_ms,
            // One that was missed has told so: a person took it, and no chain goes on by itself.
            depth: if case.row.missed { 0 } else { case.progress.depth },
            run: case.progress.run.take(),
        };
        self.out.push(Out::Letter(case.progress.from, FromDesk::Taken(Box::new(taken))));
    }

    /// Whoever it is offered to does not want it: the next rung at once.
    ///
    /// # Errors
    /// When it is gone, or not offered to `user`.
    pub(crate) fn decline(&mut self, id: EscalationId, user: UserId, why: &str) -> Result<(), Refused> {
        let Some(mut case) = self.cases.remove(&id) else { return Err(Refused::Gone) };
        let offered = matches!(case.row.stage, Stage::Offered | Stage::Team) && case.progress.offered.contains(&user);
        if !offered {
            self.cases.insert(id, case);
            return Err(Refused::NotOffered);
        }
        self.agent(user).passed = 0;
        let data = if why.is_empty() { Value::Null } else { json!({ "why": why }) };
        self.step_back(&mut case, user, "declined", data);
        self.put(case);
        Ok(())
    }

    /// `user` is asked no more in this round.
    fn step_back(&mut self, case: &mut Case, user: UserId, how: &'static str, data: Value) {
        case.progress.offered.retain(|offered| *offered != user);
        case.progress.tried.push(user);
        self.story(case, how, &[user], None, data);
        if case.row.stage == Stage::Offered {
            self.climb_on(case);
        }
    }

    /// An agent chose what to be. Whoever can be offered nothing now leaves what was offered to others.
    pub(crate) fn choose_presence(&mut self, user: UserId, presence: Presence) {
        self.set_presence(user, presence, "chosen");
        let agent = self.agent(user);
        (agent.passed, agent.wrap_up_until) = (0, None);
        if presence == Presence::Available {
            return self.call_those_who_wait(user);
        }
        self.leave_offers(user, presence.name());
    }

    /// An agent's page came or went.
    pub(crate) fn page(&mut self, user: UserId, here: bool) {
        let now = self.now;
        let agent = self.agent(user);
        if agent.online == here {
            return;
        }
        (agent.online, agent.since) = (here, now);
        let how = if here { "came" } else { "went" };
        self.note_agent(user, how);
        if here {
            self.agent(user).idle_since = now;
            self.call_those_who_wait(user);
        } else {
            self.leave_offers(user, "gone");
        }
    }

    /// Somebody's time for writing up may be over.
    pub(crate) fn wrapped_up(&mut self, user: UserId) {
        let now = self.now;
        let over = |agent: &super::Agent| agent.wrap_up_until.is_some_and(|until| until <= now);
        if self.agents.get(&user).is_some_and(over) {
            let agent = self.agent(user);
            (agent.wrap_up_until, agent.idle_since) = (None, now);
            self.call_those_who_wait(user);
        }
    }

    pub(super) fn set_presence(&mut self, user: UserId, presence: Presence, why: &'static str) {
        let now = self.now;
        let agent = self.agent(user);
        if agent.presence != presence {
            (agent.presence, agent.since) = (presence, now);
            self.note_agent(user, why);
        }
    }

    fn note_agent(&mut self, user: UserId, why: &'static str) {
        let agent = self.agent(user);
        let data = json!({ "presence": agent.presence, "online": agent.online, "why": why });
        let what = What::Changed { what: "agent.presence".into(), id: user.to_string().into() };
        self.out.push(Out::Agent(user, Entry { what, data }));
    }

    /// What is offered to `user` alone goes to the next rung.
    fn leave_offers(&mut self, user: UserId, why: &'static str) {
        let offered: Vec<EscalationId> =
            self.cases.values().filter(|case| case.is_offered_to(user)).map(|case| case.row.id).collect();
        for id in offered {
            let Some(mut case) = self.cases.remove(&id) else { continue };
            self.step_back(&mut case, user, "left", json!({ "why": why }));
            self.put(case);
        }
    }

    /// What came while nobody of a team worked is asked now that somebody does.
    fn call_those_who_wait(&mut self, user: UserId) {
        let (staff, now) = (self.staff, self.now);
        let can = self.agents.get(&user).is_some_and(|agent| agent.state(now) == super::State::Available);
        let teams: Vec<&super::Team> = staff.teams_of(user).filter(|team| can && self.works(team)).collect();
        let waits =
            |case: &&Case| case.row.stage == Stage::OutOfHours && teams.iter().any(|team| *team.id == *case.row.team);
        let waiting: Vec<EscalationId> = self.cases.values().filter(waits).map(|case| case.row.id).collect();
        for id in waiting {
            let Some(mut case) = self.cases.remove(&id) else { continue };
            case.progress.tried.clear();
            self.begin_again(&mut case);
            self.put(case);
        }
    }
}

fn since(from: At, to: At) -> u64 {
    super::case::millis(to.since(from))
}
