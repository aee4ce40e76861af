//! Checks an export as `engine/ARCHITECTURE.md` says that outsiders can: with nothing of the engine's.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// How a leaf is kept in its block.
const LEAF_BYTES: usize = 16;

/// A block whose rows are still to come.
#[derive(Default)]
struct Open {
    leaves: Vec<Vec<u8>>,
}

/// Fails unless every row of the export is in its block, every block follows the one before it, and every head of an anchor is
/// there. Answers how many rows there are, and how many of them say that they had values which are not shown.
#[track_caller]
pub(crate) fn check(export: &str) -> (usize, usize) {
    let (mut open, mut hashes, mut heads) = (Open::default(), BTreeMap::new(), Vec::new());
    let (mut rows, mut erased) = (0, 0);
    for line in export.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["line"] == "block" {
            assert!(open.leaves.is_empty(), "rows are missing before {line}");
            open = block(&line, &mut hashes, &mut heads);
        } else {
            let leaf = leaf(&line);
            let place = open.leaves.iter().position(|known| *known == leaf);
            open.leaves.remove(place.unwrap_or_else(|| panic!("not in its block: {line}")));
            rows += 1;
            let shown = line["entries"].as_array().unwrap().iter().any(|entry| !entry["data"].is_null());
            erased += usize::from(!shown && line["digest"] != "");
        }
    }
    assert!(open.leaves.is_empty(), "rows are missing at the end");
    for head in heads {
        let hash = hashes.get(&(number(&head, "strand"), number(&head, "n")));
        assert_eq!(hash.map(hex::encode).as_deref(), head["hash"].as_str(), "{head}");
    }
    (rows, erased)
}

/// Checks a block against the one before it, and takes down what it promises.
fn block(line: &Value, hashes: &mut BTreeMap<(i64, i64), Vec<u8>>, heads: &mut Vec<Value>) -> Open {
    let (strand, n) = (number(line, "strand"), number(line, "n"));
    let (prev, leaves) = (bytes(line, "prev"), bytes(line, "leaves"));
    let before = hashes.get(&(strand, n - 1)).cloned().unwrap_or_else(|| vec![0; 32]);
    assert_eq!(prev, before, "does not follow: {line}");
    let mut hash = Sha256::new();
    hash.update(b"swb1");
    for value in [strand, n, number(line, "at")] {
        hash.update(value.to_be_bytes());
    }
    let hash = hash.chain_update(&prev).chain_update(&leaves).finalize().to_vec();
    assert_eq!(hash, bytes(line, "hash"), "its hash is another: {line}");
    hashes.insert((strand, n), hash);
    if strand == 0 {
        heads.extend(serde_json::from_slice::<Vec<Value>>(&leaves).unwrap());
        return Open::default();
    }
    Open { leaves: leaves.chunks(LEAF_BYTES).map(<[u8]>::to_vec).collect() }
}

fn leaf(line: &Value) -> Vec<u8> {
    let mut hash = Sha256::new();
    for name in ["id", "subject", "seq", "kind", "contact", "at", "format"] {
        hash.update(number(line, name).to_be_bytes());
    }
    for part in [line["by"].as_str().unwrap().as_bytes(), &bytes(line, "body"), &bytes(line, "digest")] {
        hash.update((part.len() as i64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()[..LEAF_BYTES].to_vec()
}

fn number(line: &Value, name: &str) -> i64 {
    line[name].as_i64().unwrap_or_else(|| panic!("no number `{name}` in {line}"))
}

fn bytes(line: &Value, name: &str) -> Vec<u8> {
    hex::decode(line[name].as_str().unwrap()).unwrap()
}
