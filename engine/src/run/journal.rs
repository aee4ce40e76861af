//! Entries to stored rows and back.
//!
//! webhook in -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> **log**
//!
//! Format 1: `body` is the zstd frame of a JSON list of [`What`]; `data` that of a JSON list of values in the same order,
//! absent when all are null. A decoder is never removed.

use std::cell::RefCell;

use serde::Serialize;
use serde_json::Value;
use zstd::bulk::{Compressor, Decompressor};

use super::{Entry, What};
use crate::audit;
use crate::clock::At;
use crate::ids::{ContactId, JournalId};
use crate::store::{JournalKind, JournalRow};

/// The format written.
pub const FORMAT: i64 = 1;
/// Fast, and the rows are small: higher levels gain a few percent.
const LEVEL: i32 = 3;
/// Largest journal row we would read back, unpacked.
const MAX_UNPACKED: usize = 16 << 20;

/// Why a stored row cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Written by a newer build.
    #[error("journal row {id} has format {format}, this build reads up to {FORMAT}: use a newer build")]
    Format {
        /// The row.
        id: JournalId,
        /// Its format.
        format: i64,
    },
    /// Its bytes are damaged.
    #[error("journal row {id} is damaged: {why}")]
    Damaged {
        /// The row.
        id: JournalId,
        /// What the decoder said.
        why: String,
    },
}

/// Whose row it is, and what it is about.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// Its id.
    pub id: JournalId,
    /// What it is about.
    pub subject: i64,
    /// Place among the rows of its subject.
    pub seq: i64,
    /// What kind.
    pub kind: JournalKind,
    /// Who did it; empty for the engine.
    pub by: &'a str,
    /// Whose personal data it holds, with the salt that goes with them.
    pub person: Option<(ContactId, &'a [u8])>,
    /// When.
    pub at: At,
}

/// Makes the row of some entries.
#[must_use]
pub fn encode(head: Head<'_>, entries: &[Entry]) -> JournalRow {
    let body = pack(&entries.iter().map(|entry| &entry.what).collect::<Vec<_>>());
    let data = entries
        .iter()
        .any(|entry| !entry.data.is_null())
        .then(|| pack(&entries.iter().map(|entry| &entry.data).collect::<Vec<_>>()));
    let salt = head.person.map_or(&[][..], |(_, salt)| salt);
    let data_digest = data.as_ref().map(|data| audit::data_digest(salt, data)).unwrap_or_default();
    JournalRow {
        id: head.id,
        subject: head.subject,
        seq: head.seq,
        kind: head.kind,
        by: head.by.to_owned(),
        contact_id: head.person.map(|(contact, _)| contact),
        at: head.at,
        format: FORMAT,
        body,
        data,
        data_digest,
        strand: 0,
        block: 0,
    }
}

/// Reads a row back. Values that were erased are null.
///
/// # Errors
/// When it was written by a newer build or is damaged.
pub fn decode(row: &JournalRow) -> Result<Vec<Entry>, Error> {
    if row.format != FORMAT {
        return Err(Error::Format { id: row.id, format: row.format });
    }
    let damaged = |why: String| Error::Damaged { id: row.id, why };
    let what: Vec<What> = unpack(&row.body).map_err(damaged)?;
    let data: Vec<Value> = match &row.data {
        Some(data) => unpack(data).map_err(damaged)?,
        None => Vec::new(),
    };
    let mut data = data.into_iter();
    Ok(what.into_iter().map(|what| Entry { what, data: data.next().unwrap_or_default() }).collect())
}

thread_local! {
    /// One a thread, as making one costs more than packing a row with it.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    /// The same for reading.
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// A value as zstd of JSON.
pub(crate) fn pack<T: Serialize>(value: &T) -> Vec<u8> {
    let json = serde_json::to_vec(value).unwrap_or_default();
    let packed = PACKER.with_borrow_mut(|packer| match packer {
        Some(packer) => packer.compress(&json),
        None => packer.insert(Compressor::new(LEVEL)?).compress(&json),
    });
    packed.unwrap_or_default()
}

/// The value of [`pack`].
pub(crate) fn unpack<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    // Our frames say how large they are: no more than that is asked of the system.
    let told = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten();
    let size = told.and_then(|size| usize::try_from(size).ok()).map_or(MAX_UNPACKED, |size| size.min(MAX_UNPACKED));
    let json = UNPACKER.with_borrow_mut(|unpacker| match unpacker {
        Some(unpacker) => unpacker.decompress(bytes, size),
        None => unpacker.insert(Decompressor::new()?).decompress(bytes, size),
    });
    let json = json.map_err(|error| error.to_string())?;
    serde_json::from_slice(&json).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entries() -> Vec<Entry> {
        vec![
            Entry::bare(What::Received { event: "whatsapp.order_received".into() }),
            Entry { what: What::Decided { step: "2".into(), holds: true }, data: json!({ "contact.name": "Li Wei" }) },
        ]
    }

    fn head(salt: &[u8]) -> Head<'_> {
        let person = Some((ContactId(5), salt));
        Head { id: JournalId(1), subject: 7, seq: 0, kind: JournalKind::Turn, by: "", person, at: At(1) }
    }

    #[test]
    fn a_row_reads_back_as_it_was_written() {
        let row = encode(head(b"salt"), &entries());
        assert_eq!(decode(&row), Ok(entries()));
    }

    #[test]
    fn an_erased_row_keeps_its_structure_and_its_leaf() {
        let mut row = encode(head(b"salt"), &entries());
        let before = audit::leaf(&row);
        row.data = None;
        assert_eq!(audit::leaf(&row), before);
        let read = decode(&row).unwrap();
        assert_eq!(read[1].what, entries()[1].what);
        assert_eq!(read[1].data, Value::Null);
    }

    #[test]
    fn the_structure_names_nobody() {
        let row = encode(head(b"salt"), &entries());
        let body: Value = unpack(&row.body).unwrap();
        assert!(!body.to_string().contains("Li Wei"));
    }

    #[test]
    fn another_salt_gives_another_digest() {
        assert_ne!(encode(head(b"one"), &entries()).data_digest, encode(head(b"two"), &entries()).data_digest);
    }
}
