//! What conversations tell: who holds them, that somebody answered, that a person was erased.

use std::time::Duration;

use serde_json::Value;

use super::{Case, Desk, Stage, Taker, ToDesk};
use crate::clock::At;
use crate::ids::{ContactId, ConversationId, EscalationId, RunId, UserId};

impl Desk<'_> {
    /// A letter came.
    pub(crate) fn letter(&mut self, letter: ToDesk) {
        match letter {
            ToDesk::Ask(ask) => self.ask(*ask),
            ToDesk::Held { conversation, agent, team, closed, .. } => {
                self.held(conversation, agent, team.as_deref(), closed);
            }
            ToDesk::Answered { conversation, agent, at } => self.answered(conversation, agent, at),
            ToDesk::Forget { contact, runs } => self.forget(contact, &runs),
        }
    }

    /// `agent` holds the conversation now, and nobody else does.
    fn held(&mut self, conversation: ConversationId, agent: Option<UserId>, team: Option<&str>, closed: bool) {
        let holders: Vec<UserId> =
            self.agents.iter().filter(|(_, known)| known.held.contains(&conversation)).map(|(user, _)| *user).collect();
        for user in holders.into_iter().filter(|user| Some(*user) != agent) {
            self.agent(user).held.remove(&conversation);
            if closed {
                self.wrap_up(user, team);
            }
        }
        let now = self.now;
        if let Some(user) = agent.filter(|user| !self.agents.get(user).is_some_and(|a| a.held.contains(&conversation)))
        {
            let agent = self.agent(user);
            agent.held.insert(conversation);
            agent.idle_since = now;
        }
        self.each_of(conversation, |desk, case| match (case.row.stage, agent) {
            (Stage::Closed, _) => {}
            (Stage::Taken, _) if closed => case.row.done = true,
            (_, _) if closed => desk.close(case, "closed"),
            (Stage::Taken, Some(user)) if case.row.accepted_user != Some(user) => {
                let name = desk.staff.name(user).to_owned();
                (case.row.accepted_user, case.row.accepted_by) = (Some(user), Some(name));
                desk.story(case, "reassigned", &[user], None, Value::Null);
            }
            (Stage::Taken, _) | (_, None) => {}
            (_, Some(user)) => {
                let name = desk.staff.name(user).to_owned();
                desk.accept(case, Taker { user: Some(user), name }, now);
            }
        });
    }

    /// Whoever closed a conversation writes up.
    fn wrap_up(&mut self, user: UserId, team: Option<&str>) {
        let staff = self.staff;
        let team = team.and_then(|team| staff.team(team)).or_else(|| staff.teams_of(user).next());
        let span = Duration::from_millis(team.map_or(0, |team| team.wrap_up_ms));
        let until = self.now.plus(span);
        let agent = self.agent(user);
        agent.wrap_up_until = (!span.is_zero()).then_some(until);
        agent.idle_since = until;
    }

    /// A human answered the customer: whoever had been asked for is here.
    fn answered(&mut self, conversation: ConversationId, agent: Option<UserId>, at: At) {
        self.each_of(conversation, |desk, case| {
            if case.is_open() {
                let name = agent.map(|user| desk.staff.name(user).to_owned());
                desk.accept(case, Taker { user: agent, name: name.unwrap_or_else(|| "app".to_owned()) }, at);
            }
            if case.row.stage == Stage::Taken {
                case.row.answered_at.get_or_insert(at);
                case.row.done = true;
                let by: Vec<UserId> = agent.into_iter().collect();
                desk.story(case, "answered", &by, None, Value::Null);
            }
        });
    }

    /// Nothing of the person stays here.
    pub(crate) fn forget(&mut self, contact: Option<ContactId>, runs: &[RunId]) {
        let theirs = self.cases.values().filter(|Case { row, .. }| match row.contact_id {
            Some(_) => row.contact_id == contact,
            None => runs.contains(&row.run_id),
        });
        let ids: Vec<EscalationId> = theirs.map(|case| case.row.id).collect();
        for id in ids {
            let Some(mut case) = self.cases.remove(&id) else { continue };
            case.row.reason.clear();
            case.row.customer.clear();
            if case.is_open() {
                case.row.stage = Stage::Closed;
            }
            case.row.done = true;
            self.story(&case, "erased", &[], None, Value::Null);
            let held = case.row.accepted_user.zip(case.row.conversation_id);
            if let Some((agent, conversation)) = held {
                self.agent(agent).held.remove(&conversation);
            }
            self.put(case);
        }
    }

    /// A fallback channel was told; `message` is the service's id of the message.
    pub(crate) fn fallback_told(&mut self, id: EscalationId, connection: String, message: Option<String>) {
        let now = self.now;
        let Some(case) = self.cases.get_mut(&id) else { return };
        case.row.fallback_at.get_or_insert(now);
        case.progress.messages.extend(message.map(|message| (connection, message)));
        self.touched.insert(id);
    }

    /// Does something with every case of a conversation that is not done.
    fn each_of(&mut self, conversation: ConversationId, mut act: impl FnMut(&mut Self, &mut Case)) {
        let of = |case: &&Case| case.row.conversation_id == Some(conversation) && !case.row.done;
        let ids: Vec<EscalationId> = self.cases.values().filter(of).map(|case| case.row.id).collect();
        for id in ids {
            let Some(mut case) = self.cases.remove(&id) else { continue };
            act(self, &mut case);
            self.put(case);
        }
    }
}
