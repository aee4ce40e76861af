//! Customers who order: as many as keep the server busy (closed), or so many a second whatever comes of it (open).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, StatusCode};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::desk::{self, Desk};
use crate::orders::{self, Post};

/// Orders in one webhook of the closed load.
pub(crate) const BATCH: u64 = 20;
/// Orders under way at once in the closed load: enough to fill groups, few enough that nothing is turned away.
const UNDER_WAY: usize = 400;
/// Webhooks of the closed load under way at once.
const POSTERS: usize = 4;
/// Between two looks at how many orders are done.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Pause after a webhook was turned away.
const PUSH_BACK: Duration = Duration::from_millis(50);
/// A load that comes no further within this time has failed.
const STUCK: Duration = Duration::from_secs(30);

/// Milliseconds since 1970, as the sandbox writes them into its books.
#[allow(clippy::disallowed_methods, reason = "compared with the books of a process that has a clock of its own")]
pub(crate) fn wall_ms() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64() * 1000.0
}

/// Where orders go, and where what comes of them is seen.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) http: Client,
    pub(crate) hook: String,
    pub(crate) sandbox: String,
    pub(crate) app_secret: String,
}

/// A closed load: a new order follows each that is done. An order is done when its template has been sent.
pub(crate) struct Closed {
    posters: JoinSet<Result<()>>,
    looker: JoinSet<Result<()>>,
    room: Arc<Semaphore>,
    sent: Arc<AtomicU64>,
}

impl Closed {
    /// Starts it; `most` orders at most are sent.
    pub(crate) async fn start(target: &Target, most: u64) -> Result<Self> {
        let room = Arc::new(Semaphore::new(UNDER_WAY));
        let sent = Arc::new(AtomicU64::new(0));
        let left = Arc::new(AtomicU64::new(most));
        let before = desk::totals(&target.http, &target.sandbox).await?.templates;
        let mut posters = JoinSet::new();
        for _ in 0..POSTERS {
            let (target, room, sent, left) = (target.clone(), Arc::clone(&room), Arc::clone(&sent), Arc::clone(&left));
            posters.spawn(async move { order_on(&target, &room, &sent, &left).await });
        }
        let mut looker = JoinSet::new();
        looker.spawn(make_room(target.clone(), Arc::clone(&room), before));
        Ok(Self { posters, looker, room, sent })
    }

    /// Sends no more, and answers how many orders were sent and answered with 200.
    pub(crate) async fn stop(mut self) -> Result<u64> {
        self.room.close();
        self.finish().await
    }

    /// Waits until all are sent.
    pub(crate) async fn finish(&mut self) -> Result<u64> {
        while let Some(ended) = self.posters.join_next().await {
            ended??;
        }
        self.looker.abort_all();
        Ok(self.sent.load(Ordering::Relaxed))
    }
}

async fn order_on(target: &Target, room: &Semaphore, sent: &AtomicU64, left: &AtomicU64) -> Result<()> {
    loop {
        let take = |left: u64| left.checked_sub(BATCH);
        if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return Ok(());
        }
        // Closed: nobody wants more.
        let Ok(taken) = room.acquire_many(BATCH as u32).await else { return Ok(()) };
        taken.forget();
        let post = orders::post(&target.app_secret, wall_ms() as u64 / 1000, BATCH);
        deliver(target, &post).await?;
        sent.fetch_add(BATCH, Ordering::Relaxed);
    }
}

/// Delivers as Meta does: until it is answered with 200.
pub(crate) async fn deliver(target: &Target, post: &Post) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < STUCK {
        if let Ok(StatusCode::OK) = once(&target.http, &target.hook, post).await {
            return Ok(());
        }
        sleep(PUSH_BACK).await;
    }
    bail!("a webhook was not taken within {STUCK:?}")
}

async fn once(http: &Client, hook: &str, post: &Post) -> reqwest::Result<StatusCode> {
    let request = http.post(hook).header("x-hub-signature-256", &post.signature);
    let answer = request.header("content-type", "application/json").body(post.body.clone()).send().await?;
    let status = answer.status();
    // Read to its end, so that the connection is used again.
    answer.bytes().await?;
    Ok(status)
}

async fn make_room(target: Target, room: Arc<Semaphore>, mut before: u64) -> Result<()> {
    loop {
        sleep(LOOK_EVERY).await;
        let done = desk::totals(&target.http, &target.sandbox).await?.templates;
        room.add_permits(usize::try_from(done.saturating_sub(before))?);
        before = before.max(done);
    }
}

/// Waits until `orders` templates were sent since `before`.
pub(crate) async fn drained(desk: &Desk, before: u64, orders: u64) -> Result<()> {
    let (mut last, mut moved) = (0, Instant::now());
    loop {
        let done = desk.totals().await?.templates - before;
        if done >= orders {
            return Ok(());
        }
        if done != last {
            (last, moved) = (done, Instant::now());
        }
        ensure!(
            moved.elapsed() < STUCK,
            "{done} of {orders} orders came to their end, then nothing moved for {STUCK:?}"
        );
        sleep(LOOK_EVERY).await;
    }
}

/// One webhook of the open load.
pub(crate) struct Shot {
    /// When it should have left, milliseconds since 1970.
    pub(crate) meant_at: f64,
    /// From then to its answer, in milliseconds; `None` when it was not answered with 200.
    pub(crate) answered: Option<f64>,
    /// Its customer's number.
    pub(crate) phone: String,
}

/// Sends one order a webhook, `rate` a second for `during`, at even distances and without waiting for answers: what is late
/// because the server is, is counted as late.
pub(crate) async fn open(target: &Target, rate: u32, during: Duration) -> Result<Vec<Shot>> {
    let count = (f64::from(rate) * during.as_secs_f64()) as u32;
    let made_at = wall_ms() as u64 / 1000;
    // Made before, so that making them costs nothing while it is measured.
    shoot(target, rate, (0..count).map(|_| orders::post(&target.app_secret, made_at, 1)).collect()).await
}

/// Sends `posts` like that.
pub(crate) async fn shoot(target: &Target, rate: u32, posts: Vec<Post>) -> Result<Vec<Shot>> {
    let mut shots = Vec::with_capacity(posts.len());
    let (start, start_ms) = (Instant::now() + Duration::from_millis(50), wall_ms() + 50.0);
    let mut flying = JoinSet::new();
    for (n, post) in (0u32..).zip(posts) {
        let after = Duration::from_secs_f64(f64::from(n) / f64::from(rate));
        sleep_until(start + after).await;
        let (http, hook) = (target.http.clone(), target.hook.clone());
        flying.spawn(async move {
            let status = once(&http, &hook, &post).await;
            let answered = matches!(status, Ok(StatusCode::OK))
                .then(|| start.elapsed().saturating_sub(after).as_secs_f64() * 1000.0);
            let phone = post.phones.into_iter().next().unwrap_or_default();
            Shot { meant_at: start_ms + after.as_secs_f64() * 1000.0, answered, phone }
        });
    }
    while let Some(shot) = flying.join_next().await {
        shots.push(shot.context("a webhook was lost")?);
    }
    Ok(shots)
}
