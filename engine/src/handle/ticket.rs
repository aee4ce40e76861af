//! A ticket that a person makes from a conversation: a call without a run, whose outcome becomes a note there.

use super::Handling;
use super::own::OwnCall;
use crate::capability::crm::{CreateTicket, TicketPriority};
use crate::connector::{Action, Verdict};
use crate::contact::Priority;
use crate::ids::{ConversationId, EffectId, MessageId, UserId};
use crate::inbox::{Said, SaidKind, SaidOp, SaidRow, SaidState};
use crate::order::Actor;
use crate::run::plan::{Handler, Plan};
use crate::run::{Attempt, Entry, What};
use crate::store::{EffectRow, JournalKind, Lane};

/// For how long it is tried: a CRM that is down comes back.
const EXPIRES: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
/// Pauses before it is tried again, in milliseconds.
const PAUSES_MS: [u64; 2] = [1_000, 30_000];

/// Which ticket a call makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    conversation: ConversationId,
    /// The note that its outcome becomes.
    note: MessageId,
    agent: Option<UserId>,
}

/// The ticket of the call with this key, if it makes one.
pub(super) fn of_key(key: &str) -> Option<Ticket> {
    let mut parts = key.strip_prefix("ticket/")?.split('/');
    let (conversation, note) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(Ticket { conversation, note, agent: parts.next().and_then(|agent| agent.parse().ok()) })
}

impl Ticket {
    fn key(self) -> String {
        let agent = self.agent.map_or_else(|| "-".to_owned(), |agent| agent.to_string());
        format!("ticket/{}/{}/{agent}", self.conversation, self.note)
    }
}

impl Handling<'_> {
    pub(super) fn plan_ticket(
        &mut self,
        id: ConversationId,
        actor: Actor,
        connection: String,
        subject: String,
        text: String,
    ) {
        let ticket = Ticket { conversation: id, note: MessageId(self.next_id()), agent: actor.agent };
        let contact = self.mail.facts.contact.as_ref();
        let priority = match contact.map(|contact| contact.priority) {
            Some(Priority::High) => TicketPriority::High,
            Some(Priority::Low) => TicketPriority::Low,
            _ => TicketPriority::Medium,
        };
        let text = Some(text).filter(|text| !text.is_empty());
        let fields = std::collections::BTreeMap::new();
        let input = CreateTicket { subject, text, priority, pipeline: None, stage: None, fields };
        let plan = Plan {
            input: serde_json::to_value(input).unwrap_or_default(),
            pauses_ms: PAUSES_MS.to_vec(),
            handler: Handler::Nobody,
            resend_unknown: false,
            address: self.mail.facts.conversation(id).map(|talk| talk.address.as_str().into()),
            phone: contact.and_then(|contact| contact.phone.as_deref()).map(Into::into),
            step: "inbox".into(),
            flow: "".into(),
        };
        let effect = EffectId(self.next_id());
        self.call_own(OwnCall {
            id: effect,
            n: -ticket.note.0,
            key: ticket.key(),
            connection: &connection,
            lane: Lane::Interactive,
            action: CreateTicket::NAME,
            window: None,
            lives: EXPIRES,
            plan: &plan,
        });
        self.note_talk(id, "conversation.ticket", serde_json::json!({ "note": ticket.note }));
    }

    /// What became of it, told in the conversation.
    pub(super) fn ticket_settled(
        &mut self,
        ticket: Ticket,
        effect: &EffectRow,
        attempts: &[Attempt],
        verdict: &Verdict,
        erased: bool,
    ) {
        let done = matches!(verdict, Verdict::Done(_));
        let mut entries: Vec<Entry> = attempts.iter().map(|attempt| attempt.entry(effect.n)).collect();
        entries.push(Entry::bare(What::Told { n: effect.n, done }));
        if erased {
            entries.iter_mut().for_each(|entry| entry.data = serde_json::Value::Null);
        }
        self.journal(ticket.note.0, None, JournalKind::Change, &entries);
        if erased {
            return;
        }
        let plan: Option<Plan> = serde_json::from_slice(&effect.input).ok();
        let subject = plan.as_ref().and_then(|plan| plan.input["subject"].as_str()).unwrap_or_default();
        let (text, error) = match verdict {
            Verdict::Done(done) => (format!("🎫 {} · {subject}", done.output["id"].as_str().unwrap_or_default()), None),
            failed => (format!("🎫 {subject}"), failed.problem().map(|one| format!("{} {}", one.code, one.message))),
        };
        self.work.said.push(SaidOp::Put(Box::new(SaidRow {
            id: ticket.note,
            conversation_id: ticket.conversation,
            kind: SaidKind::Note,
            by: ticket.agent,
            at: self.now,
            key: None,
            text: Some(text),
            body: serde_json::to_string(&Said::default()).ok(),
            state: if done { SaidState::Sent } else { SaidState::Failed },
            error,
        })));
        self.work.touched.push(ticket.conversation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tickets_key_says_where_it_belongs() {
        for agent in [None, Some(UserId(9))] {
            let ticket = Ticket { conversation: ConversationId(7), note: MessageId(8), agent };
            assert_eq!(of_key(&ticket.key()), Some(ticket));
        }
        assert_eq!(of_key("run_0000000000001/2"), None);
    }
}
