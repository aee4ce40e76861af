//! What became of the escalations of a time, in numbers.

use engine::clock::At;
use engine::store::{DeskDay, EscalationFilter, EscalationRow, Reads};
use schemars::JsonSchema;
use serde::Serialize;

use super::midnight;
use crate::error::ApiError;

/// Rows read at a time.
const PAGE: u32 = 500;
/// Most rows that are counted.
pub(super) const MOST: usize = 20_000;

/// What became of the escalations of a day.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Today {
    /// Taken by somebody.
    taken: u64,
    /// Taken in time.
    kept: u64,
    /// Not taken in time; a fallback channel was told.
    fallback: u64,
    /// Not taken in time.
    missed: u64,
    /// Nobody worked when they came.
    out_of_hours: u64,
    /// Half of those that were taken were taken within so many milliseconds.
    median_ms: Option<u64>,
}

/// The figures since midnight, UTC.
pub(super) async fn today(store: &impl Reads, now: At) -> Result<Today, ApiError> {
    let DeskDay { taken, kept, fallback, missed, out_of_hours, median_ms } = store.desk_day(midnight(now)).await?;
    Ok(Today { taken, kept, fallback, missed, out_of_hours, median_ms })
}

/// Whether it was taken in time. Outside working hours nothing is promised.
pub(super) fn is_kept(row: &EscalationRow) -> bool {
    row.accepted_at.is_some_and(|at| at <= row.deadline) && !row.missed && !row.out_of_hours
}

/// Escalations received since, newest first.
pub(super) async fn since(store: &impl Reads, since: At) -> Result<Vec<EscalationRow>, ApiError> {
    let mut rows: Vec<EscalationRow> = Vec::new();
    loop {
        let before = rows.last().map(|row| row.id);
        let filter = EscalationFilter { since: Some(since), before, limit: PAGE, ..EscalationFilter::default() };
        let page = store.escalations(filter).await?;
        let full = page.len() == PAGE as usize;
        rows.extend(page);
        if !full || rows.len() >= MOST {
            return Ok(rows);
        }
    }
}
