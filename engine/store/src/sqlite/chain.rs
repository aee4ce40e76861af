//! The audit chain as it is written: each group that wrote journal rows is one block of this process's strand.

use std::collections::BTreeMap;

use engine::audit::{self, ANCHORS, Anchor, Head};
use engine::clock::At;
use engine::store::{BlockRow, JournalRow};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Error;

/// The last block of every strand but that of the anchors. A recursion steps from strand to strand in the key, where
/// `group by` would read every block.
pub(super) const HEADS: &str = "with recursive strands (strand) as ( \
       select min(strand) from block where strand > 0 \
       union all select (select min(block.strand) from block where block.strand > strands.strand) \
         from strands where strands.strand is not null) \
     select block.strand, block.n, block.hash from strands cross join block on block.strand = strands.strand \
       and block.n = (select max(last.n) from block as last where last.strand = strands.strand) \
     order by block.strand";

/// The end of this process's strand. Moved on only after the block is on disk.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    strand: i64,
    n: i64,
    at: At,
    hash: Vec<u8>,
    /// The last block of each strand that an anchor holds; `None` until this process made or looked for one.
    anchored: Option<BTreeMap<i64, i64>>,
}

impl Chain {
    /// Where `strand` stands: at its beginning, unless this process number wrote before.
    pub(super) fn load(conn: &Connection, strand: i64) -> Result<Self, Error> {
        let (n, at, hash) = last_block(conn, strand)?;
        Ok(Self { strand, n, at, hash, anchored: None })
    }

    /// Strand and number of the block to come.
    pub(super) fn next(&self) -> (i64, i64) {
        (self.strand, self.n + 1)
    }

    /// The block over `journal`, closed at `at`, but never earlier than the one before it; `None` when there is nothing in it.
    pub(super) fn block(&self, mut journal: Vec<&JournalRow>, at: At) -> Option<BlockRow> {
        if journal.is_empty() {
            return None;
        }
        journal.sort_by_key(|row| row.id);
        let leaves: Vec<u8> = journal.into_iter().flat_map(audit::leaf).collect();
        let ((strand, n), at) = (self.next(), at.max(self.at));
        let hash = audit::block_hash(strand, n, at, &self.hash, &leaves).to_vec();
        Some(BlockRow { strand, n, at, prev: self.hash.clone(), hash, leaves, mac: Vec::new() })
    }

    /// Takes note that `block` is on disk.
    pub(super) fn advance(&mut self, block: &BlockRow) {
        (self.n, self.at, self.hash) = (block.n, block.at, block.hash.clone());
    }

    /// Takes note of what anchors on disk hold.
    pub(super) fn anchored(&mut self, heads: BTreeMap<i64, i64>) {
        self.anchored = Some(heads);
    }
}

/// Number, time and hash of a strand's last block; zeros before its first.
fn last_block(conn: &Connection, strand: i64) -> Result<(i64, At, Vec<u8>), Error> {
    let mut last = conn.prepare_cached("select n, at, hash from block where strand = ? order by n desc limit 1")?;
    let found = last.query_row([strand], |row| Ok((row.get(0)?, At(row.get(1)?), row.get(2)?))).optional()?;
    Ok(found.unwrap_or_else(|| (0, At(i64::MIN), vec![0; 32])))
}

/// Stores a block.
pub(super) fn insert(conn: &Connection, block: &BlockRow) -> Result<(), Error> {
    let text = "insert into block (strand, n, at, prev, hash, leaves, mac) values (?, ?, ?, ?, ?, ?, ?)";
    let BlockRow { strand, n, at, prev, hash, leaves, mac } = block;
    conn.prepare_cached(text)?.execute(params![strand, n, at.0, prev, hash, leaves, mac])?;
    Ok(())
}

/// Stores an anchor over the strands that moved since the last one, if any did. Answers with it what anchors hold then.
///
/// The first anchor of a process that wrote names all strands: whoever looks for the anchor of a strand need not go back
/// further.
pub(super) fn anchor(
    conn: &Connection,
    chain: &Chain,
    at: At,
    key: &[u8; 32],
) -> Result<(Option<Anchor>, BTreeMap<i64, i64>), Error> {
    let mut heads = heads(conn)?;
    let now: BTreeMap<i64, i64> = heads.iter().map(|head| (head.strand, head.n)).collect();
    let held = match &chain.anchored {
        Some(held) => held.clone(),
        None if now.contains_key(&chain.strand) => BTreeMap::new(),
        None => held(conn, &now)?,
    };
    heads.retain(|head| held.get(&head.strand) != Some(&head.n));
    if heads.is_empty() {
        return Ok((None, now));
    }
    let leaves = audit::anchor_leaves(&heads);
    let (last, _, prev) = last_block(conn, ANCHORS)?;
    let n = last + 1;
    let anchor = audit::anchor(n, at, &prev, heads, key);
    let hash = audit::block_hash(ANCHORS, n, at, &prev, &leaves);
    let mac = audit::seal(key, &hash);
    insert(conn, &BlockRow { strand: ANCHORS, n, at, prev, hash: hash.to_vec(), leaves, mac })?;
    Ok((Some(anchor), now))
}

/// The last block of each of these strands that an anchor on disk holds, read backwards until all are found.
fn held(conn: &Connection, strands: &BTreeMap<i64, i64>) -> Result<BTreeMap<i64, i64>, Error> {
    let mut held = BTreeMap::new();
    let mut anchors = conn.prepare_cached("select leaves from block where strand = 0 order by n desc")?;
    let mut anchors = anchors.query([])?;
    while strands.keys().any(|strand| !held.contains_key(strand)) {
        let Some(anchor) = anchors.next()? else { break };
        let leaves: Vec<u8> = anchor.get(0)?;
        // What cannot be read holds nothing: a new anchor takes its place, and a check of the chain tells of it.
        let heads: Vec<Head> = serde_json::from_slice(&leaves).unwrap_or_default();
        for head in heads {
            held.entry(head.strand).or_insert(head.n);
        }
    }
    Ok(held)
}

fn heads(conn: &Connection) -> Result<Vec<Head>, Error> {
    let mut heads = conn.prepare_cached(HEADS)?;
    let head = |row: &rusqlite::Row<'_>| {
        Ok(Head { strand: row.get(0)?, n: row.get(1)?, hash: hex::encode(row.get::<_, Vec<u8>>(2)?) })
    };
    Ok(heads.query_map([], head)?.collect::<Result<_, _>>()?)
}
