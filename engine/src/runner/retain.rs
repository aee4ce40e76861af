//! Removing what is old enough: the store does it, the record is sealed with the audit key.

use std::collections::BTreeMap;

use super::Engine;
use crate::audit::Aged;
use crate::clock::At;
use crate::ids::JournalId;
use crate::store::{Error, Reads, Removal, Retention, Store};

impl<S: Store + Reads + Retention> Engine<S> {
    /// Removes those of `ids` that are older than `before` and that nothing needs. Answers how many rows went, by table.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(&self, of: Aged, ids: Vec<i64>, before: At) -> Result<BTreeMap<String, u64>, Error> {
        let parts = &self.core.parts;
        let at = parts.clock.now();
        let removal = Removal { of, ids, before, record: JournalId(parts.ids.next(at)), at, key: parts.audit_key };
        self.core.watched(self.store().remove(removal).await)
    }
}
