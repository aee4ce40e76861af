//! Waiting for what gives no signal to another process.

use std::time::Duration;

use tokio::time::Instant;

/// Whoever waits longer than this for something has failed; far more than a slow machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at something that gives no signal.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again at something that gives no signal, until it is there.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    until_told(what, async || look().await.ok_or_else(String::new)).await
}

/// The same, where each look says what is still missing.
pub(crate) async fn until_told<T>(what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
    told_within(PATIENCE, what, look).await
}

/// The same with a patience of your own.
pub(crate) async fn told_within<T>(patience: Duration, what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(missing) if began.elapsed() > patience => panic!("not within {patience:?}: {what}\n{missing}"),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
