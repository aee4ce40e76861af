//! Checking the chain: [`Verifier`] is fed blocks and rows in order, and says what does not fit.
//!
//! It proves that no row was changed, removed or inserted; with anchors kept outside, also that no tail was cut and nothing
//! rewritten whole. Without an anchor from outside it proves consistency, not honesty.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::removals::Removals;
use super::{ANCHORS, Anchor, Head, LEAF_BYTES, block_hash, data_digest, leaf, leaf_at, marks, seal};
use crate::ids::{ContactId, JournalId};
use crate::store::{self, BlockRow, JournalKind, JournalRow, Reads, SaltedRow};

/// Blocks read at a time.
const PAGE: u32 = 500;
/// How often a block is read anew whose rows are being removed.
const AGAIN: u32 = 8;
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

/// Checks the chain of a store.
///
/// # Errors
/// When the store cannot be read.
pub async fn verify<S: Reads>(store: &S, key: Option<[u8; 32]>, against: &[Anchor]) -> Result<Report, store::Error> {
    let mut verifier = Verifier::new(key, against);
    let mut record = JournalId(i64::MIN);
    loop {
        let page = store.removals(record, PAGE).await?;
        let Some(last) = page.last() else { break };
        record = last.id;
        verifier.removals(&page);
    }
    let mut after = (i64::MIN, i64::MIN);
    // The last block seen of each strand: the server may write more while this runs. Anchors hold no rows.
    let mut heads: BTreeMap<i64, i64> = BTreeMap::new();
    loop {
        let page = store.blocks(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = (last.strand, last.n);
        heads.extend(page.iter().filter(|block| block.strand != ANCHORS).map(|block| (block.strand, block.n)));
        for block in page {
            let (block, rows) = with_rows(store, block).await?;
            verifier.block(block, &rows);
        }
    }
    let stored = store.journal_count(heads.into_iter().collect()).await?;
    let mut later = Vec::new();
    loop {
        let page = store.removals(record, PAGE).await?;
        let Some(last) = page.last() else { return Ok(verifier.finish(stored, &later)) };
        record = last.id;
        later.extend(page);
    }
}

/// A block with its rows, both as of one moment: rows may be removed while it is read.
pub(super) async fn with_rows<S: Reads>(
    store: &S,
    mut block: BlockRow,
) -> Result<(BlockRow, Vec<SaltedRow>), store::Error> {
    if block.strand == ANCHORS {
        return Ok((block, Vec::new()));
    }
    let whole = |block: &BlockRow, rows: &[SaltedRow]| {
        rows.len() + marks(&block.gone).map_or(0, |gone| gone.len()) == block.leaves.len() / LEAF_BYTES
    };
    let mut rows = store.block_rows(block.strand, block.n).await?;
    for _ in 0..AGAIN {
        if whole(&block, &rows) {
            break;
        }
        let again = store.blocks((block.strand, block.n - 1), 1).await?;
        // One that is gone, or has become another, is told of as it was read first.
        let Some(again) = again.into_iter().next().filter(|again| (again.strand, again.n) == (block.strand, block.n))
        else {
            break;
        };
        block = again;
        rows = store.block_rows(block.strand, block.n).await?;
    }
    Ok((block, rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::anchor;
    use crate::clock::At;

    fn row(id: i64) -> JournalRow {
        JournalRow {
            id: JournalId(id),
            subject: 7,
            seq: id,
            kind: JournalKind::Turn,
            by: String::new(),
            contact_id: Some(ContactId(5)),
            at: At(id),
            format: 1,
            body: vec![1, 2, 3],
            data: Some(b"values".to_vec()),
            data_digest: data_digest(b"salt", b"values"),
            strand: 9,
            block: 1,
        }
    }

    fn block(n: i64, prev: &[u8], rows: &[JournalRow]) -> BlockRow {
        let leaves: Vec<u8> = rows.iter().flat_map(leaf).collect();
        let hash = block_hash(9, n, At(n), prev, &leaves).to_vec();
        BlockRow { strand: 9, n, at: At(n), prev: prev.to_vec(), hash, leaves, mac: Vec::new(), gone: Vec::new() }
    }

    fn salted(rows: Vec<JournalRow>) -> Vec<SaltedRow> {
        rows.into_iter().map(|row| SaltedRow { row, salt: Some(b"salt".to_vec()) }).collect()
    }

    fn two_blocks() -> [(BlockRow, Vec<JournalRow>); 2] {
        let first = block(1, &[0; 32], &[row(1), row(2)]);
        let second = block(2, &first.hash, &[row(3)]);
        [(first, vec![row(1), row(2)]), (second, vec![row(3)])]
    }

    fn check(blocks: Vec<(BlockRow, Vec<JournalRow>)>, against: &[Anchor]) -> Report {
        let mut verifier = Verifier::new(None, against);
        let stored = blocks.iter().map(|(_, rows)| rows.len() as u64).sum();
        for (block, rows) in blocks {
            verifier.block(block, &salted(rows));
        }
        verifier.finish(stored, &[])
    }

    #[test]
    fn an_untouched_chain_is_clean() {
        let report = check(two_blocks().to_vec(), &[]);
        assert!(report.clean(), "{report:?}");
        assert_eq!((report.blocks, report.rows), (2, 3));
    }

    #[test]
    fn a_removed_row_is_found() {
        let [(first, _), second] = two_blocks();
        assert!(!check(vec![(first, vec![row(1)]), second], &[]).clean());
    }

    #[test]
    fn a_changed_row_and_a_changed_value_are_found() {
        let [(first, _), second] = two_blocks();
        let changed = JournalRow { at: At(99), ..row(2) };
        assert!(!check(vec![(first.clone(), vec![row(1), changed]), second.clone()], &[]).clean());
        let changed = JournalRow { data: Some(b"other".to_vec()), ..row(2) };
        assert!(!check(vec![(first, vec![row(1), changed]), second], &[]).clean());
    }

    #[test]
    fn a_removed_block_is_found() {
        let [_, second] = two_blocks();
        assert!(!check(vec![second], &[]).clean());
    }

    #[test]
    fn a_cut_tail_and_a_rewritten_chain_are_found_by_an_anchor_kept_outside() {
        let [first, second] = two_blocks();
        let head = Head { strand: 9, n: 2, hash: hex::encode(&second.0.hash) };
        let mut kept = anchor(1, At(3), &[0; 32], vec![head], &[1; 32]);
        let sealed = BlockRow {
            strand: 0,
            n: 1,
            at: At(3),
            prev: vec![0; 32],
            hash: hex::decode(&kept.hash).unwrap(),
            leaves: super::super::anchor_leaves(&kept.heads),
            mac: hex::decode(&kept.mac).unwrap(),
            gone: Vec::new(),
        };
        let whole = vec![(sealed.clone(), vec![]), first.clone(), second];
        assert!(check(whole, std::slice::from_ref(&kept)).clean());
        assert!(!check(vec![(sealed, vec![]), first.clone()], std::slice::from_ref(&kept)).clean(), "tail");
        kept.n = 1;
        let rewritten = block(2, &first.0.hash, &[row(4)]);
        assert!(!check(vec![first, (rewritten, vec![row(4)])], &[kept]).clean(), "rewritten");
    }

    #[test]
    fn erased_values_need_an_erasure_in_the_journal() {
        let gone = JournalRow { data: None, ..row(1) };
        let first = block(1, &[0; 32], &[row(1)]);
        assert!(!check(vec![(first.clone(), vec![gone.clone()])], &[]).clean());
        let erasure = JournalRow { kind: JournalKind::Erasure, subject: 5, data: None, data_digest: vec![], ..row(2) };
        let second = block(2, &first.hash, std::slice::from_ref(&erasure));
        let report = check(vec![(first, vec![gone]), (second, vec![erasure])], &[]);
        assert!(report.clean(), "{report:?}");
        assert_eq!(report.erased, 1);
    }

    #[test]
    fn erased_values_of_nobody_need_an_erasure_of_what_they_were_about() {
        let nobody = JournalRow { contact_id: None, ..row(1) };
        let gone = JournalRow { data: None, ..nobody.clone() };
        let first = block(1, &[0; 32], &[nobody]);
        for (subject, clean) in [(7, true), (5, false), (0, false)] {
            let erasure = JournalRow { kind: JournalKind::Erasure, subject, data: None, data_digest: vec![], ..row(2) };
            let second = block(2, &first.hash, std::slice::from_ref(&erasure));
            let report = check(vec![(first.clone(), vec![gone.clone()]), (second, vec![erasure])], &[]);
            assert_eq!(report.clean(), clean, "{subject}: {report:?}");
        }
    }

    #[test]
    fn an_anchor_sealed_with_another_key_is_found() {
        let kept = anchor(1, At(3), &[0; 32], Vec::new(), &[1; 32]);
        let sealed = BlockRow {
            strand: 0,
            n: 1,
            at: At(3),
            prev: vec![0; 32],
            hash: hex::decode(&kept.hash).unwrap(),
            leaves: b"[]".to_vec(),
            mac: hex::decode(&kept.mac).unwrap(),
            gone: Vec::new(),
        };
        for (key, clean) in [([1; 32], true), ([2; 32], false)] {
            let mut verifier = Verifier::new(Some(key), &[]);
            verifier.block(sealed.clone(), &[]);
            assert_eq!(verifier.finish(0, &[]).clean(), clean);
        }
    }
}
