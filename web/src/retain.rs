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

#[cfg(test)]
mod tests {
    use engine::ids::{EventId, Ids, MailboxId, RunId, VersionId};
    use engine::store::{RunRow, RunStatus, Store, Work};

    use super::*;
    use crate::accounts::stage::Stage;

    /// Bytes of a stored run, nearly.
    const BYTES: usize = 400_000;

    /// A run that took this long until so many hours ago.
    async fn ended(stage: &Stage, hours_ago: u32) -> RunId {
        let at = stage.app.clock.now().minus(Duration::from_secs(60 * 60) * hours_ago);
        let (id, mailbox) = (RunId(Ids::new(1).next(at)), MailboxId(7));
        let run = RunRow {
            id,
            version_id: VersionId(1),
            flow: String::new(),
            mailbox,
            shard: mailbox.shard(),
            contact_id: None,
            conversation_id: None,
            event_id: EventId(1),
            status: RunStatus::Done,
            format: 2,
            state: vec![0; BYTES],
            turns: 1,
            effects: 0,
            started_at: at,
            ended_at: Some(at),
            error: None,
        };
        stage.app.engine.store().commit(Work { mailbox, at, runs: vec![run], ..Work::default() }).await.unwrap();
        id
    }

    async fn left(stage: &Stage, runs: &[RunId]) -> Vec<bool> {
        let mut left = Vec::new();
        for run in runs {
            left.push(stage.app.engine.store().run(*run).await.unwrap().is_some());
        }
        left
    }

    #[tokio::test]
    async fn what_is_older_than_set_goes_and_nothing_else() {
        let stage = Stage::new().await;
        let runs = [ended(&stage, 24 * 8).await, ended(&stage, 24 * 6).await];
        pass(&stage.app, &Retention { messages_days: 30, ..Retention::default() }).await.unwrap();
        assert_eq!(left(&stage, &runs).await, [true, true]);
        pass(&stage.app, &Retention { runs_days: 7, ..Retention::default() }).await.unwrap();
        assert_eq!(left(&stage, &runs).await, [false, true]);
    }

    #[tokio::test]
    async fn the_oldest_goes_first_until_there_is_room_and_the_youngest_never() {
        let stage = Stage::new().await;
        let runs = [ended(&stage, 24 * 9).await, ended(&stage, 24 * 5).await, ended(&stage, 12).await];
        let (now, used) = (stage.app.clock.now(), stage.app.engine.store().used().await.unwrap());
        let most = used - BYTES as u64 / 4;
        assert_eq!(down_to(&stage.app, used, now).await.unwrap(), 0, "it is not too large");
        assert_eq!(down_to(&stage.app, most, now).await.unwrap(), 1);
        assert_eq!(left(&stage, &runs).await, [false, true, true]);
        assert_eq!(down_to(&stage.app, most, now).await.unwrap(), 0, "there is room now");
        down_to(&stage.app, 1, now).await.unwrap();
        assert_eq!(left(&stage, &runs).await, [false, false, true]);
        give_back(&stage.app).await.unwrap();
        assert!(stage.app.engine.store().give_back(0).await.unwrap() <= SPARE);
    }
}
