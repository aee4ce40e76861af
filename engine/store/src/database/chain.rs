//! The audit chain as it is written: each group that wrote journal rows is one block of this process's strand.

use std::collections::BTreeMap;

use engine::audit::{self, ANCHORS, Anchor, Head};
use engine::clock::At;
use engine::store::{BlockRow, JournalRow};

use super::columns::Columns;
use super::error::Error;
use super::session::{Key, Session};
use super::value::values;

/// The last block of every strand but that of the anchors. A recursion steps from strand to strand in the key, where
/// `group by` would read every block.
pub(crate) const HEADS: &str = "with recursive strands (strand) as ( \
       select min(strand) from block where strand > 0 \
       union all select (select min(block.strand) from block where block.strand > strands.strand) \
         from strands where strands.strand is not null) \
     select block.strand, block.n, block.hash from strands cross join block on block.strand = strands.strand \
       and block.n = (select max(last.n) from block as last where last.strand = strands.strand) \
     order by block.strand";

/// The end of this process's strand. Moved on only after the block is on disk.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    strand: i64,
    n: i64,
    at: At,
    hash: Vec<u8>,
    /// The last block of each strand that an anchor holds; `None` until this process made or looked for one.
    anchored: Option<BTreeMap<i64, i64>>,
}

impl Chain {
    /// Where `strand` stands: at its beginning, unless this process number wrote before.
    pub(crate) fn load(session: &dyn Session, strand: i64) -> Result<Self, Error> {
        let (n, at, hash) = last_block(session, strand)?;
        Ok(Self { strand, n, at, hash, anchored: None })
    }

    /// Strand and number of the block to come.
    pub(crate) fn next(&self) -> (i64, i64) {
        (self.strand, self.n + 1)
    }

    /// The block over `journal`, closed at `at`, but never earlier than the one before it; `None` when there is nothing in it.
    pub(crate) fn block(&self, mut journal: Vec<&JournalRow>, at: At) -> Option<BlockRow> {
        if journal.is_empty() {
            return None;
        }
        journal.sort_by_key(|row| row.id);
        let leaves: Vec<u8> = journal.into_iter().flat_map(audit::leaf).collect();
        let ((strand, n), at) = (self.next(), at.max(self.at));
        let hash = audit::block_hash(strand, n, at, &self.hash, &leaves).to_vec();
        Some(BlockRow { strand, n, at, prev: self.hash.clone(), hash, leaves, mac: Vec::new(), gone: Vec::new() })
    }

    /// Takes note that `block` is on disk.
    pub(crate) fn advance(&mut self, block: &BlockRow) {
        (self.n, self.at, self.hash) = (block.n, block.at, block.hash.clone());
    }

    /// Takes note of what anchors on disk hold.
    pub(crate) fn anchored(&mut self, heads: BTreeMap<i64, i64>) {
        self.anchored = Some(heads);
    }
}

/// Number, time and hash of a strand's last block; zeros before its first.
fn last_block(session: &dyn Session, strand: i64) -> Result<(i64, At, Vec<u8>), Error> {
    let text = "select n, at, hash from block where strand = ? order by n desc limit 1";
    let found = session.row(text, values![strand], |c| Ok((c.take()?, c.id(At)?, c.take()?)))?;
    Ok(found.unwrap_or_else(|| (0, At(i64::MIN), vec![0; 32])))
}

/// Stores a block.
pub(crate) fn insert(session: &dyn Session, block: &BlockRow) -> Result<(), Error> {
    let text = "insert into block (strand, n, at, prev, hash, leaves, mac) values (?, ?, ?, ?, ?, ?, ?)";
    let BlockRow { strand, n, at, prev, hash, leaves, mac, .. } = block;
    session.put(text, Key::within(*strand, *n), values![strand, n, at.0, prev, hash, leaves, mac])
}

/// Stores an anchor over the strands that moved since the last one, if any did. Answers with it what anchors hold then.
///
/// The first anchor of a process that wrote names all strands: whoever looks for the anchor of a strand need not go back
/// further.
pub(crate) fn anchor(
    session: &dyn Session,
    chain: &Chain,
    at: At,
    key: &[u8; 32],
) -> Result<(Option<Anchor>, BTreeMap<i64, i64>), Error> {
    let mut heads = heads(session)?;
    let now: BTreeMap<i64, i64> = heads.iter().map(|head| (head.strand, head.n)).collect();
    let held = match &chain.anchored {
        Some(held) => held.clone(),
        None if now.contains_key(&chain.strand) => BTreeMap::new(),
        None => held(session, &now)?,
    };
    heads.retain(|head| held.get(&head.strand) != Some(&head.n));
    if heads.is_empty() {
        return Ok((None, now));
    }
    let leaves = audit::anchor_leaves(&heads);
    let (last, _, prev) = last_block(session, ANCHORS)?;
    let n = last + 1;
    let anchor = audit::anchor(n, at, &prev, heads, key);
    let hash = audit::block_hash(ANCHORS, n, at, &prev, &leaves);
    let mac = audit::seal(key, &hash);
    let block = BlockRow { strand: ANCHORS, n, at, prev, hash: hash.to_vec(), leaves, mac, gone: Vec::new() };
    insert(session, &block)?;
    Ok((Some(anchor), now))
}

/// Anchors read at a time.
const ANCHORS_READ: i64 = 100;
const ANCHORS_BEFORE: &str = "select n, leaves from block where strand = 0 and n < ? order by n desc limit ?";

/// The last block of each of these strands that an anchor on disk holds, read backwards until all are found.
fn held(session: &dyn Session, strands: &BTreeMap<i64, i64>) -> Result<BTreeMap<i64, i64>, Error> {
    let (mut held, mut before) = (BTreeMap::new(), i64::MAX);
    loop {
        let anchors = session.rows(ANCHORS_BEFORE, values![before, ANCHORS_READ])?;
        if anchors.is_empty() {
            return Ok(held);
        }
        for anchor in anchors {
            if strands.keys().all(|strand| held.contains_key(strand)) {
                return Ok(held);
            }
            let mut c = Columns::of(anchor);
            before = c.take()?;
            let leaves: Vec<u8> = c.take()?;
            // What cannot be read holds nothing: a new anchor takes its place, and a check of the chain tells of it.
            let heads: Vec<Head> = serde_json::from_slice(&leaves).unwrap_or_default();
            for head in heads {
                held.entry(head.strand).or_insert(head.n);
            }
        }
    }
}

fn heads(session: &dyn Session) -> Result<Vec<Head>, Error> {
    let head = |row| {
        let mut c = Columns::of(row);
        Ok(Head { strand: c.take()?, n: c.take()?, hash: hex::encode(c.take::<Vec<u8>>()?) })
    };
    session.rows(HEADS, values![])?.into_iter().map(head).collect()
}
