//! Counting the journal up to given blocks, in short reads: rows are never changed or removed, so no view of one moment is
//! needed but for those whose block may just have been written.

use std::collections::BTreeMap;

use super::error::Error;
use super::query::{Conn, all, one, query};
use super::rows;

/// Blocks counted at a time.
const BLOCKS: i64 = 1_000;

/// Strands that journal rows name, stepped through in the index.
pub(crate) const STRANDS: &str = "with recursive strands (strand) as ( \
       select min(strand) from journal \
       union all select (select min(journal.strand) from journal where journal.strand > strands.strand) \
         from strands where strands.strand is not null) \
     select strand from strands where strand is not null";
/// The first block of a strand from `n` on that has rows.
pub(crate) const FIRST: &str = "select min(block) from journal where strand = ? and block >= ?";
pub(crate) const ROWS: &str = "select count(*) from journal where strand = ? and block >= ? and block <= ?";
/// Rows after a block that are in no block: nobody writes such rows.
pub(crate) const STRAYS: &str = "select count(*) from journal where strand = ? and block > ? and not exists \
       (select 1 from block where block.strand = journal.strand and block.n = journal.block)";

/// How many rows there are, without those in blocks after `heads`.
pub(crate) async fn journal(conn: &mut Conn<'_>, heads: &BTreeMap<i64, i64>) -> Result<u64, Error> {
    let mut found = 0;
    for strand in all(conn, query(STRANDS), rows::number).await? {
        let head = heads.get(&strand).copied();
        found += up_to(conn, strand, head.unwrap_or(i64::MAX)).await?;
        if let Some(head) = head {
            found += number(conn, STRAYS, &[strand, head]).await?.unwrap_or_default();
        }
    }
    Ok(found.unsigned_abs())
}

async fn up_to(conn: &mut Conn<'_>, strand: i64, head: i64) -> Result<i64, Error> {
    let (mut found, mut from) = (0, i64::MIN);
    while let Some(first) = number(conn, FIRST, &[strand, from]).await?.filter(|first| *first <= head) {
        let last = first.saturating_add(BLOCKS - 1).min(head);
        found += number(conn, ROWS, &[strand, first, last]).await?.unwrap_or_default();
        let Some(next) = last.checked_add(1) else { break };
        from = next;
    }
    Ok(found)
}

/// The number a statement answers with.
async fn number(conn: &mut Conn<'_>, text: &'static str, values: &[i64]) -> Result<Option<i64>, Error> {
    let query = values.iter().fold(query(text), |query, value| query.bind(*value));
    let read = |row: super::value::Row| super::columns::Columns::of(row).take::<Option<i64>>();
    Ok(one(conn, query, read).await?.flatten())
}
