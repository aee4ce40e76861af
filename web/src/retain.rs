//! Removes what is older than the settings say, and the oldest of a database that is larger: once a day and when the settings
//! change, in small groups with pauses, so that nobody who works here or writes to us waits for it.

use std::sync::Arc;
use std::time::Duration;

use engine::audit::Aged;
use engine::clock::At;
use engine::store::{self, Retention as _};
use tokio::time::Instant;

use crate::accounts::retention::Retention;
use crate::app::App;

/// Between two passes.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Pause before what the store refused is tried again.
const AGAIN: Duration = Duration::from_secs(60);
/// How many are removed in one transaction: some hundred rows.
const GROUP: usize = 25;
/// Shortest pause behind a group; a longer one took a quarter of its pause, so that the writer is at most a fifth busy with it.
const PAUSE: Duration = Duration::from_millis(10);
/// Free pages that are given back at once.
const PAGES: u32 = 64;
/// Free pages that are left: they are of use at once.
const SPARE: u64 = 256;
/// A removal for want of room goes a little further, so that it need not begin again at once: to 19 of 20 parts.
const PARTS: u64 = 20;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs until it is dropped.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        let retention = app.sign_in.settings().retention;
        let next = match retention.removes() {
            true => match pass(&app, &retention).await {
                Ok(()) => Some(EVERY),
                Err(error) => {
                    tracing::warn!(%error, "what is old enough could not be removed; it is tried again");
                    Some(AGAIN)
                }
            },
            false => None,
        };
        let wait = async {
            match next {
                Some(next) => tokio::time::sleep(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = app.retaining.notified() => {}
            () = wait => {}
        }
    }
}

/// Removes what may go now, and gives its space back.
///
/// # Errors
/// When the store fails. What was removed until then stays so.
pub(crate) async fn pass(app: &App, retention: &Retention) -> Result<(), store::Error> {
    let now = app.clock.now();
    let mut removed = 0;
    for of in Aged::ALL {
        if let Some(before) = retention.before(of, now) {
            removed += remove(app, of, before).await?;
        }
    }
    if let Some(most) = retention.most() {
        removed += down_to(app, most, now).await?;
    }
    if removed > 0 {
        tracing::info!(removed, "what was old enough was removed");
    }
    give_back(app).await
}

/// Removes all of one kind that are older than `before` and that nothing needs; how many.
async fn remove(app: &App, of: Aged, before: At) -> Result<u64, store::Error> {
    let (mut after, mut removed) = (i64::MIN, 0);
    loop {
        let page = app.engine.store().aged(of, before, after).await?;
        for ids in page.ids.chunks(GROUP) {
            let started = Instant::now();
            removed += app.engine.remove(of, ids.to_vec(), before).await?.values().sum::<u64>();
            tokio::time::sleep((started.elapsed() * 4).max(PAUSE)).await;
        }
        match page.next {
            Some(next) => after = next,
            None => return Ok(removed),
        }
    }
}

/// Removes the oldest, day by day, until no more than `most` bytes are in use or nothing more may go; how many.
async fn down_to(app: &App, most: u64, now: At) -> Result<u64, store::Error> {
    let store = app.engine.store();
    let (enough, last) = (most - most / PARTS, Retention::least(Aged::Runs, now));
    let mut removed = 0;
    if store.used().await? <= most {
        return Ok(removed);
    }
    let Some(mut before) = store.oldest().await? else { return Ok(removed) };
    while before < last && store.used().await? > enough {
        before = before.plus(DAY).min(last);
        for of in Aged::ALL {
            removed += remove(app, of, before.min(Retention::least(of, now))).await?;
        }
    }
    if store.used().await? > most {
        tracing::warn!("the database is larger than the settings allow, and nothing more of it is old enough to go");
    }
    Ok(removed)
}

/// Gives what is free of the file back to the system, a little at a time.
async fn give_back(app: &App) -> Result<(), store::Error> {
    while app.engine.store().give_back(0).await? > SPARE {
        let started = Instant::now();
        app.engine.store().give_back(PAGES).await?;
        tokio::time::sleep((started.elapsed() * 4).max(PAUSE)).await;
    }
    Ok(())
}
