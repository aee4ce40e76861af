//! An export of the audit log: one JSON object a line, enough to read it and to check the chain without our code.
//!
//! To check: a row's leaf is the first 16 bytes of SHA-256 over id, subject, seq, kind, contact, at, format (each as eight
//! bytes, big endian), then by, body, digest, each preceded by its length in the same form. A block's hash is SHA-256 over
//! `swb1`, strand, n, at, prev and its leaves. Blocks of a strand follow each other by `prev`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::verify::with_rows;
use crate::clock::At;
use crate::run::journal;
use crate::store::{self, JournalRow, Reads};

/// Blocks read at a time.
const PAGE: u32 = 200;

/// One line of an export: what an outsider needs to check the chain, and what it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// A block; its rows follow.
    Block {
        /// The strand.
        strand: i64,
        /// Its number.
        n: i64,
        /// When.
        at: At,
        /// Hash of the block before, hex.
        prev: String,
        /// Its hash, hex.
        hash: String,
        /// Its leaves, hex; an anchor's heads as hex of their JSON.
        leaves: String,
        /// An anchor's seal, hex.
        mac: String,
        /// Which of its rows were removed, hex: for each the leaf's place as four bytes and the id of the record as eight.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        gone: String,
    },
    /// A journal row. `body` and `digest` are what the leaf covers; `entries` is their meaning.
    Row {
        /// Its id as the number the leaf covers.
        id: i64,
        /// What it is about.
        subject: i64,
        /// Place among the subject's rows.
        seq: i64,
        /// Its kind's number.
        kind: i64,
        /// Who.
        by: String,
        /// Whose data; 0 = nobody's.
        contact: i64,
        /// When.
        at: At,
        /// Encoding.
        format: i64,
        /// The stored structure, hex.
        body: String,
        /// Digest of the values, hex; empty when there were none.
        digest: String,
        /// The structure and, unless masked, the values, readable.
        entries: serde_json::Value,
    },
}

/// Hands the whole log to `take`, line by line, oldest block of each strand first. With `values` false, personal values stay out.
///
/// # Errors
/// When the store cannot be read, or `take` says stop.
pub async fn export<S: Reads, E: From<store::Error>>(
    store: &S,
    values: bool,
    mut take: impl FnMut(Line) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let page = store.blocks(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = (last.strand, last.n);
        for block in page {
            let (block, rows) = with_rows(store, block).await?;
            take(Line::Block {
                strand: block.strand,
                n: block.n,
                at: block.at,
                prev: hex::encode(&block.prev),
                hash: hex::encode(&block.hash),
                leaves: hex::encode(&block.leaves),
                mac: hex::encode(&block.mac),
                gone: hex::encode(&block.gone),
            })?;
            for row in rows {
                take(line_of(&row.row, values))?;
            }
        }
    }
}

fn line_of(row: &JournalRow, values: bool) -> Line {
    let entries = journal::decode(row).map_or_else(
        |error| Value::from(error.to_string()),
        |mut entries| {
            if !values {
                entries.iter_mut().for_each(|entry| entry.data = Value::Null);
            }
            serde_json::to_value(entries).unwrap_or_default()
        },
    );
    Line::Row {
        id: row.id.0,
        subject: row.subject,
        seq: row.seq,
        kind: row.kind as i64,
        by: row.by.clone(),
        contact: row.contact_id.map_or(0, |contact| contact.0),
        at: row.at,
        format: row.format,
        body: hex::encode(&row.body),
        digest: hex::encode(&row.data_digest),
        entries,
    }
}
