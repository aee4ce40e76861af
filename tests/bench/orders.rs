//! Signed Cloud API webhooks with orders, each of a customer who was never there before.

use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// Orders made so far in this process, so that no two have the same customer.
static MADE: AtomicU64 = AtomicU64::new(0);

/// One webhook, ready to leave.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) body: String,
    /// `X-Hub-Signature-256`.
    pub(crate) signature: String,
    /// The customers' numbers, E.164.
    pub(crate) phones: Vec<String>,
}

/// One webhook with `count` orders. Meta puts several messages of one number into one delivery ("Webhooks, payloads").
pub(crate) fn post(app_secret: &str, at_s: u64, count: u64) -> Post {
    let first = MADE.fetch_add(count, Ordering::Relaxed);
    let numbers: Vec<String> = (first..first + count).map(|n| format!("5511{}", 900_000_000 + n)).collect();
    let contacts: Vec<Value> =
        numbers.iter().map(|number| json!({ "profile": { "name": "Ana Lima" }, "wa_id": number })).collect();
    let messages: Vec<Value> = numbers.iter().zip(first..).map(|(number, n)| order(number, n, at_s)).collect();
    let phones = numbers.into_iter().map(|number| format!("+{number}")).collect();
    delivery(app_secret, contacts, messages, phones)
}

/// The number of customer `who`, digits only.
pub(crate) fn number(who: u64) -> String {
    format!("4915{}", 100_000_000 + who)
}

/// One webhook in which customer `who` writes `words`.
pub(crate) fn text(app_secret: &str, at_s: u64, who: u64, words: &str) -> Post {
    let (number, n) = (number(who), MADE.fetch_add(1, Ordering::Relaxed));
    let contact = json!({ "profile": { "name": "Udo Beck" }, "wa_id": number });
    let message = json!({
        "from": number, "id": message_id(n), "timestamp": at_s.to_string(), "type": "text", "text": { "body": words },
    });
    delivery(app_secret, vec![contact], vec![message], vec![format!("+{number}")])
}

fn delivery(app_secret: &str, contacts: Vec<Value>, messages: Vec<Value>, phones: Vec<String>) -> Post {
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "551130001000", "phone_number_id": "700100200300" },
        "contacts": contacts,
        "messages": messages,
    });
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "9001", "changes": [{ "field": "messages", "value": value }] }],
    })
    .to_string();
    Post { signature: sign(app_secret, body.as_bytes()), body, phones }
}

/// A cart of two lines (Meta, "Webhooks, order messages"); message ids have the length of real ones.
fn order(number: &str, n: u64, at_s: u64) -> Value {
    let line = |sku: &str, quantity: u32, price: f64| json!({ "product_retailer_id": sku, "quantity": quantity, "item_price": price, "currency": "BRL" });
    json!({
        "from": number,
        "id": message_id(n),
        "timestamp": at_s.to_string(),
        "type": "order",
        "order": { "catalog_id": "445566", "text": "", "product_items": [line("SKU-12", 2, 59.9), line("SKU-7", 1, 10.0)] },
    })
}

fn message_id(n: u64) -> String {
    format!("wamid.HBgNNTUxMTk5OTk5OTk5ORUCABIYFjNFQjBD{n:016X}AA==")
}

fn sign(app_secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}
