//! The audit chain as it is written: each group that wrote journal rows is one block of this process's strand.

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
}

impl Chain {
    /// Where `strand` stands: at its beginning, unless this process number wrote before.
    pub(super) async fn load(conn: &mut SqliteConnection, strand: i64) -> Result<Self, Error> {
        let last = last_block(conn, strand).await?;
        Ok(last.map_or_else(|| Self { strand, n: 0, at: At(i64::MIN), hash: vec![0; 32] }, |block| Self::at(&block)))
    }

    fn at(block: &BlockRow) -> Self {
        Self { strand: block.strand, n: block.n, at: block.at, hash: block.hash.clone() }
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
        *self = Self::at(block);
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

/// Stores an anchor over all strands, unless none of them moved since the last one.
pub(super) async fn anchor(conn: &mut SqliteConnection, at: At, key: &[u8; 32]) -> Result<Option<Anchor>, Error> {
    let heads = heads(conn).await?;
    let last = last_block(conn, ANCHORS).await?;
    let leaves = audit::anchor_leaves(&heads);
    if heads.is_empty() || last.as_ref().is_some_and(|last| last.leaves == leaves) {
        return Ok(None);
    }
    let (n, prev) = last.map_or_else(|| (1, vec![0; 32]), |last| (last.n + 1, last.hash));
    let anchor = audit::anchor(n, at, &prev, heads, key);
    let hash = audit::block_hash(ANCHORS, n, at, &prev, &leaves);
    let mac = audit::seal(key, &hash);
    insert(conn, &BlockRow { strand: ANCHORS, n, at, prev, hash: hash.to_vec(), leaves, mac }).await?;
    Ok(Some(anchor))
}

async fn heads(conn: &mut SqliteConnection) -> Result<Vec<Head>, Error> {
    let found = sqlx::query(HEADS).fetch_all(conn).await?;
    let head = |row| {
        let mut c = Columns::of(row);
        Ok(Head { strand: c.take()?, n: c.take()?, hash: hex::encode(c.take::<Vec<u8>>()?) })
    };
    found.iter().map(head).collect()
}
