//! The audit chain as it is stored.

use std::collections::HashSet;

use engine::audit::{self, LEAF_BYTES};
use engine::clock::At;
use engine::ids::{ContactId, JournalId, MailboxId, VersionId};
use engine::store::{BlockRow, Reads, SaltedRow, Store, Work};
use futures_util::future::join_all;

use super::Driver;
use super::make::{self, NOW};

fn told(mailbox: i64, rows: i64) -> Work {
    let mut work = make::work(MailboxId(mailbox));
    let run = make::run(MailboxId(mailbox), VersionId(1));
    work.journal = (0..rows).map(|seq| make::journal(&run, seq, "hello")).collect();
    work.runs = vec![run];
    work
}

/// The same without values, for which contacts with salts would have to be there.
fn bare(mailbox: i64, rows: i64) -> Work {
    let mut work = told(mailbox, rows);
    for row in &mut work.journal {
        (row.data, row.data_digest) = (None, Vec::new());
    }
    work
}

/// All blocks, page by page.
pub async fn blocks<S: Reads>(store: &S) -> Vec<BlockRow> {
    let (mut all, mut after): (Vec<BlockRow>, _) = (Vec::new(), (i64::MIN, 0));
    loop {
        let page = store.blocks(after, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { return all };
        after = (last.strand, last.n);
        all.extend(page);
    }
}

/// Rows that do not match their leaf. Everything else that is wrong with the chain fails at once: numbers, links, hashes,
/// rows in no block or in two.
pub async fn mismatches<S: Reads>(store: &S) -> Vec<JournalId> {
    let mut before: Option<BlockRow> = None;
    let (mut seen, mut wrong) = (HashSet::new(), Vec::new());
    for block in blocks(store).await {
        let last = before.filter(|last| last.strand == block.strand);
        assert_eq!(block.n, last.as_ref().map_or(1, |last| last.n + 1), "numbers have no gap");
        assert_eq!(block.prev, last.as_ref().map_or_else(|| vec![0; 32], |last| last.hash.clone()));
        assert!(last.is_none_or(|last| last.at <= block.at), "time does not run back");
        let hash = audit::block_hash(block.strand, block.n, block.at, &block.prev, &block.leaves);
        assert_eq!(block.hash, hash);
        if block.strand != audit::ANCHORS {
            let rows = store.block_rows(block.strand, block.n).await.unwrap();
            assert_eq!(rows.len() * LEAF_BYTES, block.leaves.len());
            for (SaltedRow { row, .. }, leaf) in rows.iter().zip(block.leaves.chunks(LEAF_BYTES)) {
                assert!(seen.insert(row.id), "a row in two blocks");
                assert_eq!((row.strand, row.block), (block.strand, block.n));
                if audit::leaf(row) != leaf {
                    wrong.push(row.id);
                }
            }
        }
        before = Some(block);
    }
    assert_eq!(store.journal_count(Vec::new()).await.unwrap(), seen.len() as u64, "a row in no block");
    wrong
}

/// Fails unless the chain is whole and every row matches.
pub async fn verify<S: Reads>(store: &S) {
    assert_eq!(mismatches(store).await, []);
}

/// Over several groups and two process starts.
pub async fn blocks_chain_and_every_row_is_in_one_block<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(5).await;
    for n in 1..=3 {
        store.commit(told(n, 2)).await.unwrap();
    }
    // Nothing told: no block. Then many at once, so that some share a block.
    store.commit(make::work(MailboxId(9))).await.unwrap();
    assert!(join_all((10..=50).map(|n| store.commit(told(n, 3)))).await.iter().all(Result::is_ok));
    driver.close(store).await;
    let store = driver.open(6).await;
    let mut early = told(60, 1);
    early.at = At(NOW.0 - 1_000);
    store.commit(told(61, 1)).await.unwrap();
    store.commit(early).await.unwrap();
    verify(&store).await;
    let strands: HashSet<i64> = blocks(&store).await.iter().map(|block| block.strand).collect();
    assert_eq!(strands, HashSet::from([5, 6]));
    assert_eq!(store.journal_count(Vec::new()).await.unwrap(), 6 + 41 * 3 + 2);
}

/// Others write while it is read.
pub async fn rows_are_counted_up_to_the_blocks_seen<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(5).await;
    assert_eq!(store.journal_count(Vec::new()).await.unwrap(), 0);
    for n in 1..=3 {
        store.commit(bare(n, n)).await.unwrap();
    }
    driver.close(store).await;
    let store = driver.open(6).await;
    store.commit(bare(4, 4)).await.unwrap();
    let count = async |heads: &[(i64, i64)]| store.journal_count(heads.to_vec()).await.unwrap();
    assert_eq!(count(&[(5, 3), (6, 1)]).await, 1 + 2 + 3 + 4);
    assert_eq!(count(&[(5, 2), (6, 1)]).await, 1 + 2 + 4);
    assert_eq!(count(&[(5, 0)]).await, 4, "of a strand that is not named, all");
    assert_eq!(count(&[(7, 1)]).await, 10, "of one that never wrote, none");
    assert!(audit::verify(&store, None, &[]).await.unwrap().clean());
}

