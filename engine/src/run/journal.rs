//! Entries to stored rows and back.
//!
//! webhook in -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> **log**
//!
//! `body` is a JSON list of [`What`]; `data` a JSON list of values in the same order, absent when all are null. How they are
//! packed is told in `pack.rs`: format 1 plain, format 2 with a text to refer to, format 3 as 2 but `data` begins with 16 random
//! bytes. A decoder is never removed.

use serde_json::Value;

use super::{Entry, What, pack};
use crate::audit;
use crate::clock::At;
use crate::ids::{ContactId, JournalId};
use crate::store::{JournalKind, JournalRow};

/// The format of rows whose values are salted by their person, or hold nothing personal.
pub const FORMAT: i64 = 2;
/// The format of rows about nobody known: their values begin with a salt of their own.
pub const SALTED: i64 = 3;
/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;

/// Why a stored row cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Written by a newer build.
    #[error("journal row {id} has format {format}, this build reads up to {SALTED}: use a newer build")]
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

/// Gives the values of a row about nobody known a salt of their own, so that their digest proves nothing once they are
/// erased. A row without values stays as it is.
pub fn salt(row: &mut JournalRow, salt: [u8; SALT_BYTES]) {
    if let Some(data) = &mut row.data {
        data.splice(..0, salt);
        row.data_digest = audit::data_digest(&[], data);
        row.format = SALTED;
    }
}

/// The zstd frame of a row's values.
fn frame(row: &JournalRow) -> Option<&[u8]> {
    frame_of(row.format, row.data.as_deref()?)
}

fn frame_of(format: i64, data: &[u8]) -> Option<&[u8]> {
    if format == SALTED { data.get(SALT_BYTES..) } else { Some(data) }
}

/// The values in the `data` of a row with this `format`, entry by entry; `None` when they cannot be read.
#[must_use]
pub fn values_of(format: i64, data: &[u8]) -> Option<Vec<Value>> {
    pack::read_journal(format, frame_of(format, data)?).ok()
}

/// The values of a row as JSON text; `None` when there are none or they cannot be read.
#[must_use]
pub fn values(row: &JournalRow) -> Option<Vec<u8>> {
    pack::journal_text(row.format, frame(row)?).ok()
}

/// Reads a row back. Values that were erased are null.
///
/// # Errors
/// When it was written by a newer build or is damaged.
pub fn decode(row: &JournalRow) -> Result<Vec<Entry>, Error> {
    if !(1..=SALTED).contains(&row.format) {
        return Err(Error::Format { id: row.id, format: row.format });
    }
    let damaged = |why: String| Error::Damaged { id: row.id, why };
    let what: Vec<What> = pack::read_journal(row.format, &row.body).map_err(damaged)?;
    let data: Vec<Value> = match frame(row) {
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
    fn a_row_about_nobody_known_is_salted_by_itself() {
        let nobody = Head { person: None, ..head(b"") };
        let bare = encode(nobody.clone(), &entries());
        let [mut one, mut other] = [bare.clone(), bare.clone()];
        salt(&mut one, [1; 16]);
        salt(&mut other, [2; 16]);
        assert!(one.data_digest != bare.data_digest && one.data_digest != other.data_digest);
        assert_eq!(one.data_digest, audit::data_digest(&[1; 16], bare.data.as_deref().unwrap()));
        assert_eq!(decode(&one), Ok(entries()));
        assert_eq!(values(&one), values(&bare));
        let mut silent = encode(nobody, &[Entry::bare(What::Erased)]);
        let before = silent.clone();
        salt(&mut silent, [1; 16]);
        assert_eq!(silent, before);
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
