//! Deliveries of the Cloud API, made by hand.

use connectors::sandbox::Config;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// `X-Hub-Signature-256` of these bytes, as Meta makes it with the sandbox's app secret.
pub(crate) fn signature(body: &[u8]) -> String {
    signature_by(&Config::default().cloud_api.app_secret, body)
}

/// The same with another secret.
pub(crate) fn signature_by(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// One Cloud API delivery with these messages of these people, as (digits, name).
pub(crate) fn delivery(people: &[(&str, &str)], messages: Vec<Value>) -> Value {
    let account = Config::default().cloud_api;
    let contacts: Vec<Value> =
        people.iter().map(|(digits, name)| json!({ "profile": { "name": name }, "wa_id": digits })).collect();
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": account.display_phone_number, "phone_number_id": account.phone_number_id },
        "contacts": contacts, "messages": messages,
    });
    json!({ "object": "whatsapp_business_account",
        "entry": [{ "id": account.waba_id, "changes": [{ "field": "messages", "value": value }] }] })
}

/// A text message of a delivery.
pub(crate) fn text(id: &str, from: &str, text: &str) -> Value {
    json!({ "from": from, "id": id, "timestamp": now_s(), "type": "text", "text": { "body": text } })
}

/// An order of a delivery: one item at this price.
pub(crate) fn order(id: &str, from: &str, price: f64) -> Value {
    let item = json!({ "product_retailer_id": "TEA-1", "quantity": 1, "item_price": price, "currency": "CNY" });
    json!({ "from": from, "id": id, "timestamp": now_s(), "type": "order",
        "order": { "catalog_id": "demo", "text": "", "product_items": [item] } })
}

#[allow(clippy::disallowed_methods, reason = "a message carries the time at which its test plays it")]
fn now_s() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_secs().to_string()
}
