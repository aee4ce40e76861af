//! What is found in a chain that somebody tampered with, and what is left alone.

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
