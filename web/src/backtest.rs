//! Back-tests over what is stored: pages are read one after the other, and judged on all cores, each contact by one of them.

use std::sync::Arc;

use engine::ids::{EventId, MailboxId};
use engine::rules::RuleFile;
use engine::rules::backtest::{Backtest, Report};
use engine::store::{self, HistoryRow, Reads};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Rows of one page: no reading lasts long enough to hold up the database's log.
const PAGE: u32 = 2_000;
/// Pages that may wait for a core: bounds the memory.
const WAITING: usize = 4;
/// Most cores used.
const MOST_CORES: usize = 8;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A core stopped in the middle.
    #[error("a part of the back-test ended early; see the log of the process")]
    Broken,
}

/// Tries `draft` against `now` on all stored events. Gives what it found and how many seconds it took.
///
/// # Errors
/// When the store fails.
pub(crate) async fn rules<S: Reads>(
    store: &S,
    now: Option<Arc<RuleFile>>,
    draft: Arc<RuleFile>,
) -> Result<(Report, f64), Error> {
    let began = Instant::now();
    let facts = Backtest::new(now.clone(), Arc::clone(&draft)).reads_facts();
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_CORES);
    let (senders, judges): (Vec<_>, Vec<_>) =
        (0..cores).map(|_| judge(Backtest::new(now.clone(), Arc::clone(&draft)))).unzip();
    let read = read(store, facts, &senders).await;
    // Without senders the judges come to their end.
    drop(senders);
    let mut joined = Backtest::new(now, draft);
    for judge in judges {
        joined.join(judge.await.map_err(|_| Error::Broken)?);
    }
    read?;
    Ok((joined.report(), began.elapsed().as_secs_f64()))
}

fn judge(mut backtest: Backtest) -> (mpsc::Sender<Vec<HistoryRow>>, JoinHandle<Backtest>) {
    let (sender, mut rows) = mpsc::channel::<Vec<HistoryRow>>(WAITING);
    let judged = tokio::task::spawn_blocking(move || {
        while let Some(rows) = rows.blocking_recv() {
            rows.into_iter().for_each(|row| backtest.take(row));
        }
        backtest
    });
    (sender, judged)
}

async fn read<S: Reads>(store: &S, facts: bool, judges: &[mpsc::Sender<Vec<HistoryRow>>]) -> Result<(), Error> {
    let Some((first, last)) = store.event_range().await? else { return Ok(()) };
    let mut after = EventId(first.0.saturating_sub(1));
    loop {
        let page = store.history((after, last), facts, PAGE).await?;
        let Some(newest) = page.last().map(|row| row.event.id) else { return Ok(()) };
        after = newest;
        let mut parts: Vec<Vec<HistoryRow>> = judges.iter().map(|_| Vec::new()).collect();
        for row in page {
            let shard = MailboxId::of_contact(row.event.contact_id.unwrap_or_default()).shard();
            parts[usize::from(shard) % judges.len()].push(row);
        }
        for (judge, part) in judges.iter().zip(parts).filter(|(_, part)| !part.is_empty()) {
            judge.send(part).await.map_err(|_| Error::Broken)?;
        }
    }
}
