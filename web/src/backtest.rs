//! Back-tests over what is stored: pages are read one after the other, and judged on all cores, each contact by one of them.

use engine::flowtest::backtest::Recorded;
use engine::ids::{EventId, MailboxId};
use engine::rules::backtest::OverPast;
use engine::store::{self, HistoryRow, Reads, RunFilter};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Rows of one page: no reading lasts long enough to hold up the database's log.
const PAGE: u32 = 2_000;
/// Pages that may wait for a core: bounds the memory.
const WAITING: usize = 4;
/// Pages of runs whose calls are read back, the newest first; of older runs answers are assumed.
const RECORDED_PAGES: usize = 40;
/// Runs of one page.
const RUNS: u32 = 500;
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

/// Tries what `fresh` makes, one for each core, on all events stored after `since`. Gives what was found and how many seconds it took.
///
/// # Errors
/// When the store fails.
pub(crate) async fn run<S: Reads, T: OverPast>(
    store: &S,
    since: EventId,
    fresh: impl Fn() -> T,
) -> Result<(T::Report, f64), Error> {
    let began = Instant::now();
    let mut joined = fresh();
    let facts = joined.reads_facts();
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_CORES);
    let (senders, judges): (Vec<_>, Vec<_>) = (0..cores).map(|_| judge(fresh())).unzip();
    let read = read(store, since, facts, &senders).await;
    // Without senders the judges come to their end.
    drop(senders);
    for judge in judges {
        joined.join(judge.await.map_err(|_| Error::Broken)?);
    }
    read?;
    Ok((joined.report(), began.elapsed().as_secs_f64()))
}

/// What calls of `flow` answered, in its newest runs of events after `since`.
///
/// # Errors
/// When the store fails.
pub(crate) async fn recorded<S: Reads>(store: &S, flow: &str, since: EventId) -> Result<Recorded, store::Error> {
    let mut recorded = Recorded::default();
    let mut filter = RunFilter { flow: Some(flow.to_owned()), limit: RUNS, ..RunFilter::default() };
    for _ in 0..RECORDED_PAGES {
        let page = store.runs(filter.clone()).await?;
        let Some(oldest) = page.last() else { break };
        filter.before = Some(oldest.id);
        // A run is younger than its event: behind one that is too old are only such.
        let young = page.iter().take_while(|run| run.id.0 > since.0);
        for run in young {
            recorded.add(run.event_id, &store.journal(run.id.0).await?);
        }
        if oldest.id.0 <= since.0 {
            break;
        }
    }
    Ok(recorded)
}

fn judge<T: OverPast>(mut tried: T) -> (mpsc::Sender<Vec<HistoryRow>>, JoinHandle<T>) {
    let (sender, mut rows) = mpsc::channel::<Vec<HistoryRow>>(WAITING);
    let judged = tokio::task::spawn_blocking(move || {
        while let Some(rows) = rows.blocking_recv() {
            rows.into_iter().for_each(|row| tried.take(row));
        }
        tried
    });
    (sender, judged)
}

async fn read<S: Reads>(
    store: &S,
    since: EventId,
    facts: bool,
    judges: &[mpsc::Sender<Vec<HistoryRow>>],
) -> Result<(), Error> {
    let Some((first, last)) = store.event_range().await? else { return Ok(()) };
    let mut after = since.max(EventId(first.0.saturating_sub(1)));
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
