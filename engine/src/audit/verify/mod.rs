//! Checking the chain: [`Verifier`] is fed blocks and rows in order, and says what does not fit.
//!
//! It proves that no row was changed, removed or inserted; with anchors kept outside, also that no tail was cut and nothing
//! rewritten whole. Without an anchor from outside it proves consistency, not honesty.

mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::removals::Removals;
use super::{ANCHORS, Anchor, Head, LEAF_BYTES, block_hash, data_digest, leaf, leaf_at, marks, seal};
use crate::ids::{ContactId, JournalId};
use crate::store::{BlockRow, JournalKind, JournalRow, SaltedRow};

pub use store::verify;
pub(super) use store::with_rows;
/// Findings listed; more are only counted.
const MOST: usize = 100;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AuditReport")]
pub struct Report {
    /// Blocks seen, anchors not counted.
    pub blocks: u64,
    /// Journal rows seen.
    pub rows: u64,
    /// Anchors seen.
    pub anchors: u64,
    /// Rows whose personal data were erased.
    pub erased: u64,
    /// Rows that were removed because of their age, each by a sealed record.
    pub removed: u64,
    /// How many things do not fit.
    pub problems: u64,
    /// The first hundred of them, in words.
    pub findings: Vec<String>,
}

impl Report {
    /// Whether everything fits.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.problems == 0
    }
}

/// Takes blocks in order of (strand, n), each with its rows.
#[derive(Debug, Default)]
pub struct Verifier {
    report: Report,
    key: Option<[u8; 32]>,
    last: Option<BlockRow>,
    /// What anchors say about blocks still to come: their hash, hex, and who says so.
    promised: BTreeMap<(i64, i64), (String, String)>,
    /// The people and subjects whose erasure was journaled.
    erased: BTreeSet<i64>,
    /// Rows whose values are gone, one of each (person, subject).
    missing: BTreeMap<(Option<ContactId>, i64), JournalId>,
    /// Rows that are gone with all they held.
    removals: Removals,
}

impl Verifier {
    /// A check with the audit key, if it is at hand, against anchors kept outside.
    #[must_use]
    pub fn new(key: Option<[u8; 32]>, against: &[Anchor]) -> Self {
        let mut verifier = Self { key, ..Self::default() };
        for anchor in against {
            let says = format!("the anchor of {} kept outside", anchor.at);
            verifier.promise((ANCHORS, anchor.n), &anchor.hash, &says);
            for Head { strand, n, hash } in &anchor.heads {
                verifier.promise((*strand, *n), hash, &says);
            }
        }
        verifier
    }

    /// Takes the records of removals that were there when the check began, before any block.
    pub fn removals(&mut self, records: &[JournalRow]) {
        for words in self.removals.begin(records, self.key) {
            self.problem(words);
        }
    }

    fn problem(&mut self, words: String) {
        self.report.problems += 1;
        if self.report.findings.len() < MOST {
            self.report.findings.push(words);
        }
    }

    fn promise(&mut self, block: (i64, i64), hash: &str, says: &str) {
        match self.promised.get(&block) {
            Some((known, by)) if known != hash => {
                let words = format!("{says} and {by} disagree about block {} of strand {}", block.1, block.0);
                self.problem(words);
            }
            Some(_) => {}
            None => drop(self.promised.insert(block, (hash.to_owned(), says.to_owned()))),
        }
    }

    /// The next block, with its rows in the order of its leaves.
    pub fn block(&mut self, block: BlockRow, rows: &[SaltedRow]) {
        let name = format!("block {} of strand {}", block.n, block.strand);
        self.link(&block, &name);
        let hash = block_hash(block.strand, block.n, block.at, &block.prev, &block.leaves);
        if hash[..] != block.hash {
            self.problem(format!("{name}: its hash does not fit its content"));
        }
        if let Some((promised, by)) = self.promised.remove(&(block.strand, block.n))
            && promised != hex::encode(&block.hash)
        {
            self.problem(format!("{name}: {by} knows it with another hash: it was rewritten"));
        }
        if block.strand == ANCHORS {
            self.anchor(&block, &name);
        } else {
            self.report.blocks += 1;
            self.rows(&block, rows, &name);
        }
        self.last = Some(block);
    }

