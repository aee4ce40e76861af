//! The audit chain: what makes a change of the journal visible.
//!
//! Each journal row has a leaf over its stored bytes; of personal data it covers only a salted digest, so erasing a person
//! leaves the chain whole. Each group commit is one block over the leaves of its rows; blocks of one process start form a
//! strand. Strand 0 holds anchors: the heads of the strands that moved, sealed with a key that is kept outside the database.
//! Whoever holds an older anchor can tell that no tail was cut and nothing rewritten whole.

mod export;
mod removal;
mod removals;
mod verify;

use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::At;
use crate::store::JournalRow;

pub use export::{Line, export};
pub use removal::{Aged, LeafDigest, Mark, Removed, leaf_at, marked, marks};
pub use verify::{Report, Verifier, verify};

/// The strand that holds anchors.
pub const ANCHORS: i64 = 0;
/// Bytes of a leaf kept in its block.
pub const LEAF_BYTES: usize = 16;

/// The digest of personal data that the chain covers instead of the data: SHA-256(salt ‖ data).
#[must_use]
pub fn data_digest(salt: &[u8], data: &[u8]) -> Vec<u8> {
    Sha256::new().chain_update(salt).chain_update(data).finalize().to_vec()
}

/// The leaf of a row: the first 16 bytes of SHA-256 over its stored fields, each variable one preceded by its length.
#[must_use]
pub fn leaf(row: &JournalRow) -> [u8; LEAF_BYTES] {
    let mut hash = Sha256::new();
    let contact = row.contact_id.map_or(0, |contact| contact.0);
    for number in [row.id.0, row.subject, row.seq, row.kind as i64, contact, row.at.0, row.format] {
        hash.update(number.to_be_bytes());
    }
    for bytes in [row.by.as_bytes(), &row.body, &row.data_digest] {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    let mut leaf = [0; LEAF_BYTES];
    leaf.copy_from_slice(&hash.finalize()[..LEAF_BYTES]);
    leaf
}

/// The hash of a block: SHA-256("swb1" ‖ strand ‖ n ‖ at ‖ prev ‖ leaves).
#[must_use]
pub fn block_hash(strand: i64, n: i64, at: At, prev: &[u8], leaves: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"swb1");
    for number in [strand, n, at.0] {
        hash.update(number.to_be_bytes());
    }
    hash.update(prev);
    hash.update(leaves);
    hash.finalize().into()
}

/// The end of a strand at some moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AuditHead")]
pub struct Head {
    /// The strand.
    pub strand: i64,
    /// Its last block.
    pub n: i64,
    /// That block's hash, hex.
    pub hash: String,
}

/// An anchor as it is printed to the log and kept outside: one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Anchor {
    /// Its number in strand 0.
    pub n: i64,
    /// When.
    pub at: At,
    /// Hash of the anchor before, hex; zeros for the first.
    pub prev: String,
    /// The heads of the strands that moved since the anchor before, by strand; those of the others are in anchors before,
    /// which `prev` holds fast. The first anchor of a process may repeat them.
    pub heads: Vec<Head>,
    /// Its block's hash, hex.
    pub hash: String,
    /// HMAC-SHA256 of `hash` with the audit key, hex.
    pub mac: String,
}

/// Makes anchor number `n` over `heads`.
#[must_use]
pub fn anchor(n: i64, at: At, prev: &[u8], heads: Vec<Head>, key: &[u8; 32]) -> Anchor {
    let hash = block_hash(ANCHORS, n, at, prev, &anchor_leaves(&heads));
    Anchor { n, at, prev: hex::encode(prev), heads, hash: hex::encode(hash), mac: hex::encode(seal(key, &hash)) }
}

/// What the block of an anchor holds as its leaves: the heads as JSON.
#[must_use]
pub fn anchor_leaves(heads: &[Head]) -> Vec<u8> {
    serde_json::to_vec(heads).unwrap_or_default()
}

/// HMAC-SHA256 of a block's hash.
#[must_use]
pub fn seal(key: &[u8; 32], hash: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(hash);
    mac.finalize().into_bytes().to_vec()
}
