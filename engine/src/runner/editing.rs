//! Changes of what the editor keeps: each with a row of the audit log, except the many small ones of a draft.

use serde_json::Value;

use super::change::Change;
use super::core::Core;
use crate::ids::MailboxId;
use crate::store::{self, EditOp, Reads, Store, Work};

impl<S: Store + Reads> Core<S> {
    /// Stores a change; with `told`, as what and of which document it is journaled.
    pub(super) async fn edit(
        &self,
        ops: Vec<EditOp>,
        told: Option<(&str, &str, Value)>,
        by: &str,
    ) -> Result<(), store::Error> {
        let now = self.parts.clock.now();
        let journal = told.into_iter().map(|(what, id, data)| self.change_row(by, what, id, data, now)).collect();
        let work = Work { mailbox: MailboxId::SYSTEM, at: now, edits: ops, journal, ..Work::default() };
        let changes = Change::of(&work);
        self.watched(self.parts.store.commit(work).await)?;
        self.feed.tell(changes);
        Ok(())
    }
}
