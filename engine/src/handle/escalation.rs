//! Escalations as the mailbox sees them that asks: a demand goes to the desk by letter, and what the desk says comes back.

use serde_json::{Value, json};

use super::Handling;
use super::own::OwnCall;
use crate::capability::human::{Escalated, HumanState};
use crate::capability::whatsapp::SendText;
use crate::clock::At;
use crate::connector::Action;
use crate::desk::{Ask, AskKind, FromDesk, Missed, MissedWhy, Taken, ToDesk};
use crate::event::{self, Event};
use crate::ids::{ConversationId, EffectId, EscalationId, MailboxId, RunId, UserId, WaitId};
use crate::letter::Letter;
use crate::local::{self, ACCEPT_WITHIN, Ticket};
use crate::order::Error;
use crate::rules::Demand;
use crate::run::{Entry, Wake, What};
use crate::store::{JournalKind, Lane, WaitKind, WaitRow, WaitState};

/// What the desk's word for a customer may wait before it is stale.
const TELL_EXPIRES: std::time::Duration = std::time::Duration::from_secs(10 * 60);

impl Handling<'_> {
    /// Sends a demand to the desk, and remembers it.
    pub(super) fn ask_desk(&mut self, mut ask: Ask) {
        ask.prefer = self.last_agent();
        let caused = self.mail.recent.iter().find(|event| event.at == ask.received_at);
        ask.provider_at = ask.provider_at.or_else(|| caused.and_then(|event| event.provider_at));
        if ask.wait.is_none() {
            let id = WaitId(self.next_id());
            self.arm(local::ticket(&ask, id));
        }
        self.send(MailboxId::DESK, Letter::Desk(ToDesk::Ask(Box::new(ask))));
    }

    /// A rule asks a human of a team to take over, once: while such a demand is open, a further one is none. Gives its id and
    /// until when it must be taken.
    pub(super) fn demand(&mut self, event: &Event, demand: &Demand) -> Option<(EscalationId, At)> {
        let same = |open: Ticket| open.team == *demand.team && open.conversation == event.conversation;
        if self.mail.waits.values().filter_map(ticket_of).any(same) {
            return None;
        }
        let contact = self.mail.facts.contact.as_ref();
        let team = self.book.staff.team(&demand.team);
        // What a rule does not say is up to the team.
        let said = Some(demand.within).filter(|within| *within != ACCEPT_WITHIN);
        let within = said.unwrap_or_else(|| team.map_or(ACCEPT_WITHIN, |team| team.within(false)));
        let ask = Ask {
            escalation: EscalationId(self.next_id()),
            kind: AskKind::Escalation,
            from: self.mail.id,
            contact: event.contact,
            conversation: event.conversation,
            customer: contact.map(local::customer).unwrap_or_default(),
            team: demand.team.to_string(),
            reason: demand.reason.clone(),
            skills: Vec::new(),
            language: contact.map(|contact| contact.language.clone()).unwrap_or_default(),
            received_at: event.at,
            provider_at: event.provider_at,
            accept_within_ms: Some(u64::try_from(within.as_millis()).unwrap_or(u64::MAX)),
            depth: event.depth,
            run: RunId::NONE,
            wait: None,
            prefer: None,
        };
        let (id, deadline) = (ask.escalation, event.at.plus(within).max(self.now));
        self.ask_desk(ask);
        Some((id, deadline))
    }

    /// A person asks, now.
    pub(super) fn asked_by_hand(
        &mut self,
        conversation: ConversationId,
        team: String,
        reason: String,
    ) -> Result<Value, Error> {
        let known = self.mail.facts.conversation(conversation).is_some();
        let contact = self.mail.facts.contact.as_ref().filter(|_| known);
        let Some(contact) = contact else { return Err(Error::Gone(conversation.to_string().into())) };
        let ask = Ask {
            escalation: EscalationId(self.next_id()),
            kind: AskKind::Escalation,
            from: self.mail.id,
            contact: Some(contact.id),
            conversation: Some(conversation),
            customer: local::customer(contact),
            team,
            reason,
            skills: Vec::new(),
            language: contact.language.clone(),
            received_at: self.now,
            provider_at: None,
            accept_within_ms: None,
            depth: 0,
            run: RunId::NONE,
            wait: None,
            prefer: None,
        };
        let (escalation, data) = (ask.escalation, json!({ "team": ask.team, "reason": ask.reason }));
        let within = self.book.staff.team(&ask.team).map_or(ACCEPT_WITHIN, |team| team.within(false));
        let what = What::Escalated { escalation, deadline: self.now.plus(within) };
        self.journal(conversation.0, None, JournalKind::Change, &[Entry { what, data }]);
        self.ask_desk(ask);
        Ok(json!({ "escalation": escalation }))
    }

    /// What the desk says.
    pub(super) fn desk_says(&mut self, letter: FromDesk) {
        match letter {
            FromDesk::Taken(taken) => self.somebody_came(*taken),
            FromDesk::Missed(missed) => self.nobody_came(*missed),
            FromDesk::TakenBack { conversation, .. } => {
                if let Some(conversation) = conversation {
                    self.taken_back(conversation);
                }
            }
            FromDesk::Over { escalation } => self.close_ticket(escalation),
        }
    }

    fn somebody_came(&mut self, taken: Taken) {
        let Taken { escalation, kind, conversation, agent, name, team, reason, deadline, at, after_ms, depth, run } =
            taken;
        self.attend(run, (escalation, deadline), HumanState::Taken, &name);
        self.close_ticket(escalation);
        if let Some((conversation, agent)) = conversation.zip(agent) {
            self.taken(conversation, agent, at);
        }
        self.remember_agent(agent);
        if let Some(agent) = agent {
            self.tell_owner(escalation, kind, &team, agent);
        }
        if kind == AskKind::Lead {
            let owner = name.clone();
            self.mail.facts.change_contact(|contact| {
                contact.fields.insert("owner".to_owned(), owner.into());
            });
        }
        let fields = json!({
            "escalation": escalation, "team": team, "reason": reason, "agent": name, "after_s": after_ms / 1_000,
        });
        self.tell_escalation(event::ESCALATION_TAKEN, conversation, depth, fields);
    }

    fn nobody_came(&mut self, missed: Missed) {
        let Missed { escalation, why, conversation, team, reason, deadline, tell, call_back, depth, run } = missed;
        let state = match why {
            MissedWhy::NobodyTook => HumanState::Missed,
            MissedWhy::NobodyOnShift => HumanState::OutOfHours,
        };
        if let Some((text, conversation)) = tell.zip(conversation) {
            self.tell_customer(conversation, text, escalation);
            if call_back {
                self.expect_call_back(conversation, escalation, &team, &reason);
            }
        }
        self.attend(run, (escalation, deadline), state, "");
        let fields = json!({ "escalation": escalation, "team": team, "reason": reason, "why": why });
        self.tell_escalation(event::ESCALATION_MISSED, conversation, depth, fields);
    }

    /// The run that waits for a human goes on.
    fn attend(
        &mut self,
        run: Option<(RunId, WaitId)>,
        (escalation, deadline): (EscalationId, At),
        state: HumanState,
        by: &str,
    ) {
        let Some((run, wait)) = run else { return };
        let (id, by) = (escalation.to_string(), by.to_owned());
        let output = Escalated { id, deadline: deadline.to_string(), state, by };
        self.wake(run, Wake::Attended(wait, serde_json::to_value(output).unwrap_or_default()));
    }

    fn close_ticket(&mut self, escalation: EscalationId) {
        let key = escalation.to_string();
        let of = |wait: &&WaitRow| wait.kind == WaitKind::Human && wait.key.as_deref() == Some(&key);
        if let Some(id) = self.mail.waits.values().find(of).map(|wait| wait.id) {
            self.disarm(id, WaitState::Answered);
        }
    }

    /// Whom the contact last had to do with.
    fn last_agent(&self) -> Option<UserId> {
        let key = last_agent_key(self.mail.id);
        let of = |wait: &&WaitRow| wait.kind == WaitKind::Human && wait.key.as_deref() == Some(&key);
        self.mail.waits.values().find(of).and_then(|wait| serde_json::from_slice(&wait.data).ok())
    }

    /// A row that nobody wakes: it goes with the person.
    fn remember_agent(&mut self, agent: Option<UserId>) {
        let Some(agent) = agent.filter(|_| self.mail.facts.contact.is_some()) else { return };
        let id = WaitId(self.next_id());
        let (mailbox, key) = (self.mail.id, last_agent_key(self.mail.id));
        let data = serde_json::to_vec(&agent).unwrap_or_default();
        self.arm(WaitRow { data, ..local::human_row(mailbox, id, key) });
    }

    /// Sends the customer the desk's words, while free text may be sent.
    fn tell_customer(&mut self, conversation: ConversationId, text: String, escalation: EscalationId) {
        let Some(talk) = self.mail.facts.conversation(conversation).filter(|talk| !talk.connection.is_empty()) else {
            return;
        };
        let mut plan = local::own_plan("escalation", &SendText { text, to: None, quote: None });
        plan.address = Some(talk.address.as_str().into());
        plan.phone = self.mail.facts.contact.as_ref().and_then(|contact| contact.phone.as_deref()).map(Into::into);
        let connection = talk.connection.clone();
        let id = self.next_id();
        self.call_own(OwnCall {
            id: EffectId(id),
            n: -id,
            key: format!("{escalation}/customer"),
            connection: &connection,
            lane: Lane::Escalation,
            action: SendText::NAME,
            window: Some(conversation),
            lives: TELL_EXPIRES,
            plan: &plan,
        });
    }
}

/// What a row says that a mailbox asked for.
fn ticket_of(wait: &WaitRow) -> Option<Ticket> {
    (wait.kind == WaitKind::Human).then(|| serde_json::from_slice(&wait.data).ok())?
}

fn last_agent_key(mailbox: MailboxId) -> String {
    format!("last/{mailbox}")
}
