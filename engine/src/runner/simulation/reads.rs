//! Pages for people: nobody looks at them in a simulation, and the engine asks for none in what is simulated.

use crate::clock::At;
use crate::erasure::{Names, Traces};
use crate::ids::{ContactId, ConversationId, EscalationId, EventId, JournalId, MailboxId, RunId};
use crate::store::*;

use super::store::Memory;

/// A question that the engine has no reason to ask here.
fn nobody_asks<T>(what: &str) -> Result<T, Error> {
    Err(Error::Refused(format!("a simulation has no {what}: simulate it before the engine may ask")))
}

impl Reads for Memory {
    async fn flows(&self) -> Result<Vec<VersionRow>, Error> {
        nobody_asks("flows")
    }

    async fn traces(&self, _: Names) -> Result<Traces, Error> {
        nobody_asks("traces")
    }

    async fn runs(&self, _: RunFilter) -> Result<Vec<RunRow>, Error> {
        nobody_asks("runs")
    }

    async fn journal(&self, _: i64) -> Result<Vec<JournalRow>, Error> {
        nobody_asks("journal")
    }

    async fn effects_of(&self, _: RunId) -> Result<Vec<EffectRow>, Error> {
        nobody_asks("effects_of")
    }

    async fn bad_items(&self, _: u32) -> Result<Vec<BadItemRow>, Error> {
        nobody_asks("bad_items")
    }

    async fn escalations(&self, _: EscalationFilter) -> Result<Vec<EscalationRow>, Error> {
        nobody_asks("escalations")
    }

    async fn conversation(&self, _: ConversationId) -> Result<Option<ConversationRow>, Error> {
        nobody_asks("conversation")
    }

    async fn last_inbound(&self, _: Vec<ConversationId>) -> Result<Vec<MessageRow>, Error> {
        nobody_asks("last_inbound")
    }

    async fn contacts(&self, _: Vec<ContactId>) -> Result<Vec<ListedContact>, Error> {
        nobody_asks("contacts")
    }

    async fn desk(&self) -> Result<MailboxRows, Error> {
        self.mailbox(MailboxId::DESK).await
    }

    async fn desk_day(&self, _: At) -> Result<DeskDay, Error> {
        nobody_asks("desk_day")
    }

    async fn escalation(&self, _: EscalationId) -> Result<Option<EscalationRow>, Error> {
        nobody_asks("escalation")
    }

    async fn find_contact(&self, _: &str) -> Result<Option<ContactRow>, Error> {
        nobody_asks("find_contact")
    }

    async fn same_person(&self, _: ContactId) -> Result<Vec<ContactId>, Error> {
        nobody_asks("same_person")
    }

    async fn person(&self, _: ContactId) -> Result<PersonRows, Error> {
        nobody_asks("person")
    }

    async fn messages_of(&self, _: RunId) -> Result<Vec<MessageRow>, Error> {
        nobody_asks("messages_of")
    }

    async fn versions_of(&self, _: &str) -> Result<Vec<VersionRow>, Error> {
        nobody_asks("versions_of")
    }

    async fn blocks(&self, _: (i64, i64), _: u32) -> Result<Vec<BlockRow>, Error> {
        nobody_asks("blocks")
    }

    async fn block_rows(&self, _: i64, _: i64) -> Result<Vec<SaltedRow>, Error> {
        nobody_asks("block_rows")
    }

    async fn journal_count(&self, _: Vec<(i64, i64)>) -> Result<u64, Error> {
        nobody_asks("journal_count")
    }

    async fn removals(&self, _: JournalId, _: u32) -> Result<Vec<JournalRow>, Error> {
        nobody_asks("removals")
    }

    async fn active_contacts(&self, _: At, _: ContactId, _: u32) -> Result<Vec<ContactId>, Error> {
        nobody_asks("active_contacts")
    }

    async fn members(&self, _: Option<String>, _: ContactId, _: u32) -> Result<Vec<Member>, Error> {
        nobody_asks("members")
    }

    async fn unmatched(&self, _: u32) -> Result<Vec<UnmatchedGroup>, Error> {
        nobody_asks("unmatched")
    }

    async fn rule_hits(&self, _: i64) -> Result<Vec<RuleHits>, Error> {
        nobody_asks("rule_hits")
    }

    async fn history(&self, _: (EventId, EventId), _: bool, _: u32) -> Result<Vec<HistoryRow>, Error> {
        nobody_asks("history")
    }

    async fn event_range(&self) -> Result<Option<(EventId, EventId)>, Error> {
        nobody_asks("event_range")
    }

    async fn mailboxes_of(&self, _: &str, _: MailboxId, _: u32) -> Result<Vec<MailboxId>, Error> {
        nobody_asks("mailboxes_of")
    }

    async fn waiting(&self, _: &str, _: (MailboxId, MailboxId)) -> Result<WaitingRows, Error> {
        nobody_asks("waiting")
    }

    async fn held(&self, _: &str, _: &str, _: u32) -> Result<Vec<WaitRow>, Error> {
        nobody_asks("held")
    }

    async fn figures(&self) -> Result<Figures, Error> {
        nobody_asks("figures")
    }
}
