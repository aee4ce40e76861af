//! The audit chain as it is written: each group that wrote journal rows is one block of this process's strand.

use std::collections::BTreeMap;

use engine::audit::{self, ANCHORS, Anchor, Head};
use engine::clock::At;
use engine::store::{BlockRow, JournalRow};
use sqlx::sqlite::SqliteConnection;

use super::columns::Columns;
use super::error::Error;
use super::rows::{self, columns};

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

/// Anchors read at a time.
const PAGE: i64 = 200;

impl Chain {
    /// Where `strand` stands: at its beginning, unless this process number wrote before.
    pub(super) async fn load(conn: &mut SqliteConnection, strand: i64) -> Result<Self, Error> {
        let last = last_block(conn, strand).await?;
        let mut chain = Self { strand, n: 0, at: At(i64::MIN), hash: vec![0; 32], anchored: None };
        if let Some(last) = last {
            chain.advance(&last);
        }
        Ok(chain)
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

async fn last_block(conn: &mut SqliteConnection, strand: i64) -> Result<Option<BlockRow>, Error> {
    let text = concat!("select ", columns!(block), " from block where strand = ? order by n desc limit 1");
    let row = sqlx::query(text).bind(strand).fetch_optional(conn).await?;
    row.as_ref().map(rows::block).transpose()
}

/// Stores a block.
pub(super) async fn insert(conn: &mut SqliteConnection, block: &BlockRow) -> Result<(), Error> {
    sqlx::query("insert into block (strand, n, at, prev, hash, leaves, mac) values (?, ?, ?, ?, ?, ?, ?)")
        .bind(block.strand)
        .bind(block.n)
        .bind(block.at.0)
        .bind(&block.prev)
        .bind(&block.hash)
        .bind(&block.leaves)
        .bind(&block.mac)
        .execute(conn)
        .await?;
    Ok(())
}

/// Stores an anchor over the strands that moved since the last one, if any did. Answers with it what anchors hold then.
///
/// The first anchor of a process that wrote names all strands: whoever looks for the anchor of a strand need not go back
/// further.
pub(super) async fn anchor(
    conn: &mut SqliteConnection,
    chain: &Chain,
    at: At,
    key: &[u8; 32],
) -> Result<(Option<Anchor>, BTreeMap<i64, i64>), Error> {
    let mut heads = heads(conn).await?;
    let now: BTreeMap<i64, i64> = heads.iter().map(|head| (head.strand, head.n)).collect();
    let held = match &chain.anchored {
        Some(held) => held.clone(),
        None if now.contains_key(&chain.strand) => BTreeMap::new(),
        None => held(conn, &now).await?,
    };
    heads.retain(|head| held.get(&head.strand) != Some(&head.n));
    if heads.is_empty() {
        return Ok((None, now));
    }
    let leaves = audit::anchor_leaves(&heads);
    let last = last_block(conn, ANCHORS).await?;
    let (n, prev) = last.map_or_else(|| (1, vec![0; 32]), |last| (last.n + 1, last.hash));
    let anchor = audit::anchor(n, at, &prev, heads, key);
    let hash = audit::block_hash(ANCHORS, n, at, &prev, &leaves);
    let mac = audit::seal(key, &hash);
    insert(conn, &BlockRow { strand: ANCHORS, n, at, prev, hash: hash.to_vec(), leaves, mac }).await?;
    Ok((Some(anchor), now))
}

/// The last block of each of these strands that an anchor on disk holds, read backwards until all are found.
async fn held(conn: &mut SqliteConnection, strands: &BTreeMap<i64, i64>) -> Result<BTreeMap<i64, i64>, Error> {
    let (mut held, mut before) = (BTreeMap::new(), i64::MAX);
    while strands.keys().any(|strand| !held.contains_key(strand)) {
        let text = "select n, leaves from block where strand = 0 and n < ? order by n desc limit ?";
        let page = sqlx::query(text).bind(before).bind(PAGE).fetch_all(&mut *conn).await?;
        if page.is_empty() {
            break;
        }
        for row in &page {
            let mut c = Columns::of(row);
            before = c.take()?;
            // What cannot be read holds nothing: a new anchor takes its place, and a check of the chain tells of it.
            let heads: Vec<Head> = serde_json::from_slice(c.take::<&[u8]>()?).unwrap_or_default();
            for head in heads {
                held.entry(head.strand).or_insert(head.n);
            }
        }
    }
    Ok(held)
}

async fn heads(conn: &mut SqliteConnection) -> Result<Vec<Head>, Error> {
    let found = sqlx::query(HEADS).fetch_all(conn).await?;
    let head = |row| {
        let mut c = Columns::of(row);
        Ok(Head { strand: c.take()?, n: c.take()?, hash: hex::encode(c.take::<Vec<u8>>()?) })
    };
    found.iter().map(head).collect()
}
