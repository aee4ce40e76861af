//! One delivery: its attempts, with the delays, the copies and the disorder that the faults ask for.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Parcel, Sent, wrap::wrap};
use crate::sandbox::{
    Provider, books, chat,
    world::{World, now_ms},
};

pub(super) async fn deliver_in_order(world: &Arc<World>, parcels: Vec<Parcel>) {
    let reorder = parcels.first().is_some_and(|first| world.webhook_faults(first.provider).reorder);
    let parcels = match reorder {
        true => parcels.into_iter().rev().flat_map(apart).collect(),
        false => parcels,
    };
    for parcel in parcels {
        deliver(world, parcel).await;
    }
}

/// The items of a parcel one by one, last first.
fn apart(parcel: Parcel) -> Vec<Parcel> {
    parcel.news.iter().rev().map(|news| Parcel { news: vec![news.clone()], ..parcel.clone() }).collect()
}

/// Makes the first attempt, with the delay and the duplicates that the faults ask for, and returns how it ended.
/// Repeats, if any, follow on their own.
pub(in crate::sandbox) async fn deliver(world: &Arc<World>, parcel: Parcel) -> Sent {
    let faults = world.webhook_faults(parcel.provider);
    if faults.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(faults.delay_ms)).await;
    }
    let copies: Vec<_> = (0..faults.duplicate)
        .map(|_| {
            let (world, parcel) = (world.clone(), parcel.clone());
            tokio::spawn(async move { attempt(&world, &parcel, 0).await })
        })
        .collect();
    let sent = attempt(world, &parcel, 0).await;
    for copy in copies {
        // A duplicate that fails is not repeated; the original is.
        let _ = copy.await;
    }
    let pauses: &[u64] = match parcel.provider {
        Provider::CloudApi | Provider::Hubspot | Provider::Telegram => &world.config.retry_ms,
        Provider::Slack | Provider::Chatwoot => &[],
        Provider::Twilio if sent.connected => &[],
        Provider::Twilio => &[0],
    };
    if !sent.well_answered && !pauses.is_empty() {
        world.outbox.pending.send_modify(|pending| *pending += 1);
        tokio::spawn(repeat(world.clone(), parcel, pauses.to_vec()));
    }
    sent
}

/// Repeats a parcel until it is answered well, the pauses are used up or the sandbox stops.
async fn repeat(world: Arc<World>, parcel: Parcel, pauses_ms: Vec<u64>) {
    for (pause_ms, number) in pauses_ms.into_iter().zip(1..) {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(pause_ms)) => {}
            () = world.stopping() => break,
        }
        if attempt(&world, &parcel, number).await.well_answered {
            break;
        }
    }
    world.outbox.done(1);
}

async fn attempt(world: &World, parcel: &Parcel, number: u32) -> Sent {
    let (headers, body) = wrap(world, parcel, number);
    let began = Instant::now();
    let call = world.outbox.http.post(&parcel.url).headers(headers).body(body).timeout(patience(parcel.provider));
    let answer = tokio::select! {
        answer = call.send() => answer,
        () = world.stopping() => return Sent { status: None, ms: 0.0, well_answered: true, connected: true },
    };
    let ms = began.elapsed().as_secs_f64() * 1000.0;
    let sent = match answer {
        Ok(answer) => {
            let status = answer.status();
            let well_answered = match parcel.provider {
                Provider::CloudApi => status.as_u16() == 200,
                _ => status.is_success(),
            };
            // Reading the answer to its end lets the connection be used again.
            let body = answer.bytes().await.unwrap_or_default();
            if parcel.provider == Provider::Telegram && well_answered {
                chat::telegram::answered(world, &body);
            }
            Sent { status: Some(status.as_u16()), ms, well_answered, connected: true }
        }
        Err(error) => Sent { status: None, ms, well_answered: false, connected: !error.is_connect() },
    };
    let entry = books::Webhook {
        at_ms: now_ms(),
        provider: parcel.provider,
        kind: parcel.kind,
        url: parcel.url.clone(),
        items: parcel.news.len(),
        attempt: number,
        status: sent.status,
        ms,
    };
    world.ledger.webhook(entry, sent.well_answered);
    sent
}

/// How long an answer is waited for (Slack 3 s, HubSpot and Chatwoot 5 s, Twilio 15 s by their docs; 10 s is assumed of the others).
fn patience(provider: Provider) -> Duration {
    Duration::from_secs(match provider {
        Provider::CloudApi | Provider::Telegram => 10,
        Provider::Slack => 3,
        Provider::Chatwoot => 5,
        Provider::Twilio => 15,
        Provider::Hubspot => 5,
    })
}
