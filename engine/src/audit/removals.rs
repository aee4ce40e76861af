//! Comparing what blocks say is gone with the sealed records of its removal.

use std::collections::{BTreeMap, BTreeSet};

use super::removal::{LeafDigest, Mark, Removed};
use crate::ids::JournalId;
use crate::store::JournalRow;

/// The records, and the leaves that blocks say went by each.
#[derive(Debug, Default)]
pub(super) struct Removals {
    records: BTreeMap<JournalId, Removed>,
    found: BTreeMap<JournalId, LeafDigest>,
}

impl Removals {
    /// Takes records; says what is wrong with them.
    pub(super) fn begin(&mut self, rows: &[JournalRow], key: Option<[u8; 32]>) -> Vec<String> {
        let mut problems = Vec::new();
        for row in rows {
            match sealed(row, key) {
                Ok(record) => drop(self.records.insert(row.id, record)),
                Err(words) => problems.push(words),
            }
        }
        problems
    }

    /// A block says of one of its leaves that its row is gone. Blocks come in order.
    pub(super) fn note(&mut self, block: (i64, i64), mark: Mark, leaf: &[u8]) {
        self.found.entry(mark.record).or_default().add(block, mark.place, leaf);
    }

    /// Says what does not fit, and how many rows went by records that came `later` than the first block was read: of these some
    /// blocks tell and some do not.
    pub(super) fn end(mut self, later: &[JournalRow], key: Option<[u8; 32]>) -> (Vec<String>, u64) {
        let (mut problems, mut since, mut went) = (Vec::new(), BTreeSet::new(), 0);
        for row in later {
            match sealed(row, key) {
                Ok(record) => {
                    went += record.leaves;
                    since.insert(row.id);
                }
                Err(words) => problems.push(words),
            }
        }
        for (id, record) in self.records {
            let (leaves, digest) = self.found.remove(&id).unwrap_or_default().finish();
            if (leaves, &digest) != (record.leaves, &record.digest) {
                problems.push(format!(
                    "{id}: it records that {} rows of the journal were removed, and {leaves} are missing by it, or others",
                    record.leaves
                ));
            }
        }
        for (id, found) in self.found.into_iter().filter(|(id, _)| !since.contains(id)) {
            problems.push(format!("{} rows are missing by a removal {id} that was never recorded", found.finish().0));
        }
        (problems, went)
    }
}

/// The record in a row, if its seal was made with the key.
fn sealed(row: &JournalRow, key: Option<[u8; 32]>) -> Result<Removed, String> {
    let record = Removed::of_row(row).ok_or_else(|| format!("{}: the record of a removal cannot be read", row.id))?;
    if key.is_some_and(|key| record.seal(row.id, &key) != record.mac) {
        return Err(format!("{}: the record of a removal was not sealed with this audit key", row.id));
    }
    Ok(record)
}
