//! Webhooks on their way out: a queue per provider, signed at the moment of each attempt, repeated as the provider does.
//!
//! - Cloud API: up to 100 statuses that wait together leave in one POST; anything but 200 is repeated (Meta, "Webhooks").
//! - HubSpot: up to 100 changes in one POST; anything but 2xx is repeated, `attemptNumber` counts up.
//! - Twilio: one POST an event, those of one message in order; repeated once, and only when no connection was made.
//! - Slack: one POST a press, never repeated; the person sees that it failed.
//! - Chatwoot: one POST an event, never repeated.
//! - Telegram: one POST an update; anything but 2xx is repeated. The answer may hold a call.

mod attempt;
mod wrap;

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::sync::{Semaphore, mpsc, watch};

use super::{Provider, world::World};
pub(super) use attempt::deliver;
use attempt::deliver_in_order;

/// Items joined in one POST at most (HubSpot, "Webhooks": 100; Meta allows 1000).
const MAX_BATCH: usize = 100;
/// First attempts under way at once, per provider (HubSpot's default is 10).
const PARALLEL: usize = 16;

/// One thing to tell.
#[derive(Clone)]
pub(super) enum News {
    /// What goes into `value` of a Cloud API change: one message with its contact, or nothing but statuses.
    Message(Value),
    /// A Cloud API status.
    Status(Value),
    /// The fields of a form: Twilio's, or the one that a press in Slack sends.
    Form(Vec<(String, String)>),
    /// One event of a HubSpot array, an update of Telegram, or an event of Chatwoot.
    Change(Value),
}

/// A POST to make: where, what kind, and what is in it.
#[derive(Clone)]
pub(super) struct Parcel {
    pub(super) provider: Provider,
    pub(super) kind: &'static str,
    pub(super) url: String,
    pub(super) news: Vec<News>,
    /// Stays the same through repeats (Twilio, `I-Twilio-Idempotency-Token`).
    pub(super) token: u64,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) status: Option<u16>,
    pub(super) ms: f64,
    well_answered: bool,
    connected: bool,
}

/// The way into the queues.
pub(super) struct Outbox {
    http: reqwest::Client,
    queues: Vec<mpsc::UnboundedSender<Vec<Parcel>>>,
    /// Parcels not yet delivered or given up.
    pending: watch::Sender<usize>,
}

/// The far ends of the queues, emptied by [`run`].
pub(super) struct Trays(Vec<mpsc::UnboundedReceiver<Vec<Parcel>>>);

impl Outbox {
    pub(super) fn new() -> reqwest::Result<(Self, Trays)> {
        // Webhooks go where they are told: neither a proxy of the environment nor a redirect may change that.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .build()?;
        let (queues, trays) = Provider::ALL.map(|_| mpsc::unbounded_channel()).into_iter().unzip();
        Ok((Self { http, queues, pending: watch::Sender::new(0) }, Trays(trays)))
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Queues parcels that must leave one after the other.
    pub(super) fn put(&self, parcels: Vec<Parcel>) {
        let Some(first) = parcels.first() else { return };
        let queue = &self.queues[first.provider as usize];
        self.pending.send_modify(|pending| *pending += 1);
        if queue.send(parcels).is_err() {
            self.done(1);
        }
    }

    /// Resolves when nothing waits and nothing is under way.
    pub(super) async fn idle(&self) {
        // The sender lives in self, so waiting cannot fail.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }

    fn done(&self, count: usize) {
        self.pending.send_modify(|pending| *pending = pending.saturating_sub(count));
    }
}

/// Starts the queues; they end when the sandbox stops.
pub(super) fn run(world: &Arc<World>, Trays(trays): Trays) {
    for (provider, tray) in Provider::ALL.into_iter().zip(trays) {
        tokio::spawn(empty(world.clone(), provider, tray));
    }
}

async fn empty(world: Arc<World>, provider: Provider, mut tray: mpsc::UnboundedReceiver<Vec<Parcel>>) {
    let lanes = Arc::new(Semaphore::new(PARALLEL));
    // A message has three statuses, so a third of the batch never overfills it. Twilio joins nothing.
    let most = if provider == Provider::Twilio { 1 } else { MAX_BATCH / 3 };
    let linger = Duration::from_millis(world.config.batch_ms);
    let mut waiting = Vec::new();
    loop {
        let lane = tokio::select! {
            lane = lanes.clone().acquire_owned() => lane.expect("the semaphore is never closed"),
            () = world.stopping() => return,
        };
        let taken = tokio::select! {
            taken = gather(&mut tray, &mut waiting, most, linger) => taken,
            () = world.stopping() => return,
        };
        if taken == 0 {
            return;
        }
        let (world, chains) = (world.clone(), join(std::mem::take(&mut waiting)));
        tokio::spawn(async move {
            for parcels in chains {
                deliver_in_order(&world, parcels).await;
            }
            drop(lane);
            world.outbox.done(taken);
        });
    }
}

/// Takes what waits, up to `most`; when that is little, gives others a moment to join. 0 when the queue is closed.
async fn gather(
    tray: &mut mpsc::UnboundedReceiver<Vec<Parcel>>,
    waiting: &mut Vec<Vec<Parcel>>,
    most: usize,
    linger: Duration,
) -> usize {
    let first = tray.recv_many(waiting, 1).await;
    if first == 0 || most == 1 {
        return first;
    }
    if tray.len() + 1 < most && !linger.is_zero() {
        tokio::time::sleep(linger).await;
    }
    while waiting.len() < most
        && let Ok(next) = tray.try_recv()
    {
        waiting.push(next);
    }
    waiting.len()
}

/// Joins parcels of the same kind and address, as far as the provider takes several items in one POST.
fn join(chains: Vec<Vec<Parcel>>) -> Vec<Vec<Parcel>> {
    let mut joined: Vec<Vec<Parcel>> = Vec::with_capacity(chains.len());
    for chain in chains {
        match (joined.last_mut().map(Vec::as_mut_slice), chain.as_slice()) {
            (Some([last]), [next])
                if last.provider != Provider::Twilio
                    && (last.kind, &last.url) == (next.kind, &next.url)
                    && last.news.len() + next.news.len() <= MAX_BATCH =>
            {
                last.news.extend(next.news.iter().cloned());
            }
            _ => joined.push(chain),
        }
    }
    joined
}