    fn link(&mut self, block: &BlockRow, name: &str) {
        let before = self.last.as_ref().filter(|last| last.strand == block.strand);
        let (n, prev) = before.map_or((0, vec![0; 32]), |last| (last.n, last.hash.clone()));
        if block.n != n + 1 {
            self.problem(format!("{name}: blocks {} to {} before it are missing", n + 1, block.n - 1));
        } else if block.prev != prev {
            self.problem(format!("{name}: it does not follow the block before it"));
        }
    }

    fn anchor(&mut self, block: &BlockRow, name: &str) {
        self.report.anchors += 1;
        if self.key.is_some_and(|key| seal(&key, &block.hash) != block.mac) {
            self.problem(format!("{name}: its seal was not made with this audit key"));
        }
        let Ok(heads) = serde_json::from_slice::<Vec<Head>>(&block.leaves) else {
            return self.problem(format!("{name}: its heads cannot be read"));
        };
        let says = format!("the anchor of {}", block.at);
        for Head { strand, n, hash } in heads {
            self.promise((strand, n), &hash, &says);
        }
    }

    fn rows(&mut self, block: &BlockRow, rows: &[SaltedRow], name: &str) {
        let written = block.leaves.len() / LEAF_BYTES;
        let mut known: BTreeSet<&[u8]> = block.leaves.chunks(LEAF_BYTES).collect();
        let Some(gone) = marks(&block.gone) else {
            return self.problem(format!("{name}: what is said of its removed rows cannot be read"));
        };
        for mark in &gone {
            match leaf_at(&block.leaves, mark.place).filter(|leaf| known.remove(leaf)) {
                Some(leaf) => self.removals.note((block.strand, block.n), *mark, leaf),
                None => self.problem(format!("{name}: a row is said to be removed that it never had, or twice")),
            }
        }
        self.report.removed += gone.len() as u64;
        if written != rows.len() + gone.len() {
            let words = format!("{name}: it was written with {written} rows and has {}", rows.len());
            self.problem(if gone.is_empty() { words } else { format!("{words}; {} were removed", gone.len()) });
        }
        for SaltedRow { row, salt } in rows {
            self.report.rows += 1;
            if !known.contains(&leaf(row)[..]) {
                self.problem(format!("{}: the row is not as it was written ({name})", row.id));
            }
            self.data(row, salt.as_deref());
        }
    }

    fn data(&mut self, row: &JournalRow, salt: Option<&[u8]>) {
        if row.kind == JournalKind::Erasure {
            self.erased.insert(row.subject);
        }
        match (&row.data, row.data_digest.is_empty()) {
            (None, true) => {}
            (None, false) => {
                self.report.erased += 1;
                self.missing.entry((row.contact_id, row.subject)).or_insert(row.id);
            }
            (Some(data), _) => {
                if data_digest(salt.unwrap_or_default(), data) != row.data_digest {
                    self.problem(format!("{}: its values are not as they were written", row.id));
                }
            }
        }
    }

    /// Ends the check. `stored` is how many journal rows there are in all, without those of blocks after the ones seen; `later` are
    /// records of removals that came since it began.
    #[must_use]
    pub fn finish(mut self, stored: u64, later: &[JournalRow]) -> Report {
        let (words, went) = std::mem::take(&mut self.removals).end(later, self.key);
        words.into_iter().for_each(|words| self.problem(words));
        for ((strand, n), (_, by)) in std::mem::take(&mut self.promised) {
            self.problem(format!("block {n} of strand {strand} is missing although {by} knows it: a tail was cut"));
        }
        // What was seen may have been removed since.
        if stored > self.report.rows || stored.saturating_add(went) < self.report.rows {
            let words = format!("{stored} journal rows are stored, the blocks hold {}", self.report.rows);
            self.problem(words);
        }
        for ((contact, subject), row) in std::mem::take(&mut self.missing) {
            if !self.erased.contains(&contact.map_or(subject, |contact| contact.0)) {
                let whose = contact.map_or_else(|| "what it is about".into(), |contact| contact.to_string());
                self.problem(format!("{row}: its values are gone, and no erasure of {whose} was journaled"));
            }
        }
        self.report
    }
}
