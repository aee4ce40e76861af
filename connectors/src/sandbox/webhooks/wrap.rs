//! The body and the signature of one attempt, as each provider makes them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{News, Parcel};
use crate::sandbox::{
    Provider, sign,
    world::{World, now_ms},
};

/// Makes body and signature of one attempt.
pub(super) fn wrap(world: &World, parcel: &Parcel, number: u32) -> (HeaderMap, Vec<u8>) {
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
