//! What retention removed: a record of each group, which the chain holds like any row and the audit key seals.
//!
//! A block keeps the leaves of rows that are gone, and so its hash. Its marks say which of them are gone and by which record;
//! the record holds a digest of exactly these leaves. So a row that is missing without a record is found, and nobody without the
//! key can make a record.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{LEAF_BYTES, seal};
use crate::clock::At;
use crate::ids::JournalId;
use crate::run::journal::{self, Head};
use crate::run::{Entry, What};
use crate::store::{JournalKind, JournalRow};

/// Bytes of a mark: four of the leaf's place, eight of the record's id.
const MARK_BYTES: usize = 12;

/// What ages. In this order it is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aged {
    /// Finished runs with their history.
    Runs,
    /// Messages in and out.
    Messages,
    /// What people here said and noted.
    Said,
    /// Events with what rules and triggers made of them.
    Events,
    /// Received items that could not be read.
    BadItems,
}

impl Aged {
    /// All of them, in the order in which they go.
    pub const ALL: [Self; 5] = [Self::Runs, Self::Messages, Self::Said, Self::Events, Self::BadItems];
}

/// A group of things that were removed together. Stored in the journal: fields are only added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Removed {
    /// What they were.
    pub of: Aged,
    /// They were older than this.
    pub before: At,
    /// The first one's id.
    pub first: String,
    /// The last one's id.
    pub last: String,
    /// How many rows went, by table.
    pub rows: BTreeMap<String, u64>,
    /// How many of them were rows of the journal.
    pub leaves: u64,
    /// [`LeafDigest`] of these, hex.
    pub digest: String,
    /// HMAC-SHA256 with the audit key over all of the above and the row's id, hex.
    pub mac: String,
}

impl Removed {
    /// The seal that belongs to it.
    #[must_use]
    pub fn seal(&self, id: JournalId, key: &[u8; 32]) -> String {
        let mut hash = Sha256::new_with_prefix(b"swr1");
        hash.update(id.0.to_be_bytes());
        hash.update([self.of as u8]);
        for number in [self.before.0, self.leaves.cast_signed(), self.rows.len() as i64] {
            hash.update(number.to_be_bytes());
        }
        let mut bytes = |bytes: &str| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        bytes(&self.first);
        bytes(&self.last);
        for (table, rows) in &self.rows {
            bytes(table);
            bytes(&rows.to_string());
        }
        bytes(&self.digest);
        hex::encode(seal(key, &hash.finalize()))
    }

    /// The row of the journal that holds it, sealed.
    #[must_use]
    pub fn row(mut self, id: JournalId, at: At, key: &[u8; 32]) -> JournalRow {
        self.mac = self.seal(id, key);
        let head = Head { id, subject: id.0, seq: 0, kind: JournalKind::Retention, by: "", person: None, at };
        journal::encode(head, &[Entry::bare(What::Removed(Box::new(self)))])
    }

    /// The record that a row of the journal holds; `None` when it holds none.
    #[must_use]
    pub fn of_row(row: &JournalRow) -> Option<Self> {
        let entry = journal::decode(row).ok()?.into_iter().next()?;
        if let What::Removed(removed) = entry.what { Some(*removed) } else { None }
    }
}

/// A digest over leaves in the order of (strand, block, place): SHA-256 over these three as eight bytes each and the leaf.
#[derive(Clone, Debug, Default)]
pub struct LeafDigest {
    hash: Sha256,
    leaves: u64,
}

impl LeafDigest {
    /// Adds the next leaf.
    pub fn add(&mut self, (strand, n): (i64, i64), place: u32, leaf: &[u8]) {
        for number in [strand, n, i64::from(place)] {
            self.hash.update(number.to_be_bytes());
        }
        self.hash.update(leaf);
        self.leaves += 1;
    }

    /// How many leaves there were, and their digest, hex.
    #[must_use]
    pub fn finish(self) -> (u64, String) {
        (self.leaves, hex::encode(self.hash.finalize()))
    }
}

/// Says of a leaf that its row is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Which leaf of the block, from 0.
    pub place: u32,
    /// The record of its removal.
    pub record: JournalId,
}

/// Reads the marks of a block; `None` when they are damaged.
#[must_use]
pub fn marks(gone: &[u8]) -> Option<Vec<Mark>> {
    let (marks, rest) = gone.as_chunks::<MARK_BYTES>();
    let mark = |bytes: &[u8; MARK_BYTES]| {
        let (place, record) = bytes.split_first_chunk::<4>()?;
        let record = JournalId(i64::from_be_bytes(record.try_into().ok()?));
        Some(Mark { place: u32::from_be_bytes(*place), record })
    };
    if rest.is_empty() { marks.iter().map(mark).collect() } else { None }
}

/// Writes the marks of a block, in the order of their places.
#[must_use]
pub fn marked(mut marks: Vec<Mark>) -> Vec<u8> {
    marks.sort_unstable();
    marks.iter().flat_map(|mark| mark.place.to_be_bytes().into_iter().chain(mark.record.0.to_be_bytes())).collect()
}

/// The leaf at a place of a block.
#[must_use]
pub fn leaf_at(leaves: &[u8], place: u32) -> Option<&[u8]> {
    let from = usize::try_from(place).ok()?.checked_mul(LEAF_BYTES)?;
    leaves.get(from..from.checked_add(LEAF_BYTES)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed() -> Removed {
        Removed {
            of: Aged::Runs,
            before: At(5),
            first: "run_1".into(),
            last: "run_2".into(),
            rows: BTreeMap::from([("run".into(), 2)]),
            leaves: 1,
            digest: "00".into(),
            mac: String::new(),
        }
    }

    #[test]
    fn a_record_reads_back_and_its_seal_covers_all_of_it() {
        let row = removed().row(JournalId(7), At(9), &[1; 32]);
        let read = Removed::of_row(&row).unwrap();
        let seal = |removed: &Removed, id: i64| removed.seal(JournalId(id), &[1; 32]);
        assert_eq!(read.mac, seal(&read, 7));
        assert_eq!(Removed { mac: String::new(), ..read.clone() }, removed());
        let others = [
            Removed { of: Aged::Events, ..removed() },
            Removed { before: At(6), ..removed() },
            Removed { first: "run_0".into(), ..removed() },
            Removed { last: "run_3".into(), ..removed() },
            Removed { rows: BTreeMap::from([("run".into(), 3)]), ..removed() },
            Removed { leaves: 2, ..removed() },
            Removed { digest: "01".into(), ..removed() },
        ];
        for other in &others {
            assert_ne!(seal(other, 7), read.mac, "{other:?}");
        }
        assert_ne!(seal(&read, 8), read.mac);
        assert_ne!(read.seal(JournalId(7), &[2; 32]), read.mac);
    }

    #[test]
    fn marks_read_back_in_order_and_damaged_ones_are_none() {
        let [one, two] = [(3, 9), (1, 12)].map(|(place, record)| Mark { place, record: JournalId(record) });
        let bytes = marked(vec![one, two]);
        assert_eq!(marks(&bytes), Some(vec![two, one]));
        assert_eq!(marks(&bytes[1..]), None);
        assert_eq!(marks(&[]), Some(vec![]));
    }
}
