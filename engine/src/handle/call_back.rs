//! A call-back: a customer whom nobody could answer was asked for number and time, and writes them. That becomes a ticket in the CRM,
//! if the team wants it; in the inbox the conversation waits for a human anyway.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Handling;
use crate::clock::At;
use crate::event::Event;
use crate::ids::{ConversationId, EscalationId, WaitId};
use crate::local;
use crate::order::Actor;
use crate::store::{WaitKind, WaitRow, WaitState};

/// For how long the customer's next message counts as the answer.
const COUNTS_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest name in a subject, in characters.
const MAX_NAME_CHARS: usize = 150;

/// What is stored of the question. Fields are only ever added.
#[derive(Serialize, Deserialize)]
struct Asked {
    escalation: EscalationId,
    call_back: String,
    reason: String,
    until: At,
}

impl Handling<'_> {
    /// The customer was asked for number and time in the name of `team`.
    pub(super) fn expect_call_back(
        &mut self,
        conversation: ConversationId,
        escalation: EscalationId,
        team: &str,
        reason: &str,
    ) {
        let until = self.now.plus(COUNTS_FOR);
        let asked = Asked { escalation, call_back: team.to_owned(), reason: reason.to_owned(), until };
        let (mailbox, known) = (self.mail.id, self.call_back_of(conversation));
        let id = known.unwrap_or_else(|| WaitId(self.next_id()));
        let data = serde_json::to_vec(&asked).unwrap_or_default();
        self.arm(WaitRow { data, ..local::human_row(mailbox, id, key(conversation)) });
    }

    /// The customer wrote: if number and time were asked for, this is them.
    pub(super) fn called_back(&mut self, event: &Event) {
        let Some(conversation) = event.conversation.filter(|_| event.is_customer_message()) else { return };
        let Some(id) = self.call_back_of(conversation) else { return };
        let asked = self.mail.waits.get(&id).and_then(|wait| serde_json::from_slice::<Asked>(&wait.data).ok());
        let words = event.seen["text"].as_str().unwrap_or_default().trim();
        let over = asked.as_ref().is_none_or(|asked| asked.until <= self.now);
        if words.is_empty() && !over {
            // A picture or a voice message: the words may follow.
            return;
        }
        self.disarm(id, if over { WaitState::Fired } else { WaitState::Answered });
        let Some(asked) = asked.filter(|_| !over) else { return };
        self.note_talk(conversation, "conversation.call_back", json!({ "escalation": asked.escalation }));
        self.make_ticket(conversation, &asked, words);
    }

    fn make_ticket(&mut self, conversation: ConversationId, asked: &Asked, words: &str) {
        let book = self.book;
        let Some(team) = book.staff.team(&asked.call_back).filter(|team| team.call_back_ticket) else { return };
        let of_team = team.call_back_crm.as_deref();
        let Some(connection) = of_team.or_else(|| book.crm.tickets.as_ref().map(|crm| &*crm.connection)) else {
            return;
        };
        let customer = self.mail.facts.contact.as_ref().map(local::customer).unwrap_or_default();
        let name: String = customer.chars().take(MAX_NAME_CHARS).collect();
        let subject = format!("Call back: {name}");
        let text = format!("{words}\n\n{}: {}", team.name, asked.reason);
        self.plan_ticket(conversation, Actor::default(), connection.to_owned(), subject, text);
    }

    fn call_back_of(&self, conversation: ConversationId) -> Option<WaitId> {
        let key = key(conversation);
        let of = |wait: &&WaitRow| wait.kind == WaitKind::Human && wait.key.as_deref() == Some(&key);
        self.mail.waits.values().find(of).map(|wait| wait.id)
    }
}

fn key(conversation: ConversationId) -> String {
    format!("call_back/{conversation}")
}
