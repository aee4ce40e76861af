//! A call's outcome: the run goes on, the message is noted, the effect is gone.

use serde_json::Value;

use super::Handling;
use crate::alarm::Raise;
use crate::connector::{Sent, Status, Verdict};
use crate::event::EventKey;
use crate::expr::text;
use crate::ids::{ConversationId, MailboxId, MessageId};
use crate::inbox::SaidRow;
use crate::run::{Attempt, Entry, Wake, What};
use crate::store::{EffectOp, EffectRow, JournalKind, MessageRow};

impl Handling<'_> {
    pub(super) fn settled(&mut self, effect: EffectRow, attempts: &[Attempt], verdict: &Verdict) {
        self.mail.effects.remove(&effect.id);
        self.work.effects.push(EffectOp::Finish(effect.id));
        if super::person::is_key(&effect.key) {
            return self.person_told(&effect, attempts, verdict);
        }
        if self.mail.id == MailboxId::ALARMS {
            return self.alarm_told(&effect, attempts, verdict);
        }
        let erased = self.mail.erased.holds(effect.run_id.0);
        if let Verdict::Done(done) = verdict
            && let Some(sent) = done.sent.as_ref().filter(|_| !erased)
        {
            self.message_sent(&effect, sent);
        }
        if let Some(said) = SaidRow::of_effect_key(&effect.key) {
            return self.said_settled(said, attempts, verdict, erased);
        }
        if let Some(ticket) = super::ticket::of_key(&effect.key) {
            return self.ticket_settled(ticket, &effect, attempts, verdict, erased);
        }
        if let Some(owner) = super::owner::of_key(&effect.key) {
            return self.owner_told(owner, &effect, attempts, verdict);
        }
        if effect.n > 0 && self.mail.runs.contains_key(&effect.run_id) {
            self.wake(effect.run_id, Wake::Settled { n: effect.n, attempts, verdict });
        } else {
            // The run is over, or never waited for this call: what became of it is told all the same.
            let done = matches!(verdict, Verdict::Done(_));
            let mut entries: Vec<Entry> = attempts.iter().map(|attempt| attempt.entry(effect.n)).collect();
            entries.push(Entry::bare(What::Told { n: effect.n, done }));
            if erased {
                // A service may repeat what it was given in its error.
                entries.iter_mut().for_each(|entry| entry.data = Value::Null);
            }
            self.journal(effect.run_id.0, None, JournalKind::Change, &entries);
        }
    }

    pub(super) fn parked(&mut self, effect: EffectRow, attempts: &[Attempt], why: &'static str) {
        let (id, deadline) = (effect.id, effect.deadline);
        let attempts_log = serde_json::to_vec(attempts).unwrap_or_default();
        self.work.effects.push(EffectOp::Park { id, why: why.to_owned(), deadline, attempts: attempts_log });
        if let Some(run) = self.mail.runs.get(&effect.run_id) {
            self.raise(Raise::attention(&run.version.flow.clone(), &effect.connection, why));
        }
        let (run, n) = (effect.run_id, effect.n);
        self.mail.effects.insert(id, effect);
        // Attempts are told when the call settles, or here if a person settles it: the row keeps them until then.
        self.wake(run, Wake::Parked { n, why, attempts });
    }

    /// A message went out: it stands in the history, ends the customer's wait, and may begin a silence of theirs.
    fn message_sent(&mut self, effect: &EffectRow, sent: &Sent) {
        let party = &sent.party;
        let conversation: Option<ConversationId> = self
            .mail
            .facts
            .conversations
            .iter()
            .find(|known| known.address == party.address && (party.number.is_empty() || known.number == party.number))
            .map(|known| known.id);
        let text = sent.text.clone();
        // Without the provider's id the status that proved the message has made its row.
        let row = (!sent.external_id.is_empty()).then(|| MessageRow {
            id: MessageId(self.next_id()),
            conversation_id: conversation,
            inbound: false,
            event_id: None,
            effect_key: Some(effect.key.clone()),
            external_key: EventKey::new(&effect.connection, "message", &sent.external_id).0,
            status: Status::Accepted,
            status_at: Some(self.now),
            error: None,
            norm: Some(text::normalise(&text)),
            text: Some(text),
            cost: None,
        });
        self.work.messages.extend(row);
        let Some(conversation) = conversation else { return };
        let now = self.now;
        self.mail.facts.change_contact(|contact| contact.unread_count = 0);
        self.mail.facts.change_conversation(conversation, |conversation| {
            conversation.last_outbound_at = Some(now);
            conversation.inbox.answered(now);
        });
        self.watch(conversation);
    }
}
