//! Reading the chain out of a store, from beginning to end, while the server goes on writing it.

use std::collections::BTreeMap;

use super::{Report, Verifier};
use crate::audit::{ANCHORS, Anchor, LEAF_BYTES, marks};
use crate::ids::JournalId;
use crate::store::{self, BlockRow, Reads, SaltedRow};

/// Blocks read at a time.
const PAGE: u32 = 500;

/// How often a block is read anew whose rows are being removed.
const AGAIN: u32 = 8;

/// Checks the chain of a store.
///
/// # Errors
/// When the store cannot be read.
pub async fn verify<S: Reads>(store: &S, key: Option<[u8; 32]>, against: &[Anchor]) -> Result<Report, store::Error> {
    let mut verifier = Verifier::new(key, against);
    let mut record = JournalId(i64::MIN);
    loop {
        let page = store.removals(record, PAGE).await?;
        let Some(last) = page.last() else { break };
        record = last.id;
        verifier.removals(&page);
    }
    let mut after = (i64::MIN, i64::MIN);
    // The last block seen of each strand: the server may write more while this runs. Anchors hold no rows.
    let mut heads: BTreeMap<i64, i64> = BTreeMap::new();
    loop {
        let page = store.blocks(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = (last.strand, last.n);
        heads.extend(page.iter().filter(|block| block.strand != ANCHORS).map(|block| (block.strand, block.n)));
        for block in page {
            let (block, rows) = with_rows(store, block).await?;
            verifier.block(block, &rows);
        }
    }
    let stored = store.journal_count(heads.into_iter().collect()).await?;
    let mut later = Vec::new();
    loop {
        let page = store.removals(record, PAGE).await?;
        let Some(last) = page.last() else { return Ok(verifier.finish(stored, &later)) };
        record = last.id;
        later.extend(page);
    }
}

/// A block with its rows, both as of one moment: rows may be removed while it is read.
pub(in crate::audit) async fn with_rows<S: Reads>(
    store: &S,
    mut block: BlockRow,
) -> Result<(BlockRow, Vec<SaltedRow>), store::Error> {
    if block.strand == ANCHORS {
        return Ok((block, Vec::new()));
    }
    let whole = |block: &BlockRow, rows: &[SaltedRow]| {
        rows.len() + marks(&block.gone).map_or(0, |gone| gone.len()) == block.leaves.len() / LEAF_BYTES
    };
    let mut rows = store.block_rows(block.strand, block.n).await?;
    for _ in 0..AGAIN {
        if whole(&block, &rows) {
            break;
        }
        let again = store.blocks((block.strand, block.n - 1), 1).await?;
        // One that is gone, or has become another, is told of as it was read first.
        let Some(again) = again.into_iter().next().filter(|again| (again.strand, again.n) == (block.strand, block.n))
        else {
            break;
        };
        block = again;
        rows = store.block_rows(block.strand, block.n).await?;
    }
    Ok((block, rows))
}
