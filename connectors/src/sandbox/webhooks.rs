//! Webhooks on their way out: a queue per provider, signed at the moment of each attempt, repeated as the provider does.
//!
//! - Cloud API: up to 100 statuses that wait together leave in one POST; anything but 200 is repeated (Meta, "Webhooks").
//! - HubSpot: up to 100 changes in one POST; anything but 2xx is repeated, `attemptNumber` counts up.
//! - Twilio: one POST an event, those of one message in order; repeated once, and only when no connection was made.
//! - Slack: one POST a press, never repeated; the person sees that it failed.
//! - Chatwoot: one POST an event, never repeated.
//! - Telegram: one POST an update; anything but 2xx is repeated. The answer may hold a call.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::Instant,
};
use url::form_urlencoded;

use super::{
    Provider, books, chat, sign,
    world::{World, now_ms},
};

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

async fn deliver_in_order(world: &Arc<World>, parcels: Vec<Parcel>) {
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
pub(super) async fn deliver(world: &Arc<World>, parcel: Parcel) -> Sent {
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

/// Makes body and signature of one attempt.
fn wrap(world: &World, parcel: &Parcel, number: u32) -> (HeaderMap, Vec<u8>) {
    match parcel.provider {
        Provider::CloudApi => {
            let body = meta_bytes(&envelope(world, &parcel.news));
            let signature = sign::meta(&world.config.cloud_api.app_secret, &body);
            (headers("application/json", [("x-hub-signature-256", signature)]), body)
        }
        Provider::Twilio => {
            let form: Vec<_> = parcel.news.iter().filter_map(News::form).flatten().cloned().collect();
            let url = parcel.url.split('#').next().unwrap_or(&parcel.url);
            let signature = sign::twilio(&world.config.twilio.auth_token, url, &form);
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
            let signed =
                [("x-twilio-signature", signature), ("i-twilio-idempotency-token", format!("{:016x}", parcel.token))];
            (headers("application/x-www-form-urlencoded; charset=UTF-8", signed), body.into_bytes())
        }
        Provider::Hubspot => {
            let events: Vec<Value> = parcel.news.iter().filter_map(|news| news.event(number)).collect();
            let body = Value::Array(events).to_string().into_bytes();
            let now = now_ms();
            let signature = sign::hubspot(&world.config.hubspot.client_secret, "POST", &parcel.url, &body, now);
            let signed = [("x-hubspot-signature-v3", signature), ("x-hubspot-request-timestamp", now.to_string())];
            (headers("application/json", signed), body)
        }
        Provider::Slack => {
            let form: Vec<_> = parcel.news.iter().filter_map(News::form).flatten().collect();
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into_bytes();
            let now = now_ms() / 1_000;
            let signature = sign::slack(&world.config.slack.signing_secret, now, &body);
            let signed = [("x-slack-signature", signature), ("x-slack-request-timestamp", now.to_string())];
            (headers("application/x-www-form-urlencoded", signed), body)
        }
        Provider::Chatwoot => {
            let body = parcel.news.iter().find_map(News::change).unwrap_or_default().into_bytes();
            let now = now_ms() / 1_000;
            let signature = sign::chatwoot(&world.config.chatwoot.webhook_secret, now, &body);
            let signed = [
                ("x-chatwoot-signature", signature),
                ("x-chatwoot-timestamp", now.to_string()),
                ("x-chatwoot-delivery", format!("{:016x}", parcel.token)),
            ];
            (headers("application/json", signed), body)
        }
        Provider::Telegram => {
            let update = parcel.news.iter().find_map(News::change);
            let secret = world.telegram_secret().map(|secret| [("x-telegram-bot-api-secret-token", secret)]);
            let body = update.unwrap_or_default().into_bytes();
            (secret.map_or_else(|| headers("application/json", []), |secret| headers("application/json", secret)), body)
        }
    }
}

impl News {
    fn form(&self) -> Option<&Vec<(String, String)>> {
        match self {
            Self::Form(form) => Some(form),
            _ => None,
        }
    }

    fn change(&self) -> Option<String> {
        match self {
            Self::Change(change) => Some(change.to_string()),
            _ => None,
        }
    }

    fn event(&self, attempt: u32) -> Option<Value> {
        let Self::Change(event) = self else { return None };
        let mut event = event.clone();
        event["attemptNumber"] = json!(attempt);
        Some(event)
    }
}

fn headers<const N: usize>(content_type: &'static str, signed: [(&'static str, String); N]) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    for (name, value) in signed {
        let value = HeaderValue::try_from(value).expect("hex, base64 and digits are legal header values");
        headers.insert(HeaderName::from_static(name), value);
    }
    headers
}

/// The Cloud API's envelope round messages and statuses of our one number.
fn envelope(world: &World, news: &[News]) -> Value {
    let account = &world.config.cloud_api;
    let mut value = json!({"messaging_product": "whatsapp", "metadata": {
        "display_phone_number": account.display_phone_number, "phone_number_id": account.phone_number_id}});
    let mut statuses = Vec::new();
    for item in news {
        match item {
            News::Message(Value::Object(fields)) => {
                for (name, field) in fields {
                    value[name] = field.clone();
                }
            }
            News::Status(status) => statuses.push(status.clone()),
            News::Message(_) | News::Form(_) | News::Change(_) => {}
        }
    }
    if !statuses.is_empty() {
        value["statuses"] = Value::Array(statuses);
    }
    json!({"object": "whatsapp_business_account",
        "entry": [{"id": account.waba_id, "changes": [{"field": "messages", "value": value}]}]})
}

/// JSON as Meta writes it: `/` as `\/`, everything outside ASCII as `\uXXXX`. Both occur inside strings only.
fn meta_bytes(value: &Value) -> Vec<u8> {
    let plain = value.to_string();
    let mut bytes = Vec::with_capacity(plain.len() + 16);
    for sign in plain.chars() {
        match sign {
            '/' => bytes.extend_from_slice(br"\/"),
            sign if sign.is_ascii() => bytes.push(sign as u8),
            sign => {
                for unit in sign.encode_utf16(&mut [0; 2]) {
                    bytes.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_escaped_as_meta_does_and_mean_the_same() {
        let value = json!({"body": "olá / ok 👍", "path": "a\\/b"});
        let bytes = meta_bytes(&value);
        assert_eq!(bytes, br#"{"body":"ol\u00e1 \/ ok \ud83d\udc4d","path":"a\\\/b"}"#);
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }
}