/// That is what the chain is for.
pub async fn an_altered_row_does_not_match_its_leaf<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let work = told(1, 3);
    let victim = work.journal[1].id;
    store.commit(work).await.unwrap();
    verify(&store).await;
    driver.tamper(victim).await;
    assert_eq!(mismatches(&store).await, [victim]);
}

/// With a seal that only the key makes; nothing new, no anchor.
pub async fn an_anchor_covers_every_strand<D: Driver>() {
    let driver = D::fresh().await;
    let key = [3; 32];
    let store = driver.open(5).await;
    assert_eq!(store.anchor(NOW, key).await.unwrap(), None, "nothing to hold");
    store.commit(told(1, 1)).await.unwrap();
    driver.close(store).await;
    let store = driver.open(6).await;
    store.commit(told(2, 1)).await.unwrap();
    store.commit(told(3, 1)).await.unwrap();
    let first = store.anchor(NOW, key).await.unwrap().unwrap();
    assert_eq!(store.anchor(NOW, key).await.unwrap(), None, "nothing new");
    store.commit(told(4, 1)).await.unwrap();
    let second = store.anchor(NOW, key).await.unwrap().unwrap();
    assert_eq!((first.n, second.n, &second.prev), (1, 2, &first.hash));
    let heads: Vec<(i64, i64)> = second.heads.iter().map(|head| (head.strand, head.n)).collect();
    assert_eq!(first.heads.iter().map(|head| (head.strand, head.n)).collect::<Vec<_>>(), [(5, 1), (6, 2)]);
    assert_eq!(heads, [(6, 3)], "only what moved");
    verify(&store).await;
    let all = blocks(&store).await;
    let stored = all.iter().find(|block| block.strand == audit::ANCHORS && block.n == 2).unwrap();
    assert_eq!(hex::encode(&stored.hash), second.hash);
    assert_eq!(stored.leaves, audit::anchor_leaves(&second.heads));
    assert_eq!(stored.mac, audit::seal(&key, &stored.hash));
    assert_eq!(hex::encode(&stored.mac), second.mac);
    for head in first.heads.iter().chain(&second.heads) {
        let block = all.iter().find(|block| (block.strand, block.n) == (head.strand, head.n)).unwrap();
        assert_eq!(hex::encode(&block.hash), head.hash);
    }
}

/// Whoever starts anew finds in the anchors on disk what they hold.
pub async fn a_new_start_anchors_only_what_is_not_yet<D: Driver>() {
    let driver = D::fresh().await;
    let key = [3; 32];
    let heads = |anchor: Option<audit::Anchor>| -> Vec<(i64, i64)> {
        anchor.into_iter().flat_map(|anchor| anchor.heads).map(|head| (head.strand, head.n)).collect()
    };
    let store = driver.open(5).await;
    store.commit(bare(1, 1)).await.unwrap();
    assert_eq!(heads(store.anchor(NOW, key).await.unwrap()), [(5, 1)]);
    driver.close(store).await;
    let store = driver.open(6).await;
    assert_eq!(store.anchor(NOW, key).await.unwrap(), None, "nothing new");
    store.commit(bare(2, 1)).await.unwrap();
    assert_eq!(heads(store.anchor(NOW, key).await.unwrap()), [(6, 1)]);
    store.commit(bare(3, 1)).await.unwrap();
    driver.close(store).await;
    let store = driver.open(7).await;
    assert_eq!(heads(store.anchor(NOW, key).await.unwrap()), [(6, 2)], "the end that nothing held yet");
    driver.close(store).await;
    let store = driver.open(8).await;
    store.commit(bare(4, 1)).await.unwrap();
    assert_eq!(
        heads(store.anchor(NOW, key).await.unwrap()),
        [(5, 1), (6, 2), (8, 1)],
        "the first of a process names all"
    );
    let report = audit::verify(&store, Some(key), &[]).await.unwrap();
    assert!(report.clean() && report.anchors == 4, "{report:?}");
}

/// What is left in the chain then proves nothing.
pub async fn salts_prove_data_until_they_are_erased<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let of = |mailbox: i64| (ContactId(mailbox), told(mailbox, 1));
    for (contact, work) in [of(1), of(2)] {
        let mut known = make::work(work.mailbox);
        known.contact = Some(make::contact(contact, "Li Wei", &format!("+8613800138{:03}", contact.0)));
        store.commit(known).await.unwrap();
        store.commit(work).await.unwrap();
    }
    let read = async |n: i64| store.block_rows(1, n).await.unwrap().remove(0);
    for n in [1, 2] {
        let SaltedRow { row, salt } = read(n).await;
        assert_eq!(audit::data_digest(&salt.unwrap(), row.data.as_deref().unwrap()), row.data_digest);
    }
    let mut erase = make::work(MailboxId(1));
    erase.erase = Some(ContactId(1));
    store.commit(erase).await.unwrap();
    let SaltedRow { row, salt } = read(1).await;
    assert_eq!((row.data, salt), (None, None));
    assert_eq!(read(2).await.salt, Some(make::SALT.to_vec()));
}
