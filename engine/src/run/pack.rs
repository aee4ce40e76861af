//! Values as stored bytes: JSON, packed by zstd. The row's `format` says how.
//!
//! - 1: a plain frame.
//! - 2, journal: a frame that refers to `pack.2.txt`, a text that every build carries: a blob of a hundred bytes has nothing
//!   of its own to refer to. `zstd -d -D pack.2.txt` unpacks one.
//! - 3, journal: as 2. (What else is different about such a row is told in `journal.rs`.)
//! - 2, state: plain JSON where it is short, else a plain frame; the first byte tells.

use std::cell::RefCell;
use std::sync::LazyLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// What format 2 of the journal refers to. Stored rows cannot be read without it: it is never changed, a better one is
/// another number.
const TEXT_2: &[u8] = include_bytes!("pack.2.txt");
/// Fast, and the blobs are small: higher levels gain a few percent.
const LEVEL: i32 = 1;
/// Largest value we would read back, unpacked.
const MAX_UNPACKED: usize = 16 << 20;
/// States up to this many bytes are stored as they are: packing costs more than the bytes it saves, as a state is written at
/// every turn and dropped at the end.
const PLAIN: usize = 2048;

static PACKING_2: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(TEXT_2, LEVEL));
static UNPACKING_2: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(TEXT_2));

thread_local! {
    /// One a thread, as making one costs more than packing a row with it.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// The bytes of a journal blob in format 2.
pub(super) fn journal<T: Serialize>(value: &T) -> Vec<u8> {
    let json = serde_json::to_vec(value).unwrap_or_default();
    let packed = PACKER.with_borrow_mut(|packer| match packer {
        Some(packer) => packer.compress(&json),
        None => packer.insert(Compressor::with_prepared_dictionary(&PACKING_2)?).compress(&json),
    });
    packed.unwrap_or_default()
}

/// The value of a journal blob in `format` 1, 2 or 3.
pub(super) fn read_journal<T: DeserializeOwned>(format: i64, bytes: &[u8]) -> Result<T, String> {
    parsed(&journal_text(format, bytes)?)
}

/// The JSON of a journal blob in `format` 1, 2 or 3.
pub(super) fn journal_text(format: i64, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let unpacker = if format == 1 { Decompressor::new() } else { Decompressor::with_prepared_dictionary(&UNPACKING_2) };
    unpacked(unpacker, bytes)
}

/// The bytes of a state in format 2.
pub(super) fn state<T: Serialize>(value: &T) -> Vec<u8> {
    let json = serde_json::to_vec(value).unwrap_or_default();
    if json.len() <= PLAIN { json } else { zstd::bulk::compress(&json, LEVEL).unwrap_or_default() }
}

/// The value of a state in format 1 or 2.
pub(super) fn read_state<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match bytes.first() {
        Some(b'{') => parsed(bytes),
        _ => parsed(&unpacked(Decompressor::new(), bytes)?),
    }
}

fn unpacked(unpacker: std::io::Result<Decompressor<'_>>, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let told = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten();
    let most = told.and_then(|told| usize::try_from(told).ok()).unwrap_or(MAX_UNPACKED).min(MAX_UNPACKED);
    unpacker.and_then(|mut unpacker| unpacker.decompress(bytes, most)).map_err(|error| error.to_string())
}

fn parsed<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    serde_json::from_slice(json).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn what_stored_rows_refer_to_never_changes() {
        let hash = hex::encode(Sha256::digest(TEXT_2));
        assert_eq!(hash, "2e0c6b38cdf357f3547060287da11da4788f958563754d5a528d3cd96a88601d");
    }

    #[test]
    fn a_blob_of_either_format_reads_back() {
        let value = json!([{ "did": "ended", "status": "done" }]);
        let first = zstd::bulk::compress(value.to_string().as_bytes(), 3).unwrap();
        assert_eq!(read_journal(1, &first), Ok(value.clone()));
        assert_eq!(read_journal(2, &journal(&value)), Ok(value));
        assert!(read_journal::<Value>(2, b"damaged").is_err());
    }

    #[test]
    fn a_state_is_plain_or_packed_and_both_read_back() {
        for length in [10, PLAIN] {
            let value = json!({ "vars": { "x": "y".repeat(length) } });
            let stored = state(&value);
            assert_eq!(stored.first() == Some(&b'{'), length < PLAIN);
            assert_eq!(read_state(&stored), Ok(value.clone()));
            assert_eq!(read_state(&zstd::bulk::compress(value.to_string().as_bytes(), 3).unwrap()), Ok(value));
        }
    }

    #[test]
    fn a_blob_that_claims_to_be_huge_is_refused() {
        let huge = zstd::bulk::compress(&vec![b' '; MAX_UNPACKED + 1], 3).unwrap();
        assert!(read_journal::<Value>(1, &huge).is_err());
    }
}
