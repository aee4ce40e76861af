//! Entries to stored rows and back.
//!
//! webhook in -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> **log**
//!
//! `body` is a JSON list of [`What`]; `data` a JSON list of values in the same order, absent when all are null. How they are
//! packed is told in `pack.rs`. A decoder is never removed.

use serde_json::Value;

use super::{Entry, What, pack};
use crate::audit;
use crate::clock::At;
use crate::ids::{ContactId, JournalId};
use crate::store::{JournalKind, JournalRow};

/// The format written.
pub const FORMAT: i64 = 2;

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
    let body = pack::journal(&entries.iter().map(|entry| &entry.what).collect::<Vec<_>>());
    let data = entries
        .iter()
        .any(|entry| !entry.data.is_null())
        .then(|| pack::journal(&entries.iter().map(|entry| &entry.data).collect::<Vec<_>>()));
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
    if !(1..=FORMAT).contains(&row.format) {
        return Err(Error::Format { id: row.id, format: row.format });
    }
    let damaged = |why: String| Error::Damaged { id: row.id, why };
    let what: Vec<What> = pack::read_journal(row.format, &row.body).map_err(damaged)?;
    let data: Vec<Value> = match &row.data {
        Some(data) => pack::read_journal(row.format, data).map_err(damaged)?,
        None => Vec::new(),
    };
    let mut data = data.into_iter();
    Ok(what.into_iter().map(|what| Entry { what, data: data.next().unwrap_or_default() }).collect())
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
        let body: Value = pack::read_journal(FORMAT, &row.body).unwrap();
        assert!(!body.to_string().contains("Li Wei"));
    }

    #[test]
    fn another_salt_gives_another_digest() {
        assert_ne!(encode(head(b"one"), &entries()).data_digest, encode(head(b"two"), &entries()).data_digest);
    }
}
